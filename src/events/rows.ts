import {
  type Agent,
  type AgentContext,
  type Context,
  type ContextFile,
  type Document,
  Prisma,
} from '../db/generated/prisma/client.ts'

/** The tables that changes add to without a look, and their rows: every column, for no default is filled in. */
export interface Rows {
  agent: Agent
  agentContext: AgentContext
  context: Context
  contextFile: ContextFile
  document: Document
}

/** Rows of these tables, with their app: as they are written. */
export type Added = { [T in keyof Rows]?: object[] }

/** Each with its columns by name, so that one which a later version has added is filled by its default. */
const tables: Record<keyof Rows, { table: string; columns: object }> = {
  agent: { table: 'Agent', columns: Prisma.AgentScalarFieldEnum },
  context: { table: 'Context', columns: Prisma.ContextScalarFieldEnum },
  agentContext: { table: 'AgentContext', columns: Prisma.AgentContextScalarFieldEnum },
  contextFile: { table: 'ContextFile', columns: Prisma.ContextFileScalarFieldEnum },
  document: { table: 'Document', columns: Prisma.DocumentScalarFieldEnum },
}

/** In the order in which they are written: one that others refer to comes first. */
export const rowNames = Object.keys(tables) as (keyof Rows)[]

/** SQL that adds rows to a table. @param rows SQL of them, as a JSON array under the names of the columns; null: none. */
export function insertSql(name: keyof Rows, rows: string): string {
  const { table, columns } = tables[name]
  const list = Object.keys(columns).map((column) => `"${column}"`)
  return `INSERT INTO "${table}" (${list}) SELECT ${list} FROM jsonb_populate_recordset(NULL::"${table}", ${rows})`
}
