import { eventCursor } from '../feed/log.ts'
import { builder } from '../graphql/builder.ts'

const AppRef = builder.prismaNode('App', {
  id: { field: 'id' },
  nullable: true,
  description: 'A product that uses Herald. Everything belongs to one, and keys reach their own alone.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'Its name.' }),
    webhookCount: t.int({
      description: 'Webhooks that it has, inactive ones included.',
      resolve: (_, __, { db }) => db.webhook.count(),
    }),
    webhookLimit: t.int({
      description: 'Webhooks that it may have.',
      resolve: (_, __, { webhooks }) => webhooks.limit,
    }),
    eventCursor: t.string({
      description:
        'The cursor of the newest event. Read it, then the state, then subscribe with it: nothing is missed between.',
      resolve: ({ lastSequence }) => eventCursor({ sequence: lastSequence }),
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was made.' }),
  }),
})

builder.queryFields((t) => ({
  app: t.prismaField({
    type: AppRef,
    description: "The app of the caller's API key.",
    resolve: (query, _, __, { db, viewer }) => db.app.findUniqueOrThrow({ ...query, where: { id: viewer.appId } }),
  }),
}))
