import { useState } from 'react'
import type { Fault } from '../api/use-action.ts'
import { Confirm } from './dialog.tsx'
import { useTell } from './toasts.tsx'

interface DeleteDialogProps {
  name: string
  /** What it is: "agent". */
  kind: string
  busy: boolean
  remove(): Promise<{ fault?: Fault }>
  onClose(): void
}

export function DeleteDialog({ name, kind, busy, remove, onClose }: DeleteDialogProps) {
  const tell = useTell()
  const [error, setError] = useState('')
  async function confirm() {
    const { fault } = await remove()
    // Someone else was quicker: it is gone, as was asked.
    if (fault && fault.__typename !== 'NotFoundError') return setError(fault.message)
    tell.done(`${kind[0]?.toUpperCase()}${kind.slice(1)} deleted successfully`)
    onClose()
  }
  return (
    <Confirm
      onClose={onClose}
      title={`Delete “${name}”?`}
      text={`The ${kind} will be permanently deleted. This action cannot be undone.`}
      action="Delete"
      busy={busy}
      error={error}
      onConfirm={confirm}
    />
  )
}
