import type { Agent, AgentContext, Context, ContextFile, Document } from '../db/generated/prisma/client.ts'

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

/** SQL that adds rows to a table. @param rows SQL of them, as a JSON array under the names of the columns; null: none. */
export const insertSql = (table: string, rows: string) =>
  `INSERT INTO "${table}" SELECT * FROM jsonb_populate_recordset(NULL::"${table}", ${rows})`
