import { queryFromInfo } from '@pothos/plugin-prisma'
import { builder } from '../graphql/builder.ts'
import { connectionOf, pageArgs, rowPaths } from '../graphql/connection.ts'
import { DeactivationReason, DeliveryPolicy, EntityType, WebhookStatus } from '../graphql/enums.ts'
import { resultUnion } from '../graphql/result.ts'
import { decodeIdCursor, readPage } from '../page.ts'
import type { Rotation } from './webhooks.ts'

const described = {
  name: 'Its name, at most 50 characters.',
  url: 'What is called: 1 to 500 characters, http or https, no credentials, an address that callbacks may reach.',
  entities: 'The entity types whose events it is sent; empty: all.',
  active: 'Whether it is sent events.',
  deliveryPolicy: 'What happens when an attempt fails.',
}

/** A webhook; its deliveries are added where deliveries are. */
export const WebhookRef = builder.prismaNode('Webhook', {
  id: { field: 'id' },
  nullable: true,
  description: 'An endpoint that is told of changes by signed HTTP callbacks.',
  fields: (t) => ({
    name: t.exposeString('name', { nullable: true, description: described.name }),
    url: t.expose('url', { type: 'URL', description: 'What is called, as the URL standard parses what was given.' }),
    entities: t.expose('entities', { type: [EntityType], description: described.entities }),
    status: t.expose('status', { type: WebhookStatus, description: described.active }),
    deactivationReason: t.expose('deactivationReason', {
      type: DeactivationReason,
      nullable: true,
      description: 'Why it is inactive; null while it is active.',
    }),
    deactivatedAt: t.expose('deactivatedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'Since when it is inactive; null while it is active.',
    }),
    deliveryPolicy: t.expose('deliveryPolicy', { type: DeliveryPolicy, description: described.deliveryPolicy }),
    previousSecretValidUntil: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'Until when callbacks bear the signatures of former secrets too; null when one secret signs alone.',
      async resolve({ id }, _, { db }) {
        const where = { webhookId: id, validUntil: { gt: new Date() } }
        const secret = await db.webhookSecret.findFirst({ where, orderBy: { validUntil: 'desc' } })
        return secret?.validUntil
      },
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was made.' }),
    updatedAt: t.expose('updatedAt', { type: 'DateTime', description: 'When it was last changed by someone.' }),
  }),
})

const WebhookConnection = connectionOf('Webhook', WebhookRef, { counted: true })

builder.queryFields((t) => ({
  webhook: t.prismaField({
    type: WebhookRef,
    nullable: true,
    description: 'A webhook by its id; null when there is none.',
    args: { id: t.arg.id({ required: true, description: 'wh_…' }) },
    resolve: (query, _, { id }, { db }) => db.webhook.findUnique({ ...query, where: { id } }),
  }),
  webhooks: t.field({
    type: WebhookConnection,
    description: 'The webhooks, newest first.',
    args: {
      ...pageArgs,
      search: t.arg.string({ description: 'Only those whose name holds this, in upper or lower case.' }),
      status: t.arg({ type: WebhookStatus, description: 'Only those with this status.' }),
    },
    async resolve(_, { search, status, ...page }, context, info) {
      const { db } = context
      const query = queryFromInfo({ context, info, typeName: 'Webhook', paths: rowPaths.map((path) => [...path]) })
      const where = {
        status: status ?? undefined,
        // Prisma hands % and _ on to LIKE as they are.
        ...(search && { name: { contains: search.replaceAll(/[\\%_]/g, '\\$&'), mode: 'insensitive' as const } }),
      }
      const read = (take: number, after?: string) =>
        db.webhook.findMany({ ...query, where: { ...where, id: { lt: after } }, orderBy: { id: 'desc' }, take })
      return { ...(await readPage(page, decodeIdCursor, read)), count: () => db.webhook.count({ where }) }
    },
  }),
}))

const WebhookCreateInput = builder.inputType('WebhookCreateInput', {
  description: 'A new webhook.',
  fields: (t) => ({
    name: t.string({ description: described.name }),
    url: t.string({ required: true, description: described.url }),
    entities: t.field({ type: [EntityType], defaultValue: [], description: described.entities }),
    active: t.boolean({ defaultValue: true, description: described.active }),
    deliveryPolicy: t.field({ type: DeliveryPolicy, defaultValue: 'RETRY', description: described.deliveryPolicy }),
  }),
})
const WebhookUpdateInput = builder.inputType('WebhookUpdateInput', {
  description: 'What is to change. Left out: unchanged. A null name clears it.',
  fields: (t) => ({
    name: t.string({ description: described.name }),
    url: t.string({ description: described.url }),
    entities: t.field({ type: [EntityType], description: described.entities }),
    active: t.boolean({ description: `${described.active} Deactivating cancels its pending deliveries.` }),
    deliveryPolicy: t.field({ type: DeliveryPolicy, description: described.deliveryPolicy }),
  }),
})

type WebhookRow = typeof WebhookRef.$inferType
const WebhookCreateSuccess = builder
  .objectRef<{ webhook: WebhookRow; secret: string }>('WebhookCreateSuccess')
  .implement({
    description: 'The webhook was made.',
    fields: (t) => ({
      webhook: t.expose('webhook', { type: WebhookRef, description: 'The webhook.' }),
      secret: t.exposeString('secret', { description: 'What its callbacks are signed with: whsec_…' }),
    }),
  })
const WebhookUpdateSuccess = builder.objectRef<{ webhook: WebhookRow }>('WebhookUpdateSuccess').implement({
  description: 'The webhook is as asked.',
  fields: (t) => ({ webhook: t.expose('webhook', { type: WebhookRef, description: 'The webhook after the change.' }) }),
})
const WebhookDeleteSuccess = builder.objectRef<{ deletedId: string }>('WebhookDeleteSuccess').implement({
  description: 'The webhook was deleted, and its deliveries with it.',
  fields: (t) => ({ deletedId: t.exposeID('deletedId', { description: 'Its id.' }) }),
})
const WebhookRevealSecretSuccess = builder.objectRef<{ secret: string }>('WebhookRevealSecretSuccess').implement({
  description: 'The secret.',
  fields: (t) => ({ secret: t.exposeString('secret', { description: 'What callbacks are signed with: whsec_…' }) }),
})
const WebhookRotateSecretSuccess = builder
  .objectRef<Rotation & { webhook: WebhookRow }>('WebhookRotateSecretSuccess')
  .implement({
    description: 'There is a new secret.',
    fields: (t) => ({
      webhook: t.expose('webhook', { type: WebhookRef, description: 'The webhook.' }),
      secret: t.exposeString('secret', { description: 'What callbacks are signed with from now on: whsec_…' }),
      previousValidUntil: t.expose('previousValidUntil', {
        type: 'DateTime',
        nullable: true,
        description: 'Until when the former secret signs as well; null: it was ended at once.',
      }),
    }),
  })

const idArg = { required: true, description: 'wh_…' } as const

builder.mutationFields((t) => ({
  webhookCreate: t.field({
    type: WebhookCreateSuccess,
    description: 'Makes a webhook and its secret. Needs ADMIN. Events from now on are owed to it.',
    args: { input: t.arg({ type: WebhookCreateInput, required: true, description: 'The webhook.' }) },
    errors: resultUnion('WebhookCreate', 'InvalidInputError', 'WebhookLimitReachedError'),
    resolve: (_, { input }, { webhooks, viewer }) => webhooks.create(viewer, input as never),
  }),
  webhookUpdate: t.field({
    type: WebhookUpdateSuccess,
    description: 'Changes a webhook. Needs ADMIN. A new URL holds for pending deliveries too.',
    args: {
      id: t.arg.id(idArg),
      input: t.arg({ type: WebhookUpdateInput, required: true, description: 'What is to change.' }),
    },
    errors: resultUnion('WebhookUpdate', 'InvalidInputError', 'NotFoundError'),
    resolve: async (_, { id, input }, { webhooks, viewer }) => ({
      webhook: await webhooks.update(viewer, id, input as never),
    }),
  }),
  webhookDelete: t.field({
    type: WebhookDeleteSuccess,
    description: 'Deletes a webhook with its deliveries. Needs ADMIN.',
    args: { id: t.arg.id(idArg) },
    errors: resultUnion('WebhookDelete', 'NotFoundError'),
    resolve: async (_, { id }, { webhooks, viewer }) => ({ deletedId: await webhooks.delete(viewer, id) }),
  }),
  webhookRevealSecret: t.field({
    type: WebhookRevealSecretSuccess,
    description: "Shows a webhook's current secret. Needs ADMIN. Is audited.",
    args: { id: t.arg.id(idArg) },
    errors: resultUnion('WebhookRevealSecret', 'NotFoundError'),
    resolve: async (_, { id }, { webhooks, viewer }) => ({ secret: await webhooks.revealSecret(viewer, id) }),
  }),
  webhookRotateSecret: t.field({
    type: WebhookRotateSecretSuccess,
    description:
      'Gives a webhook a new secret. Needs ADMIN. While the overlap lasts, callbacks bear a signature of each, newest ' +
      'first. ConflictError: 5 secrets sign already.',
    args: {
      id: t.arg.id(idArg),
      overlapHours: t.arg.int({
        defaultValue: 24,
        description: 'How long the former secret signs as well: 0 to 168 hours; 0 ends it, and any before it, at once.',
      }),
    },
    errors: resultUnion('WebhookRotateSecret', 'InvalidInputError', 'NotFoundError', 'ConflictError'),
    resolve: (_, { id, overlapHours }, { webhooks, viewer }) => webhooks.rotateSecret(viewer, id, overlapHours),
  }),
}))
