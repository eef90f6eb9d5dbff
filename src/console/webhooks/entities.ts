import type { EntityType } from '../gql/graphql.ts'

/** The entity types, as the console calls them. */
export const entityLabels: Record<EntityType, string> = {
  AGENT: 'Agents',
  CONTEXT: 'Contexts',
  CONTEXT_FILE: 'Context Files',
}

export const entityTypes = Object.keys(entityLabels) as EntityType[]
