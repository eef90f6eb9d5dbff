import type { TypedDocumentNode } from '@graphql-typed-document-node/core'
import { print } from 'graphql'
import { gql, type Herald } from './herald.ts'

/** Runs a document of schema/operations; fails the test where there are `errors`. */
export function run<Data, Variables extends object>(
  herald: Pick<Herald, 'url' | 'key'>,
  document: TypedDocumentNode<Data, Variables>,
  ...[variables]: Record<string, never> extends Variables ? [Variables?] : [Variables]
): Promise<Data> {
  return gql(herald, print(document), variables ?? {})
}
