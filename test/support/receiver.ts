import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A callback as it arrived. */
export interface Received {
  headers: IncomingHttpHeaders
  text: string
  body: any
}

/** A real endpoint, whose answers a test sets. */
export async function startReceiver(answer: (response: ServerResponse, received: Received) => void = (r) => r.end()) {
  const received: Received[] = []
  const state = { answer }
  const server = createServer((request, response) => {
    let text = ''
    request.setEncoding('utf8').on('data', (chunk) => (text += chunk))
    request.on('end', () => {
      const one = { headers: request.headers, text, body: JSON.parse(text) }
      received.push(one)
      state.answer(response, one)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks`,
    received,
    state,
    close() {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(resolve))
    },
  }
}
