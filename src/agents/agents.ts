import { z } from 'zod'
import type { Viewer } from '../access/viewer.ts'
import type { Agent, AgentContext } from '../db/generated/prisma/client.ts'
import { AgentAccess } from '../db/generated/prisma/enums.ts'
import { newId } from '../db/ids.ts'
import type { ScopedTx } from '../db/scoped.ts'
import { NotFoundError } from '../errors.ts'
import { eventType, type Verb } from '../events/catalogue.ts'
import type { Commit } from '../events/commit.ts'
import type { Change } from '../events/unit.ts'
import { changedFields, defined, enumOnWire } from '../events/wire.ts'
import { optionalText, orNull, tenantId, text, texts, validate, withDefault } from '../validate.ts'

const contextIds = z
  .array(z.string(), "This field can't be null")
  .max(30, 'An agent may use at most 30 contexts')
  .refine((ids) => new Set(ids).size === ids.length, { message: 'Each context may be named once' })
const tags = texts(10)
const access = z.enum(AgentAccess, "This field can't be null")
const live = z.boolean("This field can't be null")

const described = {
  agentName: text(1, 50),
  agentPurpose: text(1, 1000),
  formatting: text(1, 500),
  agentPersonality: optionalText(500),
  agentPolicyRules: optionalText(500),
  iceBreakerMessage: optionalText(1000),
}
const CreateInput = z.object({
  ...described,
  agentPersonality: orNull(described.agentPersonality),
  agentPolicyRules: orNull(described.agentPolicyRules),
  iceBreakerMessage: orNull(described.iceBreakerMessage),
  live: withDefault(live, false),
  contextIds: withDefault(contextIds, []),
  tags: withDefault(tags, []),
  access: withDefault(access, AgentAccess.RESTRICTED_ACCESS),
  externalTenantId: orNull(tenantId),
})
const UpdateInput = z.object({ ...described, live, contextIds, tags, access }).partial()

/** Rules: the contract's limits. Left out or null: the default. */
export type AgentCreateInput = z.input<typeof CreateInput>
/** Left out: unchanged. Null clears what may be empty and is refused elsewhere. */
export type AgentUpdateInput = z.input<typeof UpdateInput>

type AgentWithContexts = Agent & { contexts: AgentContext[] }
const withContexts = { contexts: { orderBy: { position: 'asc' } } } as const

/** Makes an agent. @throws InvalidInputError, or NotFoundError for a context that is not there. */
export async function createAgent(commit: Commit, viewer: Viewer, input: AgentCreateInput): Promise<Agent> {
  const { contextIds, ...fields } = validate(CreateInput, input)
  return commit(viewer, 'WRITE', async (change) => {
    const id = newId('Agent')
    await assertContexts(change.tx, contextIds)
    const { appId } = viewer
    const agent = { id, appId, ...fields, createdAt: change.at, updatedAt: change.at }
    change.insert('agent', agent)
    const contexts = linkContexts(change, viewer, id, contextIds)
    emitAgent(change, 'created', { ...agent, contexts })
    return agent
  })
}

/** Changes what is given. @throws InvalidInputError, or NotFoundError for the agent or a context. */
export async function updateAgent(commit: Commit, viewer: Viewer, id: string, input: AgentUpdateInput): Promise<Agent> {
  const { contextIds, ...fields } = validate(UpdateInput, input)
  return commit(viewer, 'WRITE', async (change) => {
    const { tx, at } = change
    const before = await tx.agent.findUnique({ where: { id }, include: withContexts })
    if (!before) throw new NotFoundError(id)
    if (contextIds) await assertContexts(tx, contextIds)
    const after = { ...before, ...defined(fields) }
    if (contextIds)
      after.contexts = contextIds.map((contextId, position) => ({
        appId: viewer.appId,
        agentId: id,
        contextId,
        position,
      }))
    const changed = changedFields(agentData(before), agentData(after))
    if (changed.length === 0) return before
    const agent = await tx.agent.update({ where: { id }, data: { ...fields, updatedAt: at } })
    if (changed.includes('contextIds')) {
      await tx.agentContext.deleteMany({ where: { agentId: id } })
      linkContexts(change, viewer, id, contextIds ?? [])
    }
    emitAgent(change, 'updated', { ...agent, contexts: after.contexts }, changed)
    return agent
  })
}

/** @returns the id. @throws NotFoundError */
export async function deleteAgent(commit: Commit, viewer: Viewer, id: string): Promise<string> {
  return commit(viewer, 'WRITE', async (change) => {
    const agent = await change.tx.agent.findUnique({ where: { id }, include: withContexts })
    if (!agent) throw new NotFoundError(id)
    await change.tx.agent.delete({ where: { id } })
    emitAgent(change, 'deleted', agent)
    return id
  })
}

/** Takes a context that is about to be deleted out of the agents that use it, and tells of each of them. */
export async function detachContext(change: Change, contextId: string): Promise<void> {
  const { tx, at } = change
  const agents = await tx.agent.findMany({ where: { contexts: { some: { contextId } } }, include: withContexts })
  if (agents.length === 0) return
  await tx.agentContext.deleteMany({ where: { contextId } })
  await tx.agent.updateMany({ where: { id: { in: agents.map((agent) => agent.id) } }, data: { updatedAt: at } })
  for (const agent of agents) {
    const contexts = agent.contexts.filter((link) => link.contextId !== contextId)
    emitAgent(change, 'updated', { ...agent, contexts, updatedAt: at }, ['contextIds'])
  }
}

async function assertContexts(tx: ScopedTx, ids: string[]): Promise<void> {
  if (ids.length === 0) return
  const found = await tx.context.findMany({ where: { id: { in: ids } }, select: { id: true } })
  const missing = ids.find((id) => !found.some((context) => context.id === id))
  if (missing) throw new NotFoundError(missing)
}

function linkContexts(change: Change, { appId }: Viewer, agentId: string, ids: string[]): AgentContext[] {
  const links = ids.map((contextId, position) => ({ appId, agentId, contextId, position }))
  for (const link of links) change.insert('agentContext', link)
  return links
}

function emitAgent(change: Change, verb: Verb, agent: AgentWithContexts, changed?: string[]): void {
  const { id, externalTenantId } = agent
  change.emit({ type: eventType('AGENT', verb), entityId: id, externalTenantId, data: agentData(agent), changed })
}

function agentData({ appId: _, contexts, ...agent }: AgentWithContexts): Record<string, unknown> {
  return { ...agent, access: enumOnWire(agent.access), contextIds: contexts.map((link) => link.contextId) }
}
