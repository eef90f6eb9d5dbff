import { createHash, randomBytes } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Answers with the console what is its to answer. @returns false when the request is for something else. */
export type ConsoleServer = (request: IncomingMessage, response: ServerResponse, path: string) => boolean

/** A built file: its bytes, plain and as the build has compressed them. */
interface Asset {
  type: string
  etag: string
  plain: Buffer
  gzip?: Buffer
  br?: Buffer
}

/** Where `npm run build` puts it. */
const BUILT = fileURLToPath(new URL('../dist/console', import.meta.url))
/** What the build writes where each answer has a nonce of its own. */
const NONCE = '__CSP_NONCE__'
/** Their names hold a hash of what is in them. */
const FOREVER = 'public, max-age=31536000, immutable'

const types: Record<string, string> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
}

const contentPolicy = (nonce: string) =>
  [
    `default-src 'self'`,
    `script-src 'self'`,
    // A dialog locks the page's scrolling by a style element, which bears the nonce.
    `style-src 'self' 'nonce-${nonce}'`,
    `img-src 'self' data:`,
    `object-src 'none'`,
    `base-uri 'none'`,
    `form-action 'none'`,
    `frame-ancestors 'none'`,
  ].join('; ')

/**
 * Serves the built console from memory (below 2 MB, read once): its files under /assets/, and its page for every other
 * address that a browser asks for as a page, because the console's own routes are such addresses. No path that a
 * client gave is ever looked up on disk. Null where the console was not built.
 */
export function createConsoleServer(dir = BUILT): ConsoleServer | null {
  if (!existsSync(`${dir}/index.html`)) return null
  const page = readFileSync(`${dir}/index.html`, 'utf8')
  const assets = readAssets(dir)

  return (request, response, path) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') return false
    if (path.startsWith('/assets/')) {
      const asset = assets.get(path)
      if (asset) sendAsset(request, response, asset)
      return asset !== undefined
    }
    if (path !== '/' && !/\btext\/html\b/.test(request.headers.accept ?? '')) return false
    const nonce = randomBytes(18).toString('base64')
    response.writeHead(200, {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-cache',
      'content-security-policy': contentPolicy(nonce),
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'x-frame-options': 'DENY',
    })
    response.end(page.replaceAll(NONCE, nonce))
    return true
  }
}

function readAssets(dir: string): Map<string, Asset> {
  const read = (name: string) => readFileSync(`${dir}/assets/${name}`)
  const names = existsSync(`${dir}/assets`) ? readdirSync(`${dir}/assets`) : []
  return new Map(
    names
      .filter((name) => types[extname(name)])
      .map((name) => {
        const plain = read(name)
        const packed = (ending: string) => (names.includes(name + ending) ? read(name + ending) : undefined)
        const etag = `"${createHash('sha256').update(plain).digest('base64url').slice(0, 22)}"`
        const type = types[extname(name)] as string
        return [`/assets/${name}`, { type, etag, plain, gzip: packed('.gz'), br: packed('.br') }]
      }),
  )
}

function sendAsset(request: IncomingMessage, response: ServerResponse, asset: Asset): void {
  const accepted = request.headers['accept-encoding'] ?? ''
  const encoding = (['br', 'gzip'] as const).find((name) => asset[name] && new RegExp(`\\b${name}\\b`).test(accepted))
  const bytes = encoding ? (asset[encoding] as Buffer) : asset.plain
  response.setHeader('cache-control', FOREVER)
  response.setHeader('etag', asset.etag)
  response.setHeader('vary', 'accept-encoding')
  if (request.headers['if-none-match'] === asset.etag) return void response.writeHead(304).end()
  if (encoding) response.setHeader('content-encoding', encoding)
  response.writeHead(200, { 'content-type': asset.type, 'content-length': bytes.length }).end(bytes)
}
