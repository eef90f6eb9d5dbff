import { Link } from 'wouter'
import { paths } from '../shell/paths.ts'
import { Code } from '../ui/code.tsx'

const callback = `POST /webhooks/mindset
content-type: application/json
webhook-id: evt_…
webhook-timestamp: 1795500000
webhook-signature: v1,…
herald-delivery: dlv_…
herald-attempt: 1

{"id":"evt_…","type":"agent.created","timestamp":"…","appId":"app_…","externalTenantId":null,"sequence":1,"data":{…}}`

/** What the help link leads to. */
export function HelpPage() {
  return (
    <article className="stack help">
      <h1>What are Webhooks?</h1>
      <p>
        Webhooks tell you of changes to agents, contexts and context files without your asking again and again. Each
        change is sent to the endpoint of every active webhook that chose its entity type, as one signed HTTP request.
      </p>
      <h2>What your endpoint is sent</h2>
      <Code label="Example of a callback" text={callback} />
      <ul className="stack tight bullets">
        <li>Answer with any 2xx within 15 seconds. Everything else counts as failed.</li>
        <li>
          Check <code>webhook-signature</code> with the webhook’s secret; each webhook’s page shows the code for it.
        </li>
        <li>
          The same event may come twice: remember <code>webhook-id</code>. <code>sequence</code> tells the order, and
          that none is missing.
        </li>
      </ul>
      <h2>When an attempt fails</h2>
      <p>
        With the policy Retry it is tried again after 5 s, 5 min, 30 min, 2 h, 5 h, 10 h and 10 h; with Once it is not.
        What failed can be sent again from the webhook’s page, one by one or a whole range. An endpoint that answers 410
        is deactivated, and so is one whose every attempt has failed for 5 days.
      </p>
      <h2>Good practice</h2>
      <ul className="stack tight bullets">
        <li>Name a webhook by what it is for: “Production Event Sync”, “Staging Notifications”.</li>
        <li>Choose only the entities that you need, and use one webhook per endpoint.</li>
        <li>Use HTTPS in production, and keep the secret in a secrets manager.</li>
        <li>Try it: send a test event from the webhook’s page, or change an agent.</li>
      </ul>
      <p>
        <Link to={paths.webhooks}>Back to the webhooks</Link>
      </p>
    </article>
  )
}
