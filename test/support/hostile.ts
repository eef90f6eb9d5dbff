// Endpoints that misbehave, below HTTP.
import net, { type AddressInfo, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { gzipSync } from 'node:zlib'
import { generate } from 'selfsigned'

/** A server that does this with each connection, once the request's head has come. */
export async function startHostile(behave: (socket: Socket) => void, tls?: { key: string; cert: string }) {
  const sockets = new Set<Socket>()
  const onSocket = (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.once('close', () => sockets.delete(socket))
    socket.once('data', () => behave(socket))
  }
  const server = tls ? createTlsServer(tls, onSocket) : net.createServer(onSocket)
  if (tls) server.on('tlsClientError', () => {})
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}

const HEAD = 'HTTP/1.1 200 OK\r\n'

/** Writes until the other side has had enough or `bytes` are through. */
function pour(socket: Socket, chunk: Buffer, bytes: number): void {
  let left = bytes
  const more = () => {
    while (left > 0 && !socket.destroyed) {
      left -= chunk.length
      if (!socket.write(chunk)) return void socket.once('drain', more)
    }
  }
  more()
}

/** Does `step` every 300 ms for as long as the connection is open. */
function drip(socket: Socket, step: () => void): void {
  const timer = setInterval(step, 300)
  socket.once('close', () => clearInterval(timer))
}

/** What endpoints do, by name. */
export const behaviours = {
  reset: (socket) => socket.resetAndDestroy(),
  fin: (socket) => socket.end(),
  garbage: (socket) => socket.end('\0\x01\x02 this is no HTTP\r\n\r\n'),
  'half a head': (socket) => socket.end('HTTP/1.1 200 O'),
  'half a body': (socket) => {
    socket.write(`${HEAD}content-length: 100\r\n\r\nonly this`)
    setImmediate(() => socket.end())
  },
  'switching protocols': (socket) =>
    socket.write('HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'),
  'endless 103': (socket) => drip(socket, () => socket.write('HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n')),
  'a byte at a time': (socket) => {
    const head = [...`${HEAD}content-length: 1000\r\n\r\n`]
    drip(socket, () => socket.write(head.shift() ?? 'x'))
  },
  'a dripping body': (socket) => {
    socket.write(`${HEAD}content-length: 100000\r\n\r\n`)
    drip(socket, () => socket.write('x'))
  },
  silence: (_socket) => {},
  'a gigabyte': (socket) => {
    socket.write(`${HEAD}content-length: ${1024 ** 3}\r\n\r\n`)
    pour(socket, Buffer.alloc(64 * 1024, 'x'), 1024 ** 3)
  },
  'a gigabyte of headers': (socket) => {
    socket.write(HEAD)
    pour(socket, Buffer.from(`x-more: ${'y'.repeat(16 * 1024)}\r\n`), 1024 ** 3)
  },
  'a gzip bomb': (socket) => {
    const bomb = gzipSync(Buffer.alloc(8 * 1024 * 1024))
    socket.write(`${HEAD}content-encoding: gzip\r\ncontent-length: ${bomb.length}\r\n\r\n`)
    socket.write(bomb)
  },
  'broken text': (socket) =>
    socket.end(Buffer.from(`${HEAD}x-odd: a\x80b\r\ncontent-length: 4\r\n\r\na\0\xff\xfe`, 'latin1')),
} satisfies Record<string, (socket: Socket) => unknown>

const DAY = 86_400_000

/** A certificate authority, and what it signs: for this name, valid from so many days before now to so many after. */
export async function startAuthority() {
  const ca = await generate([{ name: 'commonName', value: 'Test CA' }], {
    keySize: 2048,
    extensions: [{ name: 'basicConstraints', cA: true, critical: true }],
  })
  return {
    cert: ca.cert,
    async sign(name: string, fromDays = -1, toDays = 1, byItself = false) {
      const pair = await generate([{ name: 'commonName', value: name }], {
        keySize: 2048,
        notBeforeDate: new Date(Date.now() + fromDays * DAY),
        notAfterDate: new Date(Date.now() + toDays * DAY),
        extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: name }] }],
        ...(!byItself && { ca: { key: ca.private, cert: ca.cert } }),
      })
      return { key: pair.private, cert: pair.cert }
    },
  }
}
