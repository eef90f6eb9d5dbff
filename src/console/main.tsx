import { setNonce } from 'get-nonce'
import { createRoot } from 'react-dom/client'
import './styles/tokens.css'
import './styles/base.css'
import { takeKeyFromFragment } from './api/session.ts'
import { App } from './app.tsx'
import { applyTheme } from './shell/theme.ts'

takeKeyFromFragment()
applyTheme()
// What the server allows this page's style elements by; a dialog makes one to keep the page behind it still.
const nonce = document.querySelector<HTMLMetaElement>('meta[property=csp-nonce]')?.nonce
if (nonce) setNonce(nonce)
createRoot(document.querySelector('#root') as Element).render(<App />)
