import type { ScopedDb } from '../db/scoped.ts'
import { GoneError } from '../errors.ts'

interface Row {
  id: string
}
interface Batch {
  ids: string[]
  rows: Promise<Map<string, Row>>
}

const batches = new WeakMap<ScopedDb, Batch>()

/**
 * Reads a row together with all others that are asked for over the same `db` in the same turn: one query for all.
 * For whoever reads alike over that `db`; `readAll` is taken from the first. @throws GoneError
 */
export async function readTogether(db: ScopedDb, id: string, readAll: (ids: string[]) => Promise<Row[]>): Promise<Row> {
  const batch = batches.get(db) ?? begin(db, readAll)
  batch.ids.push(id)
  const row = (await batch.rows).get(id)
  if (!row) throw new GoneError()
  return row
}

function begin(db: ScopedDb, readAll: (ids: string[]) => Promise<Row[]>): Batch {
  const ids: string[] = []
  const rows = new Promise<void>((resolve) => setImmediate(resolve)).then(async () => {
    batches.delete(db)
    return new Map((await readAll(ids)).map((row) => [row.id, row]))
  })
  const batch = { ids, rows }
  batches.set(db, batch)
  return batch
}
