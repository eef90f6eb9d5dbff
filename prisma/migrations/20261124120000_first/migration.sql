-- CreateEnum
CREATE TYPE "ApiKeyScope" AS ENUM ('READ', 'WRITE', 'ADMIN');

-- CreateEnum
CREATE TYPE "AgentAccess" AS ENUM ('OPEN_ACCESS', 'RESTRICTED_ACCESS');

-- CreateEnum
CREATE TYPE "ContextFileStatus" AS ENUM ('ACCEPTED', 'FAIL', 'READY_FOR_PUBLICATION', 'PUBLISHED');

-- CreateEnum
CREATE TYPE "EntityType" AS ENUM ('AGENT', 'CONTEXT', 'CONTEXT_FILE');

-- CreateEnum
CREATE TYPE "EventType" AS ENUM ('AGENT_CREATED', 'AGENT_UPDATED', 'AGENT_DELETED', 'CONTEXT_CREATED', 'CONTEXT_UPDATED', 'CONTEXT_DELETED', 'CONTEXT_FILE_CREATED', 'CONTEXT_FILE_UPDATED', 'CONTEXT_FILE_DELETED', 'WEBHOOK_TEST');

-- CreateEnum
CREATE TYPE "WebhookStatus" AS ENUM ('ACTIVE', 'INACTIVE');

-- CreateEnum
CREATE TYPE "DeactivationReason" AS ENUM ('MANUAL', 'ENDPOINT_GONE', 'FAILING');

-- CreateEnum
CREATE TYPE "DeliveryPolicy" AS ENUM ('RETRY', 'ONCE');

-- CreateEnum
CREATE TYPE "DeliveryStatus" AS ENUM ('PENDING', 'SUCCEEDED', 'FAILED', 'CANCELED');

-- CreateEnum
CREATE TYPE "AttemptOutcome" AS ENUM ('DELIVERED', 'REJECTED', 'TIMED_OUT', 'UNREACHABLE', 'BLOCKED');

-- CreateTable
CREATE TABLE "App" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "lastSequence" INTEGER NOT NULL DEFAULT 0,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "App_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "ApiKey" (
    "id" TEXT NOT NULL,
    "appId" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "keyHash" TEXT NOT NULL,
    "scopes" "ApiKeyScope"[],
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expiresAt" TIMESTAMPTZ(3),
    "lastUsedAt" TIMESTAMPTZ(3),
    "revokedAt" TIMESTAMPTZ(3),

    CONSTRAINT "ApiKey_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Agent" (
    "id" TEXT NOT NULL,
    "appId" TEXT NOT NULL,
    "externalTenantId" TEXT,
    "agentName" TEXT NOT NULL,
    "agentPurpose" TEXT NOT NULL,
    "formatting" TEXT NOT NULL,
    "agentPersonality" TEXT,
    "agentPolicyRules" TEXT,
    "iceBreakerMessage" TEXT,
    "live" BOOLEAN NOT NULL,
    "tags" TEXT[],
    "access" "AgentAccess" NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "Agent_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "AgentContext" (
    "appId" TEXT NOT NULL,
    "agentId" TEXT NOT NULL,
    "contextId" TEXT NOT NULL,
    "position" INTEGER NOT NULL,

    CONSTRAINT "AgentContext_pkey" PRIMARY KEY ("agentId","contextId")
);

-- CreateTable
CREATE TABLE "Context" (
    "id" TEXT NOT NULL,
    "appId" TEXT NOT NULL,
    "externalTenantId" TEXT,
    "externalId" TEXT,
    "name" TEXT NOT NULL,
    "description" TEXT,
    "isSynced" BOOLEAN NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "Context_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "ContextFile" (
    "id" TEXT NOT NULL,
    "appId" TEXT NOT NULL,
    "contextId" TEXT NOT NULL,
    "externalTenantId" TEXT,
    "externalId" TEXT,
    "name" TEXT NOT NULL,
    "mimeType" TEXT NOT NULL,
    "sourceUrl" TEXT,
    "status" "ContextFileStatus" NOT NULL,
    "statusReason" TEXT,
    "autoPublish" BOOLEAN NOT NULL,
    "labels" TEXT[],
    "runId" TEXT,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "ContextFile_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Document" (
    "fileId" TEXT NOT NULL,
    "content" TEXT NOT NULL,

    CONSTRAINT "Document_pkey" PRIMARY KEY ("fileId")
);

-- CreateTable
CREATE TABLE "Webhook" (
    "id" TEXT NOT NULL,
    "appId" TEXT NOT NULL,
    "name" TEXT,
    "url" TEXT NOT NULL,
    "entities" "EntityType"[],
    "status" "WebhookStatus" NOT NULL,
    "deactivationReason" "DeactivationReason",
    "deactivatedAt" TIMESTAMPTZ(3),
    "failingSince" TIMESTAMPTZ(3),
    "deliveryPolicy" "DeliveryPolicy" NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "Webhook_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "WebhookSecret" (
    "id" TEXT NOT NULL,
    "appId" TEXT NOT NULL,
    "webhookId" TEXT NOT NULL,
    "sealed" TEXT NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "validUntil" TIMESTAMPTZ(3),

    CONSTRAINT "WebhookSecret_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Event" (
    "id" TEXT NOT NULL,
    "appId" TEXT NOT NULL,
    "sequence" INTEGER NOT NULL,
    "type" "EventType" NOT NULL,
    "entityId" TEXT NOT NULL,
    "externalTenantId" TEXT,
    "occurredAt" TIMESTAMPTZ(3) NOT NULL,
    "body" TEXT NOT NULL,

    CONSTRAINT "Event_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Delivery" (
    "id" TEXT NOT NULL,
    "appId" TEXT NOT NULL,
    "webhookId" TEXT NOT NULL,
    "eventId" TEXT NOT NULL,
    "status" "DeliveryStatus" NOT NULL DEFAULT 'PENDING',
    "attemptCount" INTEGER NOT NULL DEFAULT 0,
    "dueAt" TIMESTAMPTZ(3) NOT NULL,
    "leaseId" TEXT,
    "createdAt" TIMESTAMPTZ(3) NOT NULL,
    "completedAt" TIMESTAMPTZ(3),

    CONSTRAINT "Delivery_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "DeliveryAttempt" (
    "deliveryId" TEXT NOT NULL,
    "number" INTEGER NOT NULL,
    "outcome" "AttemptOutcome" NOT NULL,
    "startedAt" TIMESTAMPTZ(3) NOT NULL,
    "durationMs" INTEGER NOT NULL,
    "requestHeaders" JSONB NOT NULL,
    "responseStatus" INTEGER,
    "responseHeaders" JSONB,
    "responseBody" BYTEA,
    "responseBodyTruncated" BOOLEAN NOT NULL,
    "failure" TEXT,

    CONSTRAINT "DeliveryAttempt_pkey" PRIMARY KEY ("deliveryId","number")
);

-- CreateIndex
CREATE UNIQUE INDEX "ApiKey_keyHash_key" ON "ApiKey"("keyHash");

-- CreateIndex
CREATE UNIQUE INDEX "ApiKey_appId_id_key" ON "ApiKey"("appId", "id");

-- CreateIndex
CREATE UNIQUE INDEX "Agent_appId_id_key" ON "Agent"("appId", "id");

-- CreateIndex
CREATE INDEX "AgentContext_contextId_idx" ON "AgentContext"("contextId");

-- CreateIndex
CREATE UNIQUE INDEX "Context_appId_id_key" ON "Context"("appId", "id");

-- CreateIndex
CREATE UNIQUE INDEX "Context_appId_externalId_key" ON "Context"("appId", "externalId");

-- CreateIndex
CREATE INDEX "ContextFile_contextId_id_idx" ON "ContextFile"("contextId", "id");

-- CreateIndex
CREATE INDEX "ContextFile_appId_runId_id_idx" ON "ContextFile"("appId", "runId", "id");

-- CreateIndex
CREATE UNIQUE INDEX "ContextFile_appId_id_key" ON "ContextFile"("appId", "id");

-- CreateIndex
CREATE UNIQUE INDEX "ContextFile_appId_externalId_key" ON "ContextFile"("appId", "externalId");

-- CreateIndex
CREATE UNIQUE INDEX "Webhook_appId_id_key" ON "Webhook"("appId", "id");

-- CreateIndex
CREATE INDEX "WebhookSecret_webhookId_idx" ON "WebhookSecret"("webhookId");

-- CreateIndex
CREATE UNIQUE INDEX "Event_appId_sequence_key" ON "Event"("appId", "sequence");

-- CreateIndex
CREATE INDEX "Delivery_appId_id_idx" ON "Delivery"("appId", "id");

-- CreateIndex
CREATE INDEX "Delivery_webhookId_id_idx" ON "Delivery"("webhookId", "id");

-- CreateIndex
CREATE INDEX "Delivery_due" ON "Delivery"("webhookId", "dueAt") WHERE (status = 'PENDING');

-- CreateIndex
CREATE UNIQUE INDEX "Delivery_eventId_webhookId_key" ON "Delivery"("eventId", "webhookId");

-- AddForeignKey
ALTER TABLE "ApiKey" ADD CONSTRAINT "ApiKey_appId_fkey" FOREIGN KEY ("appId") REFERENCES "App"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Agent" ADD CONSTRAINT "Agent_appId_fkey" FOREIGN KEY ("appId") REFERENCES "App"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "AgentContext" ADD CONSTRAINT "AgentContext_appId_agentId_fkey" FOREIGN KEY ("appId", "agentId") REFERENCES "Agent"("appId", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "AgentContext" ADD CONSTRAINT "AgentContext_appId_contextId_fkey" FOREIGN KEY ("appId", "contextId") REFERENCES "Context"("appId", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Context" ADD CONSTRAINT "Context_appId_fkey" FOREIGN KEY ("appId") REFERENCES "App"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "ContextFile" ADD CONSTRAINT "ContextFile_appId_fkey" FOREIGN KEY ("appId") REFERENCES "App"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "ContextFile" ADD CONSTRAINT "ContextFile_appId_contextId_fkey" FOREIGN KEY ("appId", "contextId") REFERENCES "Context"("appId", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Document" ADD CONSTRAINT "Document_fileId_fkey" FOREIGN KEY ("fileId") REFERENCES "ContextFile"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Webhook" ADD CONSTRAINT "Webhook_appId_fkey" FOREIGN KEY ("appId") REFERENCES "App"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "WebhookSecret" ADD CONSTRAINT "WebhookSecret_appId_webhookId_fkey" FOREIGN KEY ("appId", "webhookId") REFERENCES "Webhook"("appId", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Event" ADD CONSTRAINT "Event_appId_fkey" FOREIGN KEY ("appId") REFERENCES "App"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Delivery" ADD CONSTRAINT "Delivery_appId_webhookId_fkey" FOREIGN KEY ("appId", "webhookId") REFERENCES "Webhook"("appId", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Delivery" ADD CONSTRAINT "Delivery_eventId_fkey" FOREIGN KEY ("eventId") REFERENCES "Event"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "DeliveryAttempt" ADD CONSTRAINT "DeliveryAttempt_deliveryId_fkey" FOREIGN KEY ("deliveryId") REFERENCES "Delivery"("id") ON DELETE CASCADE ON UPDATE CASCADE;
