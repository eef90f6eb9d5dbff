import type { Viewer } from '../access/viewer.ts'
import type { ScopedDb } from '../db/scoped.ts'
import type { Commit } from '../events/commit.ts'
import type { DeliveryFeed } from '../feed/delivery-feed.ts'
import type { Feed } from '../feed/feed.ts'
import type { ReadHealth } from '../webhooks/health.ts'
import type { Webhooks } from '../webhooks/webhooks.ts'

/** What the resolvers of every request share. */
export interface Services {
  readonly commit: Commit
  readonly webhooks: Webhooks
  readonly feed: Feed
  readonly deliveryFeed: DeliveryFeed
  readonly readHealth: ReadHealth
}

/** What one request's resolvers are given: who asks, and a database that holds nothing of other apps. */
export interface Context extends Services {
  readonly viewer: Viewer
  readonly db: ScopedDb
  /** Where a stream that broke off is to go on, as the header Last-Event-ID says. */
  readonly lastEventId?: string
  /** Of subscriptions: the same for all answers that are made of the same query, and for no others. */
  readonly reader?: object
}
