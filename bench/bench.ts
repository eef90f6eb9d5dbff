// npm run bench [-- table …]: prints the tables, each figure beside what it is measured against, in the same run.
import { attackTable } from './attacks.ts'
import { backlogTable } from './backlog.ts'
import { consoleTable } from './console.ts'
import { drainTable, growthTable } from './drain.ts'
import { feedTable } from './feed.ts'
import { bulkTable, ingestTable } from './ingest.ts'
import { neighbourTable, steadyTable } from './live.ts'
import { openStand, type Stand } from './stand.ts'

const tables: Record<string, (stand: Stand) => Promise<object[]>> = {
  drain: drainTable,
  steady: steadyTable,
  neighbour: neighbourTable,
  growth: growthTable,
  backlog: backlogTable,
  ingest: ingestTable,
  bulk: bulkTable,
  feed: feedTable,
  attacks: attackTable,
  console: consoleTable,
}

const wanted = process.argv.slice(2)
const unknown = wanted.find((name) => !tables[name])
if (unknown) throw new Error(`there is no table ${unknown}; there are ${Object.keys(tables).join(', ')}`)
const stand = await openStand()
try {
  for (const [name, measure] of Object.entries(tables)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue
    const rows = await measure(stand)
    console.log(name)
    console.table(rows.map(readable))
  }
} finally {
  stand.close()
}

/** Three digits tell all that a noisy machine has to say. */
function readable(row: object): object {
  return Object.fromEntries(
    Object.entries(row).map(([key, value]) => [key, typeof value === 'number' ? round(value) : value]),
  )
}

function round(value: number): number {
  return Math.abs(value) >= 100 ? Math.round(value) : Number(value.toPrecision(3))
}
