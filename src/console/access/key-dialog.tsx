import { useState } from 'react'
import { useAction } from '../api/use-action.ts'
import { ApiKeyCreateDocument, type ApiKeyScope } from '../gql/graphql.ts'
import { Button } from '../ui/button.tsx'
import { Code } from '../ui/code.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { DialogForm } from '../ui/dialog-form.tsx'
import { SelectField, TextField } from '../ui/field.tsx'
import { useForm } from '../ui/form.ts'
import { all, atMost, required } from '../ui/rules.ts'
import { useTell } from '../ui/toasts.tsx'

const rules = { name: all(required, atMost(100)) }
const scopes = [
  ['READ', 'READ: queries and subscriptions'],
  ['WRITE', 'WRITE: also agents, contexts and files'],
  ['ADMIN', 'ADMIN: also webhooks, secrets, deliveries and keys'],
] as const

/** Makes a key, and shows it: now and never again. */
export function KeyDialog({ onClose }: { onClose(): void }) {
  const tell = useTell()
  const [made, setMade] = useState('')
  const { run, busy } = useAction(ApiKeyCreateDocument, ['ApiKey'])
  const form = useForm({ name: '', scopes: 'READ', expiresAt: '' }, rules)
  const { values, set } = form
  async function save() {
    const { name, scopes, expiresAt } = values
    const { success, fault } = await run({
      input: {
        name,
        scopes: [scopes as ApiKeyScope],
        expiresAt: expiresAt ? new Date(expiresAt).toISOString() : null,
      },
    })
    if (fault) return form.refuse(fault)
    tell.done('API key created successfully')
    setMade(success.key)
  }

  if (made) {
    return (
      <Dialog onClose={onClose} title="Copy the API key" description="It is shown now and never again.">
        <Code label="API key" text={made} />
        <footer className="dialog-foot">
          <Button look="primary" onClick={onClose}>
            Done
          </Button>
        </footer>
      </Dialog>
    )
  }
  return (
    <Dialog onClose={onClose} title="New API Key">
      <DialogForm form={form} busy={busy} onSave={save} onCancel={onClose}>
        <TextField label="Name" max={100} placeholder="Ingestion, staging" {...form.bind('name')} />
        <SelectField
          label="Scope"
          hint="A wider scope holds the narrower ones."
          value={values.scopes}
          onChange={(scope) => set('scopes', scope)}
          options={scopes}
          error={form.error('scopes')}
        />
        <TextField
          label="Expires"
          optional
          type="datetime-local"
          hint="In your time zone; empty: never."
          {...form.bind('expiresAt')}
        />
      </DialogForm>
    </Dialog>
  )
}
