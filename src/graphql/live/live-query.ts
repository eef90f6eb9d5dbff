import {
  type DocumentNode,
  type ExecutionResult,
  executeSubscriptionEvent,
  print,
  type ValidatedSubscriptionArgs,
  visit,
} from 'graphql'
import { GoneError } from '../../errors.ts'
import type { Source } from '../../feed/source.ts'
import type { Logger } from '../../log.ts'
import type { Context } from '../context.ts'
import { maskError } from '../errors.ts'
import { Answer, type Answers } from './answer.ts'

/** What is asked alike by those who may be answered alike: one execution and one serialisation serves them all. */
export class LiveQuery {
  /** Streams that are answered by it. */
  users = 0
  readonly #number: number
  readonly #args: ValidatedSubscriptionArgs
  readonly #context: Context
  readonly #answers: Answers
  readonly #log: Logger
  static #numbers = 0

  /** @param context of no key in particular: nothing of a single caller can get into what all are sent. */
  constructor(args: ValidatedSubscriptionArgs, context: Context, answers: Answers, log: Logger) {
    this.#number = LiveQuery.#numbers++
    this.#args = args
    this.#context = { ...context, reader: this }
    this.#answers = answers
    this.#log = log
  }

  /** The answer for an item; null for an item that is gone. Never fails: a bug is logged and answered, masked. */
  answer<Item>(source: Source<Item>, item: Item): Answer | null | Promise<Answer | null> {
    const make = () => this.#make(item, source.cursorOf(item))
    // Kept for others only where there are any.
    return this.users > 1 ? this.#answers.get(`${this.#number} ${source.keyOf(item)}`, make) : make()
  }

  #make(rootValue: unknown, cursor: string | null): Answer | null | Promise<Answer | null> {
    const contextValue = { ...this.#context }
    const result = executeSubscriptionEvent({ ...this.#args, rootValue, contextValue })
    if (!(result instanceof Promise)) return this.#finish(result, cursor)
    return result.then((done) => this.#finish(done, cursor))
  }

  #finish({ data, errors }: ExecutionResult, cursor: string | null): Answer | null {
    if (!errors) return new Answer(JSON.stringify({ data }), cursor)
    if (errors.some(({ originalError }) => originalError instanceof GoneError)) return null
    const masked = errors.map((error) => maskError(error, this.#log).toJSON())
    return new Answer(JSON.stringify({ data, errors: masked }), cursor)
  }
}

const texts = new WeakMap<DocumentNode, { text: string; resume: string | null }>()

/**
 * All that an answer depends on, as a key: two streams are answered alike only where app, scopes, document, operation
 * and variables are the same. A variable that does nothing but say where to begin is left out.
 */
export function sharingKey(
  { appId, scopes }: Context['viewer'],
  document: DocumentNode,
  operationName: string | null | undefined,
  variables: Readonly<Record<string, unknown>> | null | undefined,
): string {
  const known = texts.get(document) ?? {
    text: document.loc?.source.body ?? print(document),
    resume: resumeVariable(document),
  }
  texts.set(document, known)
  const asked = Object.entries(variables ?? {})
    .filter(([name]) => name !== known.resume)
    .sort(([a], [b]) => (a < b ? -1 : 1))
  return JSON.stringify([appId, [...scopes].sort(), operationName ?? null, asked, known.text])
}

/** The variable that stands in `after` of the only operation's field, and nowhere else. */
function resumeVariable({ definitions }: DocumentNode): string | null {
  const [operation, more] = definitions.filter(({ kind }) => kind === 'OperationDefinition')
  if (!operation || more || operation.kind !== 'OperationDefinition') return null
  const [field] = operation.selectionSet.selections
  const after = field?.kind === 'Field' ? field.arguments?.find(({ name }) => name.value === 'after')?.value : undefined
  if (after?.kind !== 'Variable') return null
  let uses = 0
  for (const definition of definitions) {
    visit(definition, {
      VariableDefinition: () => false,
      Variable({ name }) {
        if (name.value === after.name.value) uses++
      },
    })
  }
  return uses === 1 ? after.name.value : null
}
