import { Copy } from 'lucide-react'
import { Button } from './button.tsx'
import { copy } from './copy.ts'
import { useTell } from './toasts.tsx'
import './code.css'

/** Text as a machine reads it, with a button that copies it. @param label what it is, for those who do not see it. */
export function Code({ text, label }: { text: string; label: string }) {
  const tell = useTell()
  return (
    <figure className="code">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <section tabIndex={0} aria-label={label}>
        <pre>{text}</pre>
      </section>
      <Button
        look="quiet"
        aria-label={`Copy ${label}`}
        icon={<Copy />}
        onClick={async () =>
          (await copy(text)) ? tell.done('Copied') : tell.failed('The browser did not let us copy')
        }
      />
    </figure>
  )
}

/** JSON, indented. */
export function Json({ value, label }: { value: unknown; label: string }) {
  return <Code label={label} text={JSON.stringify(value, null, 2)} />
}
