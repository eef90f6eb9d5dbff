import type { WebSocket } from 'ws'
import type { Answer } from './answer.ts'
import type { LiveStream } from './live-stream.ts'

/** Unsent bytes of a socket at which its streams wait for it. */
const MAX_WAITING_BYTES = 64 * 1024

/**
 * A stream as the result of a WebSocket operation. It sends its `next` messages itself, each made of what is shared by
 * all and the operation's id; to the library it yields nothing, and ends or fails as the stream does.
 */
export function overSocket(stream: LiveStream, socket: WebSocket, id: string): AsyncGenerator<never> {
  const head = `{"id":${JSON.stringify(id)},"type":"next","payload":`

  function send(answer: Answer): Promise<void> | null {
    const message = `${head}${answer.json}}`
    if (socket.bufferedAmount < MAX_WAITING_BYTES) {
      socket.send(message, ignoreClosed)
      return null
    }
    return new Promise((resolve) => socket.send(message, () => resolve()))
  }

  return {
    async next() {
      await stream.run(send)
      return { value: undefined, done: true }
    },
    async return() {
      stream.end()
      return { value: undefined, done: true }
    },
    async throw(error) {
      stream.end()
      throw error
    },
    [Symbol.asyncIterator]() {
      return this
    },
    async [Symbol.asyncDispose]() {
      stream.end()
    },
  }
}

/** A socket that closes ends its streams by itself. */
const ignoreClosed = () => {}
