import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Metrics } from './registry.ts'

/** Answers a request for /metrics. */
export type MetricsEndpoint = (request: IncomingMessage, response: ServerResponse) => Promise<void>

/** @param token what a reader must send as a bearer; null: whoever reaches the port may read. */
export function createMetricsEndpoint(metrics: Metrics, token: string | null): MetricsEndpoint {
  let rendering: Promise<string> | null = null

  /** Readers that come together share one text: however many they are, they cost no more than one after the other. */
  function render(): Promise<string> {
    rendering ??= metrics
      .metrics()
      // The library writes it so; the format does not know it.
      .then((text) => text.replaceAll(/ Nan$/gm, ' NaN'))
      .finally(() => {
        rendering = null
      })
    return rendering
  }

  return async ({ headers }, response) => {
    if (token !== null && !sameText(headers.authorization ?? '', `Bearer ${token}`)) {
      response.writeHead(401, { 'www-authenticate': 'Bearer' }).end()
      return
    }
    const text = await render()
    response.writeHead(200, { 'content-type': metrics.contentType, 'cache-control': 'no-store' }).end(text)
  }
}

/** Compares in a time that tells nothing about either. */
function sameText(a: string, b: string): boolean {
  const [one, two] = [a, b].map((text) => createHash('sha256').update(text).digest())
  return timingSafeEqual(one as Buffer, two as Buffer)
}
