import { z } from 'zod'
import { InvalidInputError } from './errors.ts'

/** The seed's words for a required field that was left empty. */
const EMPTY = "This field can't be empty"

/** Characters as people count them: an emoji is one, whatever its encoding. */
const characters = (value: string) => [...value].length

/** Text of `min` to `max` characters. What no database can store (NUL, half a surrogate pair) is refused. */
export const text = (min: number, max: number) =>
  z
    .string("This field can't be null")
    .refine((value) => min === 0 || value.trim() !== '', { message: EMPTY })
    .refine((value) => characters(value) <= max, { message: `This field may have at most ${max} characters` })
    .refine((value) => value.isWellFormed() && !value.includes('\0'), {
      message: 'This field holds characters that are not valid text',
    })

/** A text that may be left out or cleared. */
export const optionalText = (max: number) => text(0, max).nullish()

/** A list of at most `max` texts. */
export const texts = (max: number) =>
  z.array(text(1, 100), "This field can't be null").max(max, `This field may have at most ${max} entries`)

/** Which of the app's tenants something belongs to. */
export const tenantId = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,100}$/, 'This field may have 1 to 100 letters, digits, hyphens and underscores')
  .nullish()

/** An id that another system gave. */
export const externalId = text(1, 200).nullish()

/** Null where it was left out: as the database has it. */
export const orNull = <T extends z.ZodType>(schema: T) =>
  schema.transform((value): NonNullable<z.output<T>> | null => value ?? null)

/** The value with its default where it was left out or null. */
export const withDefault = <T extends z.ZodType>(schema: T, fallback: z.output<T>) =>
  schema.nullish().transform((value): z.output<T> => value ?? fallback)

/**
 * Checks `input` by `schema`.
 * @param path of the input in the request, for the issues. @throws InvalidInputError with every rule that was broken.
 */
export function validate<T extends z.ZodType>(schema: T, input: unknown, path: string[] = ['input']): z.output<T> {
  const parsed = schema.safeParse(input)
  if (parsed.success) return parsed.data
  throw new InvalidInputError(
    parsed.error.issues.map((issue) => ({ path: [...path, ...issue.path.map(String)], message: issue.message })),
  )
}
