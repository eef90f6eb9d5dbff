import {
  AgentCreateDocument,
  AgentDeleteDocument,
  AgentUpdateDocument,
  DemoAgentsDocument,
} from '../console/gql/graphql.ts'
import { ask, CommandError, type Target, type TargetOptions, targetOf } from './client/target.ts'

/** What the demo agent is known by. */
const DEMO = { agentName: 'Herald demo', agentPurpose: 'Sample events of herald trigger', formatting: 'Plain' }
const DEMO_TAG = 'herald-trigger'

interface DemoAgent {
  id: string
  live: boolean
}

/** How each sample event is made. */
const samples: Record<string, (target: Target) => Promise<string>> = {
  'agent.created': async (target) => (await create(target)).id,
  async 'agent.updated'(target) {
    const { id, live } = (await find(target)) ?? (await create(target))
    const { agentUpdate } = await ask(target, AgentUpdateDocument, { id, input: { live: !live } })
    if (agentUpdate.__typename !== 'AgentUpdateSuccess') throw new CommandError(agentUpdate.message)
    return id
  },
  async 'agent.deleted'(target) {
    const { id } = (await find(target)) ?? (await create(target))
    const { agentDelete } = await ask(target, AgentDeleteDocument, { id })
    if (agentDelete.__typename !== 'AgentDeleteSuccess') throw new CommandError(agentDelete.message)
    return id
  },
}

/** The events that can be triggered. */
export const triggers = Object.keys(samples)

/** `herald trigger <event>`: makes a sample event by changing a demo agent, which is made where there is none. */
export async function trigger(event: string, options: TargetOptions, env: NodeJS.ProcessEnv): Promise<void> {
  const sample = samples[event]
  if (!sample) throw new CommandError(`${event} cannot be triggered; there are ${triggers.join(', ')}`)
  console.log(`${event} ${await sample(targetOf(options, env))}`)
}

async function find(target: Target): Promise<DemoAgent | undefined> {
  let after: string | null | undefined
  do {
    const { agents } = await ask(target, DemoAgentsDocument, { after })
    const demo = agents.nodes.find(({ tags }) => tags.includes(DEMO_TAG))
    if (demo) return demo
    after = agents.pageInfo.hasNextPage ? agents.pageInfo.endCursor : null
  } while (after)
  return undefined
}

async function create(target: Target): Promise<DemoAgent> {
  const { agentCreate } = await ask(target, AgentCreateDocument, { input: { ...DEMO, tags: [DEMO_TAG] } })
  if (agentCreate.__typename !== 'AgentCreateSuccess') throw new CommandError(agentCreate.message)
  return agentCreate.agent
}
