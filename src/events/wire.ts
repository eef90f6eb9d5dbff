/** A value as it stands in an event's data: enums in lower case, times in RFC 3339. */
export const enumOnWire = (value: string): string => value.toLowerCase()

/**
 * The fields of an entity, as receivers see them, that a change made different.
 * Lists are compared by their contents; `updatedAt` follows from the others and does not count.
 */
export function changedFields(before: Record<string, unknown>, after: Record<string, unknown>): string[] {
  return Object.keys(after).filter(
    (key) => key !== 'updatedAt' && JSON.stringify(before[key]) !== JSON.stringify(after[key]),
  )
}

/** The fields that an input says something of: what was left out does not replace what is there. */
export const defined = <T extends object>(fields: T): Partial<T> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<T>
