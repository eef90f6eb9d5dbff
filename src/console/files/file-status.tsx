import type { ContextFileFieldsFragment, ContextFileStatus } from '../gql/graphql.ts'
import { Badge, type Tone } from '../ui/badge.tsx'

export const statusLabels: Record<ContextFileStatus, string> = {
  ACCEPTED: 'Accepted',
  FAIL: 'Failed',
  READY_FOR_PUBLICATION: 'Ready for publication',
  PUBLISHED: 'Published',
}

const tones: Record<ContextFileStatus, Tone> = {
  ACCEPTED: 'gray',
  FAIL: 'bad',
  READY_FOR_PUBLICATION: 'warn',
  PUBLISHED: 'good',
}

export function FileStatus({ file: { status, statusReason } }: { file: ContextFileFieldsFragment }) {
  return (
    <span title={statusReason ?? undefined}>
      <Badge tone={tones[status]}>{statusLabels[status]}</Badge>
      {statusReason && <span className="visually-hidden">: {statusReason}</span>}
    </span>
  )
}
