import { inject } from 'vitest'
import { environment } from './process.ts'

export {
  eventually,
  gql,
  type Herald,
  herald,
  raw,
  sql,
  startCommand,
  startHerald,
  startWeighedHerald,
} from './process.ts'

/** An environment of one of the two settings, on the servers of this test run. */
export const settingEnv = (setting: 'embedded' | 'production') =>
  environment(setting, { databaseUrl: inject('databaseUrl'), redisUrl: inject('redisUrl') })
