import { EllipsisVertical } from 'lucide-react'
import { DropdownMenu } from 'radix-ui'
import { useRef } from 'react'
import { Button } from './button.tsx'
import './menu.css'

export interface MenuItem {
  label: string
  danger?: boolean
  onSelect(): void
}

/** The ⋮ menu. @param label what the button is called for those who do not see it. */
export function Menu({ label, items }: { label: string; items: readonly MenuItem[] }) {
  const chosen = useRef<MenuItem | null>(null)
  // Not before the button has the focus again: a dialog gives it back to whoever had it when it opened.
  const runChosen = () => {
    const item = chosen.current
    chosen.current = null
    if (item) setTimeout(item.onSelect)
  }
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger asChild>
        <Button look="quiet" aria-label={label} icon={<EllipsisVertical />} />
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content
          className="menu"
          align="end"
          sideOffset={4}
          collisionPadding={8}
          onCloseAutoFocus={runChosen}
        >
          {items.map((item) => (
            <DropdownMenu.Item
              key={item.label}
              className={item.danger ? 'menu-item danger' : 'menu-item'}
              onSelect={() => {
                chosen.current = item
              }}
            >
              {item.label}
            </DropdownMenu.Item>
          ))}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  )
}
