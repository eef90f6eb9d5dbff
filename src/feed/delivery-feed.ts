import type { Viewer } from '../access/viewer.ts'
import type { Bus } from '../bus/bus.ts'
import type { Database } from '../db/database.ts'
import { committedTopic, deliveriesTopic } from '../events/topics.ts'
import { AppDeliveries } from './app-deliveries.ts'
import { DeliveryWatcher } from './delivery-watcher.ts'
import { PerApp } from './per-app.ts'

/** The changes of deliveries, as they are watched in this process. */
export interface DeliveryFeed extends AsyncDisposable {
  /**
   * Deliveries of the viewer's app that are made, attempted or ended from now on.
   * @param webhookId only those to this webhook; null: all.
   */
  watch(viewer: Viewer, webhookId: string | null): Promise<DeliveryWatcher>
}

/** Should the bus be silent, the database is looked into this often for what it did not say. */
const POLL_MS = 5000

export function createDeliveryFeed(db: Database, bus: Bus): DeliveryFeed {
  const apps = new PerApp(async (appId) => {
    const ends: (() => void)[] = []
    const app = new AppDeliveries(db.sql, appId, () => {
      for (const end of ends) end()
    })
    ends.push(await bus.subscribe(deliveriesTopic(appId), (message) => app.onChanged(message)))
    ends.push(await bus.subscribe(committedTopic(appId), ({ events }) => app.onCommitted(events)))
    // Nobody watches yet: the first look finds out what is no news.
    await app.look()
    return app
  })

  let closed = false
  const lookAll = () => {
    for (const [, app] of apps.open()) void app.look()
  }
  const polling = setInterval(lookAll, POLL_MS).unref()
  const stopListening = bus.onReconnect(lookAll)

  return {
    async watch({ appId }, webhookId) {
      const { room, leave } = await apps.enter(appId)
      const watcher = new DeliveryWatcher(webhookId, () => {
        room.watchers.delete(watcher)
        leave()
      })
      room.watchers.add(watcher)
      if (closed) watcher.end()
      return watcher
    },
    async [Symbol.asyncDispose]() {
      closed = true
      clearInterval(polling)
      stopListening()
      for (const [, { watchers }] of [...apps.open()]) {
        for (const watcher of [...watchers]) watcher.end()
      }
    },
  }
}
