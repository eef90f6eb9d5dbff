import { queryFromInfo } from '@pothos/plugin-prisma'
import { ContextRef } from '../contexts/contexts.graphql.ts'
import { builder } from '../graphql/builder.ts'
import { connectionOf, pageArgs, rowPaths } from '../graphql/connection.ts'
import type { Context } from '../graphql/context.ts'
import { ContextFileStatus } from '../graphql/enums.ts'
import { resultUnion } from '../graphql/result.ts'
import { decodeIdCursor, type PageArgs, readPage } from '../page.ts'
import {
  createContextFile,
  createContextFiles,
  deleteContextFile,
  reportContextFileStatus,
  updateContextFile,
} from './context-files.ts'

const described = {
  contextId: 'The context that it belongs to.',
  name: 'Its name, 1 to 100 characters.',
  mimeType:
    'video/mp4, audio/mpeg, application/pdf, pptx or docx by their full names, text/html, text/plain, application/zip.',
  sourceUrl: 'Where its content is, http or https; exactly one of sourceUrl and documentContent.',
  documentContent: 'Its content, at most 100,000 characters; exactly one of sourceUrl and documentContent.',
  externalId: 'Its id in another system, 1 to 200 characters; unique within the app.',
  autoPublish: 'Whether it is published as soon as it is ready.',
  labels: 'At most 10, of 1 to 100 characters.',
  runId: 'The ingestion run that it came with, 1 to 200 characters.',
  status: 'How far it has come.',
  statusReason: 'Why it has this status, at most 500 characters.',
}

const ContextFileRef = builder.prismaNode('ContextFile', {
  id: { field: 'id' },
  nullable: true,
  description: 'A file of a context. Its content never changes: delete and make anew.',
  fields: (t) => ({
    context: t.relation('context', { description: described.contextId }),
    externalTenantId: t.exposeString('externalTenantId', { nullable: true, description: "Its context's tenant." }),
    externalId: t.exposeString('externalId', { nullable: true, description: described.externalId }),
    name: t.exposeString('name', { description: described.name }),
    mimeType: t.exposeString('mimeType', { description: 'What kind of content it has.' }),
    sourceUrl: t.expose('sourceUrl', { type: 'URL', nullable: true, description: 'Where its content is.' }),
    documentContent: t.string({
      nullable: true,
      description: 'Its content, where it was given as text.',
      select: { document: true },
      resolve: (file) => file.document?.content,
    }),
    status: t.expose('status', { type: ContextFileStatus, description: described.status }),
    statusReason: t.exposeString('statusReason', { nullable: true, description: described.statusReason }),
    autoPublish: t.exposeBoolean('autoPublish', { description: described.autoPublish }),
    labels: t.exposeStringList('labels', { description: described.labels }),
    runId: t.exposeString('runId', { nullable: true, description: described.runId }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was made.' }),
    updatedAt: t.expose('updatedAt', { type: 'DateTime', description: 'When it last changed.' }),
  }),
})

const ContextFileConnection = connectionOf('ContextFile', ContextFileRef, { counted: true })

type FileWhere = NonNullable<Parameters<Context['db']['contextFile']['findMany']>[0]>['where']

async function listFiles(
  context: Context,
  info: Parameters<typeof queryFromInfo>[0]['info'],
  page: PageArgs,
  where: FileWhere,
) {
  const { db } = context
  const query = queryFromInfo({ context, info, typeName: 'ContextFile', paths: rowPaths.map((path) => [...path]) })
  const read = (take: number, after?: string) =>
    db.contextFile.findMany({ ...query, where: { ...where, id: { lt: after } }, orderBy: { id: 'desc' }, take })
  return { ...(await readPage(page, decodeIdCursor, read)), count: () => db.contextFile.count({ where }) }
}

builder.prismaObjectField(ContextRef, 'files', (t) =>
  t.field({
    type: ContextFileConnection,
    description: 'Its files, newest first.',
    args: { ...pageArgs, status: t.arg({ type: ContextFileStatus, description: 'Only those with this status.' }) },
    resolve: ({ id }, { status, ...page }, context, info) =>
      listFiles(context, info, page, { contextId: id, status: status ?? undefined }),
  }),
)

builder.queryFields((t) => ({
  contextFile: t.prismaField({
    type: ContextFileRef,
    nullable: true,
    description: 'A context file by its id; null when there is none.',
    args: { id: t.arg.id({ required: true, description: 'file_…' }) },
    resolve: (query, _, { id }, { db }) => db.contextFile.findUnique({ ...query, where: { id } }),
  }),
  contextFiles: t.field({
    type: ContextFileConnection,
    description: 'The context files, newest first.',
    args: {
      ...pageArgs,
      contextId: t.arg.id({ description: 'Only those of this context.' }),
      status: t.arg({ type: ContextFileStatus, description: 'Only those with this status.' }),
      runId: t.arg.string({ description: 'Only those of this ingestion run.' }),
    },
    resolve: (_, { contextId, status, runId, ...page }, context, info) =>
      listFiles(context, info, page, {
        contextId: contextId ?? undefined,
        status: status ?? undefined,
        runId: runId ?? undefined,
      }),
  }),
}))

const ContextFileCreateInput = builder.inputType('ContextFileCreateInput', {
  description: 'A new context file.',
  fields: (t) => ({
    contextId: t.id({ required: true, description: described.contextId }),
    name: t.string({ required: true, description: described.name }),
    mimeType: t.string({ required: true, description: described.mimeType }),
    sourceUrl: t.string({ description: described.sourceUrl }),
    documentContent: t.string({ description: described.documentContent }),
    externalId: t.string({ description: described.externalId }),
    autoPublish: t.boolean({ defaultValue: false, description: described.autoPublish }),
    labels: t.stringList({ defaultValue: [], description: described.labels }),
    runId: t.string({ description: described.runId }),
  }),
})
const ContextFileUpdateInput = builder.inputType('ContextFileUpdateInput', {
  description: 'What is to change. Left out: unchanged.',
  fields: (t) => ({
    name: t.string({ description: described.name }),
    labels: t.stringList({ description: described.labels }),
    autoPublish: t.boolean({ description: described.autoPublish }),
  }),
})
const ContextFileReportStatusInput = builder.inputType('ContextFileReportStatusInput', {
  description: 'How far ingestion or publication has come.',
  fields: (t) => ({
    status: t.field({
      type: ContextFileStatus,
      required: true,
      description: 'READY_FOR_PUBLICATION becomes PUBLISHED at once where autoPublish is set.',
    }),
    statusReason: t.string({ description: `${described.statusReason} Left out: the former reason is cleared.` }),
  }),
})

type FileRow = typeof ContextFileRef.$inferType
const success = (name: string, description: string) =>
  builder.objectRef<{ contextFile: FileRow }>(name).implement({
    description,
    fields: (t) => ({
      contextFile: t.expose('contextFile', { type: ContextFileRef, description: 'The file after the change.' }),
    }),
  })
const ContextFileCreateSuccess = success('ContextFileCreateSuccess', 'The file was made.')
const ContextFileUpdateSuccess = success(
  'ContextFileUpdateSuccess',
  'The file is as asked; no event where nothing changed.',
)
const ContextFileReportStatusSuccess = success(
  'ContextFileReportStatusSuccess',
  'The status is recorded; no event where nothing changed.',
)
const ContextFilesCreateSuccess = builder
  .objectRef<{ contextFiles: FileRow[] }>('ContextFilesCreateSuccess')
  .implement({
    description: 'All files were made.',
    fields: (t) => ({
      contextFiles: t.expose('contextFiles', { type: [ContextFileRef], description: 'The files, in the order given.' }),
    }),
  })
const ContextFileDeleteSuccess = builder.objectRef<{ deletedId: string }>('ContextFileDeleteSuccess').implement({
  description: 'The file was deleted.',
  fields: (t) => ({ deletedId: t.exposeID('deletedId', { description: 'Its id.' }) }),
})

builder.mutationFields((t) => ({
  contextFileCreate: t.field({
    type: ContextFileCreateSuccess,
    description: 'Makes a file, ACCEPTED. Emits contextfile.created. NotFoundError: the context.',
    args: { input: t.arg({ type: ContextFileCreateInput, required: true, description: 'The file.' }) },
    errors: resultUnion('ContextFileCreate', 'InvalidInputError', 'NotFoundError'),
    resolve: async (_, { input }, { commit, viewer }) => ({
      contextFile: await createContextFile(commit, viewer, input as never),
    }),
  }),
  contextFilesCreate: t.field({
    type: ContextFilesCreateSuccess,
    description: 'Makes 1 to 500 files, all or none. Emits contextfile.created for each.',
    args: { inputs: t.arg({ type: [ContextFileCreateInput], required: true, description: 'The files.' }) },
    errors: resultUnion('ContextFilesCreate', 'InvalidInputError', 'NotFoundError'),
    resolve: async (_, { inputs }, { commit, viewer }) => ({
      contextFiles: await createContextFiles(commit, viewer, inputs as never),
    }),
  }),
  contextFileUpdate: t.field({
    type: ContextFileUpdateSuccess,
    description: 'Changes name, labels or autoPublish. Emits contextfile.updated, or nothing where nothing changed.',
    args: {
      id: t.arg.id({ required: true, description: 'file_…' }),
      input: t.arg({ type: ContextFileUpdateInput, required: true, description: 'What is to change.' }),
    },
    errors: resultUnion('ContextFileUpdate', 'InvalidInputError', 'NotFoundError'),
    resolve: async (_, { id, input }, { commit, viewer }) => ({
      contextFile: await updateContextFile(commit, viewer, id, input as never),
    }),
  }),
  contextFileReportStatus: t.field({
    type: ContextFileReportStatusSuccess,
    description: 'Records a status. Emits contextfile.updated, or nothing where nothing changed.',
    args: {
      id: t.arg.id({ required: true, description: 'file_…' }),
      input: t.arg({ type: ContextFileReportStatusInput, required: true, description: 'The status.' }),
    },
    errors: resultUnion('ContextFileReportStatus', 'InvalidInputError', 'NotFoundError'),
    resolve: async (_, { id, input }, { commit, viewer }) => ({
      contextFile: await reportContextFileStatus(commit, viewer, id, input as never),
    }),
  }),
  contextFileDelete: t.field({
    type: ContextFileDeleteSuccess,
    description: 'Deletes a file. Emits contextfile.deleted.',
    args: { id: t.arg.id({ required: true, description: 'file_…' }) },
    errors: resultUnion('ContextFileDelete', 'NotFoundError'),
    resolve: async (_, { id }, { commit, viewer }) => ({ deletedId: await deleteContextFile(commit, viewer, id) }),
  }),
}))
