import { Check } from 'lucide-react'
import { Checkbox as RadixCheckbox, Switch as RadixSwitch } from 'radix-ui'
import { type ReactNode, useId } from 'react'
import { charactersOf } from './rules.ts'
import './field.css'

interface FieldProps {
  label: string
  optional?: boolean
  hint?: ReactNode
  error?: string
}

interface TextFieldProps extends FieldProps {
  value: string
  onChange(value: string): void
  onBlur?(): void
  /** Shows a counter that turns red past it. Nothing is cut off. */
  max?: number
  rows?: number
  type?: 'text' | 'url' | 'password' | 'datetime-local'
  placeholder?: string
  autoFocus?: boolean
  mono?: boolean
}

/** A text field with its label, counter, hint and error; one of several lines where `rows` is given. */
export function TextField({ label, optional, hint, error, value, onChange, max, rows, mono, ...rest }: TextFieldProps) {
  const id = useId()
  const count = charactersOf(value)
  const shared = {
    ...rest,
    id,
    value,
    className: mono ? 'input mono' : 'input',
    'aria-invalid': error ? true : undefined,
    'aria-describedby': `${id}-hint ${id}-error`,
    'aria-required': optional ? undefined : true,
    onChange: (event: { target: { value: string } }) => onChange(event.target.value),
  }
  return (
    <div className="field">
      <div className="field-head">
        <label htmlFor={id}>
          {label} {optional && <span className="muted">(optional)</span>}
        </label>
        {max && (
          <output className={count > max ? 'counter over' : 'counter'} htmlFor={id}>
            {count}/{max}
          </output>
        )}
      </div>
      {rows ? (
        <textarea rows={rows} {...shared} />
      ) : (
        <input type="text" autoComplete="off" spellCheck={false} {...shared} />
      )}
      <div id={`${id}-hint`} className="hint">
        {hint}
      </div>
      <div id={`${id}-error`} className="field-error" role="alert">
        {error}
      </div>
    </div>
  )
}

interface SelectFieldProps extends FieldProps {
  value: string
  onChange(value: string): void
  options: readonly (readonly [value: string, label: string])[]
}

export function SelectField({ label, hint, error, value, onChange, options, optional }: SelectFieldProps) {
  const id = useId()
  return (
    <div className="field">
      <div className="field-head">
        <label htmlFor={id}>
          {label} {optional && <span className="muted">(optional)</span>}
        </label>
      </div>
      <Select id={id} value={value} onChange={onChange} options={options} describedBy={`${id}-hint ${id}-error`} />
      <div id={`${id}-hint`} className="hint">
        {hint}
      </div>
      <div id={`${id}-error`} className="field-error" role="alert">
        {error}
      </div>
    </div>
  )
}

interface SelectProps {
  id?: string
  label?: string
  value: string
  onChange(value: string): void
  options: SelectFieldProps['options']
  describedBy?: string
}

/** The browser's own list of choices: it is the best there is on phones and for screen readers. */
export function Select({ id, label, value, onChange, options, describedBy }: SelectProps) {
  return (
    <select
      id={id}
      aria-label={label}
      aria-describedby={describedBy}
      className="input select"
      value={value}
      onChange={(event) => onChange(event.target.value)}
    >
      {options.map(([option, text]) => (
        <option key={option} value={option}>
          {text}
        </option>
      ))}
    </select>
  )
}

interface ToggleProps {
  label: ReactNode
  hint?: ReactNode
  checked: boolean
  onChange(checked: boolean): void
}

export function Checkbox({ label, hint, checked, onChange }: ToggleProps) {
  const id = useId()
  return (
    <div className="toggle">
      <RadixCheckbox.Root
        id={id}
        className="checkbox"
        checked={checked}
        onCheckedChange={(value) => onChange(value === true)}
        aria-describedby={`${id}-hint`}
      >
        <RadixCheckbox.Indicator asChild>
          <Check size={14} strokeWidth={3} />
        </RadixCheckbox.Indicator>
      </RadixCheckbox.Root>
      <div>
        <label htmlFor={id}>{label}</label>
        <div id={`${id}-hint`} className="hint">
          {hint}
        </div>
      </div>
    </div>
  )
}

export function Switch({ label, hint, checked, onChange }: ToggleProps) {
  const id = useId()
  return (
    <div className="toggle">
      <RadixSwitch.Root
        id={id}
        className="switch"
        checked={checked}
        onCheckedChange={onChange}
        aria-describedby={`${id}-hint`}
      >
        <RadixSwitch.Thumb className="thumb" />
      </RadixSwitch.Root>
      <div>
        <label htmlFor={id}>{label}</label>
        <div id={`${id}-hint`} className="hint">
          {hint}
        </div>
      </div>
    </div>
  )
}
