import '../access/api-keys.graphql.ts'
import '../access/app.graphql.ts'
import '../access/audit.graphql.ts'
import '../agents/agents.graphql.ts'
import '../context-files/context-files.graphql.ts'
import '../contexts/contexts.graphql.ts'
import '../deliveries/deliveries.graphql.ts'
import '../deliveries/resend.graphql.ts'
import '../events/events.graphql.ts'
import '../webhooks/health.graphql.ts'
import '../webhooks/webhooks.graphql.ts'
import { builder } from './builder.ts'
import './errors.ts'

/** The public schema. */
export const schema = builder.toSchema()
