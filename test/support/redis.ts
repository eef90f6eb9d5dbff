import { type ChildProcess, spawn } from 'node:child_process'
import { eventually } from './herald.ts'
import { freePort, listens, programs } from './servers.ts'

/** A Redis of the test's own, which it may stop, hang and start again. */
export async function startRedis() {
  const port = await freePort()
  const program = `${programs('redis-server', 'redis-server', 'redis-server')}/redis-server`
  let child: ChildProcess | null = null
  const redis = {
    url: `redis://127.0.0.1:${port}`,
    async start() {
      if (child) return
      child = spawn(program, ['--port', String(port), '--save', '', '--appendonly', 'no'], { stdio: 'ignore' })
      await eventually(() => listens(port), 'redis')
    },
    async stop() {
      const ended = child && new Promise((resolve) => child?.once('exit', resolve))
      child?.kill('SIGKILL')
      child = null
      await ended
    },
    /** Leaves its connections open and answers nothing. */
    hang: () => child?.kill('SIGSTOP'),
    goOn: () => child?.kill('SIGCONT'),
  }
  await redis.start()
  return redis
}
