import { queryFromInfo } from '@pothos/plugin-prisma'
import { ContextRef } from '../contexts/contexts.graphql.ts'
import { builder } from '../graphql/builder.ts'
import { connectionOf, pageArgs, rowPaths } from '../graphql/connection.ts'
import { AgentAccess } from '../graphql/enums.ts'
import { resultUnion } from '../graphql/result.ts'
import { decodeIdCursor, readPage } from '../page.ts'
import { createAgent, deleteAgent, updateAgent } from './agents.ts'

const described = {
  agentName: 'Its name, 1 to 50 characters.',
  agentPurpose: 'What it is for, 1 to 1000 characters.',
  formatting: 'How it formats what it says, 1 to 500 characters.',
  agentPersonality: 'How it comes across, at most 500 characters.',
  agentPolicyRules: 'What it must and must not do, at most 500 characters.',
  iceBreakerMessage: 'What it opens a conversation with, at most 1000 characters.',
  live: 'Whether it is in use.',
  contextIds: 'The contexts that it uses, in order; at most 30, each once.',
  tags: 'At most 10, of 1 to 100 characters.',
  access: 'Who may talk to it.',
  externalTenantId: 'The tenant that it belongs to: 1 to 100 letters, digits, hyphens, underscores. Fixed at creation.',
}

const AgentRef = builder.prismaNode('Agent', {
  id: { field: 'id' },
  nullable: true,
  description: 'An assistant that talks to people.',
  fields: (t) => ({
    externalTenantId: t.exposeString('externalTenantId', { nullable: true, description: described.externalTenantId }),
    agentName: t.exposeString('agentName', { description: described.agentName }),
    agentPurpose: t.exposeString('agentPurpose', { description: described.agentPurpose }),
    formatting: t.exposeString('formatting', { description: described.formatting }),
    agentPersonality: t.exposeString('agentPersonality', { nullable: true, description: described.agentPersonality }),
    agentPolicyRules: t.exposeString('agentPolicyRules', { nullable: true, description: described.agentPolicyRules }),
    iceBreakerMessage: t.exposeString('iceBreakerMessage', {
      nullable: true,
      description: described.iceBreakerMessage,
    }),
    live: t.exposeBoolean('live', { description: described.live }),
    contexts: t.field({
      type: [ContextRef],
      description: 'The contexts that it uses, in order.',
      select: (_, __, nested) => ({ contexts: { orderBy: { position: 'asc' }, select: { context: nested(true) } } }),
      resolve: (agent) => agent.contexts.map((link) => link.context) as never,
    }),
    tags: t.exposeStringList('tags', { description: described.tags }),
    access: t.expose('access', { type: AgentAccess, description: described.access }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was made.' }),
    updatedAt: t.expose('updatedAt', { type: 'DateTime', description: 'When it last changed.' }),
  }),
})

const AgentConnection = connectionOf('Agent', AgentRef, { counted: true })

builder.queryFields((t) => ({
  agent: t.prismaField({
    type: AgentRef,
    nullable: true,
    description: 'An agent by its id; null when there is none.',
    args: { id: t.arg.id({ required: true, description: 'agt_…' }) },
    resolve: (query, _, { id }, { db }) => db.agent.findUnique({ ...query, where: { id } }),
  }),
  agents: t.field({
    type: AgentConnection,
    description: 'The agents, newest first.',
    args: {
      ...pageArgs,
      externalTenantId: t.arg.string({ description: "Only this tenant's." }),
    },
    async resolve(_, { externalTenantId, ...page }, context, info) {
      const { db } = context
      const query = queryFromInfo({ context, info, typeName: 'Agent', paths: rowPaths.map((path) => [...path]) })
      const where = externalTenantId == null ? {} : { externalTenantId }
      const read = (take: number, after?: string) =>
        db.agent.findMany({ ...query, where: { ...where, id: { lt: after } }, orderBy: { id: 'desc' }, take })
      return { ...(await readPage(page, decodeIdCursor, read)), count: () => db.agent.count({ where }) }
    },
  }),
}))

const AgentCreateInput = builder.inputType('AgentCreateInput', {
  description: 'A new agent.',
  fields: (t) => ({
    agentName: t.string({ required: true, description: described.agentName }),
    agentPurpose: t.string({ required: true, description: described.agentPurpose }),
    formatting: t.string({ required: true, description: described.formatting }),
    agentPersonality: t.string({ description: described.agentPersonality }),
    agentPolicyRules: t.string({ description: described.agentPolicyRules }),
    iceBreakerMessage: t.string({ description: described.iceBreakerMessage }),
    live: t.boolean({ defaultValue: false, description: described.live }),
    contextIds: t.idList({ defaultValue: [], description: described.contextIds }),
    tags: t.stringList({ defaultValue: [], description: described.tags }),
    access: t.field({ type: AgentAccess, defaultValue: 'RESTRICTED_ACCESS', description: described.access }),
    externalTenantId: t.string({ description: described.externalTenantId }),
  }),
})

const AgentUpdateInput = builder.inputType('AgentUpdateInput', {
  description: 'What is to change. Left out: unchanged. Null clears what may be empty.',
  fields: (t) => ({
    agentName: t.string({ description: described.agentName }),
    agentPurpose: t.string({ description: described.agentPurpose }),
    formatting: t.string({ description: described.formatting }),
    agentPersonality: t.string({ description: described.agentPersonality }),
    agentPolicyRules: t.string({ description: described.agentPolicyRules }),
    iceBreakerMessage: t.string({ description: described.iceBreakerMessage }),
    live: t.boolean({ description: described.live }),
    contextIds: t.idList({ description: described.contextIds }),
    tags: t.stringList({ description: described.tags }),
    access: t.field({ type: AgentAccess, description: described.access }),
  }),
})

type AgentRow = typeof AgentRef.$inferType
const success = (name: string, description: string) =>
  builder.objectRef<{ agent: AgentRow }>(name).implement({
    description,
    fields: (t) => ({ agent: t.expose('agent', { type: AgentRef, description: 'The agent after the change.' }) }),
  })
const AgentCreateSuccess = success('AgentCreateSuccess', 'The agent was made.')
const AgentUpdateSuccess = success('AgentUpdateSuccess', 'The agent is as asked; no event where nothing changed.')
const AgentDeleteSuccess = builder.objectRef<{ deletedId: string }>('AgentDeleteSuccess').implement({
  description: 'The agent was deleted.',
  fields: (t) => ({ deletedId: t.exposeID('deletedId', { description: 'Its id.' }) }),
})

builder.mutationFields((t) => ({
  agentCreate: t.field({
    type: AgentCreateSuccess,
    description: 'Makes an agent. Emits agent.created. NotFoundError: a context that is not there.',
    args: { input: t.arg({ type: AgentCreateInput, required: true, description: 'The agent.' }) },
    errors: resultUnion('AgentCreate', 'InvalidInputError', 'NotFoundError'),
    resolve: async (_, { input }, { commit, viewer }) => ({ agent: await createAgent(commit, viewer, input as never) }),
  }),
  agentUpdate: t.field({
    type: AgentUpdateSuccess,
    description: 'Changes an agent. Emits agent.updated, or nothing where nothing changed.',
    args: {
      id: t.arg.id({ required: true, description: 'agt_…' }),
      input: t.arg({ type: AgentUpdateInput, required: true, description: 'What is to change.' }),
    },
    errors: resultUnion('AgentUpdate', 'InvalidInputError', 'NotFoundError'),
    resolve: async (_, { id, input }, { commit, viewer }) => ({
      agent: await updateAgent(commit, viewer, id, input as never),
    }),
  }),
  agentDelete: t.field({
    type: AgentDeleteSuccess,
    description: 'Deletes an agent. Emits agent.deleted.',
    args: { id: t.arg.id({ required: true, description: 'agt_…' }) },
    errors: resultUnion('AgentDelete', 'NotFoundError'),
    resolve: async (_, { id }, { commit, viewer }) => ({ deletedId: await deleteAgent(commit, viewer, id) }),
  }),
}))
