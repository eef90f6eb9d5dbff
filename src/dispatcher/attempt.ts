import { type Dispatcher, request } from 'undici'
import type { AttemptOutcome } from '../db/generated/prisma/enums.ts'
import type { Claimed } from './claim.ts'
import { BlockedError } from './connect.ts'

/** What became of one attempt. */
export interface AttemptResult {
  outcome: AttemptOutcome
  startedAt: Date
  durationMs: number
  requestHeaders: Record<string, string>
  responseStatus: number | null
  responseHeaders: Record<string, string | string[] | undefined> | null
  /** As received, at most MAX_RESPONSE_BYTES of it. */
  responseBody: Buffer | null
  responseBodyTruncated: boolean
  /** Why there was no usable response, in a sentence. */
  failure: string | null
}

/** Of a response's body so much is read and kept; the rest is not awaited. */
const MAX_RESPONSE_BYTES = 16 * 1024

/**
 * Posts the body once and waits for the answer until `timeoutMs` from now, body included. Never throws: whatever
 * happens is an outcome. A response head in time decides; what becomes of its body does not.
 * @param stop ends the attempt early, as a time-out would.
 */
export async function attempt(
  client: Dispatcher,
  { url, body }: Pick<Claimed, 'url' | 'body'>,
  headers: Record<string, string>,
  timeoutMs: number,
  stop: AbortSignal,
): Promise<AttemptResult> {
  const startedAt = new Date()
  const started = performance.now()
  const deadline = new AbortController()
  const timer = setTimeout(() => deadline.abort(), timeoutMs)
  const onStop = () => deadline.abort()
  stop.addEventListener('abort', onStop)
  const result = (fields: Partial<AttemptResult> & { outcome: AttemptOutcome }): AttemptResult => ({
    startedAt,
    durationMs: Math.round(performance.now() - started),
    requestHeaders: headers,
    responseStatus: null,
    responseHeaders: null,
    responseBody: null,
    responseBodyTruncated: false,
    failure: null,
    ...fields,
  })
  try {
    const response = await request(url, { dispatcher: client, method: 'POST', headers, body, signal: deadline.signal })
    const { statusCode } = response
    const kept = await readCapped(response.body)
    const delivered = statusCode >= 200 && statusCode < 300
    return result({
      outcome: delivered ? 'DELIVERED' : 'REJECTED',
      responseStatus: statusCode,
      responseHeaders: response.headers,
      responseBody: kept.bytes,
      responseBodyTruncated: kept.truncated,
      failure: delivered ? null : `The endpoint answered ${statusCode}`,
    })
  } catch (error) {
    if (deadline.signal.aborted) {
      return result({ outcome: 'TIMED_OUT', failure: `No complete response head within ${timeoutMs} ms` })
    }
    const cause = blockedCause(error)
    if (cause) return result({ outcome: 'BLOCKED', failure: cause.message })
    return result({ outcome: 'UNREACHABLE', failure: describe(error) })
  } finally {
    clearTimeout(timer)
    stop.removeEventListener('abort', onStop)
  }
}

/** Reads to the end or to the limit, whichever comes first; a body that breaks off or drips is kept as far as it came. */
async function readCapped(body: Dispatcher.ResponseData['body']): Promise<{ bytes: Buffer; truncated: boolean }> {
  const chunks: Buffer[] = []
  let size = 0
  let ended = false
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      chunks.push(chunk)
      size += chunk.length
      // Leaving the loop destroys the rest, and the socket with it.
      if (size > MAX_RESPONSE_BYTES) break
    }
    ended = size <= MAX_RESPONSE_BYTES
  } catch {
    // Broken off or out of time.
  }
  return { bytes: Buffer.concat(chunks).subarray(0, MAX_RESPONSE_BYTES), truncated: !ended }
}

/** With several addresses tried at once, the error of each stands in an AggregateError. */
function blockedCause(error: unknown): BlockedError | null {
  if (error instanceof BlockedError) return error
  const inner = (error as { errors?: unknown[]; cause?: unknown } | null) ?? {}
  return [...(inner.errors ?? []), ...(inner.cause ? [inner.cause] : [])].map(blockedCause).find(Boolean) ?? null
}

function describe(error: unknown): string {
  const { message, code, errors } = error as { message?: string; code?: string; errors?: unknown[] }
  if (!message && errors?.[0]) return describe(errors[0])
  return [message || 'The connection failed', code && !message?.includes(code) ? `(${code})` : '']
    .filter(Boolean)
    .join(' ')
}
