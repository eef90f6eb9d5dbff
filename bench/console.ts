import type { CDPSession, Page } from 'playwright-core'
import { type Browser, openConsole, startBrowser } from '../test/support/browser.ts'
import { type Herald, startHerald } from '../test/support/process.ts'
import { CREATE_AGENT } from './live.ts'
import { benchEnv, createApiClient, type Stand } from './stand.ts'

const LOADS = 5
const [EVENTS_PER_S, SECONDS] = [200, 30]

/** The console in a real browser: how soon it shows, and how it holds 200 events a second. */
export async function consoleTable(stand: Stand) {
  const herald = await startHerald({ ...(await benchEnv('production', stand)), ROLES: 'api' })
  const browser = await startBrowser()
  try {
    return [await firstRender(browser, herald), await feed(browser, herald)]
  } finally {
    await browser.close()
    await herald.kill('SIGTERM')
  }
}

/** With an empty cache: ms until something is drawn, and until the list of webhooks stands; medians. */
async function firstRender(browser: Browser, herald: Herald) {
  const loads: { first: number; list: number; bytes: number }[] = []
  for (let load = 0; load < LOADS; load++) {
    const page = await browser.context.newPage()
    const session = await browser.context.newCDPSession(page)
    await session.send('Network.enable')
    await session.send('Network.clearBrowserCache')
    let bytes = 0
    session.on('Network.loadingFinished', ({ encodedDataLength }) => {
      bytes += encodedDataLength
    })
    await page.addInitScript(() => {
      new MutationObserver((_, observer) => {
        if (!document.body?.textContent?.includes('No Webhooks Configured')) return
        observer.disconnect()
        Object.assign(window, { listShown: performance.now() })
      }).observe(document, { childList: true, subtree: true, characterData: true })
    })
    await page.goto(new URL(`/#key=${encodeURIComponent(herald.key)}`, herald.url).href)
    await page.getByText('No Webhooks Configured').waitFor()
    const shown = await page.evaluate(() => ({
      first: performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? Number.NaN,
      list: (window as unknown as { listShown: number }).listShown,
    }))
    loads.push({ ...shown, bytes })
    await page.close()
  }
  const median = (of: 'first' | 'list' | 'bytes') => loads.map((load) => load[of]).sort((a, b) => a - b)[LOADS >> 1]
  return { what: 'first load', 'first paint ms': median('first'), 'list ms': median('list'), bytes: median('bytes') }
}

/** The events page while so many come: frames of each second, and the memory before and after. */
async function feed(browser: Browser, herald: Herald) {
  const client = createApiClient(herald, 16)
  const page = await openConsole(browser, herald, '/events')
  await page.getByRole('status').getByText('Live', { exact: true }).waitFor()
  const session = await browser.context.newCDPSession(page)
  // Full at first, so that what grows afterwards is a leak.
  for (let n = 0; n < 600; n++) await client.post(CREATE_AGENT)
  await page.getByText('#600', { exact: true }).waitFor()
  const heapBefore = await heapOf(session)
  await session.send('Performance.enable')
  const busyBefore = await busyOf(session)
  await countFrames(page)

  const answers = []
  const began = performance.now()
  for (let n = 0; n < EVENTS_PER_S * SECONDS; n++) {
    const wait = began + (n * 1000) / EVENTS_PER_S - performance.now()
    if (wait > 1) await new Promise((resolve) => setTimeout(resolve, wait))
    answers.push(client.post(CREATE_AGENT))
  }
  await Promise.all(answers)
  const seconds = (performance.now() - began) / 1000
  const frames = (await page.evaluate(() => (window as unknown as { frames: number[] }).frames)).slice(1, SECONDS - 1)
  const busy = (await busyOf(session)) - busyBefore
  const last = `#${600 + EVENTS_PER_S * SECONDS}`
  await page.getByText(last, { exact: true }).waitFor()
  const heapAfter = await heapOf(session)
  await client.close()
  return {
    what: 'feed',
    'events/s': (EVENTS_PER_S * SECONDS) / seconds,
    'frames/s': frames.reduce((sum, frame) => sum + frame, 0) / frames.length,
    'least frames/s': Math.min(...frames),
    'busy %': (busy / seconds) * 100,
    'heap before MB': heapBefore,
    'heap after MB': heapAfter,
  }
}

/** Counts the frames of each second from now on. */
const countFrames = (page: Page) =>
  page.evaluate(() => {
    const frames: number[] = []
    Object.assign(window, { frames })
    const began = performance.now()
    const frame = (now: number) => {
      const second = Math.max(0, Math.floor((now - began) / 1000))
      frames[second] = (frames[second] ?? 0) + 1
      requestAnimationFrame(frame)
    }
    requestAnimationFrame(frame)
  })

/** Seconds that the page's main thread has worked: script, style, layout and painting. */
async function busyOf(session: CDPSession): Promise<number> {
  const { metrics } = await session.send('Performance.getMetrics')
  return metrics.find(({ name }) => name === 'TaskDuration')?.value ?? Number.NaN
}

/** MB of JavaScript's heap after a collection. */
async function heapOf(session: CDPSession): Promise<number> {
  await session.send('HeapProfiler.collectGarbage')
  const { usedSize } = await session.send('Runtime.getHeapUsage')
  return usedSize / 1024 / 1024
}
