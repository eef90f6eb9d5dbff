import * as enums from '../db/generated/prisma/enums.ts'
import { builder } from './builder.ts'

export const EntityType = builder.enumType('EntityType', {
  description: 'What events are about.',
  values: {
    AGENT: { description: 'An agent.' },
    CONTEXT: { description: 'A context.' },
    CONTEXT_FILE: { description: "A context's file." },
  } as const,
})

export const EventType = builder.enumType('EventType', {
  description: 'What happened. On the wire: agent.created … contextfile.deleted, webhook.test.',
  values: Object.fromEntries(
    Object.values(enums.EventType).map((type) => [type, { description: describe(type) }]),
  ) as Record<enums.EventType, { description: string }>,
})

function describe(type: enums.EventType): string {
  if (type === 'WEBHOOK_TEST') return 'Someone tried a webhook out; it alone is sent this.'
  const [, entity, verb] = /^(.+)_(CREATED|UPDATED|DELETED)$/.exec(type) ?? []
  return `${entity === 'AGENT' ? 'An agent' : entity === 'CONTEXT' ? 'A context' : 'A context file'} was ${verb?.toLowerCase()}.`
}

export const WebhookStatus = builder.enumType('WebhookStatus', {
  description: 'Whether a webhook is sent events.',
  values: {
    ACTIVE: { description: 'It is.' },
    INACTIVE: { description: 'It is not: events that happen meanwhile are not owed to it.' },
  } as const,
})

export const DeactivationReason = builder.enumType('DeactivationReason', {
  description: 'Why a webhook is inactive.',
  values: {
    MANUAL: { description: 'Someone said so.' },
    ENDPOINT_GONE: { description: 'The endpoint answered 410.' },
    FAILING: { description: 'Every attempt failed for 5 days.' },
  } as const,
})

export const DeliveryPolicy = builder.enumType('DeliveryPolicy', {
  description: 'What happens when an attempt fails.',
  values: {
    RETRY: {
      description: 'It is tried again, 8 attempts in all: after 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 10 h, ±20 %.',
    },
    ONCE: { description: 'Nothing: one attempt, no retry.' },
  } as const,
})

export const DeliveryStatus = builder.enumType('DeliveryStatus', {
  description: 'How far a delivery has come.',
  values: {
    PENDING: { description: 'An attempt is due, under way or scheduled.' },
    SUCCEEDED: { description: 'The endpoint answered 2xx.' },
    FAILED: { description: 'The last attempt failed.' },
    CANCELED: { description: 'The webhook was deactivated before it was delivered.' },
  } as const,
})

export const AttemptOutcome = builder.enumType('AttemptOutcome', {
  description: 'How an attempt ended.',
  values: {
    DELIVERED: { description: 'Answered 2xx.' },
    REJECTED: { description: 'Answered anything else; redirects are not followed.' },
    TIMED_OUT: { description: 'No complete response head in time.' },
    UNREACHABLE: { description: 'Trouble with DNS, TCP, TLS or the answer itself.' },
    BLOCKED: { description: 'The address may not be reached. Nothing was sent.' },
  } as const,
})

export const ContextFileStatus = builder.enumType('ContextFileStatus', {
  description: 'How far a file has come.',
  values: {
    ACCEPTED: { description: 'It was made and waits for ingestion.' },
    FAIL: { description: 'Ingestion failed; statusReason says why.' },
    READY_FOR_PUBLICATION: { description: 'Ingested; someone is to publish it.' },
    PUBLISHED: { description: 'In use.' },
  } as const,
})

export const AgentAccess = builder.enumType('AgentAccess', {
  description: 'Who may talk to an agent.',
  values: {
    OPEN_ACCESS: { description: 'Everyone.' },
    RESTRICTED_ACCESS: { description: 'Only whom it was opened to.' },
  } as const,
})

export const ApiKeyScope = builder.enumType('ApiKeyScope', {
  description: 'What a key may do. Each holds those before it.',
  values: {
    READ: { description: 'Queries and subscriptions.' },
    WRITE: { description: 'Also agents, contexts and files.' },
    ADMIN: { description: "Also webhooks, secrets, deliveries' retry and replay, keys, the audit log." },
  } as const,
})
