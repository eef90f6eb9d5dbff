import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { type Browser, openConsole, startBrowser, violations } from '../support/browser.ts'
import { gql, type Herald, raw, settingEnv, startHerald } from '../support/herald.ts'

let env: Record<string, string>
let herald: Herald
let browser: Browser
let page: Page
beforeAll(async () => {
  // A port of its own that stays, so that a restarted Herald is where the page looks for it.
  env = { ...(await settingEnv('production')), ROLES: 'api' }
  herald = await startHerald(env)
  env.PORT = new URL(herald.url).port
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

const makeAgents = async (count: number, input: object = {}): Promise<void> => {
  const CREATE = 'mutation ($input: AgentCreateInput!) { agentCreate(input: $input) { __typename } }'
  for (let n = 0; n < count; n++)
    await gql(herald, CREATE, { input: { agentName: 'Ada', agentPurpose: 'p', formatting: 'f', ...input } })
}
const makeContext = () => gql(herald, 'mutation { contextCreate(input: {name: "Guides"}) { __typename } }')
const list = () => page.getByRole('list', { name: 'Events, newest first' })
const sequences = async () =>
  (await list().locator('.event-sequence').allTextContents()).map((text) => Number(text.replace('#', '')))
const lastSequence = async () =>
  (await gql(herald, '{ events(last: 1) { nodes { sequence } } }')).events.nodes[0].sequence
const live = () => page.getByRole('status').getByText('Live', { exact: true }).waitFor()
/** From the newest down to the oldest that is shown, none left out and none twice. */
const isRun = (shown: number[]) => shown.every((sequence, n) => n === 0 || sequence === (shown[n - 1] as number) - 1)

it('tells the newest events of the log, in the log’s order', async () => {
  await makeAgents(3)
  const LAST =
    'query ($last: Int, $first: Int) { events(last: $last, first: $first) { nodes { sequence } pageInfo { hasPreviousPage hasNextPage } } }'
  const { events } = await gql(herald, LAST, { last: 2 })
  expect(events).toEqual({
    nodes: [{ sequence: 2 }, { sequence: 3 }],
    pageInfo: { hasPreviousPage: true, hasNextPage: false },
  })
  expect((await gql(herald, LAST, { last: 100 })).events.pageInfo.hasPreviousPage).toBe(false)
  for (const wrong of [{ last: 101 }, { last: -1 }, { last: 1, first: 1 }])
    expect((await raw(herald, LAST, wrong)).errors[0].extensions.code).toBe('BAD_USER_INPUT')
  page = await openConsole(browser, herald, '/events')
  await list().waitFor()
  expect(await sequences()).toEqual([3, 2, 1])
})

it('shows events as they happen, one’s JSON and its deliveries, in two browsers', async () => {
  await gql(herald, 'mutation { webhookCreate(input: {name: "Watcher", url: "https://example.com/"}) { __typename } }')
  page = await openConsole(browser, herald, '/events')
  await live()
  const second = await startBrowser({ colorScheme: 'dark', viewport: { width: 390, height: 844 } })
  const other = await openConsole(second, herald, '/events')
  await other.getByRole('status').getByText('Live', { exact: true }).waitFor()
  await makeAgents(1, { agentName: 'Grace', externalTenantId: 'tenant-1' })
  const newest = `#${await lastSequence()}`
  await list().getByText(newest, { exact: true }).waitFor()
  await other.getByText(newest, { exact: true }).waitFor()
  expect(await violations(page)).toEqual([])
  expect(await violations(other)).toEqual([])
  await second.close()

  await list().getByRole('button').first().click()
  const dialog = page.getByRole('dialog', { name: 'agent.created' })
  const json = JSON.parse((await dialog.getByRole('region', { name: 'the event’s data' }).textContent()) ?? '')
  expect(json).toMatchObject({ agentName: 'Grace', externalTenantId: 'tenant-1' })
  const deliveries = dialog.getByRole('table', { name: 'Deliveries of the event' })
  await deliveries.getByText('Pending', { exact: true }).waitFor()
  expect(await violations(page)).toEqual([])
  await deliveries.getByRole('button', { name: 'Watcher' }).click()
  await page.getByRole('dialog', { name: 'Delivery of agent.created' }).getByText('None has ended yet.').waitFor()
  await page.keyboard.press('Escape')
  await page.keyboard.press('Escape')
  await dialog.waitFor({ state: 'detached' })
})

it('filters by entity, type and tenant, live too', async () => {
  page = await openConsole(browser, herald, '/events')
  await live()
  await page.getByLabel('Filter by entity').selectOption('Contexts')
  await page.getByText('No Events Yet').waitFor()
  await live()
  await makeAgents(1)
  await makeContext()
  await list().getByText('context.created').waitFor()
  expect(await list().getByRole('listitem').count()).toBe(1)
  await page.getByLabel('Filter by entity').selectOption('All entities')
  await page.getByLabel('Filter by type').selectOption('agent.created')
  await list().getByText('agent.created').first().waitFor()
  expect(await list().getByText('context.created').count()).toBe(0)
  await page.getByRole('searchbox', { name: 'Only this tenant' }).fill('tenant-1')
  await expect.poll(() => list().getByRole('listitem').count()).toBe(1)
  await list().getByText('Grace').waitFor()
  await page.getByRole('searchbox', { name: 'Only this tenant' }).fill('no tenant!')
  await page.getByText('This field may have 1 to 100 letters, digits, hyphens and underscores').waitFor()
})

it('pauses, counts what waits, and goes on with nothing lost', async () => {
  page = await openConsole(browser, herald, '/events')
  await live()
  await makeAgents(1)
  const before = await lastSequence()
  await list().getByText(`#${before}`, { exact: true }).waitFor()
  await page.getByRole('button', { name: 'Pause' }).click()
  await makeAgents(7)
  await page.getByText('7 new events wait in the log.').waitFor()
  expect((await sequences())[0]).toBe(before)
  await page.getByRole('button', { name: 'Resume' }).click()
  await list()
    .getByText(`#${before + 7}`, { exact: true })
    .waitFor()
  const shown = await sequences()
  expect(shown[0]).toBe(before + 7)
  expect(isRun(shown)).toBe(true)
})

it('shows a lost connection, and heals by itself with nothing lost, over a restart of the server', async () => {
  page = await openConsole(browser, herald, '/events')
  await live()
  await makeAgents(2)
  await list()
    .getByText(`#${await lastSequence()}`, { exact: true })
    .waitFor()
  await herald.kill('SIGTERM')
  await page.getByRole('status').getByText('Connection lost', { exact: true }).waitFor()
  await page.getByText('Herald keeps the events, and the feed goes on where it was').waitFor()
  expect(await violations(page)).toEqual([])
  // It happens while the page does not listen: on another process of the same Herald.
  herald = await startHerald({ ...env, PORT: '0' })
  await makeAgents(5)
  const last = await lastSequence()
  await herald.kill('SIGTERM')
  herald = await startHerald(env)
  await live()
  await list().getByText(`#${last}`, { exact: true }).waitFor()
  await makeAgents(1)
  await list()
    .getByText(`#${last + 1}`, { exact: true })
    .waitFor()
  const shown = await sequences()
  expect(shown[0]).toBe(last + 1)
  expect(shown.at(-1)).toBe(1)
  expect(isRun(shown)).toBe(true)
})

it('keeps the newest 500 and no more, however many come', async () => {
  page = await openConsole(browser, herald, '/events')
  await live()
  const context = (
    await gql(
      herald,
      'mutation { contextCreate(input: {name: "Many"}) { ... on ContextCreateSuccess { context { id } } } }',
    )
  ).contextCreate.context.id
  const FILES = 'mutation ($inputs: [ContextFileCreateInput!]!) { contextFilesCreate(inputs: $inputs) { __typename } }'
  const inputs = Array.from({ length: 400 }, (_, n) => ({
    contextId: context,
    name: `File ${n}`,
    mimeType: 'text/plain',
    documentContent: 'x',
  }))
  await gql(herald, FILES, { inputs })
  await gql(herald, FILES, { inputs })
  const last = await lastSequence()
  await list().getByText(`#${last}`, { exact: true }).waitFor()
  expect(isRun(await sequences())).toBe(true)
  // Its end is the 500th; the page draws what is in sight.
  await page.evaluate(() => scrollTo(0, document.body.scrollHeight))
  await list()
    .getByText(`#${last - 499}`, { exact: true })
    .waitFor()
  const shown = await sequences()
  expect(shown.at(-1)).toBe(last - 499)
  expect(shown.length).toBeLessThan(100)
  expect(isRun(shown)).toBe(true)
  expect(await violations(page)).toEqual([])
})
