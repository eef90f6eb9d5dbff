// Brings up what the tests need, once: the servers that the environment names, else those on the default local ports,
// else servers of our own from the programs on the machine, which Debian's packages provide where we may install them.
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import net from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  export interface ProvidedContext {
    databaseUrl: string
    redisUrl: string
  }
}

const stops: (() => unknown)[] = []

export default async function setup({ provide }: TestProject) {
  const { databaseUrl, redisUrl, stop } = await bringUpServers()
  provide('databaseUrl', databaseUrl)
  provide('redisUrl', redisUrl)
  return stop
}

/** Finds or starts Postgres and Redis. */
export async function bringUpServers() {
  const [databaseUrl, redisUrl] = [await findPostgres(), await findRedis()]
  const stop = async () => {
    for (const end of stops.splice(0).reverse()) await end()
  }
  return { databaseUrl, redisUrl, stop }
}

async function findPostgres(): Promise<string> {
  const given = process.env.TEST_DATABASE_URL
  if (given) return given
  const local = 'postgresql://postgres:postgres@127.0.0.1:5432/postgres'
  if (await connects(local)) return local
  const postgres = await startPostgres()
  stops.push(postgres.stop)
  return postgres.url
}

/** A Postgres of one's own, which may be stopped at once and started again. */
export async function startPostgres() {
  const bin = programs('postgres', 'initdb', 'postgresql')
  const dir = mkdtempSync(join(tmpdir(), 'herald-pg-'))
  const data = join(dir, 'data')
  const port = await freePort()
  const url = `postgresql://postgres@127.0.0.1:${port}/postgres`
  // Postgres refuses to run as root.
  const asRoot = userInfo().uid === 0
  if (asRoot) execFileSync('chown', ['-R', 'postgres', dir])
  const as = (command: string, args: string[]): [string, string[]] =>
    asRoot ? ['setpriv', ['--reuid=postgres', '--regid=postgres', '--clear-groups', command, ...args]] : [command, args]
  const initdb = ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C']
  execFileSync(...as(`${bin}/initdb`, initdb), { stdio: 'ignore', cwd: dir })
  const settings = [`unix_socket_directories=${dir}`, 'listen_addresses=127.0.0.1', 'max_connections=300']
  const options = [...settings, 'timezone=Asia/Tokyo'].flatMap((setting) => ['-c', setting])
  let child: ChildProcess | null = null

  async function start(): Promise<void> {
    child = spawn(...as(`${bin}/postgres`, ['-D', data, '-p', String(port), ...options]), { stdio: 'ignore', cwd: dir })
    await until(() => connects(url), 'postgres did not start')
  }
  /** Ends it at once, as a crash would: connections break, and it recovers at the next start. */
  async function crash(): Promise<void> {
    const ended = child && once(child, 'exit')
    child?.kill('SIGQUIT')
    await ended
  }
  await start()
  return {
    url,
    start,
    crash,
    async stop() {
      await crash()
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

async function findRedis(): Promise<string> {
  const given = process.env.TEST_REDIS_URL
  if (given) return given
  if (await listens(6379)) return 'redis://127.0.0.1:6379'
  const bin = programs('redis-server', 'redis-server', 'redis-server')
  const port = await freePort()
  const child = spawn(`${bin}/redis-server`, ['--port', String(port), '--save', '', '--appendonly', 'no'], {
    stdio: 'ignore',
  })
  stops.push(() => child.kill('SIGKILL'))
  await until(() => listens(port), 'redis-server did not start')
  return `redis://127.0.0.1:${port}`
}

/** The folder in which both programs are; installs Debian's package where that is allowed. */
export function programs(first: string, second: string, debianPackage: string): string {
  const find = () => {
    const versions = existsSync('/usr/lib/postgresql') ? readdirSync('/usr/lib/postgresql').sort().reverse() : []
    const folders = [...(process.env.PATH ?? '').split(':'), ...versions.map((v) => `/usr/lib/postgresql/${v}/bin`)]
    return folders.find((folder) => existsSync(join(folder, first)) && existsSync(join(folder, second)))
  }
  const found = find() ?? installDebian(debianPackage, find)
  if (!found) throw new Error(`the tests need ${first}; install the package ${debianPackage}`)
  return found
}

/** @returns what is found when the package is there, if it could be installed. */
function installDebian<T>(name: string, find: () => T): T {
  try {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
    execFileSync('apt-get', ['update'], { stdio: 'ignore', env })
    execFileSync('apt-get', ['install', '-y', name], { stdio: 'ignore', env })
  } catch {
    // Not as root, or not on Debian: said in one line by whoever needs it.
  }
  return find()
}

/** A Python that has Flask; installs Debian's package where that is allowed. */
export function pythonWithFlask(): string {
  const folders = [...(process.env.PATH ?? '').split(':'), '/usr/bin']
  const find = () =>
    folders
      .map((folder) => join(folder, 'python3'))
      .find((python) => existsSync(python) && spawnSync(python, ['-c', 'import flask']).status === 0)
  const found = find() ?? installDebian('python3-flask', find)
  if (!found) throw new Error('the tests need Python with Flask; install the package python3-flask')
  return found
}

async function connects(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 1000 })
  client.on('error', () => {})
  try {
    await client.connect()
    await client.end()
    return true
  } catch {
    return false
  }
}

export function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as net.AddressInfo
      server.close(() => resolve(port))
    })
  })
}

async function until(condition: () => Promise<boolean>, otherwise: string): Promise<void> {
  for (let tries = 0; tries < 150; tries++) {
    if (await condition()) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error(otherwise)
}
