import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import ipaddr from 'ipaddr.js'
import { z } from 'zod'

/** A value of the environment that Herald cannot start with. Its message is one line for the operator. */
export class ConfigError extends Error {
  override name = 'ConfigError'
}

/** What a process does: answer the API, send callbacks, or both. */
type Role = 'api' | 'dispatcher'

/** A range of addresses, e.g. 10.0.0.0/8. */
export type Cidr = [ipaddr.IPv4 | ipaddr.IPv6, number]

const list = (value: string) =>
  value
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')

const integer = (fallback: number, min: number, max: number) =>
  z
    .string()
    .regex(/^\d+$/, 'must be a whole number')
    .transform(Number)
    .pipe(z.number().min(min, `must be at least ${min}`).max(max, `must be at most ${max}`))
    .default(fallback)

const url = (...protocols: string[]) =>
  z
    .string()
    .refine((value) => URL.canParse(value) && protocols.includes(new URL(value).protocol), {
      message: `must be a URL that begins with ${protocols.map((p) => `${p}//`).join(' or ')}`,
    })
    .optional()

const cidrs = z.string().transform((value, ctx): Cidr[] =>
  list(value).flatMap((part) => {
    if (ipaddr.isValidCIDR(part)) return [ipaddr.parseCIDR(part)]
    ctx.addIssue({ code: 'custom', message: `holds ${JSON.stringify(part)}, which is no CIDR range` })
    return []
  }),
)

const secretsKeys = z.string().transform((value, ctx): Buffer[] => {
  const keys = list(value).map((key) => Buffer.from(key, 'base64'))
  if (keys.length === 0 || keys.some((key) => key.length !== 32)) {
    ctx.addIssue({ code: 'custom', message: 'must be base64 of 32 bytes, or several of them between commas' })
  }
  return keys
})

const roles = z
  .string()
  .transform(list)
  .pipe(z.array(z.enum(['api', 'dispatcher'], 'knows api and dispatcher')).min(1, 'must name at least one role'))
  .default(['api', 'dispatcher'])

const schedule = z
  .string()
  .transform(list)
  .pipe(
    z
      .array(z.string().regex(/^\d+$/, 'must be whole seconds between commas').transform(Number))
      .min(1, 'must hold at least one delay')
      .max(50, 'must hold at most 50 delays'),
  )
  .default([0, 5, 300, 1800, 7200, 18_000, 36_000, 36_000])

/** The environment, as operators write it. README's configuration table is the long form. */
const Environment = z.object({
  HOST: z.string().min(1).default('127.0.0.1'),
  PORT: integer(4000, 0, 65_535),
  DATABASE_URL: url('postgres:', 'postgresql:'),
  REDIS_URL: url('redis:', 'rediss:'),
  DATA_DIR: z.string().min(1).default('.herald'),
  ROLES: roles,
  BOOTSTRAP_API_KEY: z.string().min(16, 'must have at least 16 characters').max(200).optional(),
  SECRETS_KEY: secretsKeys.optional(),
  CALLBACK_ALLOW_CIDRS: cidrs.optional(),
  CALLBACK_PROXY: url('http:', 'https:'),
  CALLBACK_TIMEOUT_MS: integer(15_000, 10, 600_000),
  CALLBACK_CONCURRENCY: integer(16, 1, 1000),
  RETRY_SCHEDULE_S: schedule,
  WEBHOOK_LIMIT: integer(50, 0, 100_000),
  MAX_BODY_BYTES: integer(1_048_576, 1024, 104_857_600),
  MAX_CONNECTIONS: integer(20_000, 1, 1_000_000),
  RETENTION_DAYS: integer(30, 0, 36_500),
  AUDIT_RETENTION_DAYS: integer(365, 0, 36_500),
  RATE_LIMIT_PER_MIN: integer(1_000_000, 0, 1_000_000_000),
  RATE_LIMIT_SUBSCRIPTIONS: integer(1000, 0, 1_000_000),
  RATE_LIMIT_FAILED_KEYS: integer(300, 0, 1_000_000),
  GRAPHQL_SUGGESTIONS: z.enum(['on', 'off']).optional(),
  TRUST_PROXY: cidrs.optional(),
  CORS_ORIGINS: z.string().transform(list).default([]),
  METRICS_TOKEN: z.string().min(16, 'must have at least 16 characters').max(200).optional(),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
})

/** Everything a process can be told, checked and frozen. Durations are in the unit that the name ends with. */
export type Config = Readonly<ReturnType<typeof readConfig>>

/** Makes the embedded setting's key once, so that secrets in the data folder stay readable. */
function ownSecretsKey(dataDir: string): Buffer[] {
  const file = join(dataDir, 'secrets.key')
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  try {
    writeFileSync(file, randomBytes(32).toString('base64'), { flag: 'wx', mode: 0o600 })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  return secretsKeys.parse(readFileSync(file, 'utf8'))
}

/**
 * Reads the environment. An empty value counts as not set.
 * @throws ConfigError naming each bad variable, in one line.
 */
export function readConfig(env: Record<string, string | undefined>) {
  const set = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''))
  const parsed = Environment.safeParse(set)
  if (!parsed.success) {
    throw new ConfigError(
      parsed.error.issues.map((issue) => `${issue.path[0]?.toString()} ${issue.message}`).join('; '),
    )
  }
  const e = parsed.data
  const embedded = e.DATABASE_URL === undefined
  if (!embedded && !e.SECRETS_KEY) {
    throw new ConfigError('SECRETS_KEY must be set when DATABASE_URL is: base64 of 32 random bytes')
  }
  const local = cidrs.parse('127.0.0.1/32,::1/128')
  return Object.freeze({
    host: e.HOST,
    port: e.PORT,
    databaseUrl: e.DATABASE_URL,
    redisUrl: e.REDIS_URL,
    dataDir: e.DATA_DIR,
    roles: e.ROLES as readonly Role[],
    bootstrapApiKey: e.BOOTSTRAP_API_KEY,
    secretsKeys: (e.SECRETS_KEY ?? ownSecretsKey(e.DATA_DIR)) as readonly Buffer[],
    callbackAllowCidrs: (e.CALLBACK_ALLOW_CIDRS ?? (embedded ? local : [])) as readonly Cidr[],
    callbackProxy: e.CALLBACK_PROXY,
    callbackTimeoutMs: e.CALLBACK_TIMEOUT_MS,
    callbackConcurrency: e.CALLBACK_CONCURRENCY,
    retryScheduleS: e.RETRY_SCHEDULE_S as readonly number[],
    webhookLimit: e.WEBHOOK_LIMIT,
    maxBodyBytes: e.MAX_BODY_BYTES,
    maxConnections: e.MAX_CONNECTIONS,
    retentionDays: e.RETENTION_DAYS,
    auditRetentionDays: e.AUDIT_RETENTION_DAYS,
    rateLimitPerMin: e.RATE_LIMIT_PER_MIN,
    rateLimitSubscriptions: e.RATE_LIMIT_SUBSCRIPTIONS,
    rateLimitFailedKeys: e.RATE_LIMIT_FAILED_KEYS,
    suggestions: e.GRAPHQL_SUGGESTIONS === undefined ? embedded : e.GRAPHQL_SUGGESTIONS === 'on',
    trustedProxies: (e.TRUST_PROXY ?? []) as readonly Cidr[],
    corsOrigins: e.CORS_ORIGINS as readonly string[],
    metricsToken: e.METRICS_TOKEN ?? null,
    logLevel: e.LOG_LEVEL,
  })
}
