import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { createLogger, type Logger } from '../../src/log.ts'

const KEY = `hk_${'0'.repeat(32)}_${'k'.repeat(43)}`
const SECRET = `whsec_${'s'.repeat(31)}+`
const SIGNATURE = `v1,${'g'.repeat(43)}=`

/** All that is written while `work` logs. */
function written(work: (log: Logger) => void): string {
  const stream = new PassThrough()
  work(createLogger('trace', stream))
  return String(stream.read() ?? '')
}
const thrown = (work: () => unknown): Error => {
  try {
    work()
  } catch (error) {
    return error as Error
  }
  throw new Error('nothing was thrown')
}

describe('a log', () => {
  it('holds no value of a field that is named as a secret, at any of three depths', () => {
    const names = [
      'key',
      'apiKey',
      'secret',
      'sealed',
      'sealedSecrets',
      'signature',
      'authorization',
      'x-api-key',
      'webhook-signature',
      'variables',
      'keyHash',
    ]
    for (const name of names) {
      const text = written((log) => {
        log.info({ [name]: 'planted' })
        log.info({ request: { [name]: 'planted' } })
        log.info({ request: { headers: { [name]: { inner: 'planted' } } } })
      })
      expect(text.trim().split('\n')).toHaveLength(3)
      expect([name, text.includes('planted'), text.includes('[redacted]')]).toEqual([name, false, true])
    }
  })

  it('holds no key, secret or signature wherever it stands, and says whose key it was', () => {
    const text = written((log) => {
      log.info({ note: `${KEY} ${SECRET}`, deep: { er: { and: { deeper: [SIGNATURE] } } } }, `Bearer abc.def ${KEY}`)
      log.error(new Error(`no: ${SECRET}`))
      log.error(new Error(KEY), SIGNATURE)
    })
    expect(text.trim().split('\n')).toHaveLength(3)
    for (const secret of ['k'.repeat(43), 's'.repeat(31), 'g'.repeat(43), 'abc.def']) expect(text).not.toContain(secret)
    expect(text).toContain(`hk_${'0'.repeat(32)}_[redacted]`)
  })

  it.each([
    ['https://user:planted@example.com/a', 'https://[redacted]@example.com/a'],
    ['postgres://planted@db.example:5432/herald', 'postgres://[redacted]@db.example:5432/herald'],
    ['redis://:planted@[::1]:6379', 'redis://[redacted]@[::1]:6379'],
    ['https://example.com/hooks?token=planted', 'https://example.com/hooks?[redacted]'],
    ['https://example.com/hooks#planted', 'https://example.com/hooks?[redacted]'],
    ['https://example.com/hooks', 'https://example.com/hooks'],
  ])('of the URL %s it holds %s', (url, left) => {
    const lines = written((log) => {
      log.info({ url }, `to ${url}`)
      log.error({ err: new TypeError(`cannot reach ${url}`, { cause: new Error(url) }) })
    })
    expect(lines).not.toContain('planted')
    expect(lines.split(left).length - 1).toBe(4)
  })

  it('holds nothing that an error quotes, but its kind, code and place', () => {
    const prisma = Object.assign(
      new Error(
        '\nInvalid `prisma.agent.create()` invocation:\n\n{\n  data: {\n    agentName: "planted",\n  }\n}\n\nArgument `formatting` is missing.',
      ),
      { name: 'PrismaClientValidationError', clientVersion: '7' },
    )
    const postgres = Object.assign(new Error('invalid input syntax for type integer: "planted"'), {
      code: '22P02',
      detail: 'Key (id)=(planted) already exists.',
      where: 'unnamed portal parameter $1 = planted',
      constraint: 'App_pkey',
    })
    const json = thrown(() => JSON.parse('{"a": "planted", "b": planted}'))
    expect(json.message).toContain('planted')
    const odd = Object.assign(new Error('odd'), { config: { headers: { x: 'planted' } }, meta: { target: 'planted' } })
    const all = new AggregateError([postgres, json], 'several', { cause: prisma })
    const text = written((log) => {
      for (const err of [prisma, postgres, json, odd, all, 'planted', { message: 'planted' }]) log.error({ err })
    })
    expect(text).not.toContain('planted')
    const lines = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).err)
    expect(lines[0].message).toBe('Invalid `prisma.agent.create()` invocation: … Argument `formatting` is missing.')
    expect(lines[1]).toMatchObject({
      code: '22P02',
      constraint: 'App_pkey',
      message: 'invalid input syntax for type integer: "…"',
    })
    expect(lines[1].stack).toContain('log.test.ts')
    expect(lines[4]).toMatchObject({
      cause: { type: 'PrismaClientValidationError' },
      errors: [{ code: '22P02' }, { type: 'SyntaxError' }],
    })
    expect(lines[5]).toEqual({ type: 'string', message: 'something was thrown that is no error' })
  })

  it('stays a line of JSON', () => {
    const text = written((log) => log.info({ a: `"${KEY}"\n\\ https://u:p@h/?q="x" ${SECRET}` }, 'https://h/?a=b'))
    expect(JSON.parse(text)).toMatchObject({ level: 30 })
  })
})
