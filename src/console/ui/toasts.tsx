import { CircleAlert, CircleCheck, X } from 'lucide-react'
import { Toast } from 'radix-ui'
import { createContext, type ReactNode, useCallback, useContext, useState } from 'react'
import { Button } from './button.tsx'
import './toasts.css'

interface ToastAction {
  label: string
  run(): void
}

interface Shown {
  id: number
  kind: 'good' | 'bad'
  text: string
  action?: ToastAction
}

/** Tells that something was done, or was not. */
export interface Tell {
  done(text: string, action?: ToastAction): void
  failed(text: string): void
}

/** The oldest makes room for one more. */
const MAX_SHOWN = 3
const SHOWN_MS = 6000

const TellContext = createContext<Tell>({ done: () => {}, failed: () => {} })
export const useTell = () => useContext(TellContext)

let lastId = 0

export function Toasts({ children }: { children: ReactNode }) {
  const [shown, setShown] = useState<Shown[]>([])
  const add = useCallback((toast: Omit<Shown, 'id'>) => {
    const id = ++lastId
    setShown((current) => [...current, { ...toast, id }].slice(-MAX_SHOWN))
  }, [])
  const [tell] = useState<Tell>(() => ({
    done: (text, action) => add({ kind: 'good', text, action }),
    failed: (text) => add({ kind: 'bad', text }),
  }))
  const remove = (id: number) => setShown((current) => current.filter((toast) => toast.id !== id))

  return (
    <TellContext value={tell}>
      <Toast.Provider swipeDirection="right" duration={SHOWN_MS}>
        {children}
        {shown.map(({ id, kind, text, action }) => (
          <Toast.Root key={id} className={`toast ${kind}`} onOpenChange={(open) => !open && remove(id)}>
            {kind === 'good' ? <CircleCheck aria-hidden /> : <CircleAlert aria-hidden />}
            <Toast.Title className="break grow">{text}</Toast.Title>
            {action && (
              <Toast.Action altText={action.label} asChild>
                <Button onClick={action.run}>{action.label}</Button>
              </Toast.Action>
            )}
            <Toast.Close asChild>
              <Button look="quiet" aria-label="Dismiss" icon={<X />} />
            </Toast.Close>
          </Toast.Root>
        ))}
        {/* Radix tells what is new by itself; the attribute keeps an open dialog from hiding it from screen readers. */}
        <Toast.Viewport className="toasts" label="Notifications ({hotkey})" aria-live="off" />
      </Toast.Provider>
    </TellContext>
  )
}
