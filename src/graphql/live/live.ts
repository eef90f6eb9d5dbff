import { createSourceEventStream, type ExecutionArgs, type ExecutionResult, validateSubscriptionArgs } from 'graphql'
import type { Plugin } from 'graphql-yoga'
import type { KeyWatch } from '../../access/key-watch.ts'
import { Source } from '../../feed/source.ts'
import type { Logger } from '../../log.ts'
import type { ApiMetrics } from '../../metrics/api.ts'
import { createSignal } from '../../signal.ts'
import type { Context } from '../context.ts'
import { maskError, unauthenticated } from '../errors.ts'
import { Answers } from './answer.ts'
import { LiveQuery, sharingKey } from './live-query.ts'
import { LiveStream } from './live-stream.ts'
import { SseBody } from './sse-body.ts'

/** What a subscription is told of its connection. */
interface Connection {
  /** Of the connection, over WebSocket. */
  readonly gone?: AbortSignal
  /** Of the request, over HTTP. */
  readonly request?: { readonly signal: AbortSignal }
}

/** What the streams need of the process. */
interface LiveDeps {
  keyWatch: KeyWatch
  metrics: ApiMetrics
  log: Logger
  /** The context for an execution that serves all who may see what `viewer` may see. */
  contextOf(viewer: Context['viewer']): Context
}

/** The subscriptions of a process. */
export interface Live {
  /** Has the engine serve them. */
  readonly plugin: Plugin<Context & Connection>
  /** Once the feeds have ended: resolves when all clients were told so, or after a second. */
  drained(): Promise<void>
}

/** Clients that do not read are not waited for longer. */
const DRAIN_MS = 1000

/**
 * Serves subscriptions. Streams of one app that ask the same with the same rights share the executions: the engine's
 * own `subscribe` gives way to one that answers a LiveStream, which the transports send as it comes.
 */
export function createLive({ keyWatch, metrics, log, contextOf }: LiveDeps): Live {
  const answers = new Answers()
  const streams = new Set<LiveStream>()
  const drain = createSignal()
  const queries = new Map<string, LiveQuery>()

  function enter(key: string, make: () => LiveQuery): { query: LiveQuery; leave(): void } {
    const query = queries.get(key) ?? make()
    queries.set(key, query)
    query.users++
    const leave = () => {
      query.users--
      if (query.users === 0) queries.delete(key)
    }
    return { query, leave }
  }

  async function subscribe(args: ExecutionArgs): Promise<LiveStream | ExecutionResult> {
    const validated = validateSubscriptionArgs(args)
    if (!('schema' in validated)) return { errors: validated }
    const source = await createSourceEventStream(validated)
    if (!(source instanceof Source)) return source as ExecutionResult
    const { viewer, gone, request } = args.contextValue as Context & Connection
    const key = sharingKey(viewer, args.document, args.operationName, args.variableValues)
    const { query, leave } = enter(key, () => new LiveQuery(validated, contextOf(viewer), answers, log))
    const signal = gone ?? request?.signal
    const onGone = () => stream.end()
    const stopWatching = keyWatch.watch(viewer, () => stream.end(unauthenticated()))
    const stream = new LiveStream(source, query, metrics.answered)
    const noteEnd = metrics.subscribed(gone ? 'websocket' : 'sse')
    stream.onEnd(() => {
      noteEnd()
      leave()
      streams.delete(stream)
      if (streams.size === 0) drain.set()
      stopWatching()
      signal?.removeEventListener('abort', onGone)
    })
    streams.add(stream)
    // The client may have left while the source was opened.
    if (signal?.aborted) stream.end()
    else signal?.addEventListener('abort', onGone)
    return stream
  }

  const plugin: Live['plugin'] = {
    onSubscribe({ setSubscribeFn }) {
      setSubscribeFn(subscribe as never)
    },
    onResultProcess({ request, result, setResultProcessor }) {
      const stream: unknown = result
      if (!(stream instanceof LiveStream)) return
      setResultProcessor((_, { Response }) => {
        if (/text\/event-stream|text\/\*|\*\/\*/.test(request.headers.get('accept') ?? '*/*')) {
          const body = new SseBody(stream, (error) => maskError(error, log))
          return new Response(body as never, { headers: sseHeaders })
        }
        stream.end()
        return new Response(null, { status: 406, headers: { accept: 'text/event-stream' } })
      }, 'text/event-stream')
    },
  }

  return {
    plugin,
    async drained() {
      const until = performance.now() + DRAIN_MS
      while (streams.size > 0 && performance.now() < until) await drain.wait(until - performance.now())
      // The transports' last words follow upon the streams' end.
      await new Promise((resolve) => setImmediate(resolve))
    },
  }
}

const sseHeaders = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store',
  // Asks proxies not to gather what is sent.
  'x-accel-buffering': 'no',
}
