import { BadRequestError } from './errors.ts'

/** A page of a list that is read by key: what was asked for. */
export interface PageArgs {
  /** At most 100; 20 where it is not given. */
  first?: number | null
  /** A cursor of an earlier page; what follows it is read. */
  after?: string | null
}

/** A page: its rows, and whether there are more behind them. */
export interface Page<Row> {
  rows: Row[]
  hasNextPage: boolean
  hasPreviousPage: boolean
}

/** Rows of a page at most. */
export const MAX_PAGE = 100
/** Rows of a page where it is not said. */
export const DEFAULT_PAGE = 20

/**
 * Reads one page. Lists are walked by key, not by offset: what is added or removed while someone pages moves nothing,
 * and a cursor outlives the row that it was made of.
 * @param decode the key in a cursor, or null when it is none of this list's.
 * @param read up to `take` rows behind the key. @throws BadRequestError
 */
export async function readPage<Row, Key>(
  { first, after }: PageArgs,
  decode: (cursor: string) => Key | null,
  read: (take: number, after: Key | undefined) => Promise<Row[]>,
): Promise<Page<Row>> {
  const size = first ?? DEFAULT_PAGE
  if (size < 0 || size > MAX_PAGE) throw new BadRequestError(`first must be between 0 and ${MAX_PAGE}`)
  const key = after == null ? undefined : decode(after)
  if (key === null) throw new BadRequestError('after must be a cursor that this list has given')
  const rows = await read(size + 1, key)
  return { rows: rows.slice(0, size), hasNextPage: rows.length > size, hasPreviousPage: key !== undefined }
}

/**
 * Reads the end of a list: its last `size` rows, in the list's order.
 * @param read up to `take` rows, the last one first. @throws BadRequestError
 */
export async function readLast<Row>(size: number, read: (take: number) => Promise<Row[]>): Promise<Page<Row>> {
  if (size < 0 || size > MAX_PAGE) throw new BadRequestError(`last must be between 0 and ${MAX_PAGE}`)
  const rows = await read(size + 1)
  return { rows: rows.slice(0, size).reverse(), hasNextPage: false, hasPreviousPage: rows.length > size }
}

/** The cursor of a row in a list that is ordered by id. */
export const idCursor = (row: { id: string }): string => Buffer.from(row.id).toString('base64url')

/** The id in such a cursor; null when it is none. */
export function decodeIdCursor(cursor: string): string | null {
  const id = Buffer.from(cursor, 'base64url').toString()
  return /^[a-z]+_[0-9a-f]{32}$/.test(id) ? id : null
}
