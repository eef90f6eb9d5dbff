import type { Database, Tx } from '../db/database.ts'
import { newId } from '../db/ids.ts'
import { InvalidInputError } from '../errors.ts'
import { text, validate } from '../validate.ts'
import { type ApiKeyCreateInput, insertApiKey, validateApiKey } from './api-keys.ts'

// What an operator does on the database itself, without a key: the audit log names no key and no address.

/** Makes an app. @param name 1 to 100 characters. @returns its id. @throws InvalidInputError */
export async function createApp(db: Database, name: string): Promise<string> {
  const valid = validate(text(1, 100), name, ['name'])
  return db.prisma.$transaction(async (tx) => {
    const { id } = await tx.app.create({ data: { id: newId('App'), name: valid } })
    await audit(tx, id, 'app.created', id)
    return id
  })
}

/** Makes a key for an app. @returns its value, which is kept nowhere. @throws InvalidInputError */
export async function createKey(db: Database, appId: string, input: ApiKeyCreateInput): Promise<string> {
  const fields = validateApiKey(input)
  return db.prisma.$transaction(async (tx) => {
    if (!(await tx.app.findUnique({ where: { id: appId } }))) {
      throw new InvalidInputError([{ path: ['app'], message: 'There is no app with this id' }])
    }
    const { apiKey, key } = await insertApiKey(tx, appId, fields, new Date())
    await audit(tx, appId, 'apikey.created', apiKey.id)
    return key
  })
}

async function audit(tx: Pick<Tx, 'auditEntry'>, appId: string, action: string, targetId: string): Promise<void> {
  await tx.auditEntry.create({ data: { id: newId('AuditEntry'), appId, at: new Date(), action, targetId } })
}
