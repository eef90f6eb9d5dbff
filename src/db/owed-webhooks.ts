/**
 * SQL of a recursive CTE, `probe`: the ids of the webhooks that have entries in the outbox, in order, and a NULL at its
 * end. It walks from one to the next by a look-up in the index ("webhookId", "dueAt") each, whatever number of entries
 * they have. Who reads it bounds it by a LIMIT.
 * @param after SQL of the id behind which to begin; of an empty text to begin at the first.
 */
export const owedWebhooksSql = (after: string) => `probe AS (
    (SELECT "webhookId" AS id FROM "OutboxEntry" WHERE "webhookId" > ${after} ORDER BY "webhookId" LIMIT 1)
    UNION ALL
    SELECT (SELECT "webhookId" FROM "OutboxEntry" WHERE "webhookId" > probe.id ORDER BY "webhookId" LIMIT 1)
    FROM probe WHERE probe.id IS NOT NULL
  )`
