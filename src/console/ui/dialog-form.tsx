import type { ReactNode } from 'react'
import { Button } from './button.tsx'
import { submit } from './form.ts'
import { Notice } from './notice.tsx'

interface DialogFormProps {
  form: { valid: boolean; general: string }
  busy: boolean
  onSave(): void
  onCancel(): void
  /** What the button that sends it says. */
  action?: string
  children: ReactNode
}

/** A dialog's form: its fields, what was refused and belongs to none of them, Cancel and Save. */
export function DialogForm({ form, busy, onSave, onCancel, action = 'Save', children }: DialogFormProps) {
  const off = !form.valid || busy
  return (
    <form onSubmit={submit(() => !off && onSave())} noValidate>
      {children}
      {form.general && (
        <Notice tone="bad" live>
          {form.general}
        </Notice>
      )}
      <footer className="dialog-foot">
        <Button onClick={onCancel}>Cancel</Button>
        <Button look="primary" type="submit" disabled={off}>
          {action}
        </Button>
      </footer>
    </form>
  )
}
