import { X } from 'lucide-react'
import { AlertDialog, Dialog as RadixDialog } from 'radix-ui'
import { type ReactNode, useState } from 'react'
import { Button } from './button.tsx'
import './dialog.css'

interface DialogProps {
  onClose(): void
  title: ReactNode
  description?: ReactNode
  /** In the middle, or a sheet at the right edge for reading along. */
  place?: 'middle' | 'sheet'
  children: ReactNode
}

/** Gives the focus back to whoever had it when the dialog opened; where that is gone, to the page's content. */
function useFocusBack() {
  const [before] = useState(() => document.activeElement as HTMLElement | null)
  return (event: Event) => {
    event.preventDefault()
    const back = before?.isConnected ? before : document.querySelector<HTMLElement>('#main')
    back?.focus()
  }
}

export function Dialog({ onClose, title, description, place = 'middle', children }: DialogProps) {
  const focusBack = useFocusBack()
  return (
    <RadixDialog.Root open onOpenChange={(next) => !next && onClose()}>
      <RadixDialog.Portal>
        <RadixDialog.Overlay className="veil" />
        <RadixDialog.Content
          className={`dialog ${place}`}
          onCloseAutoFocus={focusBack}
          {...(!description && { 'aria-describedby': undefined })}
        >
          <header className="dialog-head">
            <RadixDialog.Title className="break">{title}</RadixDialog.Title>
            <RadixDialog.Close asChild>
              <Button look="quiet" aria-label="Close" icon={<X />} />
            </RadixDialog.Close>
          </header>
          {description && <RadixDialog.Description className="muted">{description}</RadixDialog.Description>}
          {children}
        </RadixDialog.Content>
      </RadixDialog.Portal>
    </RadixDialog.Root>
  )
}

interface ConfirmProps {
  onClose(): void
  title: string
  text: ReactNode
  /** What the button that does it says. */
  action: string
  busy?: boolean
  error?: string
  onConfirm(): void
}

/** Asks before something is done that cannot be undone. Cancel has the focus. */
export function Confirm({ onClose, title, text, action, busy, error, onConfirm }: ConfirmProps) {
  const focusBack = useFocusBack()
  return (
    <AlertDialog.Root open onOpenChange={(next) => !next && onClose()}>
      <AlertDialog.Portal>
        <AlertDialog.Overlay className="veil" />
        <AlertDialog.Content className="dialog middle narrow" onCloseAutoFocus={focusBack}>
          <AlertDialog.Title className="break">{title}</AlertDialog.Title>
          <AlertDialog.Description>{text}</AlertDialog.Description>
          <p className="field-error" role="alert">
            {error}
          </p>
          <footer className="dialog-foot">
            <AlertDialog.Cancel asChild>
              <Button>Cancel</Button>
            </AlertDialog.Cancel>
            <Button look="danger" off={busy} onClick={onConfirm}>
              {action}
            </Button>
          </footer>
        </AlertDialog.Content>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  )
}
