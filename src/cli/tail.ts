import type { EntityType } from '../console/gql/graphql.ts'
import { liveEvents } from './client/live-events.ts'
import { type TargetOptions, targetOf } from './client/target.ts'

interface TailOptions extends TargetOptions {
  json?: boolean
  entities?: EntityType[]
  after?: string
}

/** `herald tail`: prints each event in a line, for people or as JSON. */
export async function tail({ json, entities, after, ...options }: TailOptions, env: NodeJS.ProcessEnv): Promise<void> {
  const target = targetOf(options, env)
  // Whoever reads what is printed may have had enough: | head
  process.stdout.once('error', () => process.exit(0))
  const onTrouble = (reason: string, waitMs: number) =>
    console.error(`No connection (${reason}); trying again in ${(waitMs / 1000).toFixed(1)} s`)
  for await (const event of liveEvents(target, { entities, after }, onTrouble)) {
    const { occurredAt, sequence, name, entityId, externalTenantId, changed } = event
    const details = [...(changed.length > 0 ? [`changed ${changed.join(', ')}`] : []), externalTenantId ?? []].flat()
    console.log(json ? JSON.stringify(event) : [occurredAt, `#${sequence}`, name, entityId, ...details].join('  '))
  }
}
