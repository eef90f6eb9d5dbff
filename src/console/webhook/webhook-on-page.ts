import type { WebhookPageQuery } from '../gql/graphql.ts'

/** The webhook that a page is about, with all that its parts show. */
export type WebhookOnPage = NonNullable<WebhookPageQuery['webhook']>
