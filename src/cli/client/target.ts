import type { TypedDocumentNode } from '@graphql-typed-document-node/core'
import { print } from 'graphql'

/** What a person who runs a command can act on; shown without a stack. */
export class CommandError extends Error {
  override name = 'CommandError'
}

/** The options that every command against a server has. */
export interface TargetOptions {
  url?: string
  key?: string
}

/** A server, and who asks it. The key is never shown. */
export interface Target {
  /** Of the GraphQL API over HTTP. */
  readonly url: string
  readonly key: string
}

const DEFAULT_URL = 'http://127.0.0.1:4000/graphql'

/** Finds the server by options, then environment. @throws CommandError where there is no key or no URL. */
export function targetOf(options: TargetOptions, env: NodeJS.ProcessEnv): Target {
  const url = options.url ?? env.HERALD_URL ?? DEFAULT_URL
  const key = options.key ?? env.HERALD_API_KEY
  if (!URL.canParse(url) || !/^https?:/.test(url)) throw new CommandError(`${url} is no URL of http or https`)
  if (!key) throw new CommandError('Set HERALD_API_KEY, or give --key')
  return { url, key }
}

/** Asks the API. @throws CommandError with what the server says. */
export async function ask<Data, Variables extends object>(
  { url, key }: Target,
  document: TypedDocumentNode<Data, Variables>,
  ...[variables]: Record<string, never> extends Variables ? [Variables?] : [Variables]
): Promise<Data> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-api-key': key },
    body: JSON.stringify({ query: print(document), variables }),
  }).catch((error: Error & { cause?: { code?: string } }) => {
    throw new CommandError(`${url} does not answer (${error.cause?.code ?? error.message})`)
  })
  const text = await response.text()
  const { data, errors } = parse(text)
  if (errors?.[0]) throw new CommandError(errors[0].message)
  if (!data) throw new CommandError(`${url} answered ${response.status}, and not as Herald does`)
  return data as Data
}

function parse(text: string): { data?: unknown; errors?: { message: string }[] } {
  try {
    return JSON.parse(text) ?? {}
  } catch {
    return {}
  }
}
