-- AlterTable
ALTER TABLE "Delivery" ADD COLUMN     "attemptsBefore" INTEGER NOT NULL DEFAULT 0;

-- AlterTable
ALTER TABLE "Event" ALTER COLUMN "sequence" DROP NOT NULL;

-- CreateTable
CREATE TABLE "Replay" (
    "id" TEXT NOT NULL,
    "appId" TEXT NOT NULL,
    "webhookId" TEXT NOT NULL,
    "statuses" "DeliveryStatus"[],
    "fromId" TEXT NOT NULL,
    "untilId" TEXT NOT NULL,
    "scheduledCount" INTEGER NOT NULL,
    "doneCount" INTEGER NOT NULL DEFAULT 0,
    "createdAt" TIMESTAMPTZ(3) NOT NULL,
    "completedAt" TIMESTAMPTZ(3),

    CONSTRAINT "Replay_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "Replay_webhookId_id_idx" ON "Replay"("webhookId", "id");

-- CreateIndex
CREATE INDEX "Replay_open" ON "Replay"("id") WHERE ("completedAt" IS NULL);

-- AddForeignKey
ALTER TABLE "Replay" ADD CONSTRAINT "Replay_appId_webhookId_fkey" FOREIGN KEY ("appId", "webhookId") REFERENCES "Webhook"("appId", "id") ON DELETE CASCADE ON UPDATE CASCADE;
