import { readdirSync, readFileSync } from 'node:fs'
import { request } from 'node:http'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Herald, settingEnv, startHerald } from '../support/herald.ts'

const ASSETS = 'dist/console/assets'
const MAX_FIRST_LOAD_BYTES = 200 * 1000

let herald: Herald
beforeAll(async () => {
  herald = await startHerald({ ...(await settingEnv('production')), ROLES: 'api' })
})
afterAll(() => herald.kill('SIGTERM'))

const at = (path: string) => new URL(path, herald.url)
const page = (path: string) => fetch(at(path), { headers: { accept: 'text/html' } })
const script = () => `/assets/${readdirSync(ASSETS).find((name) => /^index-.*\.js$/.test(name))}`

/** Asks for a path as it is: fetch would tidy it up. */
const raw = (path: string) =>
  new Promise<{ status: number; body: string }>((resolve, reject) => {
    const { hostname, port } = new URL(herald.url)
    request({ hostname, port, path, headers: { accept: 'text/html' } }, (response) => {
      let body = ''
      response.setEncoding('utf8').on('data', (chunk) => {
        body += chunk
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }))
    })
      .on('error', reject)
      .end()
  })

it('answers every address of the console with its page, under a strict policy with a nonce of its own', async () => {
  const answers = await Promise.all(['/', '/events', '/configure/api-management/webhooks/wh_x'].map(page))
  const nonces = new Set<string>()
  for (const answer of answers) {
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(answer.headers.get('cache-control')).toBe('no-cache')
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
    const policy = answer.headers.get('content-security-policy') ?? ''
    const [, nonce = ''] = /style-src 'self' 'nonce-([^']{24})'/.exec(policy) ?? []
    expect(policy).not.toMatch(/unsafe|\*|http/)
    for (const rule of [`default-src 'self'`, `script-src 'self'`, `frame-ancestors 'none'`, `base-uri 'none'`])
      expect(policy).toContain(rule)
    const html = await answer.text()
    expect(html).toContain(`nonce="${nonce}"`)
    expect(html).not.toContain('__CSP_NONCE__')
    // No script or style stands in the page itself.
    expect(html).not.toMatch(/<script[^>]*>[^<]|<style|\son\w+=|style=/)
    expect(html).not.toMatch(/(src|href)="(https?:)?\/\//)
    nonces.add(nonce)
  }
  expect(nonces.size).toBe(3)
})

it('gives its files compressed and for good, by their hashed names', async () => {
  const answer = await fetch(at(script()), { headers: { 'accept-encoding': 'gzip' } })
  expect(answer.status).toBe(200)
  expect(answer.headers.get('content-encoding')).toBe('gzip')
  expect(answer.headers.get('content-type')).toBe('text/javascript; charset=utf-8')
  expect(answer.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
  expect(answer.headers.get('vary')).toBe('accept-encoding')
  expect(await answer.text()).toBe(readFileSync(`dist/console${script()}`, 'utf8'))
  const etag = answer.headers.get('etag') ?? ''
  const again = await fetch(at(script()), { headers: { 'if-none-match': etag } })
  expect([again.status, await again.text()]).toEqual([304, ''])
  const plain = await fetch(at(script()), { headers: { 'accept-encoding': 'identity' } })
  expect(plain.headers.get('content-encoding')).toBeNull()
  const head = await fetch(at(script()), { method: 'HEAD' })
  expect([head.status, await head.text()]).toEqual([200, ''])
})

it('gives nothing else away, whatever the path', async () => {
  for (const path of [
    '/assets/../../../package.json',
    '/assets/%2e%2e/%2e%2e/package.json',
    '/assets/..%2f..%2fpackage.json',
    '/assets/',
    '/assets/none.js',
    `${script()}.gz`,
    '/assets/index.html',
    '//etc/passwd',
    '/../../etc/passwd',
  ]) {
    const { status, body } = await raw(path)
    expect(body, path).not.toMatch(/"name": "herald"|root:/)
    expect([200, 404], path).toContain(status)
    if (status === 200) expect(body, path).toContain('<div id="root">')
    if (path.startsWith('/assets/')) expect(status, path).toBe(404)
  }
})

it('leaves the API’s addresses alone, and takes no other method than GET and HEAD', async () => {
  expect((await page('/health')).headers.get('content-type')).toContain('json')
  expect((await page('/graphql')).status).toBe(401)
  expect((await fetch(at('/events'), { headers: { accept: 'application/json' } })).status).toBe(404)
  expect((await fetch(at('/events'), { method: 'POST', headers: { accept: 'text/html' } })).status).toBe(404)
})

it('is at most 200 kB on the first load, gzipped, all that the page and its first script name', () => {
  const html = readFileSync('dist/console/index.html', 'utf8')
  const first = new Set([...html.matchAll(/(?:src|href)="\/(assets\/[^"]+)"/g)].map(([, name]) => name as string))
  // What the first script imports at once comes along.
  for (const name of first) {
    if (!name.endsWith('.js')) continue
    const code = readFileSync(`dist/console/${name}`, 'utf8')
    for (const [, other] of code.matchAll(/(?:from|import)\s*"\.\/([^"]+\.js)"/g)) first.add(`assets/${other}`)
  }
  const sizes = [...first].map((name) => gzipSync(readFileSync(`dist/console/${name}`)).length)
  const total = sizes.reduce((sum, size) => sum + size, gzipSync(html).length)
  expect(first.size).toBeGreaterThan(1)
  expect(total).toBeLessThan(MAX_FIRST_LOAD_BYTES)
})
