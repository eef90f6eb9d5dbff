import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import * as api from '../src/console/gql/graphql.ts'
import { run } from './support/client.ts'
import { eventually, type Herald, raw, settingEnv, startHerald } from './support/herald.ts'
import { startReceiver } from './support/receiver.ts'

describe.each(['embedded', 'production'] as const)('on the %s setting', (setting) => {
  let herald: Herald
  beforeEach(async () => {
    herald = await startHerald(await settingEnv(setting))
  })
  afterEach(async () => {
    expect(await herald.kill('SIGTERM')).toBe(0)
  })

  it('answers what no database can look up as bad input, and goes on', async () => {
    const receiver = await startReceiver()
    const { webhookCreate } = await run(herald, api.WebhookCreateDocument, { input: { url: receiver.url } })
    if (webhookCreate.__typename !== 'WebhookCreateSuccess') throw new Error(webhookCreate.message)
    const { id } = webhookCreate.webhook
    const codeOf = async (query: string, variables: object) =>
      (await raw(herald, query, variables)).errors?.[0]?.extensions.code
    for (let round = 0; round < 3; round++) {
      expect(await codeOf('query ($id: ID!) { webhook(id: $id) { id } }', { id: 'wh_\0' })).toBe('BAD_USER_INPUT')
      expect(await codeOf('query ($s: String) { webhooks(search: $s) { totalCount } }', { s: '\0' })).toBe(
        'BAD_USER_INPUT',
      )
      const since = '0000-01-01T00:00:00Z'
      const health = 'query ($id: ID!, $since: DateTime!) { webhook(id: $id) { health(since: $since) { delivered } } }'
      expect(await codeOf(health, { id, since })).toBe('BAD_USER_INPUT')
      await run(herald, api.ContextCreateDocument, { input: { name: 'c' } })
      await eventually(() => receiver.received.length === round + 1, 'the callback')
    }
    expect((await fetch(herald.url.replace('graphql', 'ready'))).status).toBe(200)
    await receiver.close()
  })
})
