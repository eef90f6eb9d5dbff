import { Pause, Play } from 'lucide-react'
import { useMemo, useState, useSyncExternalStore } from 'react'
import { useApi, useSettled } from '../api/api.tsx'
import type { EntityType, EventFieldsFragment, EventType } from '../gql/graphql.ts'
import { Button } from '../ui/button.tsx'
import { Select } from '../ui/field.tsx'
import { LiveBadge } from '../ui/live-badge.tsx'
import { Empty, Loading, Notice } from '../ui/notice.tsx'
import { tenant } from '../ui/rules.ts'
import { SearchField } from '../ui/search-field.tsx'
import { entityLabels, entityTypes } from '../webhooks/entities.ts'
import { EventDialog } from './event-dialog.tsx'
import { EventList } from './event-list.tsx'
import { eventNames } from './event-names.ts'
import { EventStream } from './event-stream.ts'
import './events.css'

const TYPING_MS = 300
const entityChoices = [['', 'All entities'], ...entityTypes.map((type) => [type, entityLabels[type]] as const)] as const
const typeChoices = [['', 'All types'], ...eventNames] as const

export function EventsPage() {
  const api = useApi()
  const [entity, setEntity] = useState('')
  const [type, setType] = useState('')
  const [tenantText, setTenantText] = useState('')
  const [open, setOpen] = useState<EventFieldsFragment | null>(null)
  const tenantId = useSettled(tenantText.trim(), TYPING_MS)
  const tenantError = tenant(tenantId)
  const stream = useMemo(
    () =>
      new EventStream(api, {
        entities: entity ? [entity as EntityType] : [],
        types: type ? [type as EventType] : [],
        externalTenantId: tenantError ? null : tenantId || null,
      }),
    [api, entity, type, tenantId, tenantError],
  )
  const { rows, state, paused, waiting, refused, loaded } = useSyncExternalStore(stream.subscribe, stream.snapshot)

  return (
    <div className="stack">
      <div className="page-head">
        <h1>Events</h1>
        <LiveBadge state={paused && state === 'live' ? 'paused' : state} />
        {paused ? (
          <Button look="primary" icon={<Play />} onClick={stream.resume}>
            Resume
          </Button>
        ) : (
          <Button icon={<Pause />} onClick={stream.pause}>
            Pause
          </Button>
        )}
      </div>
      <div className="row wrap">
        <Select label="Filter by entity" value={entity} onChange={setEntity} options={entityChoices} />
        <Select label="Filter by type" value={type} onChange={setType} options={typeChoices} />
        <SearchField label="Only this tenant" value={tenantText} onChange={setTenantText} />
      </div>
      {(refused || tenantError) && <Notice tone="bad">{refused || tenantError}</Notice>}
      {state === 'lost' && (
        <Notice tone="warn" live>
          The connection is lost. Herald keeps the events, and the feed goes on where it was as soon as it is back.
        </Notice>
      )}
      {paused && (
        <Notice live>
          Paused. {waiting === 1 ? '1 new event waits' : `${waiting.toLocaleString('en')} new events wait`} in the log.
        </Notice>
      )}
      {!loaded && <Loading />}
      {loaded && rows.length === 0 && (
        <Empty title="No Events Yet" text="Change an agent, a context or a file, and it shows here at once." />
      )}
      {rows.length > 0 && <EventList rows={rows} onOpen={setOpen} />}
      {open && <EventDialog event={open} onClose={() => setOpen(null)} />}
    </div>
  )
}
