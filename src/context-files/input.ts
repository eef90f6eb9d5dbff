import { z } from 'zod'
import { ContextFileStatus } from '../db/generated/prisma/enums.ts'
import { externalId, optionalText, orNull, text, texts, withDefault } from '../validate.ts'

/** What a file may be. The office formats stand under their registered names. */
const mimeTypes = [
  'video/mp4',
  'audio/mpeg',
  'application/pdf',
  'application/vnd.openxmlformats-officedocument.presentationml.presentation',
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  'text/html',
  'text/plain',
  'application/zip',
] as const

const sourceUrl = z
  .string()
  .max(2000, 'This field may have at most 2000 characters')
  .refine((value) => URL.canParse(value) && /^https?:$/.test(new URL(value).protocol), {
    message: 'Please enter a valid URL',
  })
  .transform((value) => new URL(value).href)
  .nullish()
  .transform((value) => value ?? null)

const labels = texts(10)
const autoPublish = z.boolean("This field can't be null")

export const CreateInput = z
  .object({
    contextId: z.string(),
    name: text(1, 100),
    mimeType: z.enum(mimeTypes, `This field must be one of: ${mimeTypes.join(', ')}`),
    sourceUrl,
    documentContent: optionalText(100_000),
    externalId: orNull(externalId),
    autoPublish: withDefault(autoPublish, false),
    labels: withDefault(labels, []),
    runId: orNull(text(1, 200).nullish()),
  })
  .refine((file) => (file.sourceUrl == null) !== (file.documentContent == null), {
    path: ['sourceUrl'],
    message: 'Exactly one of sourceUrl and documentContent must be given',
  })

export const BulkInput = z
  .array(CreateInput)
  .min(1, 'At least one file must be given')
  .max(500, 'At most 500 files may be given at once')

export const UpdateInput = z.object({ name: text(1, 100), labels, autoPublish }).partial()

export const ReportStatusInput = z.object({ status: z.enum(ContextFileStatus), statusReason: optionalText(500) })

/** Rules: the contract's limits; externalId is unique within the app; the tenant is the context's. */
export type ContextFileCreateInput = z.input<typeof CreateInput>
/** Left out: unchanged. Null is refused. */
export type ContextFileUpdateInput = z.input<typeof UpdateInput>
/** A reason that is left out or null clears the former one. */
export type ContextFileReportStatusInput = z.input<typeof ReportStatusInput>
/** A file's input after its check. */
export type ValidFile = z.output<typeof CreateInput>
