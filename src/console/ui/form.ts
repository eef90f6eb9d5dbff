import { type SubmitEvent, useState } from 'react'
import { type Fault, issuesOf } from '../api/use-action.ts'

/** By field: what is wrong with its value, or an empty text. */
type Rules<Values> = { [Field in keyof Values]?: (value: string, values: Values) => string }

/**
 * A form's values and what is wrong with them: by its own rules as one types, and by what the server answered, until
 * the field is changed. An error shows once its field was changed or left.
 */
export function useForm<Values extends object>(initial: Values, rules: Rules<Values>) {
  const [values, setValues] = useState(initial)
  const [touched, setTouched] = useState<Partial<Record<keyof Values, true>>>({})
  const [issues, setIssues] = useState<Record<string, string>>({})
  const [general, setGeneral] = useState('')

  const broken = (field: keyof Values) => rules[field]?.(String(values[field]), values) ?? ''
  const touch = (field: keyof Values) => setTouched((current) => ({ ...current, [field]: true }))
  function set<Field extends keyof Values>(field: Field, value: Values[Field]): void {
    setValues((current) => ({ ...current, [field]: value }))
    touch(field)
    setGeneral('')
    setIssues(({ [field as string]: _, ...rest }) => rest)
  }

  return {
    values,
    set,
    general,
    valid: Object.keys(values).every((field) => !broken(field as keyof Values)),
    error: (field: keyof Values) => (touched[field] && broken(field)) || issues[field as string] || undefined,
    /** What a text field needs. */
    bind: <Field extends keyof Values>(field: Field) => ({
      value: String(values[field]),
      onChange: (value: string) => set(field, value as Values[Field]),
      onBlur: () => touch(field),
      error: (touched[field] && broken(field)) || issues[field as string] || undefined,
    }),
    /** Puts what the server refused where it belongs. */
    refuse(fault: Fault) {
      const { issues, rest } = issuesOf(fault, Object.keys(values))
      setIssues(issues)
      setGeneral(rest)
    },
  }
}

/** A form's onSubmit, without the browser's own sending. */
export const submit = (run: () => void) => (event: SubmitEvent) => {
  event.preventDefault()
  // A dialog's form is inside another part of the page by React's tree.
  event.stopPropagation()
  run()
}
