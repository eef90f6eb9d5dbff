import type { Viewer } from '../access/viewer.ts'
import type { ContextFile } from '../db/generated/prisma/client.ts'
import { ContextFileStatus } from '../db/generated/prisma/enums.ts'
import { newId } from '../db/ids.ts'
import { InvalidInputError, NotFoundError } from '../errors.ts'
import { eventType, type Verb } from '../events/catalogue.ts'
import type { Commit } from '../events/commit.ts'
import type { Change } from '../events/unit.ts'
import { changedFields, enumOnWire } from '../events/wire.ts'
import { validate } from '../validate.ts'
import {
  BulkInput,
  type ContextFileCreateInput,
  type ContextFileReportStatusInput,
  type ContextFileUpdateInput,
  CreateInput,
  ReportStatusInput,
  UpdateInput,
  type ValidFile,
} from './input.ts'

/** Makes a file, ACCEPTED. @throws InvalidInputError, or NotFoundError for the context. */
export async function createContextFile(
  commit: Commit,
  viewer: Viewer,
  input: ContextFileCreateInput,
): Promise<ContextFile> {
  const fields = validate(CreateInput, input)
  const [file] = await commit(viewer, 'WRITE', (change) => insertFiles(change, viewer, [fields], () => ['input']))
  return file as ContextFile
}

/** Makes 1 to 500 files, all or none. @throws InvalidInputError, or NotFoundError for a context. */
export async function createContextFiles(
  commit: Commit,
  viewer: Viewer,
  inputs: ContextFileCreateInput[],
): Promise<ContextFile[]> {
  const files = validate(BulkInput, inputs, ['inputs'])
  return commit(viewer, 'WRITE', (change) => insertFiles(change, viewer, files, (index) => ['inputs', String(index)]))
}

/** Changes name, labels or autoPublish; content never changes. @throws InvalidInputError, NotFoundError */
export async function updateContextFile(
  commit: Commit,
  viewer: Viewer,
  id: string,
  input: ContextFileUpdateInput,
): Promise<ContextFile> {
  const fields = validate(UpdateInput, input)
  return commit(viewer, 'WRITE', (change) => applyToFile(change, id, () => fields))
}

/**
 * Records how far ingestion has come. A file with autoPublish that becomes ready is published at once.
 * @throws InvalidInputError, NotFoundError
 */
export async function reportContextFileStatus(
  commit: Commit,
  viewer: Viewer,
  id: string,
  input: ContextFileReportStatusInput,
): Promise<ContextFile> {
  const { status, statusReason = null } = validate(ReportStatusInput, input)
  return commit(viewer, 'WRITE', (change) =>
    applyToFile(change, id, ({ autoPublish }) => {
      const ready = status === ContextFileStatus.READY_FOR_PUBLICATION
      return { status: ready && autoPublish ? ContextFileStatus.PUBLISHED : status, statusReason }
    }),
  )
}

/** @returns the id. @throws NotFoundError */
export async function deleteContextFile(commit: Commit, viewer: Viewer, id: string): Promise<string> {
  return commit(viewer, 'WRITE', async (change) => {
    const file = await change.tx.contextFile.findUnique({ where: { id } })
    if (!file) throw new NotFoundError(id)
    await change.tx.contextFile.delete({ where: { id } })
    emitFile(change, 'deleted', file)
    return id
  })
}

async function insertFiles(
  change: Change,
  { appId }: Viewer,
  inputs: ValidFile[],
  pathOf: (index: number) => string[],
): Promise<ContextFile[]> {
  const { tx, at } = change
  const contextIds = [...new Set(inputs.map((input) => input.contextId))]
  const contexts = await tx.context.findMany({ where: { id: { in: contextIds } } })
  const tenants = new Map(contexts.map((context) => [context.id, context.externalTenantId]))
  const missing = contextIds.find((id) => !tenants.has(id))
  if (missing) throw new NotFoundError(missing)
  await assertExternalIdsFree(change, inputs, pathOf)

  return inputs.map(({ documentContent, ...fields }) => {
    const file = {
      id: newId('ContextFile'),
      appId,
      ...fields,
      externalTenantId: tenants.get(fields.contextId) ?? null,
      status: ContextFileStatus.ACCEPTED,
      statusReason: null,
      createdAt: at,
      updatedAt: at,
    }
    change.insert('contextFile', file)
    if (documentContent != null) change.insert('document', { fileId: file.id, content: documentContent })
    emitFile(change, 'created', file)
    return file
  })
}

async function assertExternalIdsFree(
  { tx }: Change,
  inputs: ValidFile[],
  pathOf: (index: number) => string[],
): Promise<void> {
  const wanted = inputs.flatMap(({ externalId }) => (externalId == null ? [] : [externalId]))
  if (wanted.length === 0) return
  const found = await tx.contextFile.findMany({ where: { externalId: { in: wanted } }, select: { externalId: true } })
  const taken = new Set(found.map((file) => file.externalId))
  const issues = inputs.flatMap(({ externalId }, index) => {
    if (externalId == null) return []
    if (taken.has(externalId)) {
      return [{ path: [...pathOf(index), 'externalId'], message: 'Another file has this external id' }]
    }
    taken.add(externalId)
    return []
  })
  if (issues.length > 0) throw new InvalidInputError(issues)
}

type FileFields = Partial<Pick<ContextFile, 'name' | 'labels' | 'autoPublish' | 'status' | 'statusReason'>>

async function applyToFile(
  change: Change,
  id: string,
  fieldsOf: (before: ContextFile) => FileFields,
): Promise<ContextFile> {
  const { tx, at } = change
  const before = await tx.contextFile.findUnique({ where: { id } })
  if (!before) throw new NotFoundError(id)
  const fields = fieldsOf(before)
  const changed = changedFields(before, { ...before, ...JSON.parse(JSON.stringify(fields)) })
  if (changed.length === 0) return before
  const file = await tx.contextFile.update({ where: { id }, data: { ...fields, updatedAt: at } })
  emitFile(change, 'updated', file, changed)
  return file
}

function emitFile(change: Change, verb: Verb, file: ContextFile, changed?: string[]): void {
  const { appId: _, ...fields } = file
  const data = { ...fields, status: enumOnWire(file.status) }
  const { id, externalTenantId } = file
  change.emit({ type: eventType('CONTEXT_FILE', verb), entityId: id, externalTenantId, data, changed })
}
