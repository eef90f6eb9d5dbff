// A dashboard that is never out of date: it reads the agents once and keeps them by the live feed, over WebSocket or
// server-sent events. What it does is explained in docs/live.md; a test runs it.
import { Client, fetchExchange, gql, subscriptionExchange, type TypedDocumentNode } from '@urql/core'
import { createClient as createSseClient } from 'graphql-sse'
import { createClient as createWsClient } from 'graphql-ws'
import { onEnd, pipe, subscribe } from 'wonka'

/** What the dashboard shows of an agent. */
export interface Agent {
  id: string
  agentName: string
  live: boolean
}

export interface DashboardOptions {
  /** Of the API: https://herald.example/graphql */
  url: string
  key: string
  transport: 'ws' | 'sse'
  /** Called whenever something changed. */
  onChange?: (agents: ReadonlyMap<string, Agent>) => void
}

const CURSOR = gql<{ app: { eventCursor: string } }>`query { app { eventCursor } }`
interface AgentPage {
  agents: { nodes: Agent[]; pageInfo: { hasNextPage: boolean; endCursor: string | null } }
}
const AGENTS = gql<AgentPage>`query ($after: String) {
  agents(first: 100, after: $after) { nodes { id agentName live } pageInfo { hasNextPage endCursor } }
}`
interface AgentEvent {
  events: { cursor: string; name: string; entityId: string; data: Agent }
}
const EVENTS = gql<AgentEvent>`subscription ($after: String) {
  events(after: $after, entities: [AGENT]) { cursor name entityId data }
}`
/** Between two tries to reach the server. Real dashboards wait longer and longer, and not all alike. */
const RETRY_MS = 200

/** Opens the dashboard. @returns its agents, which change, and how to close it. */
export function openDashboard({ url, key, transport, onChange }: DashboardOptions) {
  const agents = new Map<string, Agent>()
  const { client, dispose } = connect(url, key, transport)
  let stopStream = () => {}
  let closed = false

  async function run(): Promise<void> {
    let after: string | null = null
    while (!closed) {
      try {
        after ??= await readState()
        // Ends with the connection; what was missed until the next one comes first on the next one.
        after = await follow(after)
      } catch {
        // The server is away.
      }
      if (!closed) await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
    }
  }

  /** The cursor first, then the state: whatever is committed between the two comes again, on the stream. */
  async function readState(): Promise<string> {
    const { app } = await ask(CURSOR, {})
    const found: Agent[] = []
    let after: string | null = null
    do {
      const { agents: page }: AgentPage = await ask(AGENTS, { after })
      found.push(...page.nodes)
      after = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null
    } while (after)
    agents.clear()
    for (const agent of found) agents.set(agent.id, agent)
    onChange?.(agents)
    return app.eventCursor
  }

  async function ask<Data>(query: TypedDocumentNode<Data>, variables: object): Promise<Data> {
    const { data, error } = await client.query(query, variables, { requestPolicy: 'network-only' })
    if (error || !data) throw error
    return data
  }

  /** Follows the events. @returns from where to go on; null when the state must be read anew. */
  function follow(after: string): Promise<string | null> {
    let cursor: string | null = after
    return new Promise((resolve) => {
      const { unsubscribe } = pipe(
        client.subscription(EVENTS, { after }),
        onEnd(() => resolve(cursor)),
        subscribe(({ data, error }) => {
          if (error?.graphQLErrors.some(({ extensions }) => extensions.code === 'CURSOR_EXPIRED')) cursor = null
          if (error || !data) return unsubscribe()
          apply(data.events)
          cursor = data.events.cursor
        }),
      )
      stopStream = unsubscribe
    })
  }

  function apply({ name, entityId, data }: { name: string; entityId: string; data: Agent }): void {
    if (name === 'agent.deleted') agents.delete(entityId)
    else agents.set(entityId, { id: entityId, agentName: data.agentName, live: data.live })
    onChange?.(agents)
  }

  const running = run()
  return {
    agents: agents as ReadonlyMap<string, Agent>,
    async close() {
      closed = true
      stopStream()
      await running
      dispose()
    },
  }
}

/** An urql client. The transports do not try again by themselves: they would begin at the cursor that they began with. */
function connect(url: string, key: string, transport: 'ws' | 'sse') {
  const headers = { 'x-api-key': key }
  const stream =
    transport === 'ws'
      ? createWsClient({ url: url.replace(/^http/, 'ws'), connectionParams: headers, retryAttempts: 0 })
      : createSseClient({ url, headers, retryAttempts: 0 })
  const client = new Client({
    url,
    preferGetMethod: false,
    fetchOptions: { headers },
    exchanges: [
      fetchExchange,
      subscriptionExchange({
        forwardSubscription: ({ query = '', variables }) => ({
          subscribe: (sink) => ({ unsubscribe: stream.subscribe({ query, variables }, sink as never) }),
        }),
      }),
    ],
  })
  return { client, dispose: () => void stream.dispose() }
}
