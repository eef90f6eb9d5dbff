import { Activity, Bot, FileText, LibraryBig, LogOut, SlidersHorizontal } from 'lucide-react'
import { type ReactNode, useEffect } from 'react'
import { Link, useLocation } from 'wouter'
import { signOut } from '../api/session.ts'
import { useViewer } from '../api/viewer.tsx'
import { Button } from '../ui/button.tsx'
import { Logo } from './logo.tsx'
import { paths } from './paths.ts'
import { ThemeToggle } from './theme-toggle.tsx'
import './layout.css'

const API_MANAGEMENT = '/configure/api-management'
const configure = [
  { to: paths.webhooks, under: API_MANAGEMENT, label: 'API Management', icon: <SlidersHorizontal /> },
  { to: paths.agents, under: paths.agents, label: 'Agents', icon: <Bot /> },
  { to: paths.contexts, under: paths.contexts, label: 'Contexts', icon: <LibraryBig /> },
  { to: paths.files, under: paths.files, label: 'Context Files', icon: <FileText /> },
]
const tabs = [
  { to: paths.webhooks, label: 'Webhooks' },
  { to: paths.apiKeys, label: 'API Keys' },
  { to: paths.auditLog, label: 'Audit Log' },
]

/** The frame around every page: where one is and where one can go. */
export function Layout({ children }: { children: ReactNode }) {
  const [path] = useLocation()
  const { app, currentKey } = useViewer()
  const at = (under: string) => (path.startsWith(under) ? ('page' as const) : undefined)
  useEffect(() => {
    const tab = [...tabs, ...configure, { to: paths.events, label: 'Events' }].find(({ to }) => path.startsWith(to))
    document.title = tab ? `${tab.label} – Herald` : 'Herald'
    scrollTo(0, 0)
    // On a phone the links are a row that scrolls.
    document.querySelector('.side [aria-current]')?.scrollIntoView({ inline: 'center', block: 'nearest' })
  }, [path])

  return (
    <div className="shell">
      <a className="skip" href="#main">
        Skip to the content
      </a>
      <header className="bar">
        <Link to={paths.webhooks} className="home" aria-label="Herald, to the webhooks">
          <Logo />
        </Link>
        <span className="muted ellipsis grow">{app.name}</span>
        <span className="muted ellipsis key-name" title={`Signed in by the key “${currentKey.name}”`}>
          {currentKey.name} · {currentKey.scopes.join(', ')}
        </span>
        <ThemeToggle />
        <Button look="quiet" icon={<LogOut />} aria-label="Sign out" onClick={() => signOut()} />
      </header>
      <nav className="side" aria-label="Pages of the console">
        <h2 id="configure">Configure</h2>
        <ul aria-labelledby="configure">
          {configure.map(({ to, under, label, icon }) => (
            <li key={to}>
              <Link to={to} className="side-link" aria-current={at(under)}>
                {icon}
                {label}
              </Link>
            </li>
          ))}
        </ul>
        <h2 id="watch">Watch</h2>
        <ul aria-labelledby="watch">
          <li>
            <Link to={paths.events} className="side-link" aria-current={at(paths.events)}>
              <Activity />
              Events
            </Link>
          </li>
        </ul>
      </nav>
      <main id="main" className="page" tabIndex={-1}>
        {path.startsWith(API_MANAGEMENT) && (
          <div className="page-top">
            <p className="crumbs muted">Configure → API Management</p>
            <nav className="tabs" aria-label="API Management">
              {tabs.map(({ to, label }) => (
                <Link key={to} to={to} className="tab" aria-current={at(to)}>
                  {label}
                </Link>
              ))}
            </nav>
          </div>
        )}
        {children}
      </main>
    </div>
  )
}
