import type { EventType } from '../gql/graphql.ts'

/** Every type of event that the log holds, and its name on the wire. */
export const eventNames: readonly (readonly [type: EventType, name: string])[] = [
  ['AGENT_CREATED', 'agent.created'],
  ['AGENT_UPDATED', 'agent.updated'],
  ['AGENT_DELETED', 'agent.deleted'],
  ['CONTEXT_CREATED', 'context.created'],
  ['CONTEXT_UPDATED', 'context.updated'],
  ['CONTEXT_DELETED', 'context.deleted'],
  ['CONTEXT_FILE_CREATED', 'contextfile.created'],
  ['CONTEXT_FILE_UPDATED', 'contextfile.updated'],
  ['CONTEXT_FILE_DELETED', 'contextfile.deleted'],
]
