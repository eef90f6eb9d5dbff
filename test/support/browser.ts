import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BrowserContext, chromium, type Page } from 'playwright-core'

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]
const AXE = readFileSync(new URL('../../node_modules/axe-core/axe.min.js', import.meta.url), 'utf8')

/** Chromium on this machine; Debian's package is installed where it is missing and one may. */
function findChromium(): string {
  const given = process.env.CHROMIUM
  const find = () => [given, '/usr/bin/chromium', '/usr/bin/google-chrome'].find((path) => path && existsSync(path))
  const found = find()
  if (found) return found
  try {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
    execFileSync('apt-get', ['update'], { stdio: 'ignore', env })
    execFileSync('apt-get', ['install', '-y', 'chromium'], { stdio: 'ignore', env })
  } catch {
    // Said below, in one line.
  }
  const installed = find()
  if (!installed) throw new Error('the console’s tests need Chromium; install the package chromium, or set CHROMIUM')
  return installed
}

/** A real browser with an empty profile of its own. */
export interface Browser {
  context: BrowserContext
  /** What the pages said on their consoles that they should not have: errors, and violations of the policy. */
  complaints: string[]
  /** Hosts that were asked for anything; Herald's own alone is right. */
  hosts: Set<string>
  close(): Promise<void>
}

export async function startBrowser(
  options: { viewport?: { width: number; height: number }; colorScheme?: 'light' | 'dark' } = {},
): Promise<Browser> {
  const profile = mkdtempSync(join(tmpdir(), 'herald-browser-'))
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: findChromium(),
    headless: true,
    args: FLAGS,
    viewport: { width: 1280, height: 900 },
    locale: 'en-GB',
    reducedMotion: 'reduce',
    permissions: ['clipboard-read', 'clipboard-write'],
    ...options,
  })
  context.setDefaultTimeout(20_000)
  const complaints: string[] = []
  const hosts = new Set<string>()
  context.on('console', (message) => {
    // What the network does is what some tests are about.
    if (message.type() === 'error' && !/ERR_|WebSocket|Failed to load resource/.test(message.text())) {
      complaints.push(message.text())
    }
  })
  context.on('weberror', (error) => complaints.push(String(error.error())))
  context.on('request', (request) => {
    if (!request.url().startsWith('data:')) hosts.add(new URL(request.url()).host)
  })
  return {
    context,
    complaints,
    hosts,
    async close() {
      await context.close()
      rmSync(profile, { recursive: true, force: true })
    },
  }
}

/** Opens a page of the console, signed in by the link that a first start prints. */
export async function openConsole(
  { context }: Browser,
  herald: { url: string; key: string },
  path = '/',
): Promise<Page> {
  const page = await context.newPage()
  await page.goto(new URL(`${path}#key=${encodeURIComponent(herald.key)}`, herald.url).href)
  return page
}

/** What axe-core finds wrong with what a page shows, in words; nothing is right. */
export async function violations(page: Page): Promise<string[]> {
  // By the debugger, so that the page's policy does not have to allow it.
  await page.evaluate(AXE)
  const found = await page.evaluate(async () => {
    const { axe } = window as unknown as { axe: { run(): Promise<{ violations: AxeViolation[] }> } }
    return (await axe.run()).violations
  })
  return found.map(
    ({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ html }) => html.slice(0, 200)).join(' | ')}`,
  )
}

interface AxeViolation {
  id: string
  help: string
  nodes: { html: string }[]
}
