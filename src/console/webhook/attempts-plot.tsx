import { type Bucket, nameOf, roundUp } from './plot.ts'
import { PlotFrame } from './plot-frame.tsx'

interface AttemptsPlotProps {
  buckets: readonly Bucket[]
  /** "the last 24 hours" */
  words: string
}

/** Bars of what was delivered, with what failed on top. */
export function AttemptsPlot({ buckets, words }: AttemptsPlotProps) {
  const max = roundUp(Math.max(2, ...buckets.map(({ delivered, failed }) => delivered + failed)))
  const sum = (field: 'delivered' | 'failed') => buckets.reduce((total, bucket) => total + bucket[field], 0)
  return (
    <PlotFrame
      title="Attempts"
      legend={[
        ['Delivered', 'var(--plot-good)'],
        ['Failed', 'var(--plot-bad)'],
      ]}
      summary={`Attempts in ${words}: ${sum('delivered')} delivered, ${sum('failed')} failed`}
      buckets={buckets}
      max={max}
      unit=""
      tell={({ start, delivered, failed }) => `${nameOf(start)}: ${delivered} delivered, ${failed} failed`}
      draw={({ step, x, y, base }) =>
        buckets.map(({ start, delivered, failed }, index) => {
          const bar = { x: x(index) + step * 0.1, width: Math.max(step * 0.8, 1) }
          const [top, middle] = [y(delivered + failed), y(delivered)]
          return (
            <g key={start}>
              <rect {...bar} y={middle} height={base - middle} fill="var(--plot-good)" />
              <rect {...bar} y={top} height={middle - top} fill="var(--plot-bad)" />
            </g>
          )
        })
      }
    />
  )
}
