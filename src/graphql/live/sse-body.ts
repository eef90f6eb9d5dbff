import { Readable } from 'node:stream'
import type { GraphQLError } from 'graphql'
import type { Answer } from './answer.ts'
import type { LiveStream } from './live-stream.ts'

/** A comment is sent this often, so that proxies and clients know that the stream lives. */
const PING_MS = 12_000
/** Bytes that wait here for a client that does not read; as many again wait in the response, and in the kernel. */
const MAX_WAITING_BYTES = 64 * 1024
const PING = Buffer.from(':\n\n')

/**
 * A stream as the body of a response: server-sent events as in the distinct connections mode of GraphQL over SSE. It
 * runs as fast as its reader reads, from the first read on, and ends when it is destroyed.
 */
export class SseBody extends Readable {
  readonly #stream: LiveStream
  readonly #mask: (error: unknown) => GraphQLError
  #running = false
  #ping: NodeJS.Timeout | undefined
  #resume: (() => void) | null = null

  constructor(stream: LiveStream, mask: (error: unknown) => GraphQLError) {
    super({ highWaterMark: MAX_WAITING_BYTES })
    this.#stream = stream
    this.#mask = mask
  }

  override _read(): void {
    this.#resume?.()
    if (this.#running) return
    this.#running = true
    // Some clients wait for the first byte before they take the stream for open.
    this.push(PING)
    this.#ping = setInterval(() => {
      if (this.readableLength === 0) this.push(PING)
    }, PING_MS)
    void this.#run()
  }

  async #run(): Promise<void> {
    try {
      await this.#stream.run((answer) => this.#send(answer))
    } catch (error) {
      this.#write(`event: next\ndata: ${JSON.stringify({ errors: [this.#mask(error).toJSON()] })}\n\n`)
    }
    this.#write('event: complete\ndata:\n\n')
    this.#write(null)
    clearInterval(this.#ping)
  }

  #send(answer: Answer): Promise<void> | null {
    if (this.#write(answer.event)) return null
    return new Promise((resolve) => {
      this.#resume = () => {
        this.#resume = null
        resolve()
      }
      if (this.destroyed) this.#resume()
    })
  }

  #write(chunk: Buffer | string | null): boolean {
    return this.destroyed ? false : this.push(chunk)
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    clearInterval(this.#ping)
    this.#stream.end()
    this.#resume?.()
    done(error)
  }
}
