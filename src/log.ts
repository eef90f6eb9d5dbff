import { type DestinationStream, pino } from 'pino'
import pretty from 'pino-pretty'

/** Structured logs: JSON lines, pretty on a terminal. */
export type Logger = pino.Logger

/**
 * The one redaction list. Three nets, each for what the one before cannot know: fields by their names, errors by their
 * form, and at last, in every line that is written, texts that look like a key, a secret, a signature or part of a URL.
 */
const secretFields = [
  'key',
  'keyHash',
  'apiKey',
  'secret',
  'secrets',
  'sealed',
  'sealedSecrets',
  'signature',
  'authorization',
  'cookie',
  'variables',
  'variableValues',
  '["x-api-key"]',
  '["webhook-signature"]',
].flatMap((name) => (name.startsWith('[') ? [name, `*${name}`, `*.*${name}`] : [name, `*.${name}`, `*.*.${name}`]))

const CENSOR = '[redacted]'

/** Texts that are secret wherever they stand, and what is left of them: a key's id may be known. */
const secretTexts: [RegExp, string][] = [
  [/\b(hk_[0-9a-f]{32})_[A-Za-z0-9_-]{43}/g, `$1_${CENSOR}`],
  [/\bwhsec_[A-Za-z0-9+/=_-]+/g, `whsec_${CENSOR}`],
  [/\bv1,[A-Za-z0-9+/]{43}=/g, `v1,${CENSOR}`],
  [/\b(Bearer\s+)[^\s"\\]+/gi, `$1${CENSOR}`],
  // Of URLs: credentials, and the query and fragment, in which tokens travel.
  [/\b([a-z][a-z0-9+.-]*:\/\/)[^\s"'\\/@?#]*@/gi, `$1${CENSOR}@`],
  [/\b([a-z][a-z0-9+.-]*:\/\/[^\s"'\\?#]*)[?#][^\s"'\\)]*/gi, `$1?${CENSOR}`],
]

/** A text without what is secret wherever it stands. */
const scrub = (text: string): string =>
  secretTexts.reduce((left, [pattern, instead]) => left.replaceAll(pattern, instead), text)

/** What is kept of an error's own fields: names and codes, never values. */
const keptFields = [
  'code',
  'errno',
  'syscall',
  'address',
  'port',
  'severity',
  'schema',
  'table',
  'constraint',
  'routine',
]
/** Errors within errors that are followed. */
const MAX_CAUSES = 3

/**
 * An error as it is logged. Libraries put what they were given into their messages and fields: Prisma the arguments,
 * Postgres the row, JSON.parse the text. They quote it, so nothing between quotes is kept, nor any field but the known.
 */
function describeError(error: unknown, causes = MAX_CAUSES): object {
  if (!(error instanceof Error)) return { type: typeof error, message: 'something was thrown that is no error' }
  const fields = error as Error & Record<string, unknown>
  const kept = keptFields.filter((name) => ['string', 'number'].includes(typeof fields[name]))
  return {
    type: error.name,
    message: withoutValues(error.message),
    ...Object.fromEntries(kept.map((name) => [name, fields[name]])),
    // Of the stack only its places: its head is the message again.
    stack: (error.stack ?? '')
      .split('\n')
      .filter((line) => /^\s+at /.test(line))
      .join('\n'),
    ...(error.cause !== undefined && causes > 0 && { cause: describeError(error.cause, causes - 1) }),
    ...(error instanceof AggregateError &&
      causes > 0 && { errors: error.errors.slice(0, MAX_CAUSES).map((one) => describeError(one, causes - 1)) }),
  }
}

/** The first line with a text and the last: between them Prisma prints its arguments. */
function withoutValues(message: string): string {
  const lines = message.split('\n').filter((line) => line.trim() !== '')
  const ends = lines.length > 1 ? [lines[0], lines.at(-1)] : lines
  return ends.map((line) => scrub(line as string).replace(/".*"/, '"…"')).join(' … ')
}

/** Where an error comes without words, pino would take its message for them, as it is. */
function logMethod(this: Logger, [first, ...rest]: Parameters<pino.LogFn>, method: pino.LogFn): void {
  const fields: unknown = first instanceof Error ? { err: first } : first
  const wordless = typeof fields === 'object' && fields !== null && 'err' in fields && rest.length === 0
  method.apply(this, [fields, ...(wordless ? ['an error'] : rest)] as Parameters<pino.LogFn>)
}

/** Makes the process's logger. `destination`: standard output where it is not given. */
export function createLogger(level: string, destination?: DestinationStream): Logger {
  const terminal = !destination && process.stdout.isTTY
  return pino(
    {
      level,
      redact: { paths: secretFields, censor: CENSOR },
      base: { pid: process.pid },
      serializers: { err: (error) => describeError(error) },
      hooks: { streamWrite: scrub, logMethod },
    },
    destination ?? (terminal ? pretty({ ignore: 'pid,hostname', translateTime: 'HH:MM:ss.l' }) : pino.destination(1)),
  )
}
