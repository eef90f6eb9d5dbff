import { spawn } from 'node:child_process'
import { mkdtempSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { Webhook as StandardWebhook } from 'standardwebhooks'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { type Browser, openConsole, startBrowser, violations } from '../support/browser.ts'
import { eventually, gql, type Herald, settingEnv, sql, startHerald } from '../support/herald.ts'
import { startReceiver } from '../support/receiver.ts'

const WEBHOOKS = '/configure/api-management/webhooks'

let env: Record<string, string>
let herald: Herald
let browser: Browser
let page: Page
let receiver: Awaited<ReturnType<typeof startReceiver>>
beforeAll(async () => {
  env = await settingEnv('production')
  herald = await startHerald({ ...env, RETRY_SCHEDULE_S: '0' })
  browser = await startBrowser()
})
afterAll(async () => {
  await browser.close()
  await herald.kill('SIGTERM')
})
beforeEach(async () => {
  receiver = await startReceiver((response) => response.writeHead(200, { 'x-answer': 'yes' }).end('thank you'))
})
afterEach(async () => {
  await page.close()
  await receiver.close()
  const { webhooks } = await gql(herald, '{ webhooks { nodes { id } } }')
  for (const { id } of webhooks.nodes)
    await gql(herald, 'mutation ($id: ID!) { webhookDelete(id: $id) { __typename } }', { id })
  expect(browser.complaints.splice(0)).toEqual([])
  expect([...browser.hosts]).toEqual([new URL(herald.url).host])
})

const create = async (input: object): Promise<{ id: string; secret: string }> => {
  const { webhookCreate } = await gql(
    herald,
    'mutation ($input: WebhookCreateInput!) { webhookCreate(input: $input) { ... on WebhookCreateSuccess { secret webhook { id } } } }',
    { input: { name: 'Watched', url: receiver.url, ...input } },
  )
  return { id: webhookCreate.webhook.id, secret: webhookCreate.secret }
}
const change = () =>
  gql(herald, 'mutation { agentCreate(input: {agentName: "Ada", agentPurpose: "p", formatting: "f"}) { __typename } }')
const open = async (id: string) => {
  page = await openConsole(browser, herald, `${WEBHOOKS}/${id}`)
  await page.getByRole('heading', { name: 'Deliveries', exact: true }).waitFor()
  await page.getByRole('status').getByText('Live', { exact: true }).waitFor()
}
const rows = () => page.getByRole('table', { name: 'Deliveries' }).locator('tbody tr')
const toast = (text: string) => page.getByRole('region', { name: /Notifications/ }).getByText(text, { exact: true })
const button = (name: string) => page.getByRole('button', { name, exact: true })

it('sends a test event and shows its delivery live, with request and response', async () => {
  const { id, secret } = await create({})
  await open(id)
  await page.getByText('No Deliveries Yet').waitFor()
  expect(await violations(page)).toEqual([])
  await button('Send test event').click()
  await toast('Test event sent').waitFor()
  const row = rows().filter({ hasText: 'webhook.test' })
  await row.getByText('Delivered', { exact: true }).waitFor()
  expect(receiver.received).toHaveLength(1)
  await row.getByRole('button').click()
  const dialog = page.getByRole('dialog', { name: 'Delivery of webhook.test' })
  await dialog.getByText('HTTP 200').waitFor()
  const { headers, text } = receiver.received[0] as (typeof receiver.received)[0]
  const shown = (label: string) => dialog.getByRole('region', { name: label, exact: true }).textContent()
  expect(await shown('request headers of attempt 1')).toContain(`webhook-signature: ${headers['webhook-signature']}`)
  expect(await shown('request headers of attempt 1')).toContain('herald-attempt: 1')
  expect(await shown('response headers of attempt 1')).toContain('x-answer: yes')
  expect(await shown('response body of attempt 1')).toBe('thank you')
  expect(JSON.parse((await shown('the event’s data')) ?? '')).toEqual(JSON.parse(text).data)
  expect(() => new StandardWebhook(secret).verify(text, headers as Record<string, string>)).not.toThrow()
  expect(await violations(page)).toEqual([])
})

it('follows deliveries as they change in two browsers at once, and retries what failed', async () => {
  receiver.state.answer = (response) => response.writeHead(503).end('try later')
  const { id } = await create({})
  await open(id)
  const second = await startBrowser({ colorScheme: 'dark' })
  const other = await openConsole(second, herald, `${WEBHOOKS}/${id}`)
  const otherRows = other.getByRole('table', { name: 'Deliveries' }).locator('tbody tr')
  await other.getByRole('status').getByText('Live', { exact: true }).waitFor()
  await change()
  await rows().getByText('Failed', { exact: true }).waitFor()
  await otherRows.getByText('Failed', { exact: true }).waitFor()

  await rows().getByRole('button').click()
  const dialog = page.getByRole('dialog', { name: 'Delivery of agent.created' })
  await dialog.getByText('HTTP 503').waitFor()
  await dialog.getByText('Rejected', { exact: true }).waitFor()
  receiver.state.answer = (response) => response.end('now')
  await dialog.getByRole('button', { name: 'Retry' }).click()
  await toast('The delivery is sent again').waitFor()
  await dialog.getByText('Attempt 2').waitFor()
  await dialog.getByText('HTTP 200').waitFor()
  expect(await dialog.getByText(/^Attempt \d$/).allInnerTexts()).toEqual(['Attempt 2', 'Attempt 1'])
  await otherRows.getByText('Delivered', { exact: true }).waitFor()
  expect(await otherRows.count()).toBe(1)
  expect(receiver.received).toHaveLength(2)
  expect(await violations(other)).toEqual([])
  await second.close()
})

it('pages and filters 10,000 deliveries, and tells their health exactly', async () => {
  const { id } = await create({ url: 'https://example.com/' })
  // Begun one second apart, the newest a minute ago; every tenth failed, after 1 to 10,000 ms.
  await sql(
    env,
    `WITH n AS (SELECT n, now() - make_interval(secs => 60 + n) AS at FROM generate_series(1, 10000) n
     ), owner AS (SELECT "appId" FROM "Webhook" WHERE id = $1
     ), event AS (
       INSERT INTO "Event" (id, "appId", type, "entityId", "occurredAt", body)
       SELECT 'evt_' || lpad(to_hex(100000 - n), 32, '0'), "appId",
         (CASE WHEN n % 2 = 0 THEN 'AGENT_UPDATED' ELSE 'CONTEXT_CREATED' END)::"EventType", 'agt_x', at, '{"data":{}}'
       FROM n, owner
     ), delivery AS (
       INSERT INTO "Delivery" (id, "appId", "webhookId", "eventId", status, "attemptCount", "createdAt", "completedAt")
       SELECT 'dlv_' || lpad(to_hex(100000 - n), 32, '0'), "appId", $1, 'evt_' || lpad(to_hex(100000 - n), 32, '0'),
         (CASE WHEN n % 10 = 0 THEN 'FAILED' ELSE 'SUCCEEDED' END)::"DeliveryStatus", 1, at, at
       FROM n, owner
     )
     INSERT INTO "DeliveryAttempt" ("deliveryId", number, "webhookId", outcome, "startedAt", "durationMs",
       "requestHeaders", "responseBodyTruncated")
     SELECT 'dlv_' || lpad(to_hex(100000 - n), 32, '0'), 1, $1,
       (CASE WHEN n % 10 = 0 THEN 'REJECTED' ELSE 'DELIVERED' END)::"AttemptOutcome", at, n, '{}', false FROM n`,
    [id],
  )
  await open(id)
  const total = async (name: string) =>
    page
      .locator('.totals .card', { has: page.getByText(name, { exact: true }) })
      .locator('dd')
      .textContent()
  await expect.poll(() => total('Delivered')).toBe('9,000')
  expect(await total('Failed attempts')).toBe('1,000')
  expect(await total('Success')).toBe('90.0 %')
  expect([await total('p50'), await total('p95'), await total('p99')]).toEqual(['5,000 ms', '9,500 ms', '9,900 ms'])
  await page.getByRole('img', { name: 'Attempts in the last 24 hours: 9000 delivered, 1000 failed' }).waitFor()
  await button('7 d').click()
  await page.getByRole('img', { name: 'Attempts in the last 7 days: 9000 delivered, 1000 failed' }).waitFor()
  await page.getByRole('img', { name: /^Latency in the last 7 days/ }).waitFor()
  await page.getByText('Figures as a table').click()
  const parts = page.getByRole('table', { name: 'Health, part by part' }).locator('tbody tr')
  const delivered = await parts.locator('td:nth-child(2)').allInnerTexts()
  expect(delivered.reduce((sum, text) => sum + Number(text), 0)).toBe(9000)

  expect(await rows().count()).toBe(25)
  expect(await page.getByRole('button', { name: 'Newer' }).getAttribute('aria-disabled')).toBe('true')
  await button('Older').click()
  await page.getByText('Page 2').waitFor()
  await expect.poll(() => rows().count()).toBe(25)
  await button('Newer').click()
  await page.getByText('Page 1').waitFor()
  await page.getByLabel('Filter by status').selectOption('Failed')
  await expect.poll(() => rows().getByText('Failed', { exact: true }).count()).toBe(25)
  await page.getByLabel('Filter by event').selectOption('context.created')
  await page.getByText('No Deliveries Match').waitFor()
  await page.getByLabel('Filter by event').selectOption('agent.updated')
  await page.getByLabel('Filter by time').selectOption('Last hour')
  // 3,540 were made in the last hour, of which every tenth failed.
  let failed = 0
  for (let number = 1; ; number++) {
    await page.getByText(`Page ${number}`, { exact: true }).waitFor()
    await expect.poll(() => rows().count()).toBeGreaterThan(0)
    const older = button('Older')
    failed += await rows().count()
    if (await older.getAttribute('aria-disabled')) break
    const [top] = await rows().first().getByRole('cell').nth(4).locator('time').all()
    const before = await top?.getAttribute('datetime')
    await older.click()
    await expect
      .poll(() => rows().first().getByRole('cell').nth(4).locator('time').getAttribute('datetime'))
      .not.toBe(before)
  }
  expect([353, 354]).toContain(failed)
  expect(await violations(page)).toEqual([])
})

it('replays a range and shows how far it has come', async () => {
  receiver.state.answer = (response) => response.writeHead(500).end()
  const { id } = await create({})
  for (let n = 0; n < 3; n++) await change()
  await eventually(async () => {
    const { deliveries } = await gql(herald, '{ deliveries(status: FAILED) { nodes { id } } }')
    return deliveries.nodes.length === 3
  }, 'three that failed')
  receiver.state.answer = (response) => response.end()
  await open(id)
  await button('Replay range').click()
  const dialog = page.getByRole('dialog', { name: 'Replay range' })
  for (const status of ['Failed', 'Canceled']) await dialog.getByLabel(status).uncheck()
  await dialog.getByText('Choose at least one').waitFor()
  expect(await dialog.getByRole('button', { name: 'Replay', exact: true }).isDisabled()).toBe(true)
  await dialog.getByLabel('Failed').check()
  await dialog.getByLabel('Until').fill('2020-01-01T00:00')
  await dialog.getByText('The end must be after the begin').waitFor()
  await dialog.getByLabel('Until').fill('')
  expect(await violations(page)).toEqual([])
  await dialog.getByRole('button', { name: 'Replay', exact: true }).click()
  await toast('3 deliveries are sent again').waitFor()
  await page.getByText('Replay done').waitFor()
  await page.getByText('3 of 3 deliveries').waitFor()
  expect(await page.getByRole('progressbar', { name: 'Progress of the replay' }).getAttribute('aria-valuenow')).toBe(
    '100',
  )
  await expect.poll(() => rows().getByText('Delivered', { exact: true }).count()).toBe(3)
  expect(receiver.received).toHaveLength(6)
})

it('rotates the secret, shows the overlap, and callbacks bear both signatures', async () => {
  const { id, secret } = await create({})
  await open(id)
  await button('Rotate secret').click()
  const dialog = page.getByRole('dialog', { name: 'Rotate secret' })
  await dialog.getByLabel('Overlap').selectOption('24 hours: both secrets sign meanwhile')
  await dialog.getByRole('button', { name: 'Rotate', exact: true }).click()
  await toast('Webhook secret rotated successfully').waitFor()
  const made = page.getByRole('dialog', { name: 'The new secret' })
  const fresh = (await made.getByRole('region', { name: 'the new secret' }).textContent()) ?? ''
  expect(fresh).toMatch(/^whsec_[A-Za-z0-9+/]{32}$/)
  expect(fresh).not.toBe(secret)
  await made.getByText('Callbacks are signed with both secrets until').waitFor()
  expect(await violations(page)).toEqual([])
  await made.getByRole('button', { name: 'Done' }).click()
  await page.getByText('callbacks bear the former secret’s signature too').waitFor()
  await button('Send test event').click()
  await eventually(() => receiver.received.length === 1, 'the test')
  const { text, headers } = receiver.received[0] as (typeof receiver.received)[0]
  for (const either of [secret, fresh])
    expect(() => new StandardWebhook(either).verify(text, headers as Record<string, string>)).not.toThrow()
  expect(String(headers['webhook-signature']).split(' ')).toHaveLength(2)
})

it('shows code that verifies: with the secret once it is asked for, and it runs', async () => {
  const { id, secret } = await create({ url: 'http://127.0.0.1:1/hooks?tenant=a%27b' }).catch(() => create({}))
  await open(id)
  const { webhook } = await gql(herald, 'query ($id: ID!) { webhook(id: $id) { url } }', { id })
  const { pathname, search } = new URL(webhook.url)
  const code = async (language: string) => {
    await page.getByRole('tab', { name: language }).click()
    return (await page.getByRole('region', { name: `code in ${language}` }).textContent()) ?? ''
  }
  for (const [language, library] of [
    ['TypeScript', 'standardwebhooks'],
    ['Python', 'standardwebhooks.webhooks'],
    ['Go', 'github.com/standard-webhooks/standard-webhooks/libraries/go'],
  ] as const) {
    const text = await code(language)
    expect(text).toContain(library)
    expect(text).toContain(pathname)
    expect(text).not.toContain(secret)
  }
  await button('Show the secret').click()
  // The secret comes by a mutation: the code is what it is to be when the answer is there.
  await eventually(async () => (await code('Go')).includes(secret), 'the secret')
  for (const language of ['Go', 'Python', 'TypeScript']) expect(await code(language)).toContain(secret)
  expect(await violations(page)).toEqual([])
  const { auditLog } = await gql(herald, '{ auditLog(action: "webhook.secret_revealed") { nodes { targetId } } }')
  expect(auditLog.nodes.filter(({ targetId }: { targetId: string }) => targetId === id)).toHaveLength(1)

  // As someone would try it: the program in a folder of its own, called by Herald.
  const folder = mkdtempSync(join(tmpdir(), 'herald-sample-'))
  writeFileSync(join(folder, 'receiver.mts'), await code('TypeScript'))
  symlinkSync(join(process.cwd(), 'node_modules'), join(folder, 'node_modules'))
  const port = new URL(receiver.url).port
  await receiver.close()
  const sample = spawn(process.execPath, ['receiver.mts'], { cwd: folder, env: { PATH: process.env.PATH, PORT: port } })
  let output = ''
  sample.stdout.on('data', (chunk) => {
    output += chunk
  })
  try {
    await eventually(() => fetch(`http://127.0.0.1:${port}/`).catch(() => null), 'the program')
    await gql(
      herald,
      'mutation ($id: ID!, $input: WebhookUpdateInput!) { webhookUpdate(id: $id, input: $input) { __typename } }',
      {
        id,
        input: { url: `http://127.0.0.1:${port}${pathname}${search}` },
      },
    )
    await button('Send test event').click()
    await rows().filter({ hasText: 'webhook.test' }).getByText('Delivered', { exact: true }).waitFor()
    expect(output).toContain('webhook.test')
    const forged = await fetch(`http://127.0.0.1:${port}${pathname}${search}`, { method: 'POST', body: '{}' })
    expect(forged.status).toBe(401)
  } finally {
    sample.kill()
    receiver = await startReceiver()
  }
})
