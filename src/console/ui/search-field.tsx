import { Search, X } from 'lucide-react'
import { useRef } from 'react'
import { Button } from './button.tsx'
import './search-field.css'

/** Filters while one types; the cross, or Escape, clears it. */
export function SearchField({ label, value, onChange }: { label: string; value: string; onChange(v: string): void }) {
  const input = useRef<HTMLInputElement>(null)
  const clear = () => {
    onChange('')
    input.current?.focus()
  }
  return (
    <div className="search">
      <Search aria-hidden />
      <input
        ref={input}
        type="search"
        className="input"
        aria-label={label}
        placeholder={label}
        value={value}
        autoComplete="off"
        spellCheck={false}
        onChange={(event) => onChange(event.target.value)}
        onKeyDown={(event) => event.key === 'Escape' && clear()}
      />
      {value && <Button look="quiet" icon={<X />} aria-label="Clear search" onClick={clear} />}
    </div>
  )
}
