import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from 'react'
import { Provider } from 'urql'
import { type Api, createApi } from './client.ts'

const ApiContext = createContext<Api | null>(null)

/** Gives what is inside an API that speaks with `apiKey`. */
export function ApiProvider({ apiKey, children }: { apiKey: string; children: ReactNode }) {
  const api = useMemo(() => createApi(apiKey), [apiKey])
  useEffect(() => () => void api.socket.dispose(), [api])
  return (
    <ApiContext value={api}>
      <Provider value={api.http}>{children}</Provider>
    </ApiContext>
  )
}

export function useApi(): Api {
  const api = useContext(ApiContext)
  if (!api) throw new Error('useApi is for what is inside an ApiProvider')
  return api
}

/** The value, once it has stayed the same for `ms`. */
export function useSettled<T>(value: T, ms: number): T {
  const [settled, setSettled] = useState(value)
  useEffect(() => {
    const timer = setTimeout(setSettled, ms, value)
    return () => clearTimeout(timer)
  }, [value, ms])
  return settled
}
