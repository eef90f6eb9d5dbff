import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { type Browser, openConsole, startBrowser, violations } from '../support/browser.ts'
import { eventually, gql, type Herald, settingEnv, startHerald } from '../support/herald.ts'
import { startReceiver } from '../support/receiver.ts'

let herald: Herald
let browser: Browser
let page: Page
beforeAll(async () => {
  herald = await startHerald(await settingEnv('production'))
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

const toast = (text: string) => page.getByRole('region', { name: /Notifications/ }).getByText(text, { exact: true })
const row = (name: string) => page.getByRole('row').filter({ has: page.getByText(name, { exact: true }) })
const save = () => page.getByRole('dialog').getByRole('button', { name: 'Save' }).click()
const choose = async (name: string, item: string) => {
  await page.getByRole('button', { name: `Actions for ${name}` }).click()
  await page.getByRole('menuitem', { name: item, exact: true }).click()
}

it('makes the test change: an agent, made, changed and deleted, and each is called back', async () => {
  const receiver = await startReceiver()
  await gql(
    herald,
    'mutation ($url: String!) { webhookCreate(input: {url: $url, entities: [AGENT]}) { __typename } }',
    { url: receiver.url },
  )
  page = await openConsole(browser, herald, '/configure/agents')
  await page.getByText('No Agents Yet').waitFor()
  expect(await violations(page)).toEqual([])
  await page.getByRole('button', { name: 'New Agent' }).click()
  const dialog = page.getByRole('dialog', { name: 'New Agent' })
  await dialog.getByLabel('Name').fill('Ada')
  await dialog.getByLabel('Purpose').fill('Helps')
  expect(await dialog.getByRole('button', { name: 'Save' }).isDisabled()).toBe(true)
  await dialog.getByLabel('Formatting').fill('Plain')
  await dialog.getByLabel('Tags').fill('one, two, two')
  await dialog.getByLabel('Tenant').fill('not a tenant')
  await dialog.getByText('This field may have 1 to 100 letters, digits, hyphens and underscores').waitFor()
  await dialog.getByLabel('Tenant').fill('tenant-1')
  expect(await violations(page)).toEqual([])
  await save()
  await toast('Agent created successfully').waitFor()
  await row('Ada').getByText('Tenant tenant-1 · one, two').waitFor()
  await choose('Ada', 'Set live')
  await row('Ada').getByText('Live', { exact: true }).waitFor()
  await choose('Ada', 'Edit')
  await page.getByRole('dialog', { name: 'Edit Agent' }).getByLabel('Name').fill('Grace')
  await save()
  await toast('Agent updated successfully').waitFor()
  await row('Grace').waitFor()
  await choose('Grace', 'Delete')
  await page.getByRole('alertdialog', { name: 'Delete “Grace”?' }).getByRole('button', { name: 'Delete' }).click()
  await toast('Agent deleted successfully').waitFor()
  await page.getByText('No Agents Yet').waitFor()
  await eventually(() => receiver.received.length === 4, 'four callbacks')
  expect(receiver.received.map(({ body }) => [body.type, body.changed]).sort()).toEqual([
    ['agent.created', undefined],
    ['agent.deleted', undefined],
    ['agent.updated', ['agentName']],
    ['agent.updated', ['live']],
  ])
  await receiver.close()
})

it('makes a context, refuses to delete it while it holds files, and shows the server’s words', async () => {
  page = await openConsole(browser, herald, '/configure/contexts')
  await page.getByRole('button', { name: 'New Context' }).click()
  const dialog = page.getByRole('dialog', { name: 'New Context' })
  await dialog.getByLabel('Name').fill('Guides')
  await dialog.getByLabel('External id').fill('ext-1')
  expect(await violations(page)).toEqual([])
  await save()
  await toast('Context created successfully').waitFor()
  await row('Guides').waitFor()
  // What the server alone knows: the external id is taken.
  await page.getByRole('button', { name: 'New Context' }).click()
  await dialog.getByLabel('Name').fill('Others')
  await dialog.getByLabel('External id').fill('ext-1')
  await save()
  const error = dialog.getByRole('alert').filter({ hasText: /\S/ })
  await error.waitFor()
  expect(await dialog.getByLabel('External id').getAttribute('aria-describedby')).toContain(
    await error.getAttribute('id'),
  )
  await page.keyboard.press('Escape')

  const { contexts } = await gql(herald, '{ contexts { nodes { id } } }')
  await gql(
    herald,
    `mutation ($id: ID!) { contextFileCreate(input: {contextId: $id, name: "a.txt", mimeType: "text/plain",
      documentContent: "x"}) { __typename } }`,
    { id: contexts.nodes[0].id },
  )
  // Told live: nobody reloads.
  await row('Guides').getByRole('link', { name: '1 files of Guides' }).waitFor()
  expect(await violations(page)).toEqual([])
  await choose('Guides', 'Delete')
  const confirm = page.getByRole('alertdialog', { name: 'Delete “Guides”?' })
  await confirm.getByRole('button', { name: 'Delete' }).click()
  await confirm.getByText('The context holds 1 file; delete them first').waitFor()
  await confirm.getByRole('button', { name: 'Cancel' }).click()
})

it('follows a file’s status live, in two browsers, and publishes it', async () => {
  page = await openConsole(browser, herald, '/configure/context-files')
  await row('a.txt').getByText('Accepted', { exact: true }).waitFor()
  await page.getByRole('button', { name: 'New Context File' }).click()
  const dialog = page.getByRole('dialog', { name: 'New Context File' })
  await dialog.getByLabel('Name').fill('Guide.txt')
  await dialog.getByLabel('Content from').selectOption('An address')
  await dialog.getByLabel('Source URL').fill('ftp://example.com/')
  await dialog.getByText('Please enter a valid URL').waitFor()
  await dialog.getByLabel('Content from').selectOption('Text given here')
  await dialog.getByRole('textbox', { name: 'Content' }).fill('Some text')
  expect(await violations(page)).toEqual([])
  await save()
  await toast('Context file created successfully').waitFor()
  await row('Guide.txt').getByText('Accepted', { exact: true }).waitFor()

  const second = await startBrowser({ colorScheme: 'dark' })
  const other = await openConsole(second, herald, '/configure/context-files')
  const otherRow = other.getByRole('row').filter({ hasText: 'Guide.txt' })
  await otherRow.getByText('Accepted', { exact: true }).waitFor()
  const { contextFiles } = await gql(herald, '{ contextFiles { nodes { id name } } }')
  const { id } = contextFiles.nodes.find(({ name }: { name: string }) => name === 'Guide.txt')
  const REPORT =
    'mutation ($id: ID!, $input: ContextFileReportStatusInput!) { contextFileReportStatus(id: $id, input: $input) { __typename } }'
  await gql(herald, REPORT, { id, input: { status: 'FAIL', statusReason: 'No text in it' } })
  await row('Guide.txt').getByText('Failed', { exact: true }).waitFor()
  await otherRow.getByText('Failed', { exact: true }).waitFor()
  await choose('Guide.txt', 'Report ready')
  await toast('The file’s status is now “Ready for publication”').waitFor()
  await otherRow.getByText('Ready for publication', { exact: true }).waitFor()
  expect(await violations(page)).toEqual([])
  expect(await violations(other)).toEqual([])
  await second.close()
  await choose('Guide.txt', 'Publish')
  await row('Guide.txt').getByText('Published', { exact: true }).waitFor()
  await page.getByLabel('Filter by status').selectOption('Published')
  await row('a.txt').waitFor({ state: 'detached' })
  expect(new URL(page.url()).search).toBe('?status=PUBLISHED')
  await choose('Guide.txt', 'Report a failure')
  await page.getByRole('dialog').getByLabel('Reason').fill('Out of date')
  await page.getByRole('dialog').getByRole('button', { name: 'Report' }).click()
  await toast('The file’s status is now “Failed”').waitFor()
  await page.getByText('No Context Files Here').waitFor()
})

it('makes a key, shows it once, and revokes it; the audit log tells of it', async () => {
  page = await openConsole(browser, herald, '/configure/api-management/api-keys')
  await row('Bootstrap').getByText('(this one)').waitFor()
  await page.getByRole('button', { name: 'New API Key' }).click()
  const dialog = page.getByRole('dialog', { name: 'New API Key' })
  await dialog.getByLabel('Name').fill('Ingestion')
  await dialog.getByLabel('Scope').selectOption('WRITE: also agents, contexts and files')
  await dialog.getByLabel('Expires').fill('2020-01-01T00:00')
  await save()
  const error = dialog.getByRole('alert').filter({ hasText: /\S/ })
  await error.waitFor()
  expect(await dialog.getByLabel('Expires').getAttribute('aria-describedby')).toContain(await error.getAttribute('id'))
  await dialog.getByLabel('Expires').fill('2099-01-01T00:00')
  await save()
  const made = page.getByRole('dialog', { name: 'Copy the API key' })
  const key = (await made.getByRole('region', { name: 'API key' }).textContent()) ?? ''
  expect((await gql({ url: herald.url, key }, '{ currentKey { name scopes } }')).currentKey).toEqual({
    name: 'Ingestion',
    scopes: ['WRITE'],
  })
  expect(await violations(page)).toEqual([])
  await made.getByRole('button', { name: 'Copy API key' }).click()
  await toast('Copied').waitFor()
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(key)
  await made.getByRole('button', { name: 'Done' }).click()
  expect(await page.content()).not.toContain(key)
  await row('Ingestion').getByText('WRITE').waitFor()
  expect(await violations(page)).toEqual([])
  await page.getByRole('button', { name: 'Revoke Bootstrap' }).click()
  const last = page.getByRole('alertdialog', { name: 'Revoke “Bootstrap”?' })
  await last.getByText('You are signed in with it, and will be signed out.').waitFor()
  await last.getByRole('button', { name: 'Revoke' }).click()
  await last.getByRole('alert').filter({ hasText: /\S/ }).waitFor()
  await last.getByRole('button', { name: 'Cancel' }).click()
  await page.getByRole('button', { name: 'Revoke Ingestion' }).click()
  await page.getByRole('alertdialog').getByRole('button', { name: 'Revoke' }).click()
  await toast('API key revoked').waitFor()
  await row('Ingestion').getByText('Revoked', { exact: true }).waitFor()

  await page.getByRole('link', { name: 'Audit Log' }).click()
  const log = page.getByRole('table', { name: 'Audit log' })
  await log.getByText('apikey.revoked').first().waitFor()
  expect(await violations(page)).toEqual([])
  const target = await log.getByRole('row').filter({ hasText: 'apikey.revoked' }).locator('.mono').textContent()
  await page.getByRole('searchbox', { name: 'Only about this id' }).fill(target ?? '')
  await expect.poll(() => log.locator('tbody tr').count()).toBe(2)
  expect(await log.locator('tbody tr strong').allInnerTexts()).toEqual(['apikey.revoked', 'apikey.created'])
})

it('fits on a phone, light and dark, page by page', async () => {
  page = await openConsole(browser, herald)
  await page.setViewportSize({ width: 390, height: 844 })
  for (const path of [
    '/configure/api-management/webhooks',
    '/configure/api-management/api-keys',
    '/configure/api-management/audit-log',
    '/configure/agents',
    '/configure/contexts',
    '/configure/context-files',
    '/events',
    '/help/webhooks',
    '/no/such/page',
  ]) {
    await page.goto(new URL(path, herald.url).href)
    await page.locator('main h1, main h2').first().waitFor()
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      await expect.poll(() => page.evaluate(() => document.documentElement.dataset.theme)).toBe(colorScheme)
      expect(await violations(page), `${path} ${colorScheme}`).toEqual([])
    }
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), path).toBeLessThanOrEqual(0)
  }
})
