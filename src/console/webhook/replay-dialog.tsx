import { useAction } from '../api/use-action.ts'
import { deliveryLabels } from '../deliveries/delivery-status.tsx'
import { DeliveriesReplayDocument, type DeliveryStatus } from '../gql/graphql.ts'
import { Dialog } from '../ui/dialog.tsx'
import { DialogForm } from '../ui/dialog-form.tsx'
import { Checkbox, TextField } from '../ui/field.tsx'
import { useForm } from '../ui/form.ts'
import { required } from '../ui/rules.ts'
import { useTell } from '../ui/toasts.tsx'
import type { WebhookOnPage } from './webhook-on-page.ts'

const DAY_MS = 86_400_000
const choices: DeliveryStatus[] = ['FAILED', 'CANCELED', 'SUCCEEDED']

/** A moment as a datetime-local field has it: in the local zone, to the minute. */
const local = (moment: number) =>
  new Date(moment - new Date(moment).getTimezoneOffset() * 60_000).toISOString().slice(0, 16)

/** Sends ended deliveries of a range again. */
export function ReplayDialog({ webhook, onClose }: { webhook: WebhookOnPage; onClose(): void }) {
  const tell = useTell()
  const { run, busy } = useAction(DeliveriesReplayDocument, ['Webhook', 'Delivery', 'Replay'])
  const form = useForm(
    {
      since: local(Date.now() - DAY_MS),
      until: '',
      statuses: ['FAILED', 'CANCELED'] as DeliveryStatus[],
    },
    {
      since: required,
      until: (until, { since }) => (until && until <= since ? 'The end must be after the begin' : ''),
      statuses: (chosen) => (chosen === '' ? 'Choose at least one' : ''),
    },
  )
  const { values, set } = form

  async function replay() {
    const { since, until, statuses } = values
    const { success, fault } = await run({
      input: {
        webhookId: webhook.id,
        since: new Date(since).toISOString(),
        until: until ? new Date(until).toISOString() : null,
        statuses,
      },
    })
    if (fault) return form.refuse(fault)
    const count = success.scheduledCount
    tell.done(count === 1 ? '1 delivery is sent again' : `${count.toLocaleString('en')} deliveries are sent again`)
    onClose()
  }

  return (
    <Dialog
      onClose={onClose}
      title="Replay range"
      description="Deliveries that were made in the range and have ended are sent again, oldest first."
    >
      <DialogForm form={form} busy={busy} onSave={replay} onCancel={onClose} action="Replay">
        <TextField label="From" type="datetime-local" hint="In your time zone." {...form.bind('since')} />
        <TextField label="Until" optional type="datetime-local" hint="Empty: now." {...form.bind('until')} />
        <fieldset>
          <legend>Which ones</legend>
          <div className="stack tight">
            {choices.map((status) => (
              <Checkbox
                key={status}
                label={deliveryLabels[status]}
                checked={values.statuses.includes(status)}
                onChange={(on) =>
                  set(
                    'statuses',
                    on ? [...values.statuses, status] : values.statuses.filter((other) => other !== status),
                  )
                }
              />
            ))}
          </div>
          <p className="field-error" role="alert">
            {form.error('statuses')}
          </p>
        </fieldset>
      </DialogForm>
    </Dialog>
  )
}
