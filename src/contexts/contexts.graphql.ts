import { queryFromInfo } from '@pothos/plugin-prisma'
import { builder } from '../graphql/builder.ts'
import { connectionOf, pageArgs, rowPaths } from '../graphql/connection.ts'
import { resultUnion } from '../graphql/result.ts'
import { decodeIdCursor, readPage } from '../page.ts'
import { createContext, deleteContext, updateContext } from './contexts.ts'

const described = {
  name: 'Its name, 1 to 100 characters.',
  description: 'What it holds, at most 100 characters.',
  externalId: 'Its id in another system, 1 to 200 characters; unique within the app.',
  isSynced: 'Whether another system keeps it up to date.',
  externalTenantId: 'The tenant that it belongs to: 1 to 100 letters, digits, hyphens, underscores. Fixed at creation.',
}

/** A context; its files are added where files are. */
export const ContextRef = builder.prismaNode('Context', {
  id: { field: 'id' },
  nullable: true,
  description: 'A collection of files that agents draw on.',
  fields: (t) => ({
    externalTenantId: t.exposeString('externalTenantId', { nullable: true, description: described.externalTenantId }),
    externalId: t.exposeString('externalId', { nullable: true, description: described.externalId }),
    name: t.exposeString('name', { description: described.name }),
    description: t.exposeString('description', { nullable: true, description: described.description }),
    isSynced: t.exposeBoolean('isSynced', { description: described.isSynced }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was made.' }),
    updatedAt: t.expose('updatedAt', { type: 'DateTime', description: 'When it last changed.' }),
  }),
})

const ContextConnection = connectionOf('Context', ContextRef, { counted: true })

builder.queryFields((t) => ({
  context: t.prismaField({
    type: ContextRef,
    nullable: true,
    description: 'A context by its id; null when there is none.',
    args: { id: t.arg.id({ required: true, description: 'ctx_…' }) },
    resolve: (query, _, { id }, { db }) => db.context.findUnique({ ...query, where: { id } }),
  }),
  contexts: t.field({
    type: ContextConnection,
    description: 'The contexts, newest first.',
    args: { ...pageArgs, externalTenantId: t.arg.string({ description: "Only this tenant's." }) },
    async resolve(_, { externalTenantId, ...page }, context, info) {
      const { db } = context
      const query = queryFromInfo({ context, info, typeName: 'Context', paths: rowPaths.map((path) => [...path]) })
      const where = externalTenantId == null ? {} : { externalTenantId }
      const read = (take: number, after?: string) =>
        db.context.findMany({ ...query, where: { ...where, id: { lt: after } }, orderBy: { id: 'desc' }, take })
      return { ...(await readPage(page, decodeIdCursor, read)), count: () => db.context.count({ where }) }
    },
  }),
}))

const ContextCreateInput = builder.inputType('ContextCreateInput', {
  description: 'A new context.',
  fields: (t) => ({
    name: t.string({ required: true, description: described.name }),
    description: t.string({ description: described.description }),
    externalId: t.string({ description: described.externalId }),
    isSynced: t.boolean({ defaultValue: false, description: described.isSynced }),
    externalTenantId: t.string({ description: described.externalTenantId }),
  }),
})
const ContextUpdateInput = builder.inputType('ContextUpdateInput', {
  description: 'What is to change. Left out: unchanged. A null description clears it.',
  fields: (t) => ({
    name: t.string({ description: described.name }),
    description: t.string({ description: described.description }),
  }),
})

type ContextRow = typeof ContextRef.$inferType
const success = (name: string, description: string) =>
  builder.objectRef<{ context: ContextRow }>(name).implement({
    description,
    fields: (t) => ({
      context: t.expose('context', { type: ContextRef, description: 'The context after the change.' }),
    }),
  })
const ContextCreateSuccess = success('ContextCreateSuccess', 'The context was made.')
const ContextUpdateSuccess = success('ContextUpdateSuccess', 'The context is as asked; no event where nothing changed.')
const ContextDeleteSuccess = builder.objectRef<{ deletedId: string }>('ContextDeleteSuccess').implement({
  description: 'The context was deleted.',
  fields: (t) => ({ deletedId: t.exposeID('deletedId', { description: 'Its id.' }) }),
})

builder.mutationFields((t) => ({
  contextCreate: t.field({
    type: ContextCreateSuccess,
    description: 'Makes a context. Emits context.created.',
    args: { input: t.arg({ type: ContextCreateInput, required: true, description: 'The context.' }) },
    errors: resultUnion('ContextCreate', 'InvalidInputError'),
    resolve: async (_, { input }, { commit, viewer }) => ({
      context: await createContext(commit, viewer, input as never),
    }),
  }),
  contextUpdate: t.field({
    type: ContextUpdateSuccess,
    description: 'Changes a context. Emits context.updated, or nothing where nothing changed.',
    args: {
      id: t.arg.id({ required: true, description: 'ctx_…' }),
      input: t.arg({ type: ContextUpdateInput, required: true, description: 'What is to change.' }),
    },
    errors: resultUnion('ContextUpdate', 'InvalidInputError', 'NotFoundError'),
    resolve: async (_, { id, input }, { commit, viewer }) => ({
      context: await updateContext(commit, viewer, id, input as never),
    }),
  }),
  contextDelete: t.field({
    type: ContextDeleteSuccess,
    description:
      'Deletes a context that holds no files. Emits context.deleted, and agent.updated for agents that used it.',
    args: { id: t.arg.id({ required: true, description: 'ctx_…' }) },
    errors: resultUnion('ContextDelete', 'NotFoundError', 'ContextNotEmptyError'),
    resolve: async (_, { id }, { commit, viewer }) => ({ deletedId: await deleteContext(commit, viewer, id) }),
  }),
}))
