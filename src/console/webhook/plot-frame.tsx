import { type PointerEvent, type ReactNode, useState } from 'react'
import { BOTTOM, type Bucket, HEIGHT, LEFT, moments, scale, useWidth } from './plot.ts'

interface PlotFrameProps {
  title: string
  legend: readonly (readonly [name: string, color: string])[]
  /** Said instead of the picture to who does not see it. */
  summary: string
  buckets: readonly Bucket[]
  max: number
  unit: string
  /** What the part under the pointer says. */
  tell(bucket: Bucket): string
  draw(at: ReturnType<typeof scale>): ReactNode
}

/** What both plots have: title, legend, axes, and the figures of the part under the pointer. */
export function PlotFrame({ title, legend, summary, buckets, max, unit, tell, draw }: PlotFrameProps) {
  const { ref, width } = useWidth()
  const [pointed, setPointed] = useState<number | null>(null)
  const at = scale(width, buckets.length, max)
  const point = (event: PointerEvent) => {
    const index = Math.floor((event.clientX - event.currentTarget.getBoundingClientRect().left - LEFT) / at.step)
    setPointed(index >= 0 && index < buckets.length ? index : null)
  }
  const bucket = pointed === null ? undefined : buckets[pointed]
  return (
    <figure className="card plot">
      <figcaption className="row wrap">
        <h3>{title}</h3>
        {legend.map(([name, color]) => (
          <span key={name} className="legend muted">
            <span className="swatch" style={{ background: color }} />
            {name}
          </span>
        ))}
      </figcaption>
      <div ref={ref}>
        <svg
          width={width}
          height={HEIGHT}
          role="img"
          aria-label={summary}
          onPointerMove={point}
          onPointerLeave={() => setPointed(null)}
        >
          {[0, 0.5, 1].map((part) => (
            <g key={part}>
              <line className="grid" x1={LEFT} x2={width} y1={at.y(part * max)} y2={at.y(part * max)} />
              <text className="tick" x={LEFT - 8} y={at.y(part * max) + 4} textAnchor="end">
                {compact(part * max)}
                {part === 1 && unit}
              </text>
            </g>
          ))}
          {pointed !== null && (
            <rect className="pointed" x={at.x(pointed)} width={at.step} y={0} height={HEIGHT - BOTTOM} />
          )}
          {draw(at)}
          {moments(buckets, width).map(({ index, text }) => (
            <text key={index} className="tick" x={at.x(index)} y={HEIGHT - 4}>
              {text}
            </text>
          ))}
        </svg>
      </div>
      <p className="muted plot-tell">{bucket ? tell(bucket) : ' '}</p>
    </figure>
  )
}

const compact = (value: number) =>
  new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 }).format(value)
