// Makes the pictures in docs/screenshots, each page light and dark, and some on a phone: a Herald on an embedded
// database, filled by its own API, and Chromium. npm run screenshots
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Page } from 'playwright-core'
import UPNG from 'upng-js'
import { type Browser, openConsole, startBrowser } from '../test/support/browser.ts'
import { environment, eventually, gql, startHerald } from '../test/support/process.ts'

const DIR = 'docs/screenshots'
const COLORS = 128
const WEBHOOKS = '/configure/api-management/webhooks'

mkdirSync(DIR, { recursive: true })
const receiver = createServer((request, response) => {
  request.resume().on('end', () => {
    const roll = Math.random()
    response.writeHead(roll < 0.12 ? 500 : 200, { 'content-type': 'application/json' })
    setTimeout(() => response.end(roll < 0.12 ? '{"error":"try later"}' : '{"ok":true}'), 5 + roll * 60)
  })
})
await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
const endpoint = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/webhooks/mindset`
const herald = await startHerald({
  ...(await environment('embedded', { databaseUrl: '', redisUrl: '' })),
  RETRY_SCHEDULE_S: '0,0,3600',
})

const shot = async (page: Page, name: string) => {
  await page.evaluate(() => document.fonts.ready)
  const picture = UPNG.decode(await page.screenshot({ animations: 'disabled' }))
  // By a palette: a third of the size, and nobody sees it.
  writeFileSync(
    `${DIR}/${name}.png`,
    Buffer.from(UPNG.encode(UPNG.toRGBA8(picture), picture.width, picture.height, COLORS)),
  )
}

try {
  const webhookId = await fill()
  for (const scheme of ['light', 'dark'] as const) {
    const browser = await startBrowser({ colorScheme: scheme, viewport: { width: 1160, height: 800 } })
    await pages(browser, scheme, webhookId)
    await browser.close()
  }
  const phone = await startBrowser({ viewport: { width: 390, height: 844 } })
  await onPhone(phone, webhookId)
  await phone.close()
} finally {
  await herald.kill('SIGTERM')
  receiver.closeAllConnections()
  receiver.close()
}

async function pages(browser: Browser, scheme: string, webhookId: string): Promise<void> {
  const signIn = await browser.context.newPage()
  await signIn.goto(new URL('/', herald.url).href)
  await signIn.getByRole('heading', { name: 'Sign in' }).waitFor()
  await shot(signIn, `sign-in-${scheme}`)

  const page = await openConsole(browser, herald, WEBHOOKS)
  const go = async (path: string, ready: string) => {
    await page.goto(new URL(path, herald.url).href)
    await page.getByText(ready).first().waitFor()
  }
  await page.getByText('Production Event Sync').first().waitFor()
  await shot(page, `webhooks-${scheme}`)
  await page.getByRole('button', { name: 'New Webhook' }).click()
  await page.getByLabel('Webhook Name').fill('Analytics Dashboard Updates')
  await page.getByLabel('Endpoint URL').fill('javascript:alert(1)')
  await shot(page, `new-webhook-${scheme}`)
  await page.keyboard.press('Escape')
  await page.getByRole('searchbox').fill('nothing like this')
  await page.getByText('No Webhooks Match Your Search').waitFor()
  await shot(page, `no-match-${scheme}`)

  await go(`${WEBHOOKS}/${webhookId}`, 'Figures as a table')
  await page.getByRole('table', { name: 'Deliveries' }).waitFor()
  await shot(page, `webhook-${scheme}`)
  await page.getByRole('table', { name: 'Deliveries' }).getByRole('button').first().click()
  await page.getByText('Request headers').first().waitFor()
  await shot(page, `delivery-${scheme}`)
  await page.keyboard.press('Escape')
  await page.getByRole('heading', { name: 'Verify' }).scrollIntoViewIfNeeded()
  await shot(page, `verify-${scheme}`)

  const events = page.getByRole('list', { name: 'Events, newest first' })
  await go('/events', 'Live')
  await events.waitFor()
  await shot(page, `events-${scheme}`)
  await events.getByRole('button').first().click()
  await page.getByRole('heading', { name: 'Data' }).waitFor()
  await page.getByRole('table', { name: 'Deliveries of the event' }).waitFor()
  await shot(page, `event-${scheme}`)
  await go('/configure/agents', 'Support agent')
  await shot(page, `agents-${scheme}`)
  await go('/configure/contexts', 'Product guides')
  await shot(page, `contexts-${scheme}`)
  await go('/configure/context-files', 'Guide 1.txt')
  await shot(page, `context-files-${scheme}`)
  await go('/configure/api-management/api-keys', 'Ingestion')
  await shot(page, `api-keys-${scheme}`)
  await go('/configure/api-management/audit-log', 'apikey.created')
  await shot(page, `audit-log-${scheme}`)
}

async function onPhone(browser: Browser, webhookId: string): Promise<void> {
  const page = await openConsole(browser, herald, WEBHOOKS)
  await page.getByText('Production Event Sync').first().waitFor()
  await shot(page, 'phone-webhooks')
  await page.goto(new URL(`${WEBHOOKS}/${webhookId}`, herald.url).href)
  await page.getByRole('table', { name: 'Deliveries' }).waitFor()
  await shot(page, 'phone-webhook')
  await page.goto(new URL('/events', herald.url).href)
  await page.getByRole('list', { name: 'Events, newest first' }).waitFor()
  await shot(page, 'phone-events')
  await page.goto(new URL('/configure/context-files', herald.url).href)
  await page.getByText('Guide 1.txt').waitFor()
  await shot(page, 'phone-context-files')
}

/** Webhooks, agents, contexts, files, keys, and deliveries of them. @returns the webhook with the most to show. */
async function fill(): Promise<string> {
  const create = async (input: object) =>
    (
      await gql(
        herald,
        `mutation ($input: WebhookCreateInput!) { webhookCreate(input: $input) {
          ... on WebhookCreateSuccess { webhook { id } } ... on Error { message } } }`,
        { input },
      )
    ).webhookCreate.webhook.id as string
  await create({
    name: 'Staging Test Webhook',
    url: `https://staging.example.com/hooks?token=${'a1b2c3d4'.repeat(57)}`,
    entities: ['CONTEXT_FILE'],
    active: false,
  })
  await create({
    name: 'Audit Log Integration',
    url: 'https://audit.example.com/in',
    active: false,
    entities: ['AGENT'],
  })
  await create({ url: 'https://unnamed.example.com/hook', active: false })
  const id = await create({ name: 'Production Event Sync', url: endpoint, entities: ['AGENT', 'CONTEXT_FILE'] })
  const context = (
    await gql(
      herald,
      `mutation { contextCreate(input: {name: "Product guides", description: "What customers read"}) {
        ... on ContextCreateSuccess { context { id } } } }`,
    )
  ).contextCreate.context.id
  const statuses = ['PUBLISHED', 'READY_FOR_PUBLICATION', 'FAIL', null]
  for (const [n, status] of statuses.entries()) {
    const { contextFileCreate } = await gql(
      herald,
      `mutation ($input: ContextFileCreateInput!) { contextFileCreate(input: $input) {
        ... on ContextFileCreateSuccess { contextFile { id } } } }`,
      { input: { contextId: context, name: `Guide ${n + 1}.txt`, mimeType: 'text/plain', documentContent: 'Text' } },
    )
    if (!status) continue
    await gql(
      herald,
      `mutation ($id: ID!, $input: ContextFileReportStatusInput!) { contextFileReportStatus(id: $id, input: $input) {
        __typename } }`,
      { id: contextFileCreate.contextFile.id, input: { status, statusReason: status === 'FAIL' ? 'No text' : null } },
    )
  }
  for (const name of ['Support agent', 'Onboarding guide', 'Research helper with quite a long name for a row']) {
    const { agentCreate } = await gql(
      herald,
      `mutation ($input: AgentCreateInput!) { agentCreate(input: $input) {
        ... on AgentCreateSuccess { agent { id } } } }`,
      { input: { agentName: name, agentPurpose: 'Helps', formatting: 'Plain', tags: ['demo'], contextIds: [context] } },
    )
    for (let n = 0; n < 14; n++) {
      await gql(
        herald,
        'mutation ($id: ID!, $live: Boolean) { agentUpdate(id: $id, input: {live: $live}) { __typename } }',
        { id: agentCreate.agent.id, live: n % 2 === 0 },
      )
    }
  }
  await gql(herald, 'mutation { apiKeyCreate(input: {name: "Ingestion", scopes: [WRITE]}) { __typename } }')
  await eventually(async () => {
    const { deliveries } = await gql(herald, '{ deliveries(first: 100, status: SUCCEEDED) { nodes { id } } }')
    return deliveries.nodes.length >= 40
  }, 'deliveries to show')
  return id
}
