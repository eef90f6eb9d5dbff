import { afterAll, beforeAll, expect, it } from 'vitest'
import { openDashboard } from '../docs/examples/dashboard.ts'
import * as api from '../src/console/gql/graphql.ts'
import { run } from './support/client.ts'
import { eventually, type Herald, settingEnv, sql, startHerald } from './support/herald.ts'
import { transports } from './support/live.ts'
import { freePort } from './support/servers.ts'

let env: Record<string, string>
let herald: Herald
beforeAll(async () => {
  env = { ...(await settingEnv('production')), ROLES: 'api', PORT: String(await freePort()) }
  herald = await startHerald(env)
})
afterAll(async () => {
  expect(await herald.kill('SIGTERM')).toBe(0)
})

const create = async (agentName: string): Promise<string> => {
  const input = { agentName, agentPurpose: 'p', formatting: 'f' }
  const { agentCreate } = await run(herald, api.AgentCreateDocument, { input })
  if (agentCreate.__typename !== 'AgentCreateSuccess') throw new Error(agentCreate.message)
  return agentCreate.agent.id
}
const update = (id: string, input: object) => run(herald, api.AgentUpdateDocument, { id, input })
const remove = (id: string) => run(herald, api.AgentDeleteDocument, { id })

it.each(transports)('the dashboard of docs/live.md shows what is, over %s, whatever happens', async (transport) => {
  const kept = await create('kept')
  const gone = await create('gone')
  const dashboard = openDashboard({ url: herald.url, key: herald.key, transport })
  await eventually(() => dashboard.agents.has(gone), 'the state')
  const added = await create('added')
  await update(kept, { live: true })
  await remove(gone)
  await eventually(() => dashboard.agents.has(added) && !dashboard.agents.has(gone), 'live events')
  expect(dashboard.agents.get(kept)).toEqual({ id: kept, agentName: 'kept', live: true })

  // A deploy: what is committed meanwhile comes when the dashboard is back.
  await herald.kill('SIGTERM')
  herald = await startHerald(env)
  await update(kept, { agentName: 'renamed' })
  await eventually(() => dashboard.agents.get(kept)?.agentName === 'renamed', 'an event after the restart')

  // It was away for longer than events are kept.
  await herald.kill('SIGTERM')
  await sql(env, `UPDATE "Agent" SET "agentName" = 'changed' WHERE id = $1`, [kept])
  await sql(env, 'UPDATE "App" SET "lastSequence" = "lastSequence" + 1')
  herald = await startHerald(env)
  await eventually(() => dashboard.agents.get(kept)?.agentName === 'changed', 'the state, read anew')
  await remove(added)
  await eventually(() => !dashboard.agents.has(added), 'a live event on the new state')
  await dashboard.close()
})
