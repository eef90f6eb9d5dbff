import { Moon, Sun } from 'lucide-react'
import { Button } from '../ui/button.tsx'
import { choose, useTheme } from './theme.ts'

export function ThemeToggle() {
  const dark = useTheme() === 'dark'
  return (
    <Button
      look="quiet"
      aria-label={dark ? 'Switch to light colors' : 'Switch to dark colors'}
      icon={dark ? <Sun /> : <Moon />}
      onClick={() => choose(dark ? 'light' : 'dark')}
    />
  )
}
