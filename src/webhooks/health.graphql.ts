import { builder } from '../graphql/builder.ts'
import { type Health, type HealthBucket, MAX_BUCKETS, MAX_DAYS } from './health.ts'
import { WebhookRef } from './webhooks.graphql.ts'

const described = {
  delivered: 'Attempts that delivered.',
  failed: 'Attempts that did not, those that are tried again included.',
  p50Ms: 'Half of the attempts took at most so many milliseconds; null where there was none.',
  p95Ms: '95 of 100 attempts took at most so many milliseconds; null where there was none.',
  p99Ms: '99 of 100 attempts took at most so many milliseconds; null where there was none.',
}

const BucketRef = builder.objectRef<HealthBucket>('WebhookHealthBucket').implement({
  description: "A part of the time that a webhook's health was asked for.",
  fields: (t) => ({
    start: t.expose('start', { type: 'DateTime', description: 'Where it begins; it ends where the next one does.' }),
    delivered: t.exposeInt('delivered', { description: described.delivered }),
    failed: t.exposeInt('failed', { description: described.failed }),
    p50Ms: t.exposeInt('p50Ms', { nullable: true, description: described.p50Ms }),
    p95Ms: t.exposeInt('p95Ms', { nullable: true, description: described.p95Ms }),
    p99Ms: t.exposeInt('p99Ms', { nullable: true, description: described.p99Ms }),
  }),
})

const HealthRef = builder.objectRef<Health>('WebhookHealth').implement({
  description: 'How a webhook fared: its attempts by when they began, in all and part by part.',
  fields: (t) => ({
    since: t.expose('since', { type: 'DateTime', description: 'From when on.' }),
    until: t.expose('until', { type: 'DateTime', description: 'Up to when, itself not included.' }),
    delivered: t.exposeInt('delivered', { description: described.delivered }),
    failed: t.exposeInt('failed', { description: described.failed }),
    p50Ms: t.exposeInt('p50Ms', { nullable: true, description: described.p50Ms }),
    p95Ms: t.exposeInt('p95Ms', { nullable: true, description: described.p95Ms }),
    p99Ms: t.exposeInt('p99Ms', { nullable: true, description: described.p99Ms }),
    buckets: t.expose('buckets', { type: [BucketRef], description: 'The parts, oldest first, empty ones included.' }),
  }),
})

builder.prismaObjectField(WebhookRef, 'health', (t) =>
  t.field({
    type: HealthRef,
    description: `How it fared. BAD_USER_INPUT: more than ${MAX_DAYS} days or ${MAX_BUCKETS} parts.`,
    args: {
      since: t.arg({
        type: 'DateTime',
        required: true,
        description: `Attempts that began at or after this moment; at most ${MAX_DAYS} days before \`until\`.`,
      }),
      until: t.arg({ type: 'DateTime', description: 'Only those that began before this moment. Not given: now.' }),
      buckets: t.arg.int({
        required: true,
        defaultValue: 24,
        description: `Equal parts to tell apart: 1 to ${MAX_BUCKETS}.`,
      }),
    },
    resolve: ({ id }, { since, until, buckets }, { readHealth, viewer }) =>
      readHealth(viewer.appId, id, { since, until: until ?? new Date(), buckets }),
  }),
)
