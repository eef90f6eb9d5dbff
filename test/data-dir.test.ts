import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, realpathSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { eventually, startHerald } from './support/herald.ts'

const script = `
  import { lockDataDir } from './src/db/data-dir-lock.ts'
  try {
    const unlock = lockDataDir(process.argv[1])
    process.once('SIGTERM', () => { unlock(); console.log('released') })
    setInterval(() => {}, 60_000)
    console.log('held')
  } catch (error) {
    console.log(error.message)
  }`

/** A process that takes a data folder, and goes on holding it until it is killed. */
function holder(dataDir: string, env: Record<string, string> = {}) {
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, dataDir], {
    env: { PATH: process.env.PATH, ...env },
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk))
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  return {
    said: () => eventually(() => output.trim(), 'its word'),
    output: () => output.trim().split('\n'),
    kill(signal: NodeJS.Signals) {
      child.kill(signal)
      return ended
    },
    release: () => child.kill('SIGTERM'),
  }
}

let holders: ReturnType<typeof holder>[]
beforeEach(() => {
  holders = []
})
afterEach(() => Promise.all(holders.map((one) => one.kill('SIGKILL'))))
function take(dataDir: string, env?: Record<string, string>) {
  const one = holder(dataDir, env)
  holders.push(one)
  return one
}
const inUse = (dir: string) => `DATA_DIR ${dir} is in use by another process; one process at a time may open it`
const folder = () => realpathSync(mkdtempSync(join(tmpdir(), 'herald-data-')))

it('is one for all, wherever they keep temporary files and however they name the folder', async () => {
  const dir = folder()
  const link = join(folder(), 'link')
  symlinkSync(dir, link)
  expect(await take(dir).said()).toBe('held')
  for (const [name, env] of [
    [dir, {}],
    [dir, { TMPDIR: folder() }],
    [link, {}],
    [`${dir}/../${dir.split('/').at(-1)}/`, {}],
  ] as const) {
    expect([name, await take(name, env).said()]).toEqual([name, inUse(name)])
  }
  expect(await take(folder()).said()).toBe('held')
})

it('is taken by exactly one of many that come at once, also behind one that was killed', async () => {
  const dir = folder()
  for (let round = 0; round < 3; round++) {
    const many = Array.from({ length: 6 }, () => take(dir))
    const said = await Promise.all(many.map((one) => one.said()))
    expect(said.toSorted()).toEqual([...Array(5).fill(inUse(dir)), 'held'])
    await many[said.indexOf('held')]?.kill('SIGKILL')
  }
})

it('is given back, and leaves nothing that needs cleaning', async () => {
  const dir = folder()
  for (let round = 0; round < 3; round++) {
    const one = take(dir)
    expect(await one.said()).toBe('held')
    one.release()
    await eventually(() => one.output().includes('released'), 'given back')
  }
  expect(readdirSync(dir).filter((name) => name !== 'lock')).toEqual([])
})

it('is taken where no socket could be, and refused in one line where the path is too long for it', async () => {
  const part = join(folder(), 'x'.repeat(200), 'y'.repeat(200))
  const longest = join(part, 'z'.repeat(490 - part.length - 1))
  for (const dir of [longest, `${longest}z`]) mkdirSync(dir, { recursive: true })
  expect(longest).toHaveLength(490)
  expect(await take(longest).said()).toBe('held')
  expect(await take(longest).said()).toBe(inUse(longest))
  expect(await take(`${longest}z`).said()).toBe(`DATA_DIR ${longest}z is too long; its path may have at most 490 bytes`)
  expect(await take('/proc').said()).toMatch(/^DATA_DIR \/proc cannot be locked: /)
})

it('keeps a second Herald away, whatever its TMPDIR', async () => {
  const env = { DATA_DIR: folder(), BOOTSTRAP_API_KEY: 'k'.repeat(32) }
  const first = await startHerald(env)
  await expect(startHerald({ ...env, TMPDIR: folder() })).rejects.toThrow(
    /ended with 1: herald: DATA_DIR \S+ is in use by another process/,
  )
  expect(await first.kill('SIGTERM')).toBe(0)
})
