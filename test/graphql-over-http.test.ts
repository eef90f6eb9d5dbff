import { serverAudits } from 'graphql-http'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Herald, settingEnv, startHerald } from './support/herald.ts'

let herald: Herald
beforeAll(async () => {
  herald = await startHerald(await settingEnv('production'))
})
afterAll(() => herald.kill('SIGTERM'))

const audits = serverAudits({
  url: () => herald.url,
  fetchFn: (url: string, init: RequestInit = {}) =>
    fetch(url, { ...init, headers: { ...(init.headers as Record<string, string>), 'x-api-key': herald.key } }),
})

it('is audited by all 61 rules', () => expect(audits).toHaveLength(61))

it.each(audits.map((audit) => [audit.id, audit.name, audit] as const))('%s %s', async (_id, _name, audit) => {
  expect(await audit.fn()).toMatchObject({ status: 'ok' })
})
