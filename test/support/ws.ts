import WebSocket from 'ws'

/** A socket that speaks graphql-transport-ws by hand, so that a test can break its rules. */
export async function openSocket(url: string, options: { origin?: string; key?: string } = {}) {
  const socket = new WebSocket(url.replace('http', 'ws'), 'graphql-transport-ws', { origin: options.origin })
  const messages: any[] = []
  let wake = () => {}
  socket.on('message', (data) => {
    messages.push(JSON.parse(String(data)))
    wake()
  })
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.on('close', (code, reason) => {
      resolve({ code, reason: String(reason) })
      wake()
    })
  })
  await new Promise<void>((resolve, reject) => {
    socket.once('open', () => resolve())
    socket.once('error', reject)
  })
  const self = {
    socket,
    closed,
    messages,
    send: (message: unknown) => socket.send(typeof message === 'string' ? message : JSON.stringify(message)),
    /** The first message that fits, of those that have come or will. Rejects when the socket closes before. */
    async message(fits: (message: any) => boolean): Promise<any> {
      for (;;) {
        const found = messages.find(fits)
        if (found) return found
        if (socket.readyState >= WebSocket.CLOSING) throw new Error(`closed: ${JSON.stringify(await closed)}`)
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    },
    /** Runs an operation; gives what it is answered first: a result, or the errors of a document that does not fit. */
    async run(id: string, query: string, variables?: object): Promise<any> {
      self.send({ id, type: 'subscribe', payload: { query, variables } })
      const { type, payload } = await self.message((message) => message.id === id)
      return type === 'error' ? { errors: payload } : payload
    },
  }
  socket.on('error', () => {})
  if (options.key) {
    self.send({ type: 'connection_init', payload: { 'x-api-key': options.key } })
    await self.message(({ type }) => type === 'connection_ack')
  }
  return self
}
