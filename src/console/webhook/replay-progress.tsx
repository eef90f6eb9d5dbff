import { Progress } from 'radix-ui'
import { useEffect, useState } from 'react'
import { useClient } from 'urql'
import { type ReplayFieldsFragment, WebhookReplayDocument } from '../gql/graphql.ts'
import { Ago } from '../ui/time.tsx'

/** A replay that goes on is asked after so often. */
const EVERY_MS = 1000

/** How far the newest replay has come; it is followed until it ends. */
export function ReplayProgress({ webhookId, replay }: { webhookId: string; replay: ReplayFieldsFragment }) {
  const client = useClient()
  const [read, setRead] = useState(replay)
  // What was read later of the same replay knows more.
  const latest = read.id === replay.id && !replay.completedAt ? read : replay
  const goesOn = latest.completedAt === null
  useEffect(() => {
    if (!goesOn) return
    const timer = setInterval(async () => {
      const { data } = await client
        .query(WebhookReplayDocument, { id: webhookId }, { requestPolicy: 'network-only' })
        .toPromise()
      if (data?.webhook?.replay) setRead(data.webhook.replay)
    }, EVERY_MS)
    return () => clearInterval(timer)
  }, [client, webhookId, goesOn])

  const { scheduledCount, doneCount, completedAt } = latest
  const share = scheduledCount === 0 ? 100 : Math.round((doneCount / scheduledCount) * 100)
  return (
    <div className="card replay">
      <div className="row wrap">
        <strong>{goesOn ? 'Replay under way' : 'Replay done'}</strong>
        <span className="muted">
          {doneCount.toLocaleString('en')} of {scheduledCount.toLocaleString('en')} deliveries{' '}
          {completedAt && <Ago at={completedAt} />}
        </span>
      </div>
      <Progress.Root className="progress" value={share} aria-label="Progress of the replay">
        <Progress.Indicator className="progress-done" style={{ width: `${share}%` }} />
      </Progress.Root>
    </div>
  )
}
