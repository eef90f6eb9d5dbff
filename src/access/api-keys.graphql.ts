import { builder } from '../graphql/builder.ts'
import { ApiKeyScope } from '../graphql/enums.ts'
import { resultUnion } from '../graphql/result.ts'
import { createApiKey, listApiKeys, revokeApiKey } from './api-keys.ts'

const described = {
  name: 'What it is for, 1 to 100 characters.',
  scopes: 'What it may do; a wider scope holds the narrower ones. At least one.',
  expiresAt: 'From when it is refused; null: never. In the future when it is made.',
}

const ApiKeyRef = builder.prismaNode('ApiKey', {
  id: { field: 'id' },
  nullable: true,
  description: 'What a client proves its app with. Its value is shown once, when it is made, and kept nowhere.',
  fields: (t) => ({
    name: t.exposeString('name', { description: described.name }),
    scopes: t.expose('scopes', { type: [ApiKeyScope], description: described.scopes }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was made.' }),
    expiresAt: t.expose('expiresAt', { type: 'DateTime', nullable: true, description: described.expiresAt }),
    lastUsedAt: t.expose('lastUsedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it was last used, to the minute; null: never.',
    }),
    revokedAt: t.expose('revokedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'Since when it is refused for good; null while it is not revoked.',
    }),
  }),
})

builder.queryFields((t) => ({
  currentKey: t.prismaField({
    type: ApiKeyRef,
    description: 'The key that this request is made with, so that a client can offer what its scopes allow.',
    resolve: (query, _, __, { db, viewer }) =>
      db.apiKey.findUniqueOrThrow({ ...query, where: { id: viewer.keyId ?? '' } }),
  }),
  apiKeys: t.field({
    type: [ApiKeyRef],
    description:
      "The app's keys: those not revoked, newest first, then the revoked ones, latest first; at most 500 together.",
    resolve: (_, __, { db }) => listApiKeys(db),
  }),
}))

const ApiKeyCreateInput = builder.inputType('ApiKeyCreateInput', {
  description: 'A new key.',
  fields: (t) => ({
    name: t.string({ required: true, description: described.name }),
    scopes: t.field({ type: [ApiKeyScope], required: true, description: described.scopes }),
    expiresAt: t.field({ type: 'DateTime', description: described.expiresAt }),
  }),
})

type ApiKeyRow = typeof ApiKeyRef.$inferType
const ApiKeyCreateSuccess = builder.objectRef<{ apiKey: ApiKeyRow; key: string }>('ApiKeyCreateSuccess').implement({
  description: 'The key was made.',
  fields: (t) => ({
    apiKey: t.expose('apiKey', { type: ApiKeyRef, description: 'The key, without its value.' }),
    key: t.exposeString('key', { description: 'Its value: hk_… Shown now and never again.' }),
  }),
})
const ApiKeyRevokeSuccess = builder.objectRef<{ apiKey: ApiKeyRow }>('ApiKeyRevokeSuccess').implement({
  description: 'The key is refused by every process within 5 seconds.',
  fields: (t) => ({ apiKey: t.expose('apiKey', { type: ApiKeyRef, description: 'The key after the change.' }) }),
})

builder.mutationFields((t) => ({
  apiKeyCreate: t.field({
    type: ApiKeyCreateSuccess,
    description: 'Makes a key. Needs ADMIN. ConflictError: the app has 500 keys that are not revoked.',
    args: { input: t.arg({ type: ApiKeyCreateInput, required: true, description: 'The key.' }) },
    errors: resultUnion('ApiKeyCreate', 'InvalidInputError', 'ConflictError'),
    resolve: (_, { input }, { commit, viewer }) => createApiKey(commit, viewer, input),
  }),
  apiKeyRevoke: t.field({
    type: ApiKeyRevokeSuccess,
    description:
      'Ends a key for good; again changes nothing. Needs ADMIN. ConflictError: the last valid key with ADMIN.',
    args: { id: t.arg.id({ required: true, description: 'key_…' }) },
    errors: resultUnion('ApiKeyRevoke', 'NotFoundError', 'ConflictError'),
    resolve: async (_, { id }, { commit, viewer }) => ({ apiKey: await revokeApiKey(commit, viewer, id) }),
  }),
}))
