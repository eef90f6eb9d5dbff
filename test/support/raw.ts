// Clients by the bare protocols, for what the libraries hide.
import { type ClientRequest, type IncomingMessage, request } from 'node:http'
import WebSocket from 'ws'
import type { Herald } from './herald.ts'

type Target = Pick<Herald, 'url' | 'key'>

/** A server-sent event as it came. */
interface SseEvent {
  event: string
  id?: string
  data: any
}

/** Posts a subscription and reads events. `pause` stops reading, so that the server's buffers fill. */
export async function rawSse(
  { url, key }: Target,
  query: string,
  { variables, headers }: { variables?: object; headers?: Record<string, string> } = {},
) {
  const events: SseEvent[] = []
  let comments = 0
  let ended = false
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const post: ClientRequest = request(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream', 'x-api-key': key, ...headers },
    })
    post.once('response', resolve).once('error', reject)
    post.end(JSON.stringify({ query, variables }))
  })
  let text = ''
  response.setEncoding('utf8')
  response.on('data', (chunk: string) => {
    text += chunk
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const lines = text.slice(0, end).split('\n')
      text = text.slice(end + 2)
      const fields = Object.fromEntries(lines.map((line) => [line.split(':', 1)[0], line.replace(/^[^:]*: ?/, '')]))
      if (!fields.event) comments++
      else
        events.push({ event: fields.event, ...(fields.id && { id: fields.id }), data: JSON.parse(fields.data || '0') })
    }
  })
  response.on('error', () => {})
  response.on('close', () => {
    ended = true
  })
  return {
    status: response.statusCode,
    headers: response.headers,
    events,
    comments: () => comments,
    ended: () => ended,
    pause: () => response.pause(),
    resume: () => response.resume(),
    close: () => response.destroy(),
  }
}

/** A WebSocket that has been let in, and the messages that come over it. */
export async function rawWs({ url, key }: Target) {
  const socket = new WebSocket(url.replace('http', 'ws'), 'graphql-transport-ws')
  const messages: any[] = []
  const closed = Promise.withResolvers<{ code: number; reason: string }>()
  socket.on('close', (code, reason) => closed.resolve({ code, reason: reason.toString() }))
  socket.on('error', () => {})
  await new Promise<void>((resolve, reject) => {
    socket.once('open', () => socket.send(JSON.stringify({ type: 'connection_init', payload: { 'x-api-key': key } })))
    socket.on('message', (data) => {
      const message = JSON.parse(data.toString())
      if (message.type === 'connection_ack') resolve()
      else messages.push(message)
    })
    void closed.promise.then(({ code, reason }) => reject(new Error(`closed: ${code} ${reason}`)))
  })
  return {
    socket,
    messages,
    closed: closed.promise,
    subscribe: (id: string, query: string, variables?: object) =>
      socket.send(JSON.stringify({ id, type: 'subscribe', payload: { query, variables } })),
    send: (message: object) => socket.send(JSON.stringify(message)),
    of: (id: string) => messages.filter((message) => message.id === id),
  }
}
