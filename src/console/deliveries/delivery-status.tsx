import type { AttemptOutcome, DeliveryFieldsFragment, DeliveryStatus } from '../gql/graphql.ts'
import { Badge, type Tone } from '../ui/badge.tsx'

export const deliveryLabels: Record<DeliveryStatus, string> = {
  PENDING: 'Pending',
  SUCCEEDED: 'Delivered',
  FAILED: 'Failed',
  CANCELED: 'Canceled',
}
const tones: Record<DeliveryStatus, Tone> = { PENDING: 'warn', SUCCEEDED: 'good', FAILED: 'bad', CANCELED: 'gray' }

export const outcomeLabels: Record<AttemptOutcome, string> = {
  DELIVERED: 'Delivered',
  REJECTED: 'Rejected',
  TIMED_OUT: 'Timed out',
  UNREACHABLE: 'Unreachable',
  BLOCKED: 'Blocked',
}

export function DeliveryStatusBadge({ status }: Pick<DeliveryFieldsFragment, 'status'>) {
  return <Badge tone={tones[status]}>{deliveryLabels[status]}</Badge>
}
