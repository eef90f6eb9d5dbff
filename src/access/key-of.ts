/** The API key in HTTP headers or WebSocket connectionParams: `x-api-key`, or `authorization` with Bearer. */
export function keyOf(headers: Record<string, unknown>): string | null {
  const named = (name: string) => {
    const entry = Object.entries(headers).find(([key]) => key.toLowerCase() === name)
    return typeof entry?.[1] === 'string' ? entry[1].trim() : ''
  }
  return named('x-api-key') || /^Bearer\s+(\S+)$/i.exec(named('authorization'))?.[1] || null
}
