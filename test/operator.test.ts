import { expect, it } from 'vitest'
import * as api from '../src/console/gql/graphql.ts'
import { run } from './support/client.ts'
import { herald as command, gql, raw, settingEnv, startHerald } from './support/herald.ts'

it.each(['production', 'embedded'] as const)(
  'makes apps and keys on the %s database',
  async (setting) => {
    const env = await settingEnv(setting)
    const app = await command(env, 'app', 'create', '--name', 'Second')
    expect(app).toMatchObject({ code: 0, err: '' })
    expect(app.out).toMatch(/^app_[0-9a-f]{32}$/)
    const make = (...args: string[]) => command(env, 'key', 'create', '--app', app.out, '--name', 'ops', ...args)
    const admin = await make('--scopes', 'admin')
    const read = await make('--scopes', 'READ,WRITE', '--expires', '2099-01-01T00:00:00Z')
    expect([admin.code, read.code]).toEqual([0, 0])
    expect(admin.out).toMatch(/^hk_[0-9a-f]{32}_[A-Za-z0-9_-]{43}$/)

    const herald = { ...(await startHerald(env)), key: admin.out }
    expect((await gql(herald, '{ app { id name } }')).app).toEqual({ id: app.out, name: 'Second' })
    const { apiKeys } = await run(herald, api.ApiKeysDocument)
    expect(apiKeys.map(({ scopes, expiresAt }) => ({ scopes, expiresAt }))).toEqual([
      { scopes: ['READ', 'WRITE'], expiresAt: '2099-01-01T00:00:00.000Z' },
      { scopes: ['ADMIN'], expiresAt: null },
    ])
    const { auditLog } = await run(herald, api.AuditLogDocument)
    expect(auditLog.nodes.map(({ action, targetId, keyId, ip }) => ({ action, targetId, keyId, ip }))).toEqual([
      { action: 'apikey.created', targetId: apiKeys[0]?.id, keyId: null, ip: null },
      { action: 'apikey.created', targetId: apiKeys[1]?.id, keyId: null, ip: null },
      { action: 'app.created', targetId: app.out, keyId: null, ip: null },
    ])
    const { errors } = await raw({ ...herald, key: read.out }, 'mutation { webhookDelete(id: "wh_0") { __typename } }')
    expect(errors[0].extensions.code).toBe('FORBIDDEN')
    if (setting === 'embedded') {
      const second = await command(env, 'app', 'create', '--name', 'Third')
      expect(second).toMatchObject({ code: 1, out: '' })
      expect(second.err).toMatch(/^herald: DATA_DIR .* is in use by another process/)
    }
    expect(await herald.kill('SIGTERM')).toBe(0)
  },
  180_000,
)

it('says in a line what is wrong, and makes nothing', async () => {
  const env = await settingEnv('production')
  const app = (await command(env, 'app', 'create', '--name', 'A')).out
  const key = (...args: string[]) => command(env, 'key', 'create', ...args)
  const cases: [Promise<{ code: number | null; out: string; err: string }>, string][] = [
    [command(env, 'app', 'create', '--name', ''), "herald: --name: This field can't be empty"],
    [key('--app', 'app_0', '--name', 'k', '--scopes', 'READ'), 'herald: --app: There is no app with this id'],
    [key('--app', app, '--name', 'k', '--scopes', 'ROOT'), 'herald: --scopes knows READ, WRITE, ADMIN'],
    [
      key('--app', app, '--name', 'k', '--scopes', 'READ', '--expires', 'soon'),
      'herald: --expires must be an RFC 3339 time',
    ],
    [
      key('--app', app, '--name', 'k', '--scopes', 'READ', '--expires', '2001-01-01T00:00:00Z'),
      'herald: --expiresAt: This must be in the future',
    ],
    [
      command({ ...env, SECRETS_KEY: 'x' }, 'secrets', 'rewrap'),
      'herald: SECRETS_KEY must be base64 of 32 bytes, or several of them between commas',
    ],
  ]
  for (const [running, message] of cases) expect(await running).toEqual({ code: 1, out: '', err: message })
})
