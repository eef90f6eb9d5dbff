import { lazy, Suspense } from 'react'
import { Redirect, Route, Switch } from 'wouter'
import { ApiProvider } from './api/api.tsx'
import { useKey } from './api/session.ts'
import { ViewerProvider } from './api/viewer.tsx'
import { Layout } from './shell/layout.tsx'
import { paths } from './shell/paths.ts'
import { SignIn } from './shell/sign-in.tsx'
import { Empty, Loading } from './ui/notice.tsx'
import { Toasts } from './ui/toasts.tsx'
import { WebhooksPage } from './webhooks/webhooks-page.tsx'

// The first page comes with the first load; each other one when it is gone to.
const WebhookPage = lazy(async () => ({ default: (await import('./webhook/webhook-page.tsx')).WebhookPage }))
const KeysPage = lazy(async () => ({ default: (await import('./access/keys-page.tsx')).KeysPage }))
const AuditPage = lazy(async () => ({ default: (await import('./access/audit-page.tsx')).AuditPage }))
const AgentsPage = lazy(async () => ({ default: (await import('./agents/agents-page.tsx')).AgentsPage }))
const ContextsPage = lazy(async () => ({ default: (await import('./contexts/contexts-page.tsx')).ContextsPage }))
const FilesPage = lazy(async () => ({ default: (await import('./files/files-page.tsx')).FilesPage }))
const HelpPage = lazy(async () => ({ default: (await import('./help/help-page.tsx')).HelpPage }))
const EventsPage = lazy(async () => ({ default: (await import('./events/events-page.tsx')).EventsPage }))

/** The console: signed out, its sign-in page; signed in, its pages. */
export function App() {
  const key = useKey()
  if (key === null) return <SignIn />
  return (
    <ApiProvider apiKey={key} key={key}>
      <Toasts>
        <ViewerProvider>
          <Layout>
            <Suspense fallback={<Loading />}>
              <Pages />
            </Suspense>
          </Layout>
        </ViewerProvider>
      </Toasts>
    </ApiProvider>
  )
}

function Pages() {
  return (
    <Switch>
      <Route path="/">
        <Redirect to={paths.webhooks} replace />
      </Route>
      <Route path={paths.webhooks} component={WebhooksPage} />
      <Route path={`${paths.webhooks}/:id`}>{({ id }) => <WebhookPage id={id} key={id} />}</Route>
      <Route path={paths.apiKeys} component={KeysPage} />
      <Route path={paths.auditLog} component={AuditPage} />
      <Route path={paths.agents} component={AgentsPage} />
      <Route path={paths.contexts} component={ContextsPage} />
      <Route path={paths.files} component={FilesPage} />
      <Route path={paths.help} component={HelpPage} />
      <Route path={paths.events} component={EventsPage} />
      <Route>
        <Empty page title="Nothing Is Here" text="The address may be old, or mistyped." />
      </Route>
    </Switch>
  )
}
