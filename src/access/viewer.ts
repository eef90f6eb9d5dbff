import type { ApiKeyScope } from '../db/generated/prisma/enums.ts'
import { ForbiddenError } from '../errors.ts'

/** Who asks: an API key, and with it the one app that everything it does is scoped to. */
export interface Viewer {
  readonly appId: string
  /** Null: Herald itself, in the background. */
  readonly keyId: string | null
  readonly scopes: readonly ApiKeyScope[]
  /** The address that the request came from, for the audit log. Null: it came over no network. */
  readonly ip: string | null
}

/** A wider scope holds the narrower ones. */
const ranks: Record<ApiKeyScope, number> = { READ: 1, WRITE: 2, ADMIN: 3 }

/** @throws ForbiddenError when none of the key's scopes holds `scope`. */
export function requireScope(viewer: Viewer, scope: ApiKeyScope): void {
  if (!viewer.scopes.some((owned) => ranks[owned] >= ranks[scope])) {
    throw new ForbiddenError(`This needs an API key with the scope ${scope}`)
  }
}
