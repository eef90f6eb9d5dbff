-- The webhook of each attempt, filled in from its delivery.
ALTER TABLE "DeliveryAttempt" ADD COLUMN "webhookId" TEXT;
UPDATE "DeliveryAttempt" attempt SET "webhookId" = delivery."webhookId"
FROM "Delivery" delivery WHERE delivery.id = attempt."deliveryId";
ALTER TABLE "DeliveryAttempt" ALTER COLUMN "webhookId" SET NOT NULL;

-- CreateIndex
CREATE INDEX "DeliveryAttempt_webhookId_startedAt_outcome_durationMs_idx" ON "DeliveryAttempt"("webhookId", "startedAt", "outcome", "durationMs");
