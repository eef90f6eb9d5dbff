import { useEffect, useRef, useState } from 'react'

export interface Figures {
  delivered: number
  failed: number
  p50Ms: number | null
  p95Ms: number | null
  p99Ms: number | null
}

export interface Bucket extends Figures {
  start: string
}

/** Of every plot, in CSS pixels; the width is what there is. */
export const HEIGHT = 150
export const LEFT = 56
export const BOTTOM = 20
const TOP = 8

/** How wide an element is, now and when it changes. */
export function useWidth() {
  const ref = useRef<HTMLDivElement>(null)
  const [width, setWidth] = useState(480)
  useEffect(() => {
    const element = ref.current
    if (!element) return
    const observer = new ResizeObserver(() => setWidth(element.clientWidth))
    observer.observe(element)
    return () => observer.disconnect()
  }, [])
  return { ref, width }
}

/** The smallest of 1, 2, 5, 10, 20 … that is at least `value`. */
export function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, 1)))
  return [1, 2, 5, 10].map((factor) => factor * power).find((nice) => nice >= value) ?? value
}

/** Where things stand in a plot of `count` parts whose greatest value is `max`. */
export function scale(width: number, count: number, max: number) {
  const step = (width - LEFT) / count
  const height = HEIGHT - BOTTOM - TOP
  return {
    step,
    x: (index: number) => LEFT + index * step,
    y: (value: number) => TOP + height * (1 - value / max),
    base: TOP + height,
  }
}

const hour = new Intl.DateTimeFormat('en', { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
const day = new Intl.DateTimeFormat('en', { day: 'numeric', month: 'short' })

/** What stands below the plot: some moments of the range, as many as fit. */
export function moments(buckets: readonly Bucket[], width: number) {
  const isWeek = buckets.length > 24
  const every = Math.ceil(buckets.length / Math.max(2, Math.floor(width / 80)))
  return buckets
    .map(({ start }, index) => ({ index, text: (isWeek ? day : hour).format(Date.parse(start)) }))
    .filter(({ index }) => index % every === 0 && index < buckets.length - every / 2)
}

/** "Nov 24, 10:00": a part's name. */
export const nameOf = (start: string) => `${day.format(Date.parse(start))}, ${hour.format(Date.parse(start))}`
