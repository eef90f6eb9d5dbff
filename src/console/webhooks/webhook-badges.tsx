import type { WebhookFieldsFragment } from '../gql/graphql.ts'
import { Badge } from '../ui/badge.tsx'
import { entityLabels, entityTypes } from './entities.ts'

const reasons = {
  MANUAL: '',
  ENDPOINT_GONE: 'The endpoint answered that it is gone (410)',
  FAILING: 'Every attempt failed for 5 days',
} as const

/** Its status, why it is so, and the entities that it is sent; none chosen means all. */
export function WebhookBadges({ webhook }: { webhook: WebhookFieldsFragment }) {
  const { status, deactivationReason, entities } = webhook
  const why = deactivationReason && reasons[deactivationReason]
  return (
    <div className="row wrap badges">
      <Badge tone={status === 'ACTIVE' ? 'good' : 'gray'}>{status === 'ACTIVE' ? 'Active' : 'Inactive'}</Badge>
      {why && <Badge tone="warn">{why}</Badge>}
      {entities.length === 0 && <Badge tone="accent">All Entities</Badge>}
      {entityTypes
        .filter((entity) => entities.includes(entity))
        .map((entity) => (
          <Badge key={entity} tone="accent">
            {entityLabels[entity]}
          </Badge>
        ))}
    </div>
  )
}
