import { createSecretKey } from 'node:crypto'
import { request } from 'undici'
import { type EntityType, EventCursorDocument, type EventFieldsFragment } from '../console/gql/graphql.ts'
import { sign } from '../dispatcher/sign.ts'
import { version } from '../version.ts'
import { isSecret, newSecret, signingKey } from '../webhooks/secrets.ts'
import { liveEvents } from './client/live-events.ts'
import { ask, CommandError, type TargetOptions, targetOf } from './client/target.ts'

/** What the endpoint has to answer. */
const TIMEOUT_MS = 15_000

interface ListenOptions extends TargetOptions {
  forwardTo: string
  entities?: EntityType[]
  after?: string
  secret?: string
}

/**
 * `herald listen`: posts each event to a local URL as a callback would be, signed, one after the other; shows each and
 * its answer in a line. An answer is not asked for again.
 */
export async function listen(options: ListenOptions, env: NodeJS.ProcessEnv): Promise<void> {
  const target = targetOf(options, env)
  // Whoever reads what is printed may have had enough: | head
  process.stdout.once('error', () => process.exit(0))
  const { forwardTo, entities, after } = options
  if (!URL.canParse(forwardTo) || !/^https?:/.test(forwardTo)) {
    throw new CommandError(`${forwardTo} is no URL of http or https`)
  }
  const secret = options.secret ?? newSecret()
  if (!isSecret(secret)) throw new CommandError('A secret is whsec_ and base64 of 24 random bytes')
  const { app } = await ask(target, EventCursorDocument)
  console.log(`Forwarding to ${forwardTo}, signed with ${secret}`)
  const onTrouble = (reason: string, waitMs: number) =>
    console.error(`No connection (${reason}); trying again in ${(waitMs / 1000).toFixed(1)} s`)
  for await (const event of liveEvents(target, { entities, after: after ?? app.eventCursor }, onTrouble)) {
    const answer = await forward(forwardTo, secret, app.id, event)
    console.log(`#${event.sequence} ${event.name} ${event.entityId} → ${answer}`)
  }
}

async function forward(url: string, secret: string, appId: string, event: EventFieldsFragment): Promise<string> {
  const body = JSON.stringify({
    id: event.id,
    type: event.name,
    timestamp: event.occurredAt,
    appId,
    externalTenantId: event.externalTenantId,
    sequence: event.sequence,
    ...(event.name.endsWith('.updated') && { changed: event.changed }),
    data: event.data,
  })
  const timestamp = Math.floor(Date.now() / 1000)
  const began = performance.now()
  try {
    const response = await request(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'user-agent': `Herald/${version}`,
        'webhook-id': event.id,
        'webhook-timestamp': String(timestamp),
        'webhook-signature': sign([createSecretKey(signingKey(secret))], event.id, timestamp, body),
        'herald-attempt': '1',
      },
      body,
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    await response.body.dump()
    return `${response.statusCode} in ${Math.round(performance.now() - began)} ms`
  } catch (error) {
    const { code, name, message } = error as { code?: string; name: string; message: string }
    return name === 'TimeoutError' ? `no answer in ${TIMEOUT_MS / 1000} s` : (code ?? message)
  }
}
