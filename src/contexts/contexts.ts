import { z } from 'zod'
import type { Viewer } from '../access/viewer.ts'
import { detachContext } from '../agents/agents.ts'
import type { Context } from '../db/generated/prisma/client.ts'
import { newId } from '../db/ids.ts'
import { ContextNotEmptyError, InvalidInputError, NotFoundError } from '../errors.ts'
import { eventType, type Verb } from '../events/catalogue.ts'
import type { Commit } from '../events/commit.ts'
import type { Change } from '../events/unit.ts'
import { changedFields } from '../events/wire.ts'
import { externalId, optionalText, orNull, tenantId, text, validate, withDefault } from '../validate.ts'

const CreateInput = z.object({
  name: text(1, 100),
  description: orNull(optionalText(100)),
  externalId: orNull(externalId),
  isSynced: withDefault(z.boolean(), false),
  externalTenantId: orNull(tenantId),
})
const UpdateInput = z.object({ name: text(1, 100).optional(), description: optionalText(100) })

/** Rules: the contract's limits; externalId is unique within the app. */
export type ContextCreateInput = z.input<typeof CreateInput>
/** Left out: unchanged. A null description clears it. */
export type ContextUpdateInput = z.input<typeof UpdateInput>

/** Makes a context. @throws InvalidInputError, also for an externalId that is taken. */
export async function createContext(commit: Commit, viewer: Viewer, input: ContextCreateInput): Promise<Context> {
  const fields = validate(CreateInput, input)
  return commit(viewer, 'WRITE', async (change) => {
    const { tx, at } = change
    if (fields.externalId !== null && (await tx.context.findFirst({ where: { externalId: fields.externalId } }))) {
      throw new InvalidInputError([{ path: ['input', 'externalId'], message: 'Another context has this external id' }])
    }
    const context = { id: newId('Context'), appId: viewer.appId, ...fields, createdAt: at, updatedAt: at }
    change.insert('context', context)
    emitContext(change, 'created', context)
    return context
  })
}

/** Changes what is given. @throws InvalidInputError, NotFoundError */
export async function updateContext(
  commit: Commit,
  viewer: Viewer,
  id: string,
  input: ContextUpdateInput,
): Promise<Context> {
  const fields = validate(UpdateInput, input)
  return commit(viewer, 'WRITE', async (change) => {
    const { tx, at } = change
    const before = await tx.context.findUnique({ where: { id } })
    if (!before) throw new NotFoundError(id)
    const { name = before.name, description = before.description } = fields
    const changed = changedFields(before, { ...before, name, description })
    if (changed.length === 0) return before
    const context = await tx.context.update({ where: { id }, data: { name, description, updatedAt: at } })
    emitContext(change, 'updated', context, changed)
    return context
  })
}

/**
 * Deletes a context without files and takes it out of the agents that use it.
 * @returns the id. @throws NotFoundError, ContextNotEmptyError
 */
export async function deleteContext(commit: Commit, viewer: Viewer, id: string): Promise<string> {
  return commit(viewer, 'WRITE', async (change) => {
    const { tx } = change
    const context = await tx.context.findUnique({ where: { id } })
    if (!context) throw new NotFoundError(id)
    const fileCount = await tx.contextFile.count({ where: { contextId: id } })
    if (fileCount > 0) throw new ContextNotEmptyError(fileCount)
    await detachContext(change, id)
    await tx.context.delete({ where: { id } })
    emitContext(change, 'deleted', context)
    return id
  })
}

function emitContext(change: Change, verb: Verb, context: Context, changed?: string[]): void {
  const { appId: _, ...data } = context
  const { id, externalTenantId } = context
  change.emit({ type: eventType('CONTEXT', verb), entityId: id, externalTenantId, data, changed })
}
