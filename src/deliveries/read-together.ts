import { GoneError } from '../errors.ts'

interface Row {
  id: string
}
interface Batch {
  ids: string[]
  rows: Promise<Map<string, Row>>
}

const batches = new WeakMap<object, Batch>()

/**
 * Reads a row together with all others that are asked for by the same `reader` in the same turn: one query for all.
 * @param reader whoever reads alike; `readAll` is taken from its first. @throws GoneError
 */
export async function readTogether(
  reader: object,
  id: string,
  readAll: (ids: string[]) => Promise<Row[]>,
): Promise<Row> {
  const batch = batches.get(reader) ?? begin(reader, readAll)
  batch.ids.push(id)
  const row = (await batch.rows).get(id)
  if (!row) throw new GoneError()
  return row
}

function begin(reader: object, readAll: (ids: string[]) => Promise<Row[]>): Batch {
  const ids: string[] = []
  const rows = new Promise<void>((resolve) => setImmediate(resolve)).then(async () => {
    batches.delete(reader)
    return new Map((await readAll(ids)).map((row) => [row.id, row]))
  })
  const batch = { ids, rows }
  batches.set(reader, batch)
  return batch
}
