import type { Dispatcher } from 'undici'
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

/** An attempt that is under way. */
export interface Attempt {
  /** Never rejects: whatever happens is an outcome. */
  readonly ended: Promise<AttemptResult>
  /** Ends it at once, as its deadline would. */
  stop(): void
}

/**
 * Posts the body once and waits for the answer until `timeoutMs` from now, body included. A response head in time decides;
 * what becomes of its body does not.
 */
export function startAttempt(
  client: Dispatcher,
  { url, body }: Pick<Claimed, 'url' | 'body'>,
  headers: Record<string, string>,
  timeoutMs: number,
): Attempt {
  const exchange = new Exchange(headers, timeoutMs)
  try {
    const { origin, pathname, search } = new URL(url)
    client.dispatch({ origin, path: pathname + search, method: 'POST', headers, body }, exchange)
  } catch (error) {
    exchange.onResponseError(null, error)
  }
  return exchange
}

/**
 * One request and its answer, on undici's lowest level: a stream and an abort signal for each would cost as much as all
 * the rest of an attempt.
 */
class Exchange implements Attempt, Dispatcher.DispatchHandler {
  readonly ended: Promise<AttemptResult>
  readonly #startedAt = new Date()
  readonly #began = performance.now()
  readonly #requestHeaders: Record<string, string>
  readonly #timeoutMs: number
  readonly #timer: NodeJS.Timeout
  readonly #resolve: (result: AttemptResult) => void
  #controller: Dispatcher.DispatchController | null = null
  #head: Pick<AttemptResult, 'responseStatus' | 'responseHeaders'> | null = null
  #chunks: Buffer[] = []
  #size = 0
  #over = false

  constructor(requestHeaders: Record<string, string>, timeoutMs: number) {
    const { promise, resolve } = Promise.withResolvers<AttemptResult>()
    this.ended = promise
    this.#resolve = resolve
    this.#requestHeaders = requestHeaders
    this.#timeoutMs = timeoutMs
    this.#timer = setTimeout(() => this.stop(), timeoutMs)
  }

  stop(): void {
    if (this.#head) this.#answered(true)
    else this.#end({ outcome: 'TIMED_OUT', failure: `No complete response head within ${this.#timeoutMs} ms` })
    this.#abort()
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    // It has waited too long for its connection.
    if (this.#over) this.#abort()
  }

  onResponseStart(_: unknown, status: number, headers: AttemptResult['responseHeaders']): void {
    // What is below 200 is no answer yet.
    if (status >= 200) this.#head = { responseStatus: status, responseHeaders: headers }
  }

  onResponseData(_: unknown, chunk: Buffer): void {
    this.#chunks.push(chunk)
    this.#size += chunk.length
    if (this.#size <= MAX_RESPONSE_BYTES) return
    this.#answered(true)
    this.#abort()
  }

  onResponseEnd(): void {
    this.#answered(false)
  }

  onResponseError(_: unknown, error: unknown): void {
    const blocked = blockedCause(error)
    // A body that breaks off is kept as far as it came.
    if (this.#head) this.#answered(true)
    else if (blocked) this.#end({ outcome: 'BLOCKED', failure: blocked.message })
    else this.#end({ outcome: 'UNREACHABLE', failure: describe(error) })
  }

  /** Destroys the socket with what was not read of it. */
  #abort(): void {
    this.#controller?.abort(new Error('The attempt is over'))
  }

  #answered(truncated: boolean): void {
    const status = this.#head?.responseStatus ?? 0
    const delivered = status >= 200 && status < 300
    this.#end({
      outcome: delivered ? 'DELIVERED' : 'REJECTED',
      ...this.#head,
      responseBody: Buffer.concat(this.#chunks).subarray(0, MAX_RESPONSE_BYTES),
      responseBodyTruncated: truncated,
      failure: delivered ? null : `The endpoint answered ${status}`,
    })
  }

  #end(fields: Pick<AttemptResult, 'outcome' | 'failure'> & Partial<AttemptResult>): void {
    if (this.#over) return
    this.#over = true
    clearTimeout(this.#timer)
    this.#chunks = []
    this.#resolve({
      startedAt: this.#startedAt,
      durationMs: Math.round(performance.now() - this.#began),
      requestHeaders: this.#requestHeaders,
      responseStatus: null,
      responseHeaders: null,
      responseBody: null,
      responseBodyTruncated: false,
      ...fields,
    })
  }
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
