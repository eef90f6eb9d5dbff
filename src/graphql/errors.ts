import { GraphQLError } from 'graphql'
import { sqlState } from '../db/database.ts'
import {
  BadRequestError,
  ConflictError,
  ContextNotEmptyError,
  ForbiddenError,
  type InputIssue,
  InvalidInputError,
  NotFoundError,
  WebhookLimitReachedError,
} from '../errors.ts'
import { CursorExpiredError } from '../feed/log.ts'
import type { Logger } from '../log.ts'
import { builder } from './builder.ts'

const ErrorInterface = builder.interfaceRef<Error>('Error').implement({
  description: 'What a client can act on. Select `... on Error { message }` to have a text for any of them.',
  fields: (t) => ({ message: t.exposeString('message', { description: 'What is wrong, for people.' }) }),
})

const InputIssueRef = builder.objectRef<InputIssue>('InputIssue').implement({
  description: 'One rule that one input field broke.',
  fields: (t) => ({
    path: t.exposeStringList('path', {
      description: 'The field, from the argument on: ["input", "url"]; elements of lists by their index.',
    }),
    message: t.exposeString('message', { description: 'The rule, for people.' }),
  }),
})

builder.objectType(InvalidInputError, {
  name: 'InvalidInputError',
  description: 'What was given breaks rules. Nothing was changed.',
  interfaces: [ErrorInterface],
  fields: (t) => ({
    issues: t.expose('issues', { type: [InputIssueRef], description: 'Every rule that was broken.' }),
  }),
})

builder.objectType(NotFoundError, {
  name: 'NotFoundError',
  description: "Nothing of the app has this id. Another app's id is answered just so.",
  interfaces: [ErrorInterface],
  fields: (t) => ({ nodeId: t.exposeID('nodeId', { description: 'The id that was looked for.' }) }),
})

builder.objectType(WebhookLimitReachedError, {
  name: 'WebhookLimitReachedError',
  description: 'The app has as many webhooks as it may have, inactive ones included.',
  interfaces: [ErrorInterface],
  fields: (t) => ({ limit: t.exposeInt('limit', { description: 'How many that is.' }) }),
})

builder.objectType(ContextNotEmptyError, {
  name: 'ContextNotEmptyError',
  description: 'The context still holds files.',
  interfaces: [ErrorInterface],
  fields: (t) => ({ fileCount: t.exposeInt('fileCount', { description: 'How many.' }) }),
})

builder.objectType(ConflictError, {
  name: 'ConflictError',
  description: 'What was named is in a state in which this cannot be done.',
  interfaces: [ErrorInterface],
})

/** Errors that clients of queries and subscriptions can act on, by the code that they are answered with. */
const codes = new Map<unknown, string>([
  [ForbiddenError, 'FORBIDDEN'],
  [BadRequestError, 'BAD_USER_INPUT'],
  [CursorExpiredError, 'CURSOR_EXPIRED'],
])

/** What Postgres says of text and times that it cannot hold. Inputs are checked before; arguments of queries are not. */
const unstorable = new Set(['22021', '22P05', '22007', '22008'])

/**
 * What a client sees of an error in `errors[]`: those of the request itself and those with a code as they are; all
 * else is a bug of ours, logged whole and masked.
 */
export function maskError(error: unknown, log: Logger): GraphQLError {
  const told = tellError(error)
  if (told) return told
  const at = placeOf(error)
  log.error({ err: causeOf(error), path: at.path }, 'a request failed')
  const extensions = { code: 'INTERNAL_SERVER_ERROR' }
  return new GraphQLError('Something went wrong here; it was logged', { ...at, extensions })
}

const causeOf = (error: unknown) => (error instanceof GraphQLError ? error.originalError : error)

/** Where in the document and in the answer it happened, as far as it is known. */
function placeOf(error: unknown): Pick<Partial<GraphQLError>, 'nodes' | 'source' | 'positions' | 'path'> {
  const { nodes, source, positions, path } = (error instanceof GraphQLError ? error : {}) as Partial<GraphQLError>
  return { nodes, source, positions, path }
}

/** An error as a client is told of it; null for a bug of ours, of which it is told nothing. */
export function tellError(error: unknown): GraphQLError | null {
  const cause = causeOf(error)
  if (!cause || cause instanceof GraphQLError) {
    const known = (cause ?? error) as GraphQLError
    // Yoga passes on what JSON.parse said, which quotes the body. Its name must stay: Yoga tells the status by it.
    const { originalError } = known.extensions as { originalError?: Partial<Error> }
    if (originalError) delete originalError.message
    return known
  }
  const at = placeOf(error)
  const code = codes.get(cause.constructor)
  if (code) return new GraphQLError((cause as Error).message, { ...at, extensions: { code } })
  if (unstorable.has(sqlState(cause) ?? '')) {
    const message = 'An argument holds what no database can look up: NUL, broken text or a time out of range'
    return new GraphQLError(message, { ...at, extensions: { code: 'BAD_USER_INPUT' } })
  }
  return null
}

/** How a caller without a valid key is answered. */
export const unauthenticated = () =>
  new GraphQLError('A valid API key is needed, in x-api-key or Authorization: Bearer', {
    extensions: { code: 'UNAUTHENTICATED' },
  })
