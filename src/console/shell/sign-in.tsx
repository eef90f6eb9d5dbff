import { useState } from 'react'
import { signIn, signOutNotice } from '../api/session.ts'
import { Button } from '../ui/button.tsx'
import { TextField } from '../ui/field.tsx'
import { submit } from '../ui/form.ts'
import { Notice } from '../ui/notice.tsx'
import { Logo } from './logo.tsx'
import { ThemeToggle } from './theme-toggle.tsx'
import './sign-in.css'

const REFUSED = 'Herald does not accept this key: it is wrong, expired or revoked.'
const UNREACHABLE = 'Herald cannot be reached. Please try again.'
const TOO_MANY = 'Too many wrong keys came from here. Please try again in a minute.'

/** Asks Herald whether it accepts the key. @returns why not, or an empty text. */
async function refusal(key: string): Promise<string> {
  try {
    const response = await fetch('/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-api-key': key },
      body: JSON.stringify({ query: '{ app { id } }' }),
    })
    if (response.ok) return ''
    return response.status === 401 ? REFUSED : response.status === 429 ? TOO_MANY : UNREACHABLE
  } catch (error) {
    // What cannot be put into a header is no key.
    return error instanceof TypeError && /[^\x20-\x7e]/.test(key) ? REFUSED : UNREACHABLE
  }
}

export function SignIn() {
  const [key, setKey] = useState('')
  const [error, setError] = useState('')
  const [busy, setBusy] = useState(false)
  const given = key.trim()

  async function enter() {
    if (!given || busy) return
    setBusy(true)
    const why = await refusal(given)
    setBusy(false)
    if (why) setError(why)
    else signIn(given)
  }

  return (
    <main className="sign-in">
      <div className="sign-in-head">
        <Logo />
        <ThemeToggle />
      </div>
      <form className="card stack" onSubmit={submit(enter)}>
        <h1>Sign in</h1>
        {signOutNotice() && <Notice tone="warn">{signOutNotice()}</Notice>}
        <TextField
          label="API key"
          type="password"
          mono
          autoFocus
          value={key}
          onChange={(value) => {
            setKey(value)
            setError('')
          }}
          hint="It stays in this tab and is forgotten when the tab is closed. The first start prints one."
          error={error}
        />
        <Button look="primary" type="submit" off={!given || busy}>
          Sign in
        </Button>
      </form>
    </main>
  )
}
