import { Tabs } from 'radix-ui'
import { useState } from 'react'
import { useAction } from '../api/use-action.ts'
import { useViewer } from '../api/viewer.tsx'
import { WebhookRevealSecretDocument } from '../gql/graphql.ts'
import { Button } from '../ui/button.tsx'
import { Code } from '../ui/code.tsx'
import { useTell } from '../ui/toasts.tsx'
import { pathOf, samples } from './samples.ts'
import type { WebhookOnPage } from './webhook-on-page.ts'

const HIDDEN = 'whsec_…'

/** How to verify this webhook's callbacks: code with its own path, and with its secret once that is asked for. */
export function VerifySection({ webhook }: { webhook: WebhookOnPage }) {
  const tell = useTell()
  const { can } = useViewer()
  const [secret, setSecret] = useState<string | null>(null)
  const { run, busy } = useAction(WebhookRevealSecretDocument, [])
  async function show() {
    const { success, fault } = await run({ id: webhook.id })
    if (fault) tell.failed(fault.message)
    else setSecret(success.secret)
  }
  return (
    <section className="stack" aria-labelledby="verify">
      <div className="page-head">
        <h2 id="verify">Verify</h2>
        <span className="grow" />
        {can('ADMIN') &&
          (secret ? (
            <Button onClick={() => setSecret(null)}>Hide the secret</Button>
          ) : (
            <Button off={busy} onClick={show}>
              Show the secret
            </Button>
          ))}
      </div>
      <p>
        Check each callback’s signature with the Standard Webhooks library of your language. Keep the secret in a
        secrets manager{!secret && ', not in the code; that it is shown here is written into the audit log'}.
      </p>
      <Tabs.Root defaultValue="TypeScript" className="stack tight">
        <Tabs.List className="tabs" aria-label="Languages">
          {samples.map(([language]) => (
            <Tabs.Trigger key={language} value={language} className="tab tab-button">
              {language}
            </Tabs.Trigger>
          ))}
        </Tabs.List>
        {samples.map(([language, sample]) => (
          <Tabs.Content key={language} value={language}>
            <Code
              label={`code in ${language}`}
              text={sample({ path: pathOf(webhook.url), secret: secret ?? HIDDEN })}
            />
          </Tabs.Content>
        ))}
      </Tabs.Root>
    </section>
  )
}
