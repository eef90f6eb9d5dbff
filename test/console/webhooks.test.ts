import type { Locator, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { type Browser, openConsole, startBrowser, violations } from '../support/browser.ts'
import { gql, type Herald, settingEnv, startHerald } from '../support/herald.ts'

const LIMIT = 50

let herald: Herald
let browser: Browser
let page: Page
beforeAll(async () => {
  herald = await startHerald({ ...(await settingEnv('production')), ROLES: 'api' })
  browser = await startBrowser()
})
afterAll(async () => {
  await browser.close()
  await herald.kill('SIGTERM')
})
beforeEach(async () => {
  await removeAll()
  page = await openConsole(browser, herald)
  await page.getByRole('heading', { name: 'Webhooks', exact: true }).waitFor()
})
afterEach(async () => {
  await page.close()
  expect(browser.complaints.splice(0)).toEqual([])
  expect([...browser.hosts]).toEqual([new URL(herald.url).host])
})

async function removeAll(): Promise<void> {
  const { webhooks } = await gql(herald, '{ webhooks(first: 100) { nodes { id } } }')
  for (const { id } of webhooks.nodes)
    await gql(herald, 'mutation ($id: ID!) { webhookDelete(id: $id) { __typename } }', { id })
}
const create = (input: object) =>
  gql(
    herald,
    `mutation ($input: WebhookCreateInput!) { webhookCreate(input: $input) {
      __typename ... on WebhookCreateSuccess { secret webhook { id } } } }`,
    { input: { url: 'https://example.com/', ...input } },
  )
const all = async () =>
  (await gql(herald, '{ webhooks(first: 100) { nodes { name url entities status deliveryPolicy } } }')).webhooks.nodes
const card = (name: string) => page.getByRole('listitem').filter({ has: page.getByRole('link', { name, exact: true }) })
const toast = (text: string) => page.getByRole('region', { name: /Notifications/ }).getByText(text, { exact: true })
const choose = async (name: string, item: string) => {
  await page.getByRole('button', { name: `Actions for ${name}` }).click()
  await page.getByRole('menuitem', { name: item, exact: true }).click()
}
const color = (locator: Locator) => locator.evaluate((element) => getComputedStyle(element).color)
/** Whether a CSS color is plainly red. */
const isRed = (css: string) => {
  const [red = 0, green = 0, blue = 0] = (css.match(/[\d.]+/g) ?? []).map(Number)
  return red > 1.8 * green && red > 1.8 * blue
}

it('shows the path, the counter, the help link and the zero state, and takes a first webhook', async () => {
  await page.getByText('Configure → API Management').waitFor()
  expect(await page.title()).toBe('Webhooks – Herald')
  await page.getByText('0 of 50 Webhooks').waitFor()
  await page.getByRole('img', { name: 'Webhook illustration' }).waitFor()
  await page.getByText('No Webhooks Configured', { exact: true }).waitFor()
  await page.getByText('Configure webhooks to receive real-time event notifications.', { exact: true }).waitFor()
  expect(await violations(page)).toEqual([])

  await page.getByRole('button', { name: 'New Webhook' }).click()
  const dialog = page.getByRole('dialog', { name: 'New Webhook' })
  await dialog.getByLabel('Webhook Name').fill('Production Event Sync')
  await dialog.getByLabel('Endpoint URL').fill('https://example.com/hooks')
  await dialog.getByLabel('Agents').check()
  await dialog.getByLabel('Context Files').check()
  expect(await violations(page)).toEqual([])
  await dialog.getByRole('button', { name: 'Save' }).click()
  await toast('Webhook created successfully').waitFor()
  await page.getByText('1 of 50 Webhooks').waitFor()
  const made = card('Production Event Sync')
  await made.getByRole('img', { name: 'Building blocks' }).waitFor()
  for (const text of ['https://example.com/hooks', 'Active', 'Agents', 'Context Files'])
    await made.getByText(text, { exact: true }).waitFor()
  expect(await made.getByText('Contexts', { exact: true }).count()).toBe(0)
  expect(await all()).toEqual([
    {
      name: 'Production Event Sync',
      url: 'https://example.com/hooks',
      entities: ['AGENT', 'CONTEXT_FILE'],
      status: 'ACTIVE',
      deliveryPolicy: 'RETRY',
    },
  ])
  await page.getByRole('link', { name: 'Help' }).click()
  await page.getByRole('heading', { name: 'What are Webhooks?' }).waitFor()
  expect(await violations(page)).toEqual([])
})

it('checks as one types: messages, counters that turn red, Save disabled while invalid', async () => {
  await page.getByRole('button', { name: 'New Webhook' }).click()
  const dialog = page.getByRole('dialog')
  const [name, url, save] = [
    dialog.getByLabel('Webhook Name'),
    dialog.getByLabel('Endpoint URL'),
    dialog.getByRole('button', { name: 'Save' }),
  ]
  await expect.poll(() => save.isDisabled()).toBe(true)
  expect(await dialog.getByRole('alert').allInnerTexts()).not.toContain("This field can't be empty")
  await url.fill('x')
  await dialog.getByText('Please enter a valid URL', { exact: true }).waitFor()
  await url.fill('')
  await dialog.getByText("This field can't be empty", { exact: true }).waitFor()
  expect(await url.getAttribute('aria-invalid')).toBe('true')
  for (const wrong of [
    'javascript:alert(1)',
    'data:text/html,x',
    'file:///etc/passwd',
    'example.com',
    'https://',
    'http://exa mple.com',
    'https://-x.com',
  ]) {
    await url.fill(wrong)
    await dialog.getByText('Please enter a valid URL', { exact: true }).waitFor()
    await expect.poll(() => save.isDisabled(), { message: wrong }).toBe(true)
  }
  await url.fill('http://example.com/hooks')
  await dialog.getByText('24/500').waitFor()
  expect(await dialog.getByText('Please enter a valid URL').count()).toBe(0)
  await expect.poll(() => save.isEnabled()).toBe(true)

  await name.fill('n'.repeat(50))
  const counter = (text: string) => dialog.getByText(text, { exact: true })
  await expect.poll(async () => isRed(await color(counter('50/50')))).toBe(false)
  await expect.poll(() => save.isEnabled()).toBe(true)
  await name.fill('n'.repeat(51))
  await expect.poll(async () => isRed(await color(counter('51/50')))).toBe(true)
  await expect.poll(() => save.isDisabled()).toBe(true)
  // An emoji is one character.
  await name.fill('🙂'.repeat(50))
  await counter('50/50').waitFor()
  await expect.poll(() => save.isEnabled()).toBe(true)

  const long = `https://example.com/${'p'.repeat(480)}`
  await url.fill(long)
  await expect.poll(async () => isRed(await color(counter('500/500')))).toBe(false)
  await expect.poll(() => save.isEnabled()).toBe(true)
  await url.fill(`${long}p`)
  await expect.poll(async () => isRed(await color(counter('501/500')))).toBe(true)
  await expect.poll(() => save.isDisabled()).toBe(true)
  await page.keyboard.press('Escape')
  expect(await all()).toEqual([])
})

it('puts what the server refuses at its field, and keeps what was typed', async () => {
  await page.getByRole('button', { name: 'New Webhook' }).click()
  const dialog = page.getByRole('dialog')
  const url = dialog.getByLabel('Endpoint URL')
  // A valid URL by its form; that its address is private, the server alone says.
  await url.fill('http://10.0.0.1/hooks')
  await dialog.getByLabel('Webhook Name').fill('Private')
  await dialog.getByRole('button', { name: 'Save' }).click()
  const error = dialog.getByRole('alert').filter({ hasText: 'Please enter a valid URL' })
  await error.waitFor()
  expect(await url.getAttribute('aria-describedby')).toContain(await error.getAttribute('id'))
  expect(await url.inputValue()).toBe('http://10.0.0.1/hooks')
  expect(await all()).toEqual([])
  await url.fill('https://example.com/hooks')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await toast('Webhook created successfully').waitFor()
  expect(await all()).toMatchObject([{ name: 'Private', url: 'https://example.com/hooks' }])
})

it('warns where another webhook has the same URL, and lets it be saved', async () => {
  await create({ name: 'First', url: 'https://example.com/same' })
  await page.reload()
  await card('First').waitFor()
  await page.getByRole('button', { name: 'New Webhook' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Endpoint URL').fill('HTTPS://example.com:443/same')
  await dialog.getByText('“First” has the same URL.').waitFor()
  await dialog.getByLabel('Endpoint URL').fill('https://example.com/other')
  await dialog.getByText('“First” has the same URL.').waitFor({ state: 'detached' })
  await dialog.getByLabel('Endpoint URL').fill('https://example.com/same')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await toast('Webhook created successfully').waitFor()
  expect(await all()).toHaveLength(2)
})

it('edits, deactivates, activates and copies the secret', async () => {
  const { webhookCreate } = await create({ name: 'Sync', entities: ['CONTEXT'] })
  await page.reload()
  await choose('Sync', 'Edit')
  const dialog = page.getByRole('dialog', { name: 'Edit Webhook' })
  expect(await dialog.getByLabel('Endpoint URL').inputValue()).toBe('https://example.com/')
  expect(await dialog.getByLabel('Contexts').isChecked()).toBe(true)
  await dialog.getByLabel('Webhook Name').fill('Staging Notifications')
  await dialog.getByLabel('Contexts').uncheck()
  await dialog.getByLabel('Activate Webhook').uncheck()
  await dialog.getByRole('button', { name: 'Save' }).click()
  await toast('Webhook updated successfully').waitFor()
  const changed = card('Staging Notifications')
  for (const text of ['Inactive', 'All Entities']) await changed.getByText(text, { exact: true }).waitFor()
  expect(await all()).toMatchObject([{ name: 'Staging Notifications', entities: [], status: 'INACTIVE' }])

  await choose('Staging Notifications', 'Activate')
  await toast('Webhook activated').waitFor()
  await changed.getByText('Active', { exact: true }).waitFor()
  await choose('Staging Notifications', 'Deactivate')
  await toast('Webhook deactivated').waitFor()
  await changed.getByText('Inactive', { exact: true }).waitFor()
  expect(await all()).toMatchObject([{ status: 'INACTIVE' }])

  const button = changed.getByRole('button', { name: 'Copy secret' })
  const background = await button.evaluate((element) => getComputedStyle(element).backgroundColor)
  expect(isRed(background)).toBe(true)
  await button.click()
  await toast('Webhook secret copied successfully').waitFor()
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(webhookCreate.secret)
  expect(await page.content()).not.toContain(webhookCreate.secret)
})

it('asks before it deletes', async () => {
  await create({ name: 'webhook-name' })
  await page.reload()
  await choose('webhook-name', 'Delete')
  const dialog = page.getByRole('alertdialog', { name: 'Delete “webhook-name”?' })
  await dialog
    .getByText('The Webhook will be permanently deleted. This action cannot be undone.', { exact: true })
    .waitFor()
  expect(await violations(page)).toEqual([])
  await dialog.getByRole('button', { name: 'Cancel' }).click()
  await dialog.waitFor({ state: 'detached' })
  expect(await all()).toHaveLength(1)
  await choose('webhook-name', 'Delete')
  await dialog.getByRole('button', { name: 'Delete' }).click()
  await toast('Webhook deleted successfully').waitFor()
  await page.getByText('No Webhooks Configured').waitFor()
  expect(await all()).toEqual([])
})

it('at 50 webhooks grays New Webhook and says why; searches and filters while one types', async () => {
  for (let n = 1; n <= LIMIT; n++) await create({ name: `Webhook ${n}`, active: n % 2 === 0 })
  await page.reload()
  await page.getByText('50 of 50 Webhooks').waitFor()
  expect(await page.getByRole('list', { name: 'Webhooks' }).getByRole('listitem').count()).toBe(LIMIT)
  const button = page.getByRole('button', { name: 'New Webhook' })
  expect(await button.getAttribute('aria-disabled')).toBe('true')
  const reason = page.locator(`#${await button.getAttribute('aria-describedby')}`)
  expect(await reason.textContent()).toContain('The limit of 50 webhooks is reached')
  await button.click({ force: true })
  expect(await page.getByRole('dialog').count()).toBe(0)
  expect(await violations(page)).toEqual([])

  const shown = () => page.getByRole('list', { name: 'Webhooks' }).getByRole('link').allInnerTexts()
  const search = page.getByRole('searchbox', { name: 'Search webhooks by name' })
  await search.pressSequentially('WEBHOOK 5')
  await card('Webhook 49').waitFor({ state: 'detached' })
  expect(await shown()).toEqual(['Webhook 50', 'Webhook 5'])
  const filter = page.getByLabel('Filter by status')
  expect(await filter.locator('option').allInnerTexts()).toEqual(['Show All', 'Active', 'Inactive'])
  await filter.selectOption('Inactive')
  await card('Webhook 50').waitFor({ state: 'detached' })
  expect(await shown()).toEqual(['Webhook 5'])
  await filter.selectOption('Active')
  await card('Webhook 50').waitFor()
  expect(await shown()).toEqual(['Webhook 50'])
  await search.fill('nothing of this name')
  await page.getByText('No Webhooks Match Your Search', { exact: true }).waitFor()
  await page.getByText('Try again with a different search term', { exact: true }).waitFor()
  await page.getByRole('img', { name: 'Search illustration' }).waitFor()
  expect(await violations(page)).toEqual([])
  await page.getByRole('button', { name: 'Clear search', exact: true }).click()
  await filter.selectOption('Show All')
  await card('Webhook 1').waitFor()
  expect(await shown()).toHaveLength(LIMIT)

  await choose('Webhook 50', 'Delete')
  await page.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).click()
  await page.getByText('49 of 50 Webhooks').waitFor()
  expect(await button.getAttribute('aria-disabled')).toBeNull()
  // Someone else is quicker: what the server says shows in the dialog.
  await button.click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Endpoint URL').fill('https://example.com/late')
  await create({ name: 'Quicker' })
  await dialog.getByRole('button', { name: 'Save' }).click()
  await dialog.getByText('An app may have at most 50 webhooks; delete one to make another').waitFor()
  expect(await all()).toHaveLength(LIMIT)
})

it('does it all by keyboard alone', async () => {
  const press = (...keys: string[]) =>
    keys.reduce((done, key) => done.then(() => page.keyboard.press(key)), Promise.resolve())
  const focused = () =>
    page.evaluate(() => document.activeElement?.textContent?.trim() || document.activeElement?.ariaLabel || '')
  const tabTo = async (text: string) => {
    for (let n = 0; n < 40; n++) {
      await press('Tab')
      if ((await focused()) === text) return
    }
    throw new Error(`Tab never came to ${text}`)
  }
  await tabTo('New Webhook')
  const outline = await page.evaluate(() => getComputedStyle(document.activeElement as Element).outlineStyle)
  expect(outline).toBe('solid')
  await press('Enter')
  await page.getByRole('dialog').waitFor()
  await page.getByLabel('Webhook Name').press('Tab')
  await page.getByLabel('Webhook Name').focus()
  await page.keyboard.type('By keyboard')
  await press('Tab')
  await page.keyboard.type('https://example.com/keys')
  await press('Tab', 'Space', 'Enter')
  await press('Enter')
  await page.getByLabel('Endpoint URL').press('Enter')
  await toast('Webhook created successfully').waitFor()
  expect(await all()).toMatchObject([{ name: 'By keyboard', url: 'https://example.com/keys', entities: ['AGENT'] }])

  await page.getByRole('button', { name: 'New Webhook' }).focus()
  await tabTo('Copy secret')
  await press('Enter')
  await toast('Webhook secret copied successfully').waitFor()
  const pick = async (key: string, item: string) => {
    await press('Enter')
    await page.locator('[role=menuitem][data-highlighted]').waitFor()
    await press(key)
    await page.locator('[role=menuitem][data-highlighted]', { hasText: item }).waitFor()
    await press('Enter')
  }
  await page.getByRole('button', { name: 'Actions for By keyboard' }).focus()
  await pick('ArrowDown', 'Deactivate')
  await toast('Webhook deactivated').waitFor()
  // The focus came back to the menu's button.
  expect(await page.evaluate(() => document.activeElement?.ariaLabel)).toBe('Actions for By keyboard')
  await pick('End', 'Delete')
  const dialog = page.getByRole('alertdialog')
  await dialog.waitFor()
  await press('Escape')
  await dialog.waitFor({ state: 'detached' })
  await expect.poll(() => page.evaluate(() => document.activeElement?.ariaLabel)).toBe('Actions for By keyboard')
  await pick('End', 'Delete')
  await dialog.waitFor()
  expect(await focused()).toBe('Cancel')
  await press('Tab', 'Enter')
  await toast('Webhook deleted successfully').waitFor()
  expect(await all()).toEqual([])
})

it('keeps a 500-character URL and a long name inside their card, on a desk and on a phone', async () => {
  await create({ name: 'W'.repeat(50), url: `https://example.com/${'p'.repeat(480)}` })
  await page.reload()
  await card('W'.repeat(50)).waitFor()
  for (const width of [1280, 390]) {
    await page.setViewportSize({ width, height: 844 })
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
    expect(overflow).toBeLessThanOrEqual(0)
    const boxes = await card('W'.repeat(50)).evaluate((element) => [element.scrollWidth, element.clientWidth])
    expect(boxes[0]).toBe(boxes[1])
    expect(await violations(page)).toEqual([])
  }
  await page.setViewportSize({ width: 1280, height: 900 })
})
