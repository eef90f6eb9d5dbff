import { type Bucket, nameOf, roundUp } from './plot.ts'
import { PlotFrame } from './plot-frame.tsx'

interface LatencyPlotProps {
  buckets: readonly Bucket[]
  /** "the last 24 hours" */
  words: string
}

const lines = [
  ['p50', 'p50Ms', 'var(--plot-p50)'],
  ['p95', 'p95Ms', 'var(--plot-p95)'],
  ['p99', 'p99Ms', 'var(--plot-p99)'],
] as const

/** Lines of the attempts' durations by rank; broken where there was no attempt. */
export function LatencyPlot({ buckets, words }: LatencyPlotProps) {
  const greatest = Math.max(2, ...buckets.map(({ p99Ms }) => p99Ms ?? 0))
  return (
    <PlotFrame
      title="Latency"
      legend={lines.map(([name, , color]) => [name, color])}
      summary={`Latency in ${words}: half, 95 and 99 of 100 attempts; at most ${greatest} ms`}
      buckets={buckets}
      max={roundUp(greatest)}
      unit=" ms"
      tell={(bucket) =>
        `${nameOf(bucket.start)}: ${lines.map(([name, field]) => `${name} ${bucket[field] ?? '–'} ms`).join(', ')}`
      }
      draw={({ step, x, y }) =>
        lines.map(([name, field, color]) => {
          const points = buckets.map((bucket, index) => {
            const value = bucket[field]
            return value === null ? null : ([x(index) + step / 2, y(value)] as const)
          })
          return (
            <g key={name} stroke={color} fill={color}>
              <path d={pathOf(points)} fill="none" strokeWidth="2" strokeLinejoin="round" />
              {points.map((point) => point && <circle key={point[0]} cx={point[0]} cy={point[1]} r="1.8" />)}
            </g>
          )
        })
      }
    />
  )
}

function pathOf(points: readonly (readonly [number, number] | null)[]): string {
  return points
    .map((point, index) => point && `${points[index - 1] ? 'L' : 'M'}${point[0].toFixed(1)} ${point[1].toFixed(1)}`)
    .filter(Boolean)
    .join('')
}
