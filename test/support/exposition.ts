import { expect } from 'vitest'

/** A figure of /metrics, with its labels as they stand. */
interface Sample {
  name: string
  labels: Record<string, string>
  value: number
}

/** What stands under one HELP and TYPE. */
export interface Family {
  help: string
  type: string
  samples: Sample[]
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/
const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(,|$)/y
const NUMBER = /^(?:[+-]?Inf|NaN|[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?)$/

/**
 * Reads Prometheus' text format 0.0.4 and fails at whatever the format does not allow: a family that is not in one
 * piece or lacks HELP or TYPE, a sample that is none of its family's, is doubled, or whose labels are not well formed; a
 * histogram that does not add up.
 */
export function parseExposition(text: string): Map<string, Family> {
  expect(text.endsWith('\n')).toBe(true)
  const families = new Map<string, Family>()
  const seen = new Set<string>()
  let current: [name: string, family: Family] | null = null
  for (const line of text.split('\n').slice(0, -1)) {
    if (line === '') continue
    const [, keyword, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? []
    if (keyword === 'HELP') {
      expect(name).toMatch(NAME)
      expect([name, families.has(name)]).toEqual([name, false])
      expect([name, rest.trim()]).not.toEqual([name, ''])
      current = [name, { help: rest, type: '', samples: [] }]
      families.set(...current)
      continue
    }
    if (!current) throw new Error(`before any HELP: ${line}`)
    const [family, { type, samples }] = current
    if (keyword === 'TYPE') {
      expect([name, type, samples]).toEqual([family, '', []])
      expect(rest).toMatch(/^(counter|gauge|histogram|summary|untyped)$/)
      current[1].type = rest
      continue
    }
    expect([line, type]).not.toEqual([line, ''])
    const sample = parseSample(line)
    const endings = type === 'histogram' ? ['_bucket', '_sum', '_count'] : ['']
    expect(endings.map((ending) => family + ending)).toContain(sample.name)
    const identity = JSON.stringify([sample.name, Object.entries(sample.labels).sort()])
    expect([identity, seen.has(identity)]).toEqual([identity, false])
    seen.add(identity)
    samples.push(sample)
  }
  for (const [name, { type, samples }] of families) {
    if (type === 'histogram') assertAddsUp(name, samples)
    if (type === 'counter') for (const { value } of samples) expect(value).toBeGreaterThanOrEqual(0)
  }
  return families
}

function parseSample(line: string): Sample {
  const [, name, inner, number] = SAMPLE.exec(line) ?? []
  if (!name || !number || !NUMBER.test(number)) throw new Error(`no sample: ${line}`)
  const labels: Record<string, string> = {}
  LABEL.lastIndex = 0
  let end = 0
  while (inner !== undefined && end < inner.length) {
    const [whole, label, value] = LABEL.exec(inner) ?? []
    if (!whole || !label || value === undefined || label in labels) throw new Error(`no labels: ${line}`)
    labels[label] = value
    end += whole.length
  }
  return { name, labels, value: Number(number.replace('Inf', 'Infinity')) }
}

function assertAddsUp(name: string, samples: Sample[]): void {
  const own = ({ labels: { le: _, ...labels } }: Sample) => JSON.stringify(Object.entries(labels).sort())
  for (const [, group] of Map.groupBy(samples, own)) {
    const of = (ending: string) => group.filter((sample) => sample.name === name + ending)
    const buckets = of('_bucket')
    const bounds = buckets.map(({ labels }) => Number(labels.le?.replace('Inf', 'Infinity')))
    expect(bounds).toEqual([...new Set(bounds)].sort((a, b) => a - b))
    expect(bounds.at(-1)).toBe(Number.POSITIVE_INFINITY)
    const counts = buckets.map(({ value }) => value)
    expect(counts).toEqual(counts.toSorted((a, b) => a - b))
    expect([of('_count').length, of('_sum').length]).toEqual([1, 1])
    expect(of('_count')[0]?.value).toBe(counts.at(-1))
  }
}
