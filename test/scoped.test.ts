import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Database } from '../src/db/database.ts'
import { Prisma } from '../src/db/generated/prisma/client.ts'
import { openPostgres } from '../src/db/postgres.ts'
import { type ScopedDb, scopeTo } from '../src/db/scoped.ts'
import { createLogger } from '../src/log.ts'
import { settingEnv } from './support/herald.ts'

let db: Database
let one: ScopedDb
let two: ScopedDb
/** The operations of any model, which the tests go through by their names. */
const on = (client: object, model: string): any =>
  (client as Record<string, unknown>)[`${model[0]?.toLowerCase()}${model.slice(1)}`]
const models = Object.values(Prisma.ModelName)

beforeAll(async () => {
  const env = await settingEnv('production')
  db = await openPostgres(env.DATABASE_URL as string, createLogger('silent'))
  one = scopeTo(db.prisma, 'one')
  two = scopeTo(db.prisma, 'two')
  const at = new Date()
  const { prisma } = db
  await prisma.app.createMany({ data: ['one', 'two'].map((id) => ({ id, name: id })) })
  // One row of each model, all of app one.
  const appId = 'one'
  await prisma.apiKey.create({ data: { id: 'key', appId, name: 'n', keyHash: 'h', scopes: ['READ'] } })
  await prisma.context.create({ data: { id: 'ctx', appId, name: 'n', isSynced: false } })
  await prisma.contextFile.create({
    data: { id: 'file', appId, contextId: 'ctx', name: 'n', mimeType: 'm', status: 'ACCEPTED', autoPublish: false },
  })
  await prisma.document.create({ data: { fileId: 'file', content: 'c' } })
  await prisma.agent.create({
    data: { id: 'agt', appId, agentName: 'n', agentPurpose: 'p', formatting: 'f', live: true, access: 'OPEN_ACCESS' },
  })
  await prisma.agentContext.create({ data: { appId, agentId: 'agt', contextId: 'ctx', position: 0 } })
  await prisma.webhook.create({ data: { id: 'wh', appId, url: 'u', status: 'ACTIVE', deliveryPolicy: 'RETRY' } })
  await prisma.webhookSecret.create({ data: { id: 'whs', appId, webhookId: 'wh', sealed: 's' } })
  await prisma.event.create({
    data: { id: 'evt', appId, sequence: 1, type: 'AGENT_CREATED', entityId: 'agt', occurredAt: at, body: '{}' },
  })
  await prisma.delivery.create({
    data: { id: 'dlv', appId, webhookId: 'wh', eventId: 'evt', createdAt: at },
  })
  await prisma.outboxEntry.create({ data: { deliveryId: 'dlv', webhookId: 'wh', dueAt: at } })
  await prisma.deliveryAttempt.create({
    data: {
      deliveryId: 'dlv',
      number: 1,
      webhookId: 'wh',
      outcome: 'DELIVERED',
      startedAt: at,
      durationMs: 1,
      requestHeaders: {},
      responseBodyTruncated: false,
    },
  })
  await prisma.replay.create({
    data: {
      id: 'rep',
      appId,
      webhookId: 'wh',
      fromId: 'a',
      untilId: 'b',
      statuses: [],
      scheduledCount: 0,
      createdAt: at,
    },
  })
  await prisma.auditEntry.create({ data: { id: 'aud', appId, at, action: 'a', targetId: 't' } })
})
afterAll(() => db[Symbol.asyncDispose]())

it.each(models)('%s: another app sees, counts, changes and deletes none of its rows', async (model) => {
  const rows = model === 'App' ? { where: { name: 'one' } } : {}
  expect(await on(one, model).count(rows), 'a new model needs a row above').toBe(1)
  const [row] = await on(one, model).findMany(rows)
  const foreign = on(two, model)
  const [field] = Object.keys(row)
  expect(await foreign.findMany(rows)).toEqual([])
  expect(await foreign.findMany({ where: { OR: [{ [field as string]: row[field as string] }] } })).toEqual([])
  expect(await foreign.findFirst(rows)).toBeNull()
  expect(await foreign.count(rows)).toBe(0)
  expect((await foreign.aggregate({ ...rows, _count: true }))._count).toBe(0)
  expect(await foreign.groupBy({ by: [field], ...rows })).toEqual([])
  expect(await foreign.updateMany({ ...rows, data: {} })).toEqual({ count: 0 })
  expect(await foreign.updateManyAndReturn({ ...rows, data: {} })).toEqual([])
  expect(await foreign.deleteMany(rows)).toEqual({ count: 0 })
  if (row.id && model !== 'AuditEntry') {
    expect(await foreign.findUnique({ where: { id: row.id } })).toBeNull()
    await expect(foreign.findUniqueOrThrow({ where: { id: row.id } })).rejects.toThrow()
    await expect(foreign.update({ where: { id: row.id }, data: {} })).rejects.toThrow()
    await expect(foreign.delete({ where: { id: row.id } })).rejects.toThrow()
  }
  await expect(foreign.upsert({ where: {}, create: {}, update: {} })).rejects.toThrow('upsert is not scoped')
  expect(await on(one, model).findMany(rows)).toEqual([row])
})

it('keeps a row with its app, whatever the caller says', async () => {
  const made = await two.context.create({ data: { id: 'ctx2', appId: 'one', name: 'n', isSynced: false } })
  expect(made.appId).toBe('two')
  await two.context.createMany({ data: [{ id: 'ctx3', appId: 'one', name: 'n', isSynced: false }] })
  expect(await one.context.count()).toBe(1)
  for (const data of [{ appId: 'one' }, { appId: 'one', name: 'x' }]) {
    await expect(two.context.updateMany({ where: {}, data })).rejects.toThrow('a Context stays with its app')
  }
  await expect(two.app.update({ where: { id: 'two' }, data: { id: 'one' } })).rejects.toThrow(
    'a App stays with its app',
  )
  const where = { id: 'ctx2' }
  for (const files of [{ connect: { id: 'file' } }, { deleteMany: {} }, { create: {} }]) {
    await expect(two.context.update({ where, data: { files } as never })).rejects.toThrow(
      'write a relation by its columns',
    )
  }
  await expect(
    two.context.create({ data: { id: 'x', name: 'n', isSynced: false, app: { connect: { id: 'one' } } } }),
  ).rejects.toThrow('write a relation by its columns')
})

it('reads rows that are asked for at once together, and none of another app among them', async () => {
  await two.context.create({ data: { id: 'ctx9', appId: 'two', name: 'n', isSynced: false } })
  const ask = (db: typeof one) =>
    Promise.all(['ctx', 'ctx9', 'none'].map((id) => db.context.findUnique({ where: { id } })))
  expect((await ask(one)).map((row) => row?.id)).toEqual(['ctx', undefined, undefined])
  expect((await ask(two)).map((row) => row?.id)).toEqual([undefined, 'ctx9', undefined])
  const spoofed = { id: 'ctx', appId: 'one' }
  expect(await two.context.findUnique({ where: spoofed })).toBeNull()
})

it("cannot point at another app's rows: the database itself refuses", async () => {
  const file = { id: 'f2', appId: 'two', name: 'n', mimeType: 'm', status: 'ACCEPTED' as const, autoPublish: false }
  await expect(db.prisma.contextFile.create({ data: { ...file, contextId: 'ctx' } })).rejects.toThrow('Foreign key')
  const secret = { id: 's2', appId: 'two', webhookId: 'wh', sealed: 's' }
  await expect(db.prisma.webhookSecret.create({ data: secret })).rejects.toThrow('Foreign key')
  const link = { appId: 'two', agentId: 'agt', contextId: 'ctx2', position: 0 }
  await expect(db.prisma.agentContext.create({ data: link })).rejects.toThrow('Foreign key')
  const at = new Date()
  const delivery = { id: 'd2', appId: 'two', webhookId: 'wh', eventId: 'evt', createdAt: at }
  await expect(db.prisma.delivery.create({ data: delivery })).rejects.toThrow('Foreign key')
})
