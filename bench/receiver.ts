// The receiver of the benchmarks, in a process of its own: answers 204 at once, except below /hang, where it never does.
// Tells its parent how many callbacks have come, and of each the id and when it came if it is asked to.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

let arrivals: [id: string, atMs: number][] = []
let count = 0
const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  request.resume()
  request.on('end', () => {
    if (request.url?.startsWith('/hang')) return
    count++
    arrivals.push([request.headers['webhook-id'] as string, performance.timeOrigin + performance.now()])
    response.writeHead(204).end()
  })
})
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }))
process.on('message', (question) => {
  if (question === 'count') process.send?.({ count })
  if (question === 'take') {
    process.send?.({ arrivals })
    arrivals = []
    count = 0
  }
})
