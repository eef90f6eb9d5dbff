import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { type Browser, openConsole, startBrowser, violations } from '../support/browser.ts'
import { gql, type Herald, settingEnv, startHerald } from '../support/herald.ts'

const MAX_FIRST_LOAD_BYTES = 200 * 1000

let herald: Herald
let browser: Browser
let page: Page
beforeAll(async () => {
  // Without BOOTSTRAP_API_KEY: a first start, which makes a key and prints the link that signs in.
  const { BOOTSTRAP_API_KEY: _, ...env } = await settingEnv('embedded')
  herald = await startHerald(env as Record<string, string>)
  browser = await startBrowser()
})
afterAll(async () => {
  await browser.close()
  await herald.kill('SIGTERM')
})
afterEach(async () => {
  await page.close()
  expect(browser.complaints.splice(0)).toEqual([])
  expect([...browser.hosts]).toEqual([new URL(herald.url).host])
})

const home = () => new URL('/', herald.url).href
const makeKey = async (name: string, scopes: string[]) =>
  (
    await gql(
      herald,
      `mutation ($input: ApiKeyCreateInput!) { apiKeyCreate(input: $input) {
        ... on ApiKeyCreateSuccess { key apiKey { id } } } }`,
      { input: { name, scopes } },
    )
  ).apiKeyCreate as { key: string; apiKey: { id: string } }
const webhooksHeading = () => page.getByRole('heading', { name: 'Webhooks', exact: true })

it('signs in by the link of the first start, takes the key out of the address, and keeps it in the tab alone', async () => {
  const link = /The console is at (\S+)/.exec(herald.output())?.[1] ?? ''
  expect(link).toBe(`${home()}#key=${herald.key}`)
  page = await browser.context.newPage()
  const asked: string[] = []
  page.on('request', (request) => asked.push(request.url()))
  await page.goto(link)
  await webhooksHeading().waitFor()
  expect(page.url()).toBe(`${home()}configure/api-management/webhooks`)
  expect(asked.filter((url) => url.includes(herald.key))).toEqual([])
  const kept = await page.evaluate(() => [
    JSON.stringify(localStorage),
    document.cookie,
    ...Object.values(sessionStorage),
  ])
  expect(kept).toEqual(['{}', '', herald.key])
  await page.goBack().catch(() => null)
  expect(page.url()).not.toContain(herald.key)
  await page.goto(home())
  await webhooksHeading().waitFor()
  const other = await browser.context.newPage()
  await other.goto(home())
  await other.getByRole('heading', { name: 'Sign in' }).waitFor()
  await other.close()
})

it('signs in by hand, refuses a wrong key, and signs out', async () => {
  page = await browser.context.newPage()
  await page.goto(home())
  await page.getByRole('heading', { name: 'Sign in' }).waitFor()
  expect(await violations(page)).toEqual([])
  const [key, enter] = [page.getByLabel('API key'), page.getByRole('button', { name: 'Sign in' })]
  expect(await enter.getAttribute('aria-disabled')).toBe('true')
  for (const wrong of ['hk_wrong', 'ключ']) {
    await key.fill(wrong)
    await key.press('Enter')
    await page.getByText('Herald does not accept this key').waitFor()
  }
  await key.fill(` ${herald.key} `)
  await key.press('Enter')
  await webhooksHeading().waitFor()
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.getByRole('heading', { name: 'Sign in' }).waitFor()
  expect(await page.evaluate(() => sessionStorage.length)).toBe(0)
})

it('does not offer what the key’s scopes do not allow, and says why', async () => {
  await gql(
    herald,
    `mutation { webhookCreate(input: {name: "Seen", url: "https://example.com/"}) { __typename }
      agentCreate(input: {agentName: "Ada", agentPurpose: "p", formatting: "f"}) { __typename } }`,
  )
  const [reader, writer] = [await makeKey('Reader', ['READ']), await makeKey('Writer', ['WRITE'])]
  page = await openConsole(browser, { url: herald.url, key: reader.key })
  await page.getByRole('link', { name: 'Seen' }).waitFor()
  await page.getByText('needs an API key with the scope ADMIN. This key, “Reader”, has READ.').waitFor()
  for (const name of ['New Webhook', 'Copy secret', 'Actions for Seen'])
    expect(await page.getByRole('button', { name }).count(), name).toBe(0)
  expect(await violations(page)).toEqual([])
  await page.getByRole('link', { name: 'Seen' }).click()
  await page.getByRole('heading', { name: 'Deliveries' }).waitFor()
  for (const name of ['Send test event', 'Edit', 'Rotate secret', 'Replay range', 'Show the secret', 'Copy secret'])
    expect(await page.getByRole('button', { name }).count(), name).toBe(0)
  await page.getByRole('link', { name: 'Agents' }).click()
  await page.getByRole('cell', { name: 'Ada' }).waitFor()
  await page.getByText('needs an API key with the scope WRITE').waitFor()
  expect(await page.getByRole('button', { name: /New Agent|Actions for/ }).count()).toBe(0)
  for (const [tab, what] of [
    ['API Keys', 'Seeing, making and revoking API keys'],
    ['Audit Log', 'Seeing the audit log'],
  ] as const) {
    await page.getByRole('link', { name: 'API Management' }).click()
    await page.getByRole('link', { name: tab }).click()
    await page.getByText(`${what} needs an API key with the scope ADMIN.`).waitFor()
    expect(await page.getByRole('table').count()).toBe(0)
  }
  await page.close()

  page = await openConsole(browser, { url: herald.url, key: writer.key }, '/configure/agents')
  await page.getByRole('button', { name: 'New Agent' }).waitFor()
  expect(await page.getByText('needs an API key').count()).toBe(0)
})

it('is signed out, with the reason, as soon as its key is revoked', async () => {
  const { key, apiKey } = await makeKey('Short-lived', ['ADMIN'])
  page = await openConsole(browser, { url: herald.url, key }, '/events')
  await page.getByRole('status').getByText('Live', { exact: true }).waitFor()
  await gql(herald, 'mutation ($id: ID!) { apiKeyRevoke(id: $id) { __typename } }', { id: apiKey.id })
  await page.getByText('Herald does not accept this key: it is wrong, expired or revoked.').waitFor()
  expect(await page.evaluate(() => sessionStorage.length)).toBe(0)
})

it('switches between light and dark, and remembers it', async () => {
  page = await openConsole(browser, herald)
  await webhooksHeading().waitFor()
  const theme = () => page.evaluate(() => document.documentElement.dataset.theme)
  expect(await theme()).toBe('light')
  await page.emulateMedia({ colorScheme: 'dark' })
  await expect.poll(theme).toBe('dark')
  await page.emulateMedia({ colorScheme: 'light' })
  await expect.poll(theme).toBe('light')
  await page.getByRole('button', { name: 'Switch to dark colors' }).click()
  expect(await theme()).toBe('dark')
  await page.reload()
  await webhooksHeading().waitFor()
  expect(await theme()).toBe('dark')
  expect(await violations(page)).toEqual([])
  await page.getByRole('button', { name: 'Switch to light colors' }).click()
  expect(await theme()).toBe('light')
})

it('loads at most 200 kB at first, from its own host alone', async () => {
  page = await browser.context.newPage()
  const session = await browser.context.newCDPSession(page)
  await session.send('Network.enable')
  await session.send('Network.setCacheDisabled', { cacheDisabled: true })
  let bytes = 0
  session.on('Network.loadingFinished', ({ encodedDataLength }) => {
    bytes += encodedDataLength
  })
  await page.goto(`${home()}#key=${herald.key}`)
  await webhooksHeading().waitFor()
  await page.waitForLoadState('networkidle')
  expect(bytes).toBeGreaterThan(50_000)
  expect(bytes).toBeLessThan(MAX_FIRST_LOAD_BYTES)
})
