import { useState } from 'react'
import { useQuery } from 'urql'
import { tell } from '../api/use-action.ts'
import { useRefresh } from '../api/use-refresh.ts'
import { WebhookHealthDocument } from '../gql/graphql.ts'
import { Button } from '../ui/button.tsx'
import { Loading, Notice } from '../ui/notice.tsx'
import { AttemptsPlot } from './attempts-plot.tsx'
import { HealthTable } from './health-table.tsx'
import { LatencyPlot } from './latency-plot.tsx'
import type { Figures } from './plot.ts'

const HOUR_MS = 3_600_000
const ranges = {
  day: { label: '24 h', hours: 24, buckets: 24, words: 'the last 24 hours' },
  week: { label: '7 d', hours: 168, buckets: 84, words: 'the last 7 days' },
} as const

/** The range up to the end of the part that is under way, so that bars stand still while time goes on. */
function rangeAt(now: number, { hours, buckets }: (typeof ranges)['day' | 'week']) {
  const step = (hours / buckets) * HOUR_MS
  const until = Math.ceil((now + 1) / step) * step
  return { since: new Date(until - hours * HOUR_MS).toISOString(), until: new Date(until).toISOString(), buckets }
}

export function HealthSection({ id }: { id: string }) {
  const [range, setRange] = useState<'day' | 'week'>('day')
  const [now, setNow] = useState(Date.now)
  const [{ data, error }, again] = useQuery({
    query: WebhookHealthDocument,
    variables: { id, ...rangeAt(now, ranges[range]) },
  })
  useRefresh((options) => {
    setNow(Date.now())
    again(options)
  })
  const health = data?.webhook?.health
  const { words } = ranges[range]
  return (
    <section className="stack" aria-labelledby="health">
      <div className="page-head">
        <h2 id="health">Health</h2>
        <fieldset className="segments">
          <legend className="visually-hidden">Range</legend>
          {(['day', 'week'] as const).map((name) => (
            <Button key={name} aria-pressed={range === name} onClick={() => setRange(name)}>
              {ranges[name].label}
            </Button>
          ))}
        </fieldset>
      </div>
      {error && <Notice tone="bad">{tell(error)}</Notice>}
      {!health && !error && <Loading rows={2} />}
      {health && (
        <>
          <Totals health={health} />
          <div className="plots">
            <AttemptsPlot buckets={health.buckets} words={words} />
            <LatencyPlot buckets={health.buckets} words={words} />
          </div>
          <HealthTable buckets={health.buckets} />
        </>
      )}
    </section>
  )
}

function Totals({ health: { delivered, failed, p50Ms, p95Ms, p99Ms } }: { health: Figures }) {
  const all = delivered + failed
  const share = all === 0 ? '–' : `${((delivered / all) * 100).toFixed(failed === 0 ? 0 : 1)} %`
  const ms = (value: number | null) => (value === null ? '–' : `${value.toLocaleString('en')} ms`)
  return (
    <dl className="totals">
      {(
        [
          ['Delivered', delivered.toLocaleString('en')],
          ['Failed attempts', failed.toLocaleString('en')],
          ['Success', share],
          ['p50', ms(p50Ms)],
          ['p95', ms(p95Ms)],
          ['p99', ms(p99Ms)],
        ] as const
      ).map(([name, value]) => (
        <div key={name} className="card">
          <dt className="muted">{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}
