import { type DestinationStream, pino } from 'pino'
import pretty from 'pino-pretty'

/** Structured logs: JSON lines, pretty on a terminal. */
export type Logger = pino.Logger

/** Where a secret or key could stand in a logged object. The values there are replaced before anything is written. */
const redact = ['key', 'apiKey', 'secret', 'secrets', 'authorization', 'sealed', 'signature'].flatMap((name) => [
  name,
  `*.${name}`,
  `*.*.${name}`,
])

/** Makes the process's logger. `destination`: standard output where it is not given. */
export function createLogger(level: string, destination?: DestinationStream): Logger {
  const terminal = !destination && process.stdout.isTTY
  return pino(
    { level, redact: { paths: redact, censor: '[redacted]' }, base: { pid: process.pid } },
    destination ?? (terminal ? pretty({ ignore: 'pid,hostname', translateTime: 'HH:MM:ss.l' }) : pino.destination(1)),
  )
}
