-- As a whole, and with nobody else at it: a delivery that is made or settled meanwhile would be owed to nobody, or twice.
BEGIN;
LOCK TABLE "Delivery" IN ACCESS EXCLUSIVE MODE;

-- CreateTable
CREATE TABLE "OutboxEntry" (
    "deliveryId" TEXT NOT NULL,
    "webhookId" TEXT NOT NULL,
    "dueAt" TIMESTAMPTZ(3),
    "leaseId" TEXT,
    "leasedUntil" TIMESTAMPTZ(3),

    CONSTRAINT "OutboxEntry_pkey" PRIMARY KEY ("deliveryId")
);

-- What is pending, and what was canceled while an attempt was under way. While leased, "dueAt" was the lease's end.
INSERT INTO "OutboxEntry" ("deliveryId", "webhookId", "dueAt", "leaseId", "leasedUntil")
SELECT id, "webhookId",
  CASE WHEN status <> 'PENDING' THEN NULL WHEN "leaseId" IS NULL THEN "dueAt" ELSE "createdAt" END,
  "leaseId", CASE WHEN "leaseId" IS NOT NULL THEN "dueAt" END
FROM "Delivery" WHERE status = 'PENDING' OR "leaseId" IS NOT NULL;

-- CreateIndex
CREATE INDEX "OutboxEntry_webhookId_dueAt_idx" ON "OutboxEntry"("webhookId", "dueAt");

-- AddForeignKey
ALTER TABLE "OutboxEntry" ADD CONSTRAINT "OutboxEntry_deliveryId_fkey" FOREIGN KEY ("deliveryId") REFERENCES "Delivery"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- DropIndex
DROP INDEX "Delivery_due";

-- AlterTable
ALTER TABLE "Delivery" DROP COLUMN "dueAt",
DROP COLUMN "leaseId";

-- Each delivery is updated when it has ended, and each entry when it is claimed: beside the old version there is room for
-- the new one, so that the row stays on its page and no index is touched. Entries come and go: they are tidied early.
ALTER TABLE "Delivery" SET (fillfactor = 50);
ALTER TABLE "OutboxEntry" SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 5000);

COMMIT;
