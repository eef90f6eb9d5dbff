import { builder } from '../graphql/builder.ts'
import { connectionOf, pageArgs } from '../graphql/connection.ts'
import { decodeIdCursor, readPage } from '../page.ts'
import { requireScope } from './viewer.ts'

const AuditEntryRef = builder.prismaObject('AuditEntry', {
  description: 'One change, or one reveal of a secret: who, what, on what, when and from where. Never a value.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'aud_…' }),
    at: t.expose('at', { type: 'DateTime', description: 'When the change was committed to.' }),
    keyId: t.exposeID('keyId', {
      nullable: true,
      description: 'The key that did it; null: Herald itself, or an operator on the database.',
    }),
    action: t.exposeString('action', {
      description:
        "The event's name, as agent.updated; or of what has no event: webhook.secret_rotated, apikey.revoked …",
    }),
    targetId: t.exposeID('targetId', { description: 'What was changed; it may be gone.' }),
    changed: t.exposeStringList('changed', { description: 'The fields that an update changed; else empty.' }),
    ip: t.exposeString('ip', { nullable: true, description: 'The address that the request came from; null: none.' }),
  }),
})

const AuditEntryConnection = connectionOf('AuditEntry', AuditEntryRef)

builder.queryFields((t) => ({
  auditLog: t.field({
    type: AuditEntryConnection,
    description: 'What was changed and by whom, newest first. Needs ADMIN. Kept for AUDIT_RETENTION_DAYS.',
    args: {
      ...pageArgs,
      keyId: t.arg.id({ description: 'Only what was done with this key.' }),
      targetId: t.arg.id({ description: 'Only what was done to this.' }),
      action: t.arg.string({ description: 'Only this action, e.g. webhook.deleted.' }),
      since: t.arg({ type: 'DateTime', description: 'Only at or after this moment.' }),
      until: t.arg({ type: 'DateTime', description: 'Only before this moment.' }),
    },
    resolve(_, { first, after, keyId, targetId, action, since, until }, { db, viewer }) {
      requireScope(viewer, 'ADMIN')
      const where = {
        keyId: keyId ?? undefined,
        targetId: targetId ?? undefined,
        action: action ?? undefined,
        at: { gte: since ?? undefined, lt: until ?? undefined },
      }
      return readPage({ first, after }, decodeIdCursor, (take, id) =>
        db.auditEntry.findMany({ where: { ...where, id: { lt: id } }, orderBy: { id: 'desc' }, take }),
      )
    },
  }),
}))
