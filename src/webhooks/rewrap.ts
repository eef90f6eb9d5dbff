import type { Sql } from '../db/database.ts'
import type { SecretBox } from './secrets.ts'

/** Secrets that are read and written at a time. */
const BATCH = 500

interface Row {
  id: string
  appId: string
  webhookId: string
  sealed: string
}

/** What became of the secrets. */
export interface Rewrapped {
  /** Now under the first key. */
  rewrapped: number
  /** Were under it already. */
  current: number
  /** Webhooks whose secret no key of the list opens; these were left as they are. */
  unreadable: string[]
}

/**
 * Seals every secret anew under the first key, batch after batch. Processes that know both keys may run meanwhile; it
 * may be broken off and run again. A secret that changes in between is left as it was changed.
 */
export async function rewrapSecrets(sql: Sql, box: SecretBox): Promise<Rewrapped> {
  const result: Rewrapped = { rewrapped: 0, current: 0, unreadable: [] }
  let after = ''
  for (;;) {
    const rows = await sql.query<Row>(
      `SELECT id, "appId", "webhookId", sealed FROM "WebhookSecret" WHERE id > $1 ORDER BY id LIMIT ${BATCH}`,
      [after],
    )
    const last = rows.at(-1)
    if (!last) return result
    after = last.id
    const changes = rows.flatMap((row) => {
      const sealed = tryRewrap(row)
      return sealed === null ? [] : [{ ...row, anew: sealed }]
    })
    const written = await sql.query(
      `UPDATE "WebhookSecret" secret SET sealed = change.anew
       FROM unnest($1::text[], $2::text[], $3::text[]) AS change(id, sealed, anew)
       WHERE secret.id = change.id AND secret.sealed = change.sealed
       RETURNING secret.id`,
      [changes.map(({ id }) => id), changes.map(({ sealed }) => sealed), changes.map(({ anew }) => anew)],
    )
    result.rewrapped += written.length
  }

  function tryRewrap(row: Row): string | null {
    try {
      const sealed = box.rewrap(row.sealed, row)
      if (sealed === null) result.current++
      return sealed
    } catch {
      result.unreadable.push(row.webhookId)
      return null
    }
  }
}
