import { useState } from 'react'
import { type CombinedError, type TypedDocumentNode, useClient } from 'urql'

/** Why an action came to nothing: a member of its result union, or what went wrong on the way. */
export interface Fault {
  __typename: string
  message: string
  issues?: { path: string[]; message: string }[]
}

type Result<Data> = Data[keyof Data]
type Success<Data> = Extract<Result<Data>, { __typename: `${string}Success` }>

/** How an action ended. */
export type Outcome<Data> = { success: Success<Data>; fault?: undefined } | { success?: undefined; fault: Fault }

/** What people are told of an error that is no member of a result union. */
export function tell(error: CombinedError): string {
  if (error.networkError) return 'Herald cannot be reached. Nothing is known to have changed; please try again.'
  return error.graphQLErrors[0]?.message ?? error.message
}

/**
 * A mutation with one root field, whose result is a union of XSuccess and errors. Never throws.
 * @param touches type names whose lists it changes: they are read anew.
 */
export function useAction<Data extends object, Variables extends Record<string, unknown>>(
  document: TypedDocumentNode<Data, Variables>,
  touches: string[],
) {
  const client = useClient()
  const [busy, setBusy] = useState(false)
  async function run(variables: Variables): Promise<Outcome<Data>> {
    setBusy(true)
    try {
      const { data, error } = await client.mutation(document, variables, { additionalTypenames: touches }).toPromise()
      if (error) return { fault: { __typename: 'Trouble', message: tell(error) } }
      const result = Object.entries(data ?? {}).find(([field]) => field !== '__typename')?.[1] as Success<Data> & Fault
      return result.__typename.endsWith('Success') ? { success: result } : { fault: result }
    } finally {
      setBusy(false)
    }
  }
  return { run, busy }
}

/** The first issue of each field of `input`, and what belongs to no field that `fields` names. */
export function issuesOf(fault: Fault, fields: readonly string[]) {
  const issues: Record<string, string> = {}
  const rest: string[] = fault.issues?.length ? [] : [fault.message]
  for (const { path, message } of fault.issues ?? []) {
    const field = path[1] ?? ''
    if (fields.includes(field)) issues[field] ??= message
    else rest.push(`${path.slice(1).join('.')}: ${message}`)
  }
  return { issues, rest: rest.join('; ') }
}
