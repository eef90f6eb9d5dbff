import { Table } from '../ui/table.tsx'
import { type Bucket, nameOf } from './plot.ts'

/** The plots' figures as a table: for screen readers, and for who wants to know exactly. */
export function HealthTable({ buckets }: { buckets: readonly Bucket[] }) {
  const rows = buckets.filter(({ delivered, failed }) => delivered + failed > 0).toReversed()
  const ms = (value: number | null) => (value === null ? '–' : `${value} ms`)
  if (rows.length === 0) return <p className="muted">There was no attempt in this time.</p>
  return (
    <details>
      <summary>Figures as a table</summary>
      <Table
        label="Health, part by part"
        rows={rows.map((bucket) => ({ id: bucket.start, ...bucket }))}
        columns={[
          { head: 'From', wide: true, cell: ({ start }) => nameOf(start) },
          { head: 'Delivered', cell: ({ delivered }) => delivered },
          { head: 'Failed', cell: ({ failed }) => failed },
          { head: 'p50', cell: ({ p50Ms }) => ms(p50Ms) },
          { head: 'p95', cell: ({ p95Ms }) => ms(p95Ms) },
          { head: 'p99', cell: ({ p99Ms }) => ms(p99Ms) },
        ]}
      />
    </details>
  )
}
