import { createContext, type ReactNode, useContext } from 'react'
import { useQuery } from 'urql'
import { type ApiKeyScope, ViewerDocument, type ViewerQuery } from '../gql/graphql.ts'
import { Button } from '../ui/button.tsx'
import { Empty, Loading, Notice } from '../ui/notice.tsx'
import { tell } from './use-action.ts'

const ranks: Record<ApiKeyScope, number> = { READ: 1, WRITE: 2, ADMIN: 3 }

/** The app, and what the key may do with it. */
export interface Viewer extends ViewerQuery {
  can(scope: ApiKeyScope): boolean
}

const ViewerContext = createContext<Viewer | null>(null)

export function useViewer(): Viewer {
  const viewer = useContext(ViewerContext)
  if (!viewer) throw new Error('useViewer is for what is inside a ViewerProvider')
  return viewer
}

/** Shows what is inside once it is known whose key this is. */
export function ViewerProvider({ children }: { children: ReactNode }) {
  const [{ data, error }, again] = useQuery({ query: ViewerDocument })
  if (!data) {
    return (
      <main className="stack page">
        {error ? (
          <Empty page title="Herald Is Not There" text={tell(error)}>
            <Button onClick={() => again({ requestPolicy: 'network-only' })}>Try again</Button>
          </Empty>
        ) : (
          <Loading />
        )}
      </main>
    )
  }
  const can = (scope: ApiKeyScope) => data.currentKey.scopes.some((owned) => ranks[owned] >= ranks[scope])
  return <ViewerContext value={{ ...data, can }}>{children}</ViewerContext>
}

/** Says why something is not offered, where the key's scopes do not allow it. @param what "Changing webhooks" */
export function ScopeNotice({ scope, what }: { scope: ApiKeyScope; what: string }) {
  const { can, currentKey } = useViewer()
  if (can(scope)) return null
  return (
    <Notice>
      {what} needs an API key with the scope {scope}. This key, “{currentKey.name}”, has {currentKey.scopes.join(', ')}.
    </Notice>
  )
}
