// A list that is typed as one text, separated by commas.

export const entriesOf = (text: string): string[] => [
  ...new Set(
    text
      .split(',')
      .map((entry) => entry.trim())
      .filter(Boolean),
  ),
]

/** At most `max` entries of at most 100 characters. */
export const textsOf = (max: number) => (text: string) => {
  const entries = entriesOf(text)
  if (entries.length > max) return `This field may have at most ${max} entries`
  return entries.some((entry) => [...entry].length > 100) ? 'Each entry may have at most 100 characters' : ''
}
