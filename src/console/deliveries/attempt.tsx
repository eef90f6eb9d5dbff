import type { DeliveryPageQuery } from '../gql/graphql.ts'
import { Badge } from '../ui/badge.tsx'
import { Code } from '../ui/code.tsx'
import { Facts } from '../ui/facts.tsx'
import { Moment } from '../ui/time.tsx'
import { outcomeLabels } from './delivery-status.tsx'

type Made = NonNullable<DeliveryPageQuery['delivery']>['attempts'][number]

/** Headers as they stand in a request. */
const lines = (headers: unknown) =>
  Object.entries((headers ?? {}) as Record<string, unknown>)
    .map(([name, value]) => `${name}: ${Array.isArray(value) ? value.join(', ') : value}`)
    .join('\n')

/** One attempt: what was asked and what was answered. */
export function Attempt({ attempt, open }: { attempt: Made; open: boolean }) {
  const { number, outcome, durationMs, startedAt, responseStatus, responseBody, responseBodyTruncated } = attempt
  return (
    <details className="attempt" open={open}>
      <summary>
        <span>Attempt {number}</span>
        <Badge tone={outcome === 'DELIVERED' ? 'good' : 'bad'}>{outcomeLabels[outcome]}</Badge>
        {responseStatus && <span className="muted">HTTP {responseStatus}</span>}
        <span className="muted">{durationMs.toLocaleString('en')} ms</span>
      </summary>
      <div className="stack">
        <Facts
          facts={[
            ['Started', <Moment key="at" at={startedAt} />],
            ['Why it failed', attempt.failure],
          ]}
        />
        <div className="stack tight">
          <h4>Request headers</h4>
          <Code label={`request headers of attempt ${number}`} text={lines(attempt.requestHeaders)} />
        </div>
        {responseStatus ? (
          <>
            <div className="stack tight">
              <h4>Response headers</h4>
              <Code label={`response headers of attempt ${number}`} text={lines(attempt.responseHeaders)} />
            </div>
            <div className="stack tight">
              <h4>Response body{responseBodyTruncated && ' (its beginning)'}</h4>
              {responseBody ? (
                <Code label={`response body of attempt ${number}`} text={responseBody} />
              ) : (
                <p className="muted">Empty</p>
              )}
            </div>
          </>
        ) : (
          <p className="muted">There was no response.</p>
        )}
      </div>
    </details>
  )
}
