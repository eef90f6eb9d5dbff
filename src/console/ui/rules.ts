// The rules that forms check as one types. They are the API's rules; what it refuses nevertheless lands at its field.

/** The texts of the API for the same faults. */
const EMPTY = "This field can't be empty"
const INVALID_URL = 'Please enter a valid URL'

/** Characters as people and the API count them: an emoji is one. */
export const charactersOf = (value: string) => [...value].length

type Rule = (value: string) => string

/** An error's text, or an empty one. */
export const required: Rule = (value) => (value.trim() === '' ? EMPTY : '')

export const atMost =
  (max: number): Rule =>
  (value) =>
    charactersOf(value) > max ? `This field may have at most ${max} characters` : ''

/** http or https and a valid domain name; what more the server asks of an address, it says itself. */
export const webUrl: Rule = (value) => {
  if (value === '') return ''
  const given = value.trim()
  if (!/^https?:\/\/[^\s\\/]+/i.test(given) || /\s/.test(given) || !URL.canParse(given)) return INVALID_URL
  const { hostname, username, password } = new URL(given)
  if (username || password) return INVALID_URL
  const host = hostname.replace(/\.$/, '')
  const isName = host.split('.').every((label) => /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/i.test(label))
  return isName || /^\[[0-9a-f:.]+\]$/i.test(host) ? '' : INVALID_URL
}

export const tenant: Rule = (value) =>
  value === '' || /^[A-Za-z0-9_-]{1,100}$/.test(value)
    ? ''
    : 'This field may have 1 to 100 letters, digits, hyphens and underscores'

/** The first rule that is broken. */
export const all =
  (...rules: Rule[]): Rule =>
  (value) => {
    for (const rule of rules) {
      const error = rule(value)
      if (error) return error
    }
    return ''
  }
