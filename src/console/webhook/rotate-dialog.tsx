import { useState } from 'react'
import { useAction } from '../api/use-action.ts'
import { type WebhookFieldsFragment, WebhookRotateSecretDocument } from '../gql/graphql.ts'
import { Button } from '../ui/button.tsx'
import { Code } from '../ui/code.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { DialogForm } from '../ui/dialog-form.tsx'
import { SelectField } from '../ui/field.tsx'
import { Notice } from '../ui/notice.tsx'
import { Moment } from '../ui/time.tsx'
import { useTell } from '../ui/toasts.tsx'

const overlaps = [
  ['24', '24 hours: both secrets sign meanwhile'],
  ['1', '1 hour: both secrets sign meanwhile'],
  ['72', '72 hours: both secrets sign meanwhile'],
  ['0', 'None: the old secret ends at once'],
] as const

/** Gives a webhook a new secret, and says until when the old one signs too. */
export function RotateDialog({ webhook, onClose }: { webhook: WebhookFieldsFragment; onClose(): void }) {
  const tell = useTell()
  const [overlap, setOverlap] = useState('24')
  const [general, setGeneral] = useState('')
  const [made, setMade] = useState<{ secret: string; previousValidUntil: string | null } | null>(null)
  const { run, busy } = useAction(WebhookRotateSecretDocument, ['Webhook'])

  async function rotate() {
    const { success, fault } = await run({ id: webhook.id, overlapHours: Number(overlap) })
    if (fault) return setGeneral(fault.message)
    tell.done('Webhook secret rotated successfully')
    setMade(success)
  }

  if (made) {
    return (
      <Dialog onClose={onClose} title="The new secret">
        <Code label="the new secret" text={made.secret} />
        <Notice tone={made.previousValidUntil ? 'info' : 'warn'}>
          {made.previousValidUntil ? (
            <>
              Callbacks are signed with both secrets until <Moment at={made.previousValidUntil} />. Put the new one in
              place before.
            </>
          ) : (
            'The old secret signs no more: receivers refuse callbacks until they have the new one.'
          )}
        </Notice>
        <footer className="dialog-foot">
          <Button look="primary" onClick={onClose}>
            Done
          </Button>
        </footer>
      </Dialog>
    )
  }
  return (
    <Dialog onClose={onClose} title="Rotate secret" description="The webhook gets a new signing secret.">
      <DialogForm form={{ valid: true, general }} busy={busy} onSave={rotate} onCancel={onClose} action="Rotate">
        <SelectField label="Overlap" value={overlap} onChange={setOverlap} options={overlaps} />
      </DialogForm>
    </Dialog>
  )
}
