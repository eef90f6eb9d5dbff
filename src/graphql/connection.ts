import type { ObjectRef } from '@pothos/core'
import { idCursor, type Page } from '../page.ts'
import { builder } from './builder.ts'

/** What a connection's resolver gives: a page, and how to count the whole list if someone asks. */
export interface ConnectionShape<Row> extends Page<Row> {
  count?: () => Promise<number>
}

const PageInfo = builder
  .objectRef<{ hasNextPage: boolean; hasPreviousPage: boolean; start?: string; end?: string }>('PageInfo')
  .implement({
    description: 'Where a page stands in its list.',
    fields: (t) => ({
      hasNextPage: t.exposeBoolean('hasNextPage', { description: 'Whether there is more behind this page.' }),
      hasPreviousPage: t.exposeBoolean('hasPreviousPage', { description: 'Whether this page began behind a cursor.' }),
      startCursor: t.string({ nullable: true, description: "The first row's cursor.", resolve: (page) => page.start }),
      endCursor: t.string({
        nullable: true,
        description: "The last row's cursor. Give it as `after` to read on.",
        resolve: (page) => page.end,
      }),
    }),
  })

/**
 * The Relay connection of a type: edges, nodes, pageInfo and, unless it would cost too much, totalCount.
 * @param cursor of a row; by id where it is not given.
 */
export function connectionOf<Row extends { id: string }>(
  name: string,
  node: ObjectRef<typeof builder.$inferSchemaTypes, Row>,
  { counted = false, cursor = idCursor }: { counted?: boolean; cursor?: (row: Row) => string } = {},
) {
  const Edge = builder.objectRef<Row>(`${name}Edge`).implement({
    description: `One ${name} of a page.`,
    fields: (t) => ({
      cursor: t.string({
        description: 'Give it as `after` to read on behind this row.',
        resolve: (row) => cursor(row),
      }),
      node: t.field({ type: node, description: 'The row itself.', resolve: (row) => row as never }),
    }),
  })
  return builder.objectRef<ConnectionShape<Row>>(`${name}Connection`).implement({
    description: `A page of a list of ${name}.`,
    fields: (t) => ({
      edges: t.field({
        type: [Edge],
        description: 'The rows with their cursors.',
        resolve: ({ rows }) => rows as never,
      }),
      nodes: t.field({ type: [node], description: 'The rows alone.', resolve: ({ rows }) => rows as never }),
      pageInfo: t.field({
        type: PageInfo,
        description: 'Where the page stands.',
        resolve: ({ rows, ...page }) => {
          const [first, last] = [rows.at(0), rows.at(-1)]
          return { ...page, start: first && cursor(first), end: last && cursor(last) }
        },
      }),
      ...(counted && {
        totalCount: t.int({
          description: 'Rows of the whole list, with the same filters.',
          resolve: ({ count }) => count?.() ?? 0,
        }),
      }),
    }),
  })
}

/** Where in a query the rows of a connection are selected, for what is loaded along with them. */
export const rowPaths = [['nodes'], ['edges', 'node']] as const

/** The arguments of every list. */
export const pageArgs = builder.args((t) => ({
  first: t.int({ description: 'Rows of the page: 0 to 100, 20 where it is not given.' }),
  after: t.string({ description: 'A cursor of an earlier page; what follows it is read.' }),
}))
