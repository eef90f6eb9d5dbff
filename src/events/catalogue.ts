import { EntityType, EventType } from '../db/generated/prisma/enums.ts'

/** What an event says happened to its entity. */
export type Verb = 'created' | 'updated' | 'deleted'

/** How an entity type is written in an event's name on the wire. */
const wireNames: Record<EntityType, string> = { AGENT: 'agent', CONTEXT: 'context', CONTEXT_FILE: 'contextfile' }

interface Entry {
  type: EventType
  /** As on the wire: agent.created */
  name: string
  /** Null for what is about no entity: webhook.test. */
  entity: EntityType | null
}

/** Every event there is. */
export const catalogue: readonly Entry[] = [
  ...Object.values(EntityType).flatMap((entity) =>
    (['created', 'updated', 'deleted'] as const).map((verb) => ({
      type: eventType(entity, verb),
      name: `${wireNames[entity]}.${verb}`,
      entity,
    })),
  ),
  { type: EventType.WEBHOOK_TEST, name: 'webhook.test', entity: null },
]

const byType = new Map(catalogue.map((entry) => [entry.type, entry]))

/** The type of the event that tells that `verb` happened to an `entity`. */
export function eventType(entity: EntityType, verb: Verb): EventType {
  return `${entity}_${verb.toUpperCase() as Uppercase<Verb>}`
}

/** The wire name of a type: agent.created. */
export const eventName = (type: EventType): string => (byType.get(type) as Entry).name

/** The entity type that events of this type are about; null for webhook.test. */
export const entityOf = (type: EventType): EntityType | null => (byType.get(type) as Entry).entity

/** The types that filters by entity and by type leave; null when they leave all. An empty filter filters nothing. */
export function matchingTypes(
  entities?: readonly EntityType[] | null,
  types?: readonly EventType[] | null,
): EventType[] | null {
  if (!entities?.length && !types?.length) return null
  return catalogue
    .filter(({ entity }) => !entities?.length || (entity !== null && entities.includes(entity)))
    .map(({ type }) => type)
    .filter((type) => !types?.length || types.includes(type))
}
