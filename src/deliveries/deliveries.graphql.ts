import { queryFromInfo } from '@pothos/plugin-prisma'
import type { GraphQLResolveInfo } from 'graphql'
import '../events/events.graphql.ts'
import { builder } from '../graphql/builder.ts'
import { connectionOf, pageArgs, rowPaths } from '../graphql/connection.ts'
import type { Context } from '../graphql/context.ts'
import { AttemptOutcome, DeliveryStatus, EventType } from '../graphql/enums.ts'
import { decodeIdCursor, type PageArgs, readPage } from '../page.ts'
import { WebhookRef } from '../webhooks/webhooks.graphql.ts'
import { readTogether } from './read-together.ts'

builder.prismaObject('DeliveryAttempt', {
  description: 'One request of a delivery, and what came of it.',
  fields: (t) => ({
    number: t.exposeInt('number', { description: 'From 1; the header herald-attempt.' }),
    outcome: t.expose('outcome', { type: AttemptOutcome, description: 'How it ended.' }),
    startedAt: t.expose('startedAt', { type: 'DateTime', description: 'When it began.' }),
    durationMs: t.exposeInt('durationMs', { description: 'Milliseconds from its begin to its end, body included.' }),
    requestHeaders: t.expose('requestHeaders', { type: 'JSON', description: 'The headers that were sent.' }),
    responseStatus: t.exposeInt('responseStatus', {
      nullable: true,
      description: 'The HTTP status, if there was one.',
    }),
    responseHeaders: t.field({
      type: 'JSON',
      nullable: true,
      description: 'The headers of the answer, if there was one.',
      resolve: ({ responseHeaders }) => responseHeaders,
    }),
    responseBody: t.string({
      nullable: true,
      description: 'The body of the answer as UTF-8, as far as it was kept: at most 16 KiB, as sent, never inflated.',
      resolve: ({ responseBody }) => responseBody && Buffer.from(responseBody).toString('utf8'),
    }),
    responseBodyTruncated: t.exposeBoolean('responseBodyTruncated', {
      description: 'Whether the body was longer than what was kept, or broke off.',
    }),
    failure: t.exposeString('failure', { nullable: true, description: 'Why it was no success, in a sentence.' }),
  }),
})

export const DeliveryRef = builder.prismaNode('Delivery', {
  id: { field: 'id' },
  nullable: true,
  description: 'What one webhook is owed for one event.',
  fields: (t) => ({
    webhook: t.relation('webhook', { description: 'To whom.' }),
    event: t.relation('event', { description: 'What for.' }),
    status: t.expose('status', { type: DeliveryStatus, description: 'How far it has come.' }),
    attemptCount: t.exposeInt('attemptCount', { description: 'Attempts that have ended.' }),
    nextAttemptAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When it is attempted next. Null when it has ended, and while an attempt is under way.',
      select: { outbox: true },
      resolve: ({ outbox }) => (outbox?.leaseId === null ? outbox.dueAt : null),
    }),
    attempts: t.relation('attempts', {
      description: 'The attempts, oldest first.',
      query: { orderBy: { number: 'asc' } },
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was made: with its event.' }),
    completedAt: t.expose('completedAt', { type: 'DateTime', nullable: true, description: 'When it ended.' }),
  }),
})

const DeliveryConnection = connectionOf('Delivery', DeliveryRef)

type Where = NonNullable<Parameters<Context['db']['delivery']['findMany']>[0]>['where']

/** What is pending is found by the outbox: among a million that have ended it would have to be looked for. */
const withStatus = (status: typeof DeliveryStatus.$inferType | null | undefined): Where =>
  status === 'PENDING' ? { status, outbox: { isNot: null } } : { status: status ?? undefined }

function listDeliveries(context: Context, info: GraphQLResolveInfo, page: PageArgs, where: Where) {
  const query = queryFromInfo({ context, info, typeName: 'Delivery', paths: rowPaths.map((path) => [...path]) })
  return readPage(page, decodeIdCursor, (take, after) =>
    context.db.delivery.findMany({ ...query, where: { ...where, id: { lt: after } }, orderBy: { id: 'desc' }, take }),
  )
}

builder.prismaObjectField(WebhookRef, 'deliveries', (t) =>
  t.field({
    type: DeliveryConnection,
    description: 'What it was and is owed, newest first.',
    args: { ...pageArgs, status: t.arg({ type: DeliveryStatus, description: 'Only those with this status.' }) },
    resolve: ({ id }, { status, ...page }, context, info) =>
      listDeliveries(context, info, page, { webhookId: id, ...withStatus(status) }),
  }),
)

builder.queryFields((t) => ({
  delivery: t.prismaField({
    type: DeliveryRef,
    nullable: true,
    description: 'A delivery by its id; null when there is none.',
    args: { id: t.arg.id({ required: true, description: 'dlv_…' }) },
    resolve: (query, _, { id }, { db }) => db.delivery.findUnique({ ...query, where: { id } }),
  }),
  deliveries: t.field({
    type: DeliveryConnection,
    description: 'The deliveries, newest first.',
    args: {
      ...pageArgs,
      webhookId: t.arg.id({ description: 'Only to this webhook.' }),
      status: t.arg({ type: DeliveryStatus, description: 'Only those with this status.' }),
      types: t.arg({ type: [EventType], description: 'Only for events of these types. Empty or not given: all.' }),
      since: t.arg({ type: 'DateTime', description: 'Only those made at or after this moment.' }),
      until: t.arg({ type: 'DateTime', description: 'Only those made before this moment.' }),
    },
    resolve: (_, { first, after, webhookId, status, types, since, until }, context, info) =>
      listDeliveries(
        context,
        info,
        { first, after },
        {
          webhookId: webhookId ?? undefined,
          ...withStatus(status),
          ...(types?.length && { event: { type: { in: types } } }),
          createdAt: { gte: since ?? undefined, lt: until ?? undefined },
        },
      ),
  }),
}))

builder.subscriptionFields((t) => ({
  deliveryChanged: t.field({
    type: DeliveryRef,
    description:
      'A delivery was created, attempted or ended, or was scheduled anew. Each is told in its newest state when the ' +
      'client takes it, not once for each step: a client that falls behind is told of the 1,000 that changed last. ' +
      'The same state may be told twice. While Redis is away changes are found within 5 s among the 1,000 newest ' +
      'deliveries of the app. Deliveries that were deleted with their webhook are not told.',
    args: { webhookId: t.arg.id({ description: 'Only those to this webhook. Of an unknown one nothing is told.' }) },
    subscribe: (_, { webhookId }, { deliveryFeed, viewer }) => deliveryFeed.watch(viewer, webhookId ?? null),
    resolve({ id }, _, context, info) {
      const query = queryFromInfo({ context, info, typeName: 'Delivery' })
      return readTogether(context.reader ?? context, id, (ids) =>
        context.db.delivery.findMany({ ...query, where: { id: { in: ids } } }),
      ) as never
    },
  }),
}))
