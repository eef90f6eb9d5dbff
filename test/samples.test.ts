import { spawn } from 'node:child_process'
import { mkdtempSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { Webhook as StandardWebhook } from 'standardwebhooks'
import { expect, it } from 'vitest'
import * as api from '../src/console/gql/graphql.ts'
import { pathOf, samples } from '../src/console/webhook/samples.ts'
import { run } from './support/client.ts'
import { eventually, settingEnv, startHerald } from './support/herald.ts'
import { freePort, pythonWithFlask } from './support/servers.ts'

/** How each sample is run, as its reader would; Go's library is not to be had by the tests. */
const programs = {
  TypeScript: (port: number) => [process.execPath, 'receiver.mts', { PORT: String(port) }] as const,
  Python: (port: number) =>
    [
      pythonWithFlask(),
      `-m flask --app receiver.py run --port ${port}`,
      {
        PYTHONPATH: resolve('test/vendor/standardwebhooks-python'),
        PYTHONUNBUFFERED: '1',
        PYTHONDONTWRITEBYTECODE: '1',
      },
    ] as const,
}

it.each(Object.keys(programs) as (keyof typeof programs)[])(
  'the sample in %s takes what Herald sends, and nothing else',
  async (language) => {
    const herald = await startHerald(await settingEnv('production'))
    const port = await freePort()
    // A path with all that an address may hold and a program's text may not.
    const url = `http://127.0.0.1:${port}/in%20coming/it's%22/caf%C3%A9/$1?tenant=a'b&c=%27`
    const { webhookCreate } = await run(herald, api.WebhookCreateDocument, { input: { url } })
    if (webhookCreate.__typename !== 'WebhookCreateSuccess') throw new Error(webhookCreate.message)
    const { webhook, secret } = webhookCreate
    const sample = samples.find(([name]) => name === language)?.[1] as (typeof samples)[number][1]

    const folder = mkdtempSync(join(tmpdir(), 'herald-sample-'))
    const text = sample({ path: pathOf(webhook.url), secret })
    writeFileSync(join(folder, language === 'Python' ? 'receiver.py' : 'receiver.mts'), text)
    symlinkSync(resolve('node_modules'), join(folder, 'node_modules'))
    const [program, args, env] = programs[language](port)
    const child = spawn(program, args.split(' '), { cwd: folder, env: { PATH: process.env.PATH, ...env } })
    const ended = new Promise((done) => child.once('close', done))
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk))
    try {
      await eventually(() => fetch(`http://127.0.0.1:${port}/`).catch(() => null), 'the program')
      await run(herald, api.ContextCreateDocument, { input: { name: 'Grüße' } })
      const delivery = await eventually(async () => {
        const [node] = (await run(herald, api.DeliveriesDocument, {})).deliveries.nodes
        return node?.status === 'PENDING' ? null : node
      }, 'the delivery')
      expect([delivery.status, output]).toEqual(['SUCCEEDED', expect.stringContaining('context.created')])

      const body = '{"type":"forged"}'
      const headers = (signedWith: string, at = new Date()) => ({
        'webhook-id': 'evt_1',
        'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
        'webhook-signature': new StandardWebhook(signedWith).sign('evt_1', at, body),
      })
      const other = `whsec_${Buffer.alloc(24, 7).toString('base64')}`
      const genuine = headers(secret)
      const answers: Record<string, HeadersInit> = {
        'no headers': {},
        'another secret': headers(other),
        'long ago': headers(secret, new Date(Date.now() - 3_600_000)),
        'no signature': { ...genuine, 'webhook-signature': 'garbage' },
        'no base64': { ...genuine, 'webhook-signature': 'v1,x' },
        'no time': { ...genuine, 'webhook-timestamp': 'yesterday' },
      }
      for (const [name, init] of Object.entries(answers)) {
        const { status } = await fetch(webhook.url, { method: 'POST', headers: init, body })
        expect([name, status]).toEqual([name, 401])
      }
      expect((await fetch(webhook.url, { method: 'POST', headers: genuine, body: `${body} ` })).status).toBe(401)
      expect(output).not.toContain('forged')
      expect((await fetch(webhook.url, { method: 'POST', headers: genuine, body })).status).toBe(204)
      await eventually(() => output.includes('forged'), 'what was signed')
      expect(
        (await fetch(`http://127.0.0.1:${port}/elsewhere`, { method: 'POST', headers: genuine, body })).status,
      ).toBe(404)
    } finally {
      child.kill()
      await ended
      expect(await herald.kill('SIGTERM')).toBe(0)
    }
  },
)
