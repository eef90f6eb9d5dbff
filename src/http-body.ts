import type { IncomingMessage } from 'node:http'

/** Reads a request's body. @returns null where it has more than `limit` bytes, whatever its headers say. */
export function readBody(request: IncomingMessage, limit: number): Promise<Buffer | null> {
  if (Number(request.headers['content-length'] ?? 0) > limit) return Promise.resolve(null)
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    request.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size <= limit) return void chunks.push(chunk)
      chunks.length = 0
      request.removeAllListeners('data').removeAllListeners('end')
      resolve(null)
    })
    request.once('end', () => resolve(Buffer.concat(chunks)))
    const gone = () => {
      // Every request is closed in the end; an error, with its stack, is made for the rare one.
      if (!request.complete) reject(new ClientGoneError('The client went away, or was late, while it was sending'))
    }
    request.once('error', gone)
    request.once('close', gone)
  })
}

/** The connection was closed before the request was whole: nobody is left to answer. */
export class ClientGoneError extends Error {
  override name = 'ClientGoneError'
}

/**
 * Puts a body that was read in the place where Yoga's adapter looks for one (as body parsers of Node's frameworks do).
 * As an iterable: of a Buffer or a text it would list every byte's index.
 */
export function putBody(request: IncomingMessage, bytes: Buffer): void {
  const body = {
    length: bytes.length,
    async *[Symbol.asyncIterator]() {
      yield bytes
    },
  }
  Object.assign(request, { body })
}
