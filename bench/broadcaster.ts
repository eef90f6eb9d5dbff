// What the feed is beside: a WebSocket server that sends the same bytes to everybody, and does nothing else.
import type { AddressInfo } from 'node:net'
import { WebSocketServer } from 'ws'

const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false })
server.once('listening', () => process.send?.({ port: (server.address() as AddressInfo).port }))

process.on('message', ({ text }: { text: string }) => {
  for (const client of server.clients) client.send(text)
})
