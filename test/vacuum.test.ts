import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { expect, it } from 'vitest'
import { openEmbedded } from '../src/db/embedded.ts'
import { vacuum } from '../src/db/vacuum.ts'
import { eventually } from './support/herald.ts'

it('makes the room of removed rows usable again on the embedded setting, and leaves tidy tables alone', async () => {
  await using db = await openEmbedded(mkdtempSync(join(tmpdir(), 'herald-data-')), pino({ level: 'silent' }))
  const { sql } = db
  await sql.query(`INSERT INTO "App" (id, name) VALUES ('app', 'a')`)
  const fill = `
    INSERT INTO "AuditEntry" (id, "appId", at, action, "targetId", changed)
    SELECT gen_random_uuid(), 'app', '2020-01-01', 'agent.created', 'agt', '{}' FROM generate_series(1, 5000)`
  const size = async () =>
    (await sql.query<{ size: number }>(`SELECT pg_relation_size('"AuditEntry"')::int AS size`))[0]?.size
  await sql.query(`SET session_replication_role = 'replica'`)
  const sizes: (number | undefined)[] = []
  for (let round = 0; round < 4; round++) {
    await sql.query(fill)
    sizes.push(await size())
    await sql.query('DELETE FROM "AuditEntry"')
    // What a session did is counted with a delay.
    await eventually(async () => (await vacuum(sql)).includes('AuditEntry'), 'its turn')
  }
  expect(sizes[0]).toBeGreaterThan(0)
  expect(sizes).toEqual(Array(4).fill(sizes[0]))
  expect(await vacuum(sql)).toEqual([])
})
