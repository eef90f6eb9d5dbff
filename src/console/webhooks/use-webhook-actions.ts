import { useAction } from '../api/use-action.ts'
import { WebhookRevealSecretDocument, WebhookUpdateDocument } from '../gql/graphql.ts'
import { copy } from '../ui/copy.ts'
import { useTell } from '../ui/toasts.tsx'

/** Copies a secret that is at hand, and says so. */
export function useCopyText() {
  const tell = useTell()
  return async (secret: string) => {
    if (await copy(secret)) tell.done('Webhook secret copied successfully')
    else tell.failed('The browser did not let the console copy. Show the secret on the webhook’s page instead.')
  }
}

/** Asks for a webhook's secret, which is written into the audit log, and copies it. */
export function useCopySecret() {
  const tell = useTell()
  const copyText = useCopyText()
  const { run } = useAction(WebhookRevealSecretDocument, [])
  return async (id: string) => {
    const { success, fault } = await run({ id })
    if (fault) return tell.failed(fault.message)
    await copyText(success.secret)
  }
}

export function useSetActive() {
  const tell = useTell()
  const { run } = useAction(WebhookUpdateDocument, ['Webhook'])
  return async (id: string, active: boolean) => {
    const { fault } = await run({ id, input: { active } })
    if (fault) tell.failed(fault.message)
    else tell.done(active ? 'Webhook activated' : 'Webhook deactivated')
  }
}
