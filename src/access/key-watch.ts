import type { Database } from '../db/database.ts'
import type { Logger } from '../log.ts'
import type { Viewer } from './viewer.ts'

/** Watches the keys of connections that stay open. */
export interface KeyWatch extends AsyncDisposable {
  /** @param onInvalid called once when the viewer's key was revoked or has expired. @returns how to stop watching. */
  watch(viewer: Viewer, onInvalid: () => void): () => void
}

/** All keys that are watched are looked up this often, together. */
const CHECK_MS = 2000
/** Keys of one look-up. */
const BATCH = 5000

export function createKeyWatch({ prisma }: Pick<Database, 'prisma'>, log: Logger): KeyWatch {
  const watched = new Map<string, Set<() => void>>()
  let isChecking = false

  async function check(): Promise<void> {
    if (isChecking) return
    isChecking = true
    try {
      const ids = [...watched.keys()]
      for (let from = 0; from < ids.length; from += BATCH) await checkAll(ids.slice(from, from + BATCH))
    } catch (error) {
      log.warn({ err: error }, 'open connections could not be checked for revoked keys')
    } finally {
      isChecking = false
    }
  }

  async function checkAll(ids: string[]): Promise<void> {
    const notExpired = [{ expiresAt: null }, { expiresAt: { gt: new Date() } }]
    const valid = await prisma.apiKey.findMany({
      where: { id: { in: ids }, revokedAt: null, OR: notExpired },
      select: { id: true },
    })
    const validIds = new Set(valid.map((key) => key.id))
    for (const id of ids) {
      if (validIds.has(id)) continue
      const listeners = watched.get(id) ?? []
      watched.delete(id)
      for (const onInvalid of listeners) onInvalid()
    }
  }

  const checking = setInterval(check, CHECK_MS).unref()

  return {
    watch({ keyId }, onInvalid) {
      if (keyId === null) return () => {}
      const listeners = watched.get(keyId) ?? new Set()
      watched.set(keyId, listeners.add(onInvalid))
      return () => {
        listeners.delete(onInvalid)
        if (listeners.size === 0 && watched.get(keyId) === listeners) watched.delete(keyId)
      }
    },
    async [Symbol.asyncDispose]() {
      clearInterval(checking)
    },
  }
}
