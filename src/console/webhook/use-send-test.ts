import { useAction } from '../api/use-action.ts'
import { WebhookTestDocument } from '../gql/graphql.ts'
import { useTell } from '../ui/toasts.tsx'

/** Sends a webhook.test event; what comes of it shows among the deliveries. */
export function useSendTest() {
  const tell = useTell()
  const test = useAction(WebhookTestDocument, ['Delivery'])
  return {
    busy: test.busy,
    async run(id: string) {
      const { fault } = await test.run({ id })
      if (fault) tell.failed(fault.message)
      else tell.done('Test event sent')
    },
  }
}
