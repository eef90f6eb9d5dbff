import { setTimeout as sleep } from 'node:timers/promises'
import type { Bus } from '../bus/bus.ts'
import type { Config } from '../config.ts'
import type { Sql } from '../db/database.ts'
import type { DeactivationReason } from '../db/generated/prisma/enums.ts'
import { timeOf } from '../db/ids.ts'
import { dueTopic, webhookTopic } from '../events/topics.ts'
import type { Logger } from '../log.ts'
import type { DispatcherMetrics } from '../metrics/dispatcher.ts'
import { createSignal } from '../signal.ts'
import type { AddressPolicy } from '../webhooks/address-policy.ts'
import type { Deactivate } from '../webhooks/deactivate.ts'
import type { SecretBox } from '../webhooks/secrets.ts'
import { type Attempt, startAttempt } from './attempt.ts'
import { type Claimed, claim, LEASE_S } from './claim.ts'
import { createCallbackClient } from './connect.ts'
import { type Lane, Lanes } from './lanes.ts'
import { giveBack, renewLeases } from './lease.ts'
import { startReplayer } from './replay.ts'
import { judge } from './retry.ts'
import { startSettler } from './settler.ts'
import { createKeyring, sign } from './sign.ts'

/** Deliveries of one claim. */
const MAX_CLAIM = 512
/** Deliveries in memory in all, attempts under way included: what bounds memory and sockets, whatever the backlog. */
const MAX_HELD = 4096
/** Of these so many may be one app's. */
const MAX_HELD_PER_APP = MAX_HELD / 4
/** Without any message, due deliveries are looked for this often. */
const POLL_MS = 500
/** Between two claims, unless the first one was cut short. */
const MIN_GAP_MS = 4
/** After an error of the database. */
const BACKOFF_MS = 1000
/** What stop() waits for attempts that are under way. */
const GRACE_MS = 12_000

/** What a dispatcher needs of the process. */
export interface DispatcherDeps {
  sql: Sql
  bus: Bus
  secrets: SecretBox
  policy: AddressPolicy
  log: Logger
  metrics: DispatcherMetrics
  deactivate: Deactivate
  userAgent: string
  config: Pick<Config, 'callbackConcurrency' | 'callbackProxy' | 'callbackTimeoutMs' | 'retryScheduleS'>
}

/** A running dispatcher. */
export interface Dispatcher {
  /** Claims no more, lets attempts end for 12 s, gives the rest back, and resolves when all is written down. */
  stop(): Promise<void>
}

/**
 * Sends what is due: claims, attempts and settles until it is stopped. Any number of dispatchers share the work over
 * one database. A database that is away is waited for; nothing that is claimed is lost by it.
 */
export async function startDispatcher(deps: DispatcherDeps): Promise<Dispatcher> {
  const { sql, bus, log, metrics, config } = deps
  const { callbackConcurrency, callbackTimeoutMs, retryScheduleS } = config
  const client = createCallbackClient(deps.policy, {
    timeoutMs: callbackTimeoutMs,
    proxy: config.callbackProxy,
  })
  const keyring = createKeyring(deps.secrets)
  const lanes = new Lanes(callbackConcurrency)
  const held = new Map<string, Claimed>()
  const signal = createSignal()
  const settler = startSettler({ sql, bus, log, metrics, onSettled: letGo, onHopeless })
  const underWay = new Set<Attempt>()
  let aborting = false
  let stopping = false
  let afterWebhookId = ''
  /** Webhooks that were changed while a claim is under way, which may have read them before. */
  const changedMeanwhile = new Set<string>()
  metrics.watch(() => ({ held: held.size, underWay: underWay.size }))

  /** Takes due deliveries into their lanes. @returns whether to claim again at once: the round is not through. */
  async function claimOnce(): Promise<boolean> {
    const max = Math.min(MAX_CLAIM, MAX_HELD - held.size)
    if (max <= 0) return false
    const rooms = lanes.rooms(MAX_HELD_PER_APP)
    changedMeanwhile.clear()
    const noteEnd = metrics.claiming()
    const { deliveries, goOnBehind } = await claim(sql, {
      max,
      roomPerLane: callbackConcurrency,
      rooms,
      afterWebhookId,
    })
    noteEnd()
    const touched = new Map<Lane, number>()
    for (const delivery of deliveries) {
      const lane = lanes.of(delivery)
      held.set(delivery.id, delivery)
      lane.held++
      lane.queue.push(delivery)
      touched.set(lane, (touched.get(lane) ?? 0) + 1)
    }
    if (changedMeanwhile.size > 0) {
      await release(lanes.takeQueued(({ webhookId }) => changedMeanwhile.has(webhookId)))
      signal.set()
    }
    for (const [lane, count] of touched) {
      lane.more = deliveries.length === max || count >= (rooms.get(lane.webhookId) ?? callbackConcurrency)
      pump(lane)
    }
    afterWebhookId = goOnBehind
    return goOnBehind !== ''
  }

  function pump(lane: Lane): void {
    while (!stopping && lane.underWay < lane.limit) {
      const delivery = lane.queue.shift()
      if (!delivery) break
      lane.underWay++
      void send(lane, delivery)
    }
  }

  async function send(lane: Lane, delivery: Claimed): Promise<void> {
    let attempt: Attempt | null = null
    try {
      attempt = startAttempt(client, delivery, headersOf(delivery), callbackTimeoutMs)
      underWay.add(attempt)
      const result = await attempt.ended
      if (aborting && result.outcome === 'TIMED_OUT') return
      const policy = delivery.eventType === 'WEBHOOK_TEST' ? 'ONCE' : delivery.policy
      const verdict = judge(result, delivery.attempt - delivery.attemptsBefore, policy, retryScheduleS)
      lane.ended(result.outcome === 'DELIVERED', result.durationMs)
      const delayMs = delivery.attempt === 1 ? result.startedAt.getTime() - timeOf(delivery.eventId).getTime() : null
      metrics.attempted(result.outcome, result.durationMs, delayMs)
      settler.add({ delivery, result, verdict })
    } catch (error) {
      // A bug, or a secret that no key opens. Its lease runs out, and it is tried again.
      log.error({ err: error, delivery: delivery.id }, 'a delivery could not be attempted')
      lane.ended(false, 0)
      letGo([delivery])
    } finally {
      lane.underWay--
      if (attempt) underWay.delete(attempt)
      pump(lane)
      if (lane.hungry || stopping) signal.set()
    }
  }

  /** What is written down or given back is no longer held. */
  function letGo(deliveries: readonly Claimed[]): void {
    const wasFull = held.size >= MAX_HELD
    for (const delivery of deliveries) {
      // It may have been claimed anew meanwhile, by ourselves.
      if (held.get(delivery.id) === delivery) held.delete(delivery.id)
      const lane = lanes.of(delivery)
      lane.held--
      lanes.release(lane)
    }
    if (wasFull) signal.set()
  }

  function headersOf({ id, appId, webhookId, eventId, attempt, body, sealedSecrets }: Claimed): Record<string, string> {
    const timestamp = Math.floor(Date.now() / 1000)
    return {
      'content-type': 'application/json',
      'user-agent': deps.userAgent,
      'webhook-id': eventId,
      'webhook-timestamp': String(timestamp),
      'webhook-signature': sign(keyring(sealedSecrets, { appId, webhookId }), eventId, timestamp, body),
      'herald-delivery': id,
      'herald-attempt': String(attempt),
    }
  }

  async function run(): Promise<void> {
    while (!stopping) {
      try {
        const began = performance.now()
        if (await claimOnce()) continue
        const ended = performance.now()
        await signal.wait(POLL_MS)
        // Room comes one by one as attempts end: it is gathered for as long as a claim takes, so that claiming takes no
        // more than half of the time. After a rest there is nothing to wait for.
        const rested = performance.now() - ended
        const due = Math.max(MIN_GAP_MS, ended - began)
        if (rested < due && !stopping) await sleep(due - rested)
      } catch (error) {
        log.error({ err: error }, 'claiming failed; trying again')
        await signal.wait(BACKOFF_MS)
      }
    }
  }

  async function renew(): Promise<void> {
    const known = [...held.values()]
    try {
      const kept = await renewLeases(sql, known)
      // Another has taken them over meanwhile, or they were canceled: what was not begun is not sent.
      const lost = new Set(known.filter(({ id }) => !kept.has(id)))
      if (lost.size > 0) await release(lanes.takeQueued((delivery) => lost.has(delivery)))
    } catch (error) {
      log.error({ err: error }, 'leases were not renewed')
    }
  }

  async function release(deliveries: readonly Claimed[]): Promise<void> {
    letGo(deliveries)
    await giveBack(sql, deliveries).catch((error: Error) => log.error({ err: error }, 'not given back'))
  }

  /** Puts back what waits for a webhook that was changed: it comes again as it is now, or not at all. */
  function onWebhookChanged(webhookId: string): void {
    changedMeanwhile.add(webhookId)
    void release(lanes.takeQueued((delivery) => delivery.webhookId === webhookId)).then(signal.set)
  }

  const deactivations = new Map<string, Promise<void>>()
  function onHopeless({ appId, webhookId }: Claimed, reason: DeactivationReason): void {
    if (deactivations.has(webhookId)) return
    const done = deps
      .deactivate(appId, webhookId, reason)
      .then(() => {
        metrics.deactivated(reason)
        log.info({ webhookId, reason }, 'a webhook was deactivated')
      })
      .catch((error: Error) => log.error({ err: error, webhookId }, 'a webhook was not deactivated'))
      .finally(() => deactivations.delete(webhookId))
    deactivations.set(webhookId, done)
  }

  const unsubscribes = await Promise.all([
    bus.subscribe(dueTopic, signal.set),
    bus.subscribe(webhookTopic, onWebhookChanged),
  ])
  const replayer = await startReplayer({ sql, bus, log, onDue: signal.set })
  const renewing = setInterval(renew, (LEASE_S * 1000) / 3)
  const running = run()

  return {
    async stop() {
      stopping = true
      for (const unsubscribe of unsubscribes) unsubscribe()
      signal.set()
      await Promise.all([running, replayer.stop()])
      await release(lanes.takeQueued(() => true))
      const late = setTimeout(() => {
        aborting = true
        for (const attempt of underWay) attempt.stop()
      }, GRACE_MS)
      while (underWay.size > 0) await signal.wait(1000)
      clearTimeout(late)
      await settler.stop()
      await Promise.all(deactivations.values())
      await release([...held.values()])
      clearInterval(renewing)
      await client.destroy()
    },
  }
}
