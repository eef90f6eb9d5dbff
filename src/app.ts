import type { AddressInfo } from 'node:net'
import { bootstrap } from './access/api-keys.ts'
import { auditRetention } from './access/audit-retention.ts'
import { createAuthenticator } from './access/authenticator.ts'
import { createClientAddress } from './access/client-address.ts'
import { createKeyWatch } from './access/key-watch.ts'
import { createLocalRateLimiter } from './access/rate-limiter.ts'
import { createRedisRateLimiter } from './access/redis-rate-limiter.ts'
import { createInProcessBus } from './bus/in-process.ts'
import { createRedisBus } from './bus/redis.ts'
import { type Config, ConfigError } from './config.ts'
import { createConsoleServer } from './console-server.ts'
import type { Database } from './db/database.ts'
import { openEmbedded } from './db/embedded.ts'
import { openPostgres } from './db/postgres.ts'
import { startRetention } from './db/retention.ts'
import { startVacuum } from './db/vacuum.ts'
import { startDispatcher } from './dispatcher/dispatcher.ts'
import { OUTBOX_RETENTION_DAYS, outboxRetention } from './dispatcher/outbox-retention.ts'
import { createCommit } from './events/commit.ts'
import { eventRetention } from './events/event-retention.ts'
import type { StoredEvent } from './events/topics.ts'
import { createDeliveryFeed } from './feed/delivery-feed.ts'
import { createFeed } from './feed/feed.ts'
import { createGraphQLServer, type GraphQLOptions } from './graphql/server.ts'
import { serveWebSocket } from './graphql/websocket.ts'
import { createHttpServer, type HttpDeps } from './http.ts'
import type { Logger } from './log.ts'
import { createApiMetrics } from './metrics/api.ts'
import { addSharedMetrics } from './metrics/database.ts'
import { createDispatcherMetrics } from './metrics/dispatcher.ts'
import { createMetricsEndpoint } from './metrics/endpoint.ts'
import { createHttpMetrics } from './metrics/http.ts'
import { createMetrics } from './metrics/registry.ts'
import { version } from './version.ts'
import { createAddressPolicy } from './webhooks/address-policy.ts'
import { createBacklog } from './webhooks/backlog.ts'
import { createDeactivate } from './webhooks/deactivate.ts'
import { createReadHealth } from './webhooks/health.ts'
import { createSecretBox } from './webhooks/secrets.ts'
import { createWebhooks } from './webhooks/webhooks.ts'

/** A running Herald. Disposing of it ends what it does, in order, and resolves when nothing is left. */
export interface App extends AsyncDisposable {
  /** The API, e.g. http://127.0.0.1:4000/graphql */
  readonly url: string
  /** The ADMIN key that was made for an empty database; null when there was no need, or the key was given. */
  readonly madeKey: string | null
  /** What it runs on, for the line that is printed at start. */
  readonly setting: string
}

/**
 * Puts the parts together and starts those that the roles name.
 * @throws what stands in the way of a start: a database that cannot be reached, a port that is taken.
 */
export async function createApp(config: Config, log: Logger): Promise<App> {
  const started: (() => Promise<unknown>)[] = []
  const stop = async () => {
    for (const end of started.splice(0).reverse()) {
      await end().catch((error: Error) => log.error({ err: error }, 'a part did not stop cleanly'))
    }
  }
  try {
    const db = await openDatabase(config, log)
    started.push(async () => db[Symbol.asyncDispose]())
    const bus = config.redisUrl ? createRedisBus(config.redisUrl, log) : createInProcessBus()
    started.push(async () => bus[Symbol.asyncDispose]())
    started.push(startRetention(db.sql, auditRetention, config.auditRetentionDays, log))
    started.push(startRetention(db.sql, eventRetention, config.retentionDays, log))
    started.push(startRetention(db.sql, outboxRetention, OUTBOX_RETENTION_DAYS, log))
    if (db.setting === 'embedded') started.push(startVacuum(db.sql, log))
    const roles = config.roles.join(',')
    const metrics = createMetrics({ version, database: db.setting, bus: bus.kind, roles })
    addSharedMetrics(metrics, db, bus)
    const apiMetrics = config.roles.includes('api') ? createApiMetrics(metrics) : null
    const madeKey = await bootstrap(db, config.bootstrapApiKey)

    const secrets = createSecretBox(config.secretsKeys)
    const policy = createAddressPolicy(config.callbackAllowCidrs)
    const onCommitted = (events: readonly StoredEvent[]) => apiMetrics?.committed(events)
    const commit = createCommit(db, bus, config.retryScheduleS[0] ?? 0, onCommitted)
    const backlog = createBacklog(db.sql)
    let stopDispatcher = async () => {}
    if (config.roles.includes('dispatcher')) {
      const deactivate = createDeactivate(commit, backlog)
      const dispatcher = await startDispatcher({
        ...{ deactivate, sql: db.sql, bus, secrets, policy, log, config },
        metrics: createDispatcherMetrics(metrics),
        userAgent: `Herald/${version}`,
      })
      started.push(() => stopDispatcher())
      let stopping: Promise<void> | undefined
      stopDispatcher = () => (stopping ??= dispatcher.stop())
    }

    const keyWatch = createKeyWatch(db, log)
    started.push(async () => keyWatch[Symbol.asyncDispose]())
    let graphql: HttpDeps['graphql'] = null
    let closeStreams = async () => {}
    if (apiMetrics) {
      const feed = createFeed(db, bus, log)
      const deliveryFeed = createDeliveryFeed(db, bus)
      const webhooks = createWebhooks({ commit, secrets, policy, backlog, limit: config.webhookLimit })
      const limiter = config.redisUrl ? createRedisRateLimiter(config.redisUrl, log) : createLocalRateLimiter()
      started.push(async () => limiter[Symbol.asyncDispose]())
      const services = { commit, feed, deliveryFeed, webhooks, readHealth: createReadHealth(db.sql) }
      const { engine, drained } = createGraphQLServer(
        { db, services, keyWatch, limiter, metrics: apiMetrics, log },
        guardOptions(config),
      )
      graphql = {
        engine,
        authenticator: createAuthenticator(db, limiter, config.rateLimitFailedKeys, apiMetrics, log),
        clientAddress: createClientAddress(config.trustedProxies),
      }
      closeStreams = async () => {
        await feed[Symbol.asyncDispose]()
        await deliveryFeed[Symbol.asyncDispose]()
        await drained()
      }
    }

    const console = graphql && createConsoleServer()
    const server = createHttpServer({
      ...{ db, log, graphql, console },
      maxBodyBytes: config.maxBodyBytes,
      maxConnections: config.maxConnections,
      metrics: createHttpMetrics(metrics),
      sendMetrics: createMetricsEndpoint(metrics, config.metricsToken),
    })
    let closeSockets = async () => {}
    if (graphql && apiMetrics) {
      const deps = { ...graphql, keyWatch, metrics: apiMetrics, log }
      closeSockets = serveWebSocket(server, deps, config.maxBodyBytes, config.corsOrigins)
    }
    await new Promise<void>((resolve, reject) => {
      server.once('error', ({ message }) => reject(new ConfigError(`HOST and PORT cannot be used: ${message}`)))
      server.listen(config.port, config.host, resolve)
    })
    started.push(async () => {
      // At the same time: it begins nothing new while streams and requests end.
      void stopDispatcher()
      const closed = new Promise((resolve) => server.close(resolve))
      // Streams first: a server does not close while they are open.
      await closeStreams()
      await closeSockets()
      server.closeIdleConnections()
      const late = setTimeout(() => server.closeAllConnections(), 3000)
      await closed
      clearTimeout(late)
    })
    const { port } = server.address() as AddressInfo
    const host = config.host.includes(':') ? `[${config.host}]` : config.host
    return {
      url: `http://${host}:${port}/graphql`,
      madeKey,
      setting: `${db.setting} database, ${bus.kind} bus, roles ${config.roles.join(' and ')}`,
      [Symbol.asyncDispose]: stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

/** @throws ConfigError when Postgres cannot be reached, DataDirError when another process has the data folder. */
export async function openDatabase(config: Config, log: Logger): Promise<Database> {
  if (!config.databaseUrl) return openEmbedded(config.dataDir, log)
  return openPostgres(config.databaseUrl, log).catch((error: Error & { code?: string }) => {
    // Trouble of the network, or what Postgres says of user, password and database: the operator's to mend.
    if (!/^(E[A-Z]+|28...|3D...|53...|57...)$/.test(error.code ?? '') && !/timeout/.test(error.message)) throw error
    throw new ConfigError(`DATABASE_URL cannot be used: ${error.message || error.code}`)
  })
}

const guardOptions = (config: Config): GraphQLOptions => ({
  corsOrigins: config.corsOrigins,
  ratePerMin: config.rateLimitPerMin,
  subscriptionsPerKey: config.rateLimitSubscriptions,
  suggestions: config.suggestions,
  // How many rows the lists without paging hold: by their own limits or, for attempts, as a rule. A list that is missing
  // here keeps Herald from starting: nobody would know its cost.
  listSizes: {
    'Agent.contexts': 30,
    'ContextFilesCreateSuccess.contextFiles': 500,
    'Delivery.attempts': config.retryScheduleS.length,
    // However many webhooks an operator allows, one event's deliveries can be asked for.
    'Event.deliveries': Math.min(config.webhookLimit, 1000),
    'InvalidInputError.issues': 1,
    'Query.apiKeys': 500,
    'WebhookHealth.buckets': 168,
  },
})
