import { useQuery } from 'urql'
import { useAction } from '../api/use-action.ts'
import {
  type EntityType,
  WebhookCreateDocument,
  type WebhookFieldsFragment,
  WebhooksDocument,
  WebhookUpdateDocument,
} from '../gql/graphql.ts'
import { Dialog } from '../ui/dialog.tsx'
import { DialogForm } from '../ui/dialog-form.tsx'
import { Checkbox, SelectField, Switch, TextField } from '../ui/field.tsx'
import { useForm } from '../ui/form.ts'
import { Notice } from '../ui/notice.tsx'
import { all, atMost, required, webUrl } from '../ui/rules.ts'
import { useTell } from '../ui/toasts.tsx'
import { entityLabels, entityTypes } from './entities.ts'
import { useCopyText } from './use-webhook-actions.ts'

const [NAME_MAX, URL_MAX] = [50, 500]
const rules = { name: atMost(NAME_MAX), url: all(required, atMost(URL_MAX), webUrl) }
const policies = [
  ['RETRY', 'Retry: 8 attempts within 28 hours'],
  ['ONCE', 'Once: one attempt, no retry'],
] as const

/** Makes a webhook, or changes the one given. */
export function WebhookDialog({ webhook, onClose }: { webhook?: WebhookFieldsFragment; onClose(): void }) {
  const tell = useTell()
  const copyText = useCopyText()
  const create = useAction(WebhookCreateDocument, ['Webhook'])
  const update = useAction(WebhookUpdateDocument, ['Webhook'])
  const form = useForm(
    {
      name: webhook?.name ?? '',
      url: webhook?.url ?? '',
      entities: webhook?.entities ?? [],
      active: webhook ? webhook.status === 'ACTIVE' : true,
      deliveryPolicy: webhook?.deliveryPolicy ?? 'RETRY',
    },
    rules,
  )
  const { values, set } = form
  const twin = useTwin(values.url, webhook?.id)

  async function save() {
    const input = { ...values, name: values.name || null, url: values.url.trim() }
    if (webhook) {
      const { fault } = await update.run({ id: webhook.id, input })
      if (fault) return form.refuse(fault)
      tell.done('Webhook updated successfully')
    } else {
      const { success, fault } = await create.run({ input })
      if (fault) return form.refuse(fault)
      tell.done('Webhook created successfully', { label: 'Copy secret', run: () => void copyText(success.secret) })
    }
    onClose()
  }

  const toggle = (entity: EntityType, on: boolean) =>
    set('entities', on ? [...values.entities, entity] : values.entities.filter((other) => other !== entity))
  return (
    <Dialog onClose={onClose} title={webhook ? 'Edit Webhook' : 'New Webhook'}>
      <DialogForm form={form} busy={create.busy || update.busy} onSave={save} onCancel={onClose}>
        <TextField
          label="Webhook Name"
          optional
          max={NAME_MAX}
          placeholder="Production Event Sync"
          {...form.bind('name')}
        />
        <TextField
          label="Endpoint URL"
          type="url"
          mono
          max={URL_MAX}
          placeholder="https://your-platform.com/webhooks/mindset"
          {...form.bind('url')}
        />
        {twin && (
          <Notice tone="warn" live>
            “{twin}” has the same URL. Better use one webhook per endpoint, and filter by the event’s type there.
          </Notice>
        )}
        <fieldset>
          <legend>
            Entity Types <span className="muted">(optional; none chosen means all)</span>
          </legend>
          <div className="stack tight">
            {entityTypes.map((entity) => (
              <Checkbox
                key={entity}
                label={entityLabels[entity]}
                checked={values.entities.includes(entity)}
                onChange={(on) => toggle(entity, on)}
              />
            ))}
          </div>
        </fieldset>
        <SelectField
          label="When an attempt fails"
          value={values.deliveryPolicy}
          onChange={(value) => set('deliveryPolicy', value as typeof values.deliveryPolicy)}
          options={policies}
        />
        <Switch
          label="Activate Webhook"
          hint={
            values.active
              ? 'Active: it will send notifications immediately'
              : 'Inactive: it is saved but won’t send notifications'
          }
          checked={values.active}
          onChange={(active) => set('active', active)}
        />
      </DialogForm>
    </Dialog>
  )
}

/** The name of another webhook with the same URL, among the newest 100; null when there is none. */
function useTwin(url: string, ownId: string | undefined): string | null {
  const [{ data }] = useQuery({ query: WebhooksDocument, variables: { first: 100 } })
  if (!URL.canParse(url.trim())) return null
  const { href } = new URL(url.trim())
  const twin = data?.webhooks.nodes.find((other) => other.id !== ownId && other.url === href)
  return twin ? twin.name || twin.url : null
}
