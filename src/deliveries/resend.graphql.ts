import { builder } from '../graphql/builder.ts'
import { DeliveryStatus } from '../graphql/enums.ts'
import { resultUnion } from '../graphql/result.ts'
import { WebhookRef } from '../webhooks/webhooks.graphql.ts'
import { DeliveryRef } from './deliveries.graphql.ts'
import { replayDeliveries, retryDelivery, testWebhook } from './resend.ts'

const ReplayRef = builder.prismaObject('Replay', {
  description: 'Ended deliveries of a webhook that are sent again, oldest first, in the background.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'rpl_…' }),
    scheduledCount: t.exposeInt('scheduledCount', { description: 'Deliveries that it was asked for.' }),
    doneCount: t.exposeInt('doneCount', { description: 'Deliveries that have been made due so far.' }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was asked for.' }),
    completedAt: t.expose('completedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When all were made due, or the webhook was deactivated; null while it goes on.',
    }),
  }),
})

builder.prismaObjectField(WebhookRef, 'replay', (t) =>
  t.field({
    type: ReplayRef,
    nullable: true,
    description: 'Its newest replay; null when there was none.',
    resolve: ({ id }, _, { db }) => db.replay.findFirst({ where: { webhookId: id }, orderBy: { id: 'desc' } }),
  }),
)

const DeliveriesReplayInput = builder.inputType('DeliveriesReplayInput', {
  description: 'Which deliveries are to be sent again.',
  fields: (t) => ({
    webhookId: t.id({ required: true, description: 'wh_…' }),
    since: t.field({ type: 'DateTime', required: true, description: 'Those of events at or after this moment.' }),
    until: t.field({ type: 'DateTime', description: 'Those of events before this moment; not given: now.' }),
    statuses: t.field({
      type: [DeliveryStatus],
      description: 'Those with these statuses; PENDING is refused. Not given: FAILED and CANCELED.',
    }),
  }),
})

type DeliveryRow = typeof DeliveryRef.$inferType
const delivery = (name: string, description: string) =>
  builder.objectRef<{ delivery: DeliveryRow }>(name).implement({
    description,
    fields: (t) => ({ delivery: t.expose('delivery', { type: DeliveryRef, description: 'The delivery, pending.' }) }),
  })
const DeliveryRetrySuccess = delivery('DeliveryRetrySuccess', 'The delivery is due at once.')
const WebhookTestSuccess = delivery('WebhookTestSuccess', 'A test event is on its way.')
const DeliveriesReplaySuccess = builder
  .objectRef<{ scheduledCount: number; replay: typeof ReplayRef.$inferType }>('DeliveriesReplaySuccess')
  .implement({
    description: 'The deliveries are sent again in the background. Webhook.replay tells how far it has come.',
    fields: (t) => ({
      scheduledCount: t.exposeInt('scheduledCount', { description: 'How many there are.' }),
      replay: t.expose('replay', { type: ReplayRef, description: 'The replay.' }),
    }),
  })

builder.mutationFields((t) => ({
  webhookTest: t.field({
    type: WebhookTestSuccess,
    description:
      'Sends a webhook.test event to the webhook, whatever it asked for, in one attempt. Needs ADMIN. ConflictError: it ' +
      'is inactive.',
    args: { id: t.arg.id({ required: true, description: 'wh_…' }) },
    errors: resultUnion('WebhookTest', 'NotFoundError', 'ConflictError'),
    resolve: async (_, { id }, { commit, viewer }) => ({ delivery: await testWebhook(commit, viewer, id) }),
  }),
  deliveryRetry: t.field({
    type: DeliveryRetrySuccess,
    description:
      'Sends a delivery again at once, whatever became of it; its schedule begins anew. Needs ADMIN. ConflictError: an ' +
      'attempt is under way, or the webhook is inactive.',
    args: { id: t.arg.id({ required: true, description: 'dlv_…' }) },
    errors: resultUnion('DeliveryRetry', 'NotFoundError', 'ConflictError'),
    resolve: async (_, { id }, { commit, viewer }) => ({ delivery: await retryDelivery(commit, viewer, id) }),
  }),
  deliveriesReplay: t.field({
    type: DeliveriesReplaySuccess,
    description:
      'Sends ended deliveries of a webhook again, oldest first, in the background. Needs ADMIN. ConflictError: the webhook ' +
      'is inactive, or a replay of it is under way.',
    args: { input: t.arg({ type: DeliveriesReplayInput, required: true, description: 'Which ones.' }) },
    errors: resultUnion('DeliveriesReplay', 'InvalidInputError', 'NotFoundError', 'ConflictError'),
    resolve: async (_, { input }, { db, commit, viewer }) => {
      const replay = await replayDeliveries(db, commit, viewer, input)
      return { scheduledCount: replay.scheduledCount, replay }
    },
  }),
}))
