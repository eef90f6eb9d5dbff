import {
  type DocumentNode,
  type ExecutionArgs,
  GraphQLError,
  type GraphQLSchema,
  getOperationAST,
  validate,
} from 'graphql'
import type { Plugin } from 'graphql-yoga'
import type { Budget, RateLimiter } from '../access/rate-limiter.ts'
import type { Viewer } from '../access/viewer.ts'
import type { ApiMetrics } from '../metrics/api.ts'
import { createCost, type ListSizes, type Variables } from './cost.ts'
import { beyond, limits, parseWithin } from './limits.ts'
import { LiveStream } from './live/live-stream.ts'

/** What a key may use, and how much help a document that does not fit is given. */
export interface GuardOptions {
  /** Cost that a key may spend in a minute; 0: without limit. */
  ratePerMin: number
  /** Subscriptions that a key may have open at a time; 0: without limit. */
  subscriptionsPerKey: number
  /** Whether errors say "Did you mean". */
  suggestions: boolean
  listSizes: ListSizes
}

/** What the guard is told of a request by its transport. */
interface Caller {
  viewer: Viewer
  /** Told what is left after each operation. Not given: a transport without headers. */
  onBudget?(budget: Budget): void
}

/** Documents that are kept parsed and validated; the oldest is forgotten first. */
const CACHE_SIZE = 1000
/** Longer ones are not kept. */
const CACHE_MAX_CHARS = 16 * 1024
/** When a slot for a subscription may be free again: nobody knows; soon. */
const SLOT_RETRY_S = 5
/** Errors of validation that are told at once. */
const MAX_ERRORS = 20

/**
 * Stands before the engine, on every transport: parses within the limits, validates, refuses what may read too much,
 * and charges the key.
 */
export function createGuard(
  schema: GraphQLSchema,
  limiter: RateLimiter,
  metrics: ApiMetrics,
  options: GuardOptions,
): Plugin<Caller> {
  const hideSuggestions = !options.suggestions
  const costOf = createCost(schema, options.listSizes)
  const cache = new Map<string, DocumentNode>()
  const valid = new WeakSet<DocumentNode>()

  function parseOnce(source: string): DocumentNode {
    const known = cache.get(source)
    if (known) return known
    const document = parseWithin(source)
    if (source.length <= CACHE_MAX_CHARS) {
      cache.set(source, document)
      if (cache.size > CACHE_SIZE) cache.delete(cache.keys().next().value as string)
    }
    return document
  }

  const validateOnce: typeof validate = (schema, document, rules) => {
    if (valid.has(document)) return []
    const errors = validate(schema, document, rules, { maxErrors: MAX_ERRORS, hideSuggestions })
    if (errors.length === 0) valid.add(document)
    return errors
  }

  /** @returns why the operation is refused, or null when it is paid for. */
  async function charge(args: ExecutionArgs): Promise<GraphQLError | null> {
    const operation = getOperationAST(args.document, args.operationName)
    if (!operation) return null
    const cost = costOf(args.document, operation, args.variableValues as Variables)
    if (cost > limits.cost) {
      return beyond(
        'cost',
        `This may read as much as ${cost} rows; at most ${limits.cost} are allowed. Ask for smaller pages`,
      )
    }
    if (options.ratePerMin === 0) return null
    const { viewer, onBudget } = args.contextValue as Caller
    const budget = await limiter.spend(`key:${viewer.keyId}`, Math.max(1, cost), options.ratePerMin)
    onBudget?.(budget)
    if (budget.allowed) return null
    metrics.rateLimited('cost')
    return rateLimited(`This key may spend ${budget.limit} in a minute`, budget.resetS, onBudget !== undefined)
  }

  return {
    onParse: ({ setParseFn }) => setParseFn(((source: string) => parseOnce(String(source))) as never),
    onValidate: ({ setValidationFn }) => setValidationFn(validateOnce as never),
    onExecute({ executeFn, setExecuteFn }) {
      setExecuteFn((async (args: ExecutionArgs) => {
        const refusal = await charge(args)
        return refusal ? { errors: [refusal] } : executeFn({ ...args, hideSuggestions } as ExecutionArgs)
      }) as never)
    },
    onSubscribe({ subscribeFn, setSubscribeFn }) {
      setSubscribeFn((async (args: ExecutionArgs) => {
        const refusal = await charge(args)
        return refusal ? { errors: [refusal] } : subscribeInSlot(subscribeFn, { ...args, hideSuggestions })
      }) as never)
    },
  }

  async function subscribeInSlot(subscribe: (args: ExecutionArgs) => unknown, args: ExecutionArgs): Promise<unknown> {
    const { viewer, onBudget } = args.contextValue as Caller
    if (options.subscriptionsPerKey === 0) return subscribe(args)
    const release = await limiter.hold(`key:${viewer.keyId}`, options.subscriptionsPerKey)
    if (!release) {
      metrics.rateLimited('subscriptions')
      const message = `This key may have ${options.subscriptionsPerKey} subscriptions open at a time`
      return { errors: [rateLimited(message, SLOT_RETRY_S, onBudget !== undefined)] }
    }
    try {
      const result = await subscribe(args)
      if (result instanceof LiveStream) result.onEnd(release)
      else release()
      return result
    } catch (error) {
      release()
      throw error
    }
  }
}

/** How a key or an address that has used up what it may is answered: the code everywhere, 429 over HTTP. */
export function rateLimited(message: string, retryAfterS: number, overHttp: boolean): GraphQLError {
  const http = { status: 429, headers: { 'retry-after': String(retryAfterS) } }
  return new GraphQLError(`${message}; try again in ${retryAfterS} s`, {
    extensions: { code: 'RATE_LIMITED', retryAfterS, ...(overHttp && { http }) },
  })
}
