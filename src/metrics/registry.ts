import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

/**
 * The figures of one process, as Prometheus reads them. Each part of Herald adds its own and is handed them, as it is
 * handed the log; nothing is global. A label has a few values that are known here: no id, URL, key or text of a caller
 * ever becomes one, so that the figures hold nothing of any app and their number is bounded.
 */
export type Metrics = Registry

/** What the process runs, for `herald_info`. */
interface Info {
  version: string
  database: string
  bus: string
  roles: string
}

/** A registry that holds Node's own figures, and what the process runs. */
export function createMetrics(info: Info): Metrics {
  const metrics = new Registry()
  collectDefaultMetrics({ register: metrics })
  const labelNames = Object.keys(info) as (keyof Info)[]
  gauge(metrics, 'herald_info', 'What the process runs; always 1.', labelNames).set({ ...info }, 1)
  return metrics
}

export const counter = <T extends string = never>(metrics: Metrics, name: string, help: string, labelNames: T[] = []) =>
  new Counter<T>({ name, help, labelNames, registers: [metrics] })

/** @param collect sets the value when it is asked for. */
export const gauge = <T extends string = never>(
  metrics: Metrics,
  name: string,
  help: string,
  labelNames: T[] = [],
  collect?: (gauge: Gauge<T>) => void | Promise<void>,
): Gauge<T> => {
  const options = { name, help, labelNames, registers: [metrics] }
  if (!collect) return new Gauge<T>(options)
  return new Gauge<T>({
    ...options,
    collect() {
      return collect(this)
    },
  })
}

/** @param buckets upper bounds, in seconds. */
export const histogram = <T extends string = never>(
  metrics: Metrics,
  name: string,
  help: string,
  buckets: number[],
  labelNames: T[] = [],
) => new Histogram<T>({ name, help, buckets, labelNames, registers: [metrics] })
