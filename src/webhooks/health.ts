import type { Sql } from '../db/database.ts'
import { BadRequestError } from '../errors.ts'

/** Attempts of a stretch of time, and how long they took. */
interface HealthFigures {
  delivered: number
  failed: number
  /** Milliseconds; null where there was no attempt. Each is the duration of one of the attempts (nearest rank). */
  p50Ms: number | null
  p95Ms: number | null
  p99Ms: number | null
}

export interface HealthBucket extends HealthFigures {
  start: Date
}

export interface Health extends HealthFigures {
  since: Date
  until: Date
  buckets: HealthBucket[]
}

/** A week of hours: as fine as a plot can show. */
export const MAX_BUCKETS = 168
/** What one question may span, so that it reads a bounded part of the index. */
export const MAX_DAYS = 31
const DAY_MS = 86_400_000

interface Row {
  bucket: number | null
  delivered: number
  failed: number
  percentiles: number[]
}

// The index ("webhookId", "startedAt", outcome, "durationMs") holds all that is read. The row without a bucket is the
// whole. Integers alone: an attempt at a boundary belongs to the bucket that begins there.
const healthSql = `
  SELECT bucket,
    count(*) FILTER (WHERE outcome = 'DELIVERED')::int AS delivered,
    count(*) FILTER (WHERE outcome <> 'DELIVERED')::int AS failed,
    percentile_disc(ARRAY[0.5, 0.95, 0.99]) WITHIN GROUP (ORDER BY "durationMs") AS percentiles
  FROM (
    SELECT (((extract(epoch FROM "startedAt") * 1000)::int8 - $5::int8) / $6::int8)::int AS bucket, outcome, "durationMs"
    FROM "DeliveryAttempt"
    WHERE "webhookId" = (SELECT id FROM "Webhook" WHERE id = $1 AND "appId" = $2)
      AND "startedAt" >= $3::timestamptz AND "startedAt" < $4::timestamptz
  ) attempt
  GROUP BY GROUPING SETS ((bucket), ())`

/**
 * How a webhook of the app fared: its attempts that began from `since` on and before `until`, in one statement.
 * `buckets` are equal parts, 1 to 168; the last one ends at `until`. Throws BadRequestError.
 */
export type ReadHealth = (
  appId: string,
  webhookId: string,
  range: { since: Date; until: Date; buckets: number },
) => Promise<Health>

export const createReadHealth =
  (sql: Sql): ReadHealth =>
  async (appId, webhookId, { since, until, buckets }) => {
    const span = until.getTime() - since.getTime()
    if (buckets < 1 || buckets > MAX_BUCKETS) throw new BadRequestError(`buckets must be between 1 and ${MAX_BUCKETS}`)
    if (span < buckets || span > MAX_DAYS * DAY_MS) {
      throw new BadRequestError(`since must be before until, at most ${MAX_DAYS} days`)
    }
    const stepMs = Math.ceil(span / buckets)
    const range = [since.toISOString(), until.toISOString(), since.getTime(), stepMs]
    const rows = await sql.query<Row>(healthSql, [webhookId, appId, ...range])
    const byBucket = new Map(rows.map((row) => [row.bucket, row]))
    return {
      since,
      until,
      ...figures(byBucket.get(null)),
      buckets: Array.from({ length: buckets }, (_, index) => ({
        start: new Date(since.getTime() + index * stepMs),
        ...figures(byBucket.get(index)),
      })),
    }
  }

function figures(row: Row | undefined): HealthFigures {
  const [p50Ms = null, p95Ms = null, p99Ms = null] = row?.percentiles ?? []
  return { delivered: row?.delivered ?? 0, failed: row?.failed ?? 0, p50Ms, p95Ms, p99Ms }
}
