// A process full of subscribers. Told to open some, it says when each has been sent something; told to count, it says
// what came when: the moment of the first and the last message, and of each event's last.
import { request } from 'node:http'
import WebSocket from 'ws'

/** Opens `count` subscribers of `transport`; 'bare' ones are sent messages without asking. */
export interface Open {
  do: 'open'
  transport: 'ws' | 'sse' | 'bare'
  url: string
  key: string
  count: number
  /** Whether each asks in its own words. */
  different: boolean
}
/** Counts anew, up to `messages` in all. */
export interface Count {
  do: 'count'
  messages: number
}
export interface Counted {
  firstMs: number
  lastMs: number
  /** Of each event: its sequence, and when the last subscriber had it, in ms since the epoch. */
  lastOf: [sequence: number, atMs: number][]
}

const QUERY = 'subscription { events { id name sequence occurredAt data } }'
/** Handshakes under way at once. */
const OPENING = 50

const closers: (() => void)[] = []
let seen = new Set<number>()
let sample = ''
let count: { left: number; firstMs: number; lastOf: Map<number, number> } | null = null

const nowMs = () => performance.timeOrigin + performance.now()

function received(index: number, text: string): void {
  if (!count) {
    if (!seen.has(index)) seen.add(index)
    sample = text
    return
  }
  const at = nowMs()
  if (count.lastOf.size === 0) count.firstMs = at
  const from = text.indexOf('"sequence":') + 11
  count.lastOf.set(Number.parseInt(text.slice(from, from + 12), 10), at)
  if (--count.left > 0) return
  process.send?.({ firstMs: count.firstMs, lastMs: at, lastOf: [...count.lastOf] } satisfies Counted)
  count = null
}

function openSocket(index: number, { transport, url, key, different }: Open): Promise<void> {
  const socket = new WebSocket(url.replace('http', 'ws'), transport === 'bare' ? [] : 'graphql-transport-ws', {
    perMessageDeflate: false,
    skipUTF8Validation: true,
  })
  closers.push(() => socket.terminate())
  return new Promise((resolve, reject) => {
    socket.once('error', reject)
    socket.once('open', () => {
      if (transport === 'bare') return resolve()
      socket.send(JSON.stringify({ type: 'connection_init', payload: { 'x-api-key': key } }))
    })
    socket.on('message', (data) => {
      const text = data.toString('latin1')
      if (!text.includes('"connection_ack"')) return received(index, text)
      const query = different ? `${QUERY} # ${index}` : QUERY
      socket.send(JSON.stringify({ id: 'subscription', type: 'subscribe', payload: { query } }))
      resolve()
    })
  })
}

function openSse(index: number, { url, key, different }: Open): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', accept: 'text/event-stream', 'x-api-key': key }
    const post = request(url, { method: 'POST', headers, agent: false }, (response) => {
      let text = ''
      response.setEncoding('latin1').on('data', (chunk: string) => {
        text += chunk
        for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
          if (end > 1) received(index, text.slice(0, end))
          else resolve()
          text = text.slice(end + 2)
        }
      })
      response.on('error', () => {})
    })
    post.once('error', reject)
    closers.push(() => post.destroy())
    post.end(JSON.stringify({ query: different ? `${QUERY} # ${index}` : QUERY }))
  })
}

process.on('message', async (message: Open | Count | { do: 'seen' } | { do: 'close' }) => {
  if (message.do === 'count') {
    count = { left: message.messages, firstMs: 0, lastOf: new Map() }
    process.send?.({ ready: true })
  } else if (message.do === 'seen') process.send?.({ seen: seen.size, sample })
  else if (message.do === 'close') {
    for (const close of closers.splice(0)) close()
    seen = new Set()
    process.send?.({ closed: true })
  } else {
    for (let from = 0; from < message.count; from += OPENING) {
      const indexes = Array.from({ length: Math.min(OPENING, message.count - from) }, (_, i) => from + i)
      await Promise.all(
        indexes.map((index) => (message.transport === 'sse' ? openSse(index, message) : openSocket(index, message))),
      )
    }
    process.send?.({ opened: true })
  }
})
