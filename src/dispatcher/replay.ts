import type { Bus } from '../bus/bus.ts'
import type { Sql } from '../db/database.ts'
import { deliveriesChanged, deliveriesTopic, replayTopic } from '../events/topics.ts'
import type { Logger } from '../log.ts'
import { createSignal } from '../signal.ts'

/** Deliveries that are made due in one statement. */
const BATCH = 500
/** Without any message, open replays are looked for this often. */
const POLL_MS = 5000

// One statement a batch, so that a crash leaves the replay where its deliveries are. Its row's lock keeps other
// dispatchers off it; `fromId` moves on behind the last row, so that each delivery is looked at once. One that was
// canceled and whose attempt is still under way is left out: it would be sent twice at a time.
const replaySql = `
  WITH replay AS MATERIALIZED (
    SELECT * FROM "Replay" WHERE "completedAt" IS NULL ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED
  ), batch AS MATERIALIZED (
    SELECT ended.id FROM replay CROSS JOIN LATERAL (
      SELECT id FROM "Delivery" delivery
      WHERE "webhookId" = replay."webhookId" AND id >= replay."fromId" AND id < replay."untilId"
        AND status = ANY(replay.statuses) AND NOT EXISTS (
          SELECT 1 FROM "OutboxEntry" WHERE "deliveryId" = delivery.id AND "leasedUntil" > now()
        )
      ORDER BY id LIMIT ${BATCH} FOR UPDATE
    ) ended
  ), owed AS (
    INSERT INTO "OutboxEntry" AS entry ("deliveryId", "webhookId", "dueAt")
    SELECT batch.id, replay."webhookId", now() FROM replay, batch
    ON CONFLICT ("deliveryId") DO UPDATE SET "dueAt" = now(), "leaseId" = NULL, "leasedUntil" = NULL
    WHERE entry."leasedUntil" IS NULL OR entry."leasedUntil" <= now()
    RETURNING "deliveryId"
  ), restarted AS (
    UPDATE "Delivery" SET status = 'PENDING', "completedAt" = NULL, "attemptsBefore" = "attemptCount"
    WHERE id = ANY(ARRAY(SELECT "deliveryId" FROM owed))
  )
  UPDATE "Replay" SET
    "doneCount" = "doneCount" + (SELECT count(*) FROM batch),
    "fromId" = coalesce((SELECT max(id) || '0' FROM batch), "fromId"),
    "completedAt" = CASE WHEN (SELECT count(*) FROM batch) < ${BATCH} THEN now() END
  WHERE id = (SELECT id FROM replay)
  RETURNING "appId"`

/** Walks through the replays that were asked for, in the background. */
export interface Replayer {
  /** Resolves when the batch under way is through; the rest is gone on with by whoever starts next. */
  stop(): Promise<void>
}

/** @param onDue told when deliveries fell due. */
export async function startReplayer(deps: { sql: Sql; bus: Bus; log: Logger; onDue(): void }): Promise<Replayer> {
  const { sql, bus, log } = deps
  const signal = createSignal()
  let stopping = false
  const unsubscribe = await bus.subscribe(replayTopic, signal.set)
  const running = run()

  async function run(): Promise<void> {
    while (!stopping) {
      try {
        const [batch] = await sql.query<{ appId: string }>(replaySql)
        if (batch) {
          bus.publish(deliveriesTopic(batch.appId), deliveriesChanged('many'))
          deps.onDue()
        } else await signal.wait(POLL_MS)
      } catch (error) {
        log.error({ err: error }, 'a replay did not go on; trying again')
        await signal.wait(POLL_MS)
      }
    }
  }

  return {
    async stop() {
      stopping = true
      unsubscribe()
      signal.set()
      await running
    },
  }
}
