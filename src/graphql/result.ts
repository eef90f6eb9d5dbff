import {
  ConflictError,
  ContextNotEmptyError,
  InvalidInputError,
  NotFoundError,
  WebhookLimitReachedError,
} from '../errors.ts'

const errorTypes = { InvalidInputError, NotFoundError, WebhookLimitReachedError, ContextNotEmptyError, ConflictError }

/** The options that make of a mutation's field the union <name>Result, with the errors that it may end in. */
export function resultUnion(name: string, ...errors: (keyof typeof errorTypes)[]) {
  return {
    types: errors.map((error) => errorTypes[error]),
    union: { name: `${name}Result`, description: `How ${name[0]?.toLowerCase()}${name.slice(1)} ended.` },
  }
}
