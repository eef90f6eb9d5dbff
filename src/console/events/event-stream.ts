import { batched } from '../api/batched.ts'
import type { Api } from '../api/client.ts'
import { follow, type LiveState, type Refusal } from '../api/follow.ts'
import {
  type EntityType,
  type EventFieldsFragment,
  type EventType,
  LatestEventsDocument,
  LiveEventsDocument,
} from '../gql/graphql.ts'
import { EventLog, type LogRow } from './event-log.ts'

/** Events that are shown; older ones are in the log, not in the browser. */
const SHOWN = 500
/** Events that are shown at first. */
const FIRST = 100

export interface EventFilter {
  entities: EntityType[]
  types: EventType[]
  externalTenantId: string | null
}

/** What the page draws. */
export interface Snapshot {
  rows: readonly LogRow[]
  state: LiveState
  paused: boolean
  /** Events that came while paused. They are counted, not kept: the log has them. */
  waiting: number
  /** What is wrong with the filter, if the server says so. */
  refused: string
  loaded: boolean
}

/**
 * The live feed as a page needs it: the newest events, then what follows, each once and none left out. A lost
 * connection goes on where it was; so does the feed after a pause.
 */
export class EventStream {
  #snapshot: Snapshot = { rows: [], state: 'connecting', paused: false, waiting: 0, refused: '', loaded: false }
  readonly #listeners = new Set<() => void>()
  readonly #api: Api
  readonly #filter: EventFilter
  readonly #log: EventLog
  /** How far the events were counted while paused. */
  #counted: string | null = null
  #batch = batched<EventFieldsFragment>((events) => this.#take(events))
  #end = () => {}

  constructor(api: Api, filter: EventFilter) {
    this.#api = api
    this.#filter = filter
    const { entities, types, externalTenantId } = filter
    this.#log = new EventLog(SHOWN, entities.length === 0 && types.length === 0 && externalTenantId === null)
  }

  snapshot = () => this.#snapshot

  /** Runs while someone listens. */
  subscribe = (listener: () => void) => {
    this.#listeners.add(listener)
    if (this.#listeners.size === 1) void this.#start()
    return () => {
      this.#listeners.delete(listener)
      if (this.#listeners.size === 0) this.#stop()
    }
  }

  pause = () => {
    this.#batch.flush()
    this.#counted = this.#log.cursor
    this.#set({ paused: true, waiting: 0 })
  }

  /** Goes on behind the newest event that is shown. */
  resume = () => {
    this.#batch.clear()
    this.#set({ paused: false, waiting: 0 })
    this.#follow()
  }

  async #start(): Promise<void> {
    await this.#readLatest()
    if (this.#listeners.size > 0) this.#follow()
  }

  async #readLatest(): Promise<void> {
    const variables = { last: FIRST, ...this.#filter }
    const { data } = await this.#api.http
      .query(LatestEventsDocument, variables, { requestPolicy: 'network-only' })
      .toPromise()
    if (data) this.#take(data.events.nodes)
    this.#set({ loaded: true })
  }

  #follow(): void {
    this.#stop()
    this.#end = follow(this.#api, LiveEventsDocument, {
      variables: () => ({
        after: this.#snapshot.paused ? (this.#counted ?? this.#log.cursor) : this.#log.cursor,
        ...this.#filter,
      }),
      next: ({ events }) => this.#hear(events),
      state: (state) => {
        this.#batch.flush()
        // Without a cursor there was nothing to go on behind: what came before the feed stood is read once more.
        if (state === 'live' && this.#snapshot.state !== 'live' && this.#log.cursor === null) void this.#readLatest()
        this.#set({ state })
      },
      refused: (refusal) => this.#refused(refusal),
    })
  }

  #stop(): void {
    this.#batch.flush()
    this.#end()
    this.#end = () => {}
  }

  #hear(event: EventFieldsFragment): void {
    if (this.#snapshot.paused) this.#counted = event.cursor
    this.#batch.add(event)
  }

  #take(events: EventFieldsFragment[]): void {
    if (this.#snapshot.paused) {
      this.#set({ waiting: this.#snapshot.waiting + events.length })
      return
    }
    const complete = this.#log.append(events)
    this.#set({ rows: this.#log.rows })
    if (!complete) this.#follow()
  }

  #refused({ code, message }: Refusal): boolean {
    if (code === 'CURSOR_EXPIRED') {
      this.#log.breakOff('Events in between were removed from the log and cannot be shown')
      this.#counted = null
      this.#set({ rows: this.#log.rows })
      return true
    }
    const lasting = code === 'BAD_USER_INPUT' || code === 'FORBIDDEN'
    if (lasting) this.#set({ refused: message })
    return !lasting
  }

  #set(change: Partial<Snapshot>): void {
    this.#snapshot = { ...this.#snapshot, ...change }
    for (const listener of this.#listeners) listener()
  }
}
