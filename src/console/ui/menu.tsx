import { EllipsisVertical } from 'lucide-react'
import { DropdownMenu } from 'radix-ui'
import type { ReactNode } from 'react'
import { Button } from './button.tsx'
import './menu.css'

export interface MenuItem {
  label: string
  icon?: ReactNode
  danger?: boolean
  onSelect(): void
}

/** The ⋮ menu. @param label what the button is called for those who do not see it. */
export function Menu({ label, items }: { label: string; items: readonly MenuItem[] }) {
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger asChild>
        <Button look="quiet" aria-label={label} icon={<EllipsisVertical />} />
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content className="menu" align="end" sideOffset={4} collisionPadding={8}>
          {items.map(({ label, icon, danger, onSelect }) => (
            <DropdownMenu.Item key={label} className={danger ? 'menu-item danger' : 'menu-item'} onSelect={onSelect}>
              {icon}
              {label}
            </DropdownMenu.Item>
          ))}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  )
}
