import { useAction } from '../api/use-action.ts'
import { ContextCreateDocument, type ContextFieldsFragment, ContextUpdateDocument } from '../gql/graphql.ts'
import { Dialog } from '../ui/dialog.tsx'
import { DialogForm } from '../ui/dialog-form.tsx'
import { Switch, TextField } from '../ui/field.tsx'
import { useForm } from '../ui/form.ts'
import { all, atMost, required, tenant } from '../ui/rules.ts'
import { useTell } from '../ui/toasts.tsx'

const rules = {
  name: all(required, atMost(100)),
  description: atMost(100),
  externalId: atMost(200),
  externalTenantId: tenant,
}

/** Makes a context, or changes the one given. */
export function ContextDialog({ context, onClose }: { context?: ContextFieldsFragment; onClose(): void }) {
  const tell = useTell()
  const create = useAction(ContextCreateDocument, ['Context'])
  const update = useAction(ContextUpdateDocument, ['Context'])
  const form = useForm(
    {
      name: context?.name ?? '',
      description: context?.description ?? '',
      externalId: '',
      externalTenantId: '',
      isSynced: false,
    },
    rules,
  )
  const { values, set } = form

  async function save() {
    const { name, description, externalId, externalTenantId, isSynced } = values
    const input = { name, description: description || null }
    const { fault } = context
      ? await update.run({ id: context.id, input })
      : await create.run({
          input: { ...input, isSynced, externalId: externalId || null, externalTenantId: externalTenantId || null },
        })
    if (fault) return form.refuse(fault)
    tell.done(context ? 'Context updated successfully' : 'Context created successfully')
    onClose()
  }

  return (
    <Dialog onClose={onClose} title={context ? 'Edit Context' : 'New Context'}>
      <DialogForm form={form} busy={create.busy || update.busy} onSave={save} onCancel={onClose}>
        <TextField label="Name" max={100} {...form.bind('name')} />
        <TextField label="Description" optional rows={2} max={100} {...form.bind('description')} />
        {!context && (
          <>
            <TextField label="External id" optional hint="Unique within the app." {...form.bind('externalId')} />
            <TextField
              label="Tenant"
              optional
              hint="The tenant that it and its files belong to. It cannot be changed later."
              {...form.bind('externalTenantId')}
            />
            <Switch label="Synced from elsewhere" checked={values.isSynced} onChange={(on) => set('isSynced', on)} />
          </>
        )}
      </DialogForm>
    </Dialog>
  )
}
