import type { ComponentProps, ReactNode } from 'react'
import './button.css'

export interface ButtonProps extends ComponentProps<'button'> {
  look?: 'primary' | 'plain' | 'pink' | 'danger' | 'quiet'
  icon?: ReactNode
  /** Gray and without effect; it stays reachable by keyboard, so that its reason can be heard. */
  off?: boolean
}

export function Button({ look = 'plain', icon, off = false, className = '', children, onClick, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      className={`button ${look} ${className}`}
      aria-disabled={off || undefined}
      onClick={(event) => (off ? event.preventDefault() : onClick?.(event))}
      {...rest}
    >
      {icon}
      {children !== undefined && <span>{children}</span>}
    </button>
  )
}
