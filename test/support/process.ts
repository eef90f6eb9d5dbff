import { spawn } from 'node:child_process'
import { randomBytes, randomUUID } from 'node:crypto'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'

/** A Herald process under test. */
export interface Herald {
  url: string
  key: string
  pid: number
  output(): string
  kill(signal: NodeJS.Signals): Promise<number | null>
}

/** An empty database of its own on the tests' Postgres, and its URL. */
async function freshDatabase(server: string): Promise<string> {
  const name = `herald_${randomUUID().replaceAll('-', '')}`
  const client = new pg.Client({ connectionString: server })
  await client.connect()
  await client.query(`CREATE DATABASE ${name}`)
  await client.end()
  const url = new URL(server)
  url.pathname = `/${name}`
  return url.href
}

/** Runs SQL on the database of a Herald under test: for what the API cannot say, or must not be believed. */
export async function sql<Row extends pg.QueryResultRow = any>(
  env: Record<string, string>,
  text: string,
  params: unknown[] = [],
): Promise<Row[]> {
  const client = new pg.Client({ connectionString: env.DATABASE_URL })
  await client.connect()
  try {
    return (await client.query<Row>(text, params)).rows
  } finally {
    await client.end()
  }
}

/** Where Postgres and Redis are. */
export interface Servers {
  databaseUrl: string
  redisUrl: string
}

/** An environment of one of the two settings, with a database of its own. Processes that share it are one Herald. */
export async function environment(
  setting: 'embedded' | 'production',
  { databaseUrl, redisUrl }: Servers,
): Promise<Record<string, string>> {
  const key = `test-${randomBytes(16).toString('hex')}`
  if (setting === 'embedded') {
    return { DATA_DIR: mkdtempSync(join(tmpdir(), 'herald-data-')), BOOTSTRAP_API_KEY: key }
  }
  return {
    DATABASE_URL: await freshDatabase(databaseUrl),
    REDIS_URL: redisUrl,
    SECRETS_KEY: randomBytes(32).toString('base64'),
    CALLBACK_ALLOW_CIDRS: '127.0.0.1/32,::1/128',
    BOOTSTRAP_API_KEY: key,
  }
}

/** Starts a process and resolves when it listens, or rejects with what it said when it ended instead. */
export async function startHerald(
  env: Record<string, string>,
  command = ['--disable-warning=ExperimentalWarning', 'src/main.ts'],
): Promise<Herald> {
  const child = spawn(process.execPath, command, {
    env: { PATH: process.env.PATH, PORT: '0', LOG_LEVEL: 'warn', ...env },
  })
  let output = ''
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))
  const url = await new Promise<string>((resolve, reject) => {
    const read = (chunk: Buffer) => {
      output += chunk
      const match = /http:\/\/\S+\/graphql/.exec(output)
      if (match) resolve(match[0])
    }
    child.stdout.on('data', read)
    child.stderr.on('data', read)
    void ended.then((code) => reject(new Error(`ended with ${code}: ${output}`)))
  })
  return {
    url,
    pid: child.pid as number,
    key: env.BOOTSTRAP_API_KEY ?? /key for it, shown once: (\S+)/.exec(output)?.[1] ?? '',
    output: () => output,
    async kill(signal) {
      child.kill(signal)
      return ended
    },
  }
}

/** Starts a process that can be weighed. */
export async function startWeighedHerald(env: Record<string, string>) {
  const herald = await startHerald(env, [
    '--disable-warning=ExperimentalWarning',
    '--expose-gc',
    'test/support/weighed.ts',
  ])
  const weights = () => [...herald.output().matchAll(/holds (\d+) bytes;/g)]
  return Object.assign(herald, {
    /** MB that the process holds, garbage not counted. */
    async weigh(): Promise<number> {
      const before = weights().length
      process.kill(herald.pid, 'SIGUSR2')
      await eventually(() => weights().length > before, 'its weight')
      return Number(weights().at(-1)?.[1]) / 1024 / 1024
    },
  })
}

/** A command of the command line that goes on until it is stopped. */
export function startCommand(env: Record<string, string>, ...args: string[]) {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', 'src/main.ts', ...args], {
    env: { PATH: process.env.PATH, ...env },
  })
  let [out, err] = ['', '']
  child.stdout.on('data', (chunk) => (out += chunk))
  child.stderr.on('data', (chunk) => (err += chunk))
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  return {
    lines: () => out.split('\n').slice(0, -1),
    errors: () => err,
    ended,
    stop() {
      child.kill('SIGTERM')
      return ended
    },
  }
}

/** Runs a command of the command line to its end. */
export async function herald(env: Record<string, string>, ...args: string[]) {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', 'src/main.ts', ...args], {
    env: { PATH: process.env.PATH, LOG_LEVEL: 'warn', ...env },
  })
  let [out, err] = ['', '']
  child.stdout.on('data', (chunk) => (out += chunk))
  child.stderr.on('data', (chunk) => (err += chunk))
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  return { code, out: out.trim(), err: err.trim() }
}

/** Posts a document; fails the test where there are `errors`. */
export async function gql(herald: Pick<Herald, 'url' | 'key'>, query: string, variables: object = {}): Promise<any> {
  const { data, errors } = await raw(herald, query, variables)
  if (errors) throw new Error(JSON.stringify(errors))
  return data
}

/** Posts a document and gives the whole answer. */
export async function raw(herald: Pick<Herald, 'url' | 'key'>, query: string, variables: object = {}): Promise<any> {
  const response = await fetch(herald.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-api-key': herald.key },
    body: JSON.stringify({ query, variables }),
  })
  return response.json()
}

/** Waits for a state, not for a time. */
export async function eventually<T>(
  probe: () => T | Promise<T>,
  what: string,
  timeoutMs = 30_000,
): Promise<NonNullable<T>> {
  const end = Date.now() + timeoutMs
  for (;;) {
    const value = await probe()
    if (value) return value as NonNullable<T>
    if (Date.now() > end) throw new Error(`never came: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
