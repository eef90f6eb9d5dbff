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

/** The tables in SQL; one that others refer to comes first. */
export const tables: Record<keyof Rows, string> = {
  agent: 'Agent',
  context: 'Context',
  agentContext: 'AgentContext',
  contextFile: 'ContextFile',
  document: 'Document',
}

/** By name, so that a column which a later version has added is filled by its default. */
const columns: Record<keyof Rows, object> = {
  agent: Prisma.AgentScalarFieldEnum,
  context: Prisma.ContextScalarFieldEnum,
  agentContext: Prisma.AgentContextScalarFieldEnum,
  contextFile: Prisma.ContextFileScalarFieldEnum,
  document: Prisma.DocumentScalarFieldEnum,
}

/** SQL that adds rows to a table. @param rows SQL of them, as a JSON array under the names of the columns; null: none. */
export function insertSql(name: keyof Rows, rows: string): string {
  const list = Object.keys(columns[name]).map((column) => `"${column}"`)
  return `INSERT INTO "${tables[name]}" (${list}) SELECT ${list} FROM jsonb_populate_recordset(NULL::"${tables[name]}", ${rows})`
}
