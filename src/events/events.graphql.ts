import { queryFromInfo } from '@pothos/plugin-prisma'
import { BadRequestError } from '../errors.ts'
import { decodeEventCursor, eventCursor } from '../feed/log.ts'
import { builder } from '../graphql/builder.ts'
import { connectionOf, pageArgs, rowPaths } from '../graphql/connection.ts'
import { EntityType, EventType } from '../graphql/enums.ts'
import { readLast, readPage } from '../page.ts'
import { eventName, matchingTypes } from './catalogue.ts'

const EventRef = builder.prismaNode('Event', {
  id: { field: 'id' },
  nullable: true,
  description: 'Something that happened to an entity of the app.',
  fields: (t) => ({
    type: t.expose('type', { type: EventType, description: 'What happened.' }),
    name: t.string({ description: 'As on the wire: agent.created', resolve: ({ type }) => eventName(type) }),
    entityId: t.exposeID('entityId', { description: 'To what: the id of the agent, context or file.' }),
    externalTenantId: t.exposeString('externalTenantId', { nullable: true, description: "The entity's tenant." }),
    sequence: t.int({
      description:
        'Gapless and in commit order within the app, from 1; 0 for webhook.test, which is no part of the log.',
      resolve: ({ sequence }) => sequence ?? 0,
    }),
    cursor: t.string({
      description: 'Give it to `events(after:)`, query or subscription, to go on right behind this event.',
      resolve: eventCursor,
    }),
    occurredAt: t.expose('occurredAt', { type: 'DateTime', description: 'When the change was committed to.' }),
    data: t.field({
      type: 'JSON',
      description: 'The entity after the change, as in the callback; on deleted, as it last was.',
      resolve: ({ body }) => JSON.parse(body).data,
    }),
    changed: t.stringList({
      description: 'The fields that an update changed; empty for other events.',
      resolve: ({ body }) => JSON.parse(body).changed ?? [],
    }),
    deliveries: t.relation('deliveries', {
      description: 'What the webhooks were owed for it.',
      query: { orderBy: { id: 'asc' } },
    }),
  }),
})

const EventConnection = connectionOf('Event', EventRef, { cursor: eventCursor })

const filterArgs = builder.args((t) => ({
  entities: t.field({ type: [EntityType], description: 'Only about these. Empty or not given: all.' }),
  types: t.field({ type: [EventType], description: 'Only of these types. Empty or not given: all.' }),
  externalTenantId: t.string({ description: "Only this tenant's." }),
}))

builder.queryFields((t) => ({
  event: t.prismaField({
    type: EventRef,
    nullable: true,
    description: 'An event by its id; null when there is none, or it was removed after its retention.',
    args: { id: t.arg.id({ required: true, description: 'evt_…' }) },
    resolve: (query, _, { id }, { db }) => db.event.findUnique({ ...query, where: { id } }),
  }),
  events: t.field({
    type: EventConnection,
    description: 'The log of events, oldest first, so that `after` reads on. webhook.test is no part of it.',
    args: {
      ...pageArgs,
      ...filterArgs,
      since: t.arg({ type: 'DateTime', description: 'Only those at or after this moment.' }),
      until: t.arg({ type: 'DateTime', description: 'Only those before this moment.' }),
      last: t.arg.int({
        description: 'The newest so many, 0 to 100, in the same order; not together with `first` or `after`.',
      }),
    },
    resolve(_, { first, after, last, entities, types, externalTenantId, since, until }, context, info) {
      const query = queryFromInfo({ context, info, typeName: 'Event', paths: rowPaths.map((path) => [...path]) })
      const wanted = matchingTypes(entities, types)
      const read = (order: 'asc' | 'desc', take: number, sequence?: number) =>
        context.db.event.findMany({
          ...query,
          where: {
            sequence: { gt: sequence ?? 0 },
            ...(wanted && { type: { in: wanted } }),
            ...(externalTenantId != null && { externalTenantId }),
            occurredAt: { gte: since ?? undefined, lt: until ?? undefined },
          },
          orderBy: { sequence: order },
          take,
        })
      if (last == null) return readPage({ first, after }, decodeEventCursor, (take, key) => read('asc', take, key))
      if (first != null || after != null) throw new BadRequestError('last does not go with first or after')
      return readLast(last, (take) => read('desc', take))
    },
  }),
}))

builder.subscriptionFields((t) => ({
  events: t.field({
    type: EventRef,
    description:
      'Events as they are committed, in sequence. With `after`: first what was missed, from the log, then live; no event ' +
      'twice, none skipped. A cursor whose events were removed ends in an error with the code CURSOR_EXPIRED.',
    args: {
      after: t.arg.string({
        description:
          'The cursor of the last event that the client has. Over SSE the header Last-Event-ID says the same; where both ' +
          'are given, the later counts.',
      }),
      ...filterArgs,
    },
    subscribe: (_, { after, entities, types, externalTenantId }, { feed, viewer, lastEventId }) =>
      feed.subscribe(
        viewer,
        { types: matchingTypes(entities, types), externalTenantId: externalTenantId ?? null },
        [after, lastEventId].filter((cursor) => cursor != null),
      ),
    resolve: (event) => event,
  }),
}))
