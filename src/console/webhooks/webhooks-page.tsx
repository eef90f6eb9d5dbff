import { Plus } from 'lucide-react'
import { useState } from 'react'
import { useQuery } from 'urql'
import { Link } from 'wouter'
import { useSettled } from '../api/api.tsx'
import { tell } from '../api/use-action.ts'
import { useRefresh } from '../api/use-refresh.ts'
import { ScopeNotice, useViewer } from '../api/viewer.tsx'
import { AppLimitsDocument, type WebhookStatus, WebhooksDocument } from '../gql/graphql.ts'
import { paths } from '../shell/paths.ts'
import { Button } from '../ui/button.tsx'
import { Select } from '../ui/field.tsx'
import { SearchIllustration, WebhookIllustration } from '../ui/illustrations.tsx'
import { Empty, Loading, Notice } from '../ui/notice.tsx'
import { Pager, usePages } from '../ui/pager.tsx'
import { SearchField } from '../ui/search-field.tsx'
import { WebhookCard } from './webhook-card.tsx'
import { WebhookDialog } from './webhook-dialog.tsx'
import './webhooks.css'

const statuses = [
  ['', 'Show All'],
  ['ACTIVE', 'Active'],
  ['INACTIVE', 'Inactive'],
] as const
/** The list filters while one types, once a pause is so long. */
const TYPING_MS = 150
const PAGE = 100
/** Read anew after every change of a webhook, even where the list held none. */
const LISTS = { additionalTypenames: ['Webhook'] }

export function WebhooksPage() {
  const { can } = useViewer()
  const [search, setSearch] = useState('')
  const [status, setStatus] = useState('')
  const [creating, setCreating] = useState(false)
  const settled = useSettled(search.trim(), TYPING_MS)
  const pages = usePages(`${settled} ${status}`)
  const [list, againList] = useQuery({
    query: WebhooksDocument,
    variables: {
      first: PAGE,
      after: pages.after,
      search: settled || null,
      status: (status || null) as WebhookStatus | null,
    },
    context: LISTS,
  })
  const [limits, againLimits] = useQuery({ query: AppLimitsDocument, context: LISTS })
  useRefresh((options) => {
    againList(options)
    againLimits(options)
  })

  const { webhookCount = 0, webhookLimit = 0 } = limits.data?.app ?? {}
  const full = limits.data !== undefined && webhookCount >= webhookLimit
  const webhooks = list.data?.webhooks
  const clear = () => {
    setSearch('')
    setStatus('')
  }
  return (
    <div className="stack">
      <div className="page-head">
        <h1>Webhooks</h1>
        {limits.data && (
          <span className="muted">
            {webhookCount} of {webhookLimit} Webhooks
          </span>
        )}
        <Link to={paths.help}>Help</Link>
        {can('ADMIN') && (
          <Button
            look="primary"
            icon={<Plus />}
            off={full}
            aria-describedby={full ? 'limit-reason' : undefined}
            onClick={() => setCreating(true)}
          >
            New Webhook
          </Button>
        )}
      </div>
      {full && can('ADMIN') && (
        <p id="limit-reason" className="muted">
          The limit of {webhookLimit} webhooks is reached, inactive ones included. Delete one to make another.
        </p>
      )}
      <ScopeNotice scope="ADMIN" what="Making, changing and deleting webhooks, and copying their secrets," />
      <div className="row filters">
        <SearchField label="Search webhooks by name" value={search} onChange={setSearch} />
        <Select label="Filter by status" value={status} onChange={setStatus} options={statuses} />
      </div>
      {list.error && <Notice tone="bad">{tell(list.error)}</Notice>}
      {!webhooks && !list.error && <Loading />}
      {webhooks?.nodes.length === 0 && (settled || status ? <NoMatch clear={clear} /> : <NoWebhooks />)}
      {webhooks && webhooks.nodes.length > 0 && (
        <ul className="stack webhooks" aria-label="Webhooks">
          {webhooks.nodes.map((webhook) => (
            <WebhookCard key={webhook.id} webhook={webhook} />
          ))}
        </ul>
      )}
      <Pager pages={pages} pageInfo={webhooks?.pageInfo} />
      {creating && <WebhookDialog onClose={() => setCreating(false)} />}
    </div>
  )
}

const NoWebhooks = () => (
  <Empty
    art={<WebhookIllustration />}
    title="No Webhooks Configured"
    text="Configure webhooks to receive real-time event notifications."
  />
)

const NoMatch = ({ clear }: { clear(): void }) => (
  <Empty
    art={<SearchIllustration />}
    title="No Webhooks Match Your Search"
    text="Try again with a different search term"
  >
    <Button onClick={clear}>Clear search and filter</Button>
  </Empty>
)
