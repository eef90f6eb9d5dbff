-- CreateTable
CREATE TABLE "AuditEntry" (
    "id" TEXT NOT NULL,
    "appId" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "keyId" TEXT,
    "action" TEXT NOT NULL,
    "targetId" TEXT NOT NULL,
    "changed" TEXT[],
    "ip" TEXT,

    CONSTRAINT "AuditEntry_pkey" PRIMARY KEY ("appId","id")
);

-- Append-only: what was written stays as it was. Retention alone may delete, and says so in its own transaction.
-- (Prisma's driver for Postgres cuts a script at each semicolon, wherever it stands, so the body spells its own as \x3b.)
CREATE FUNCTION herald_audit_refuse() RETURNS trigger LANGUAGE plpgsql AS
    E'BEGIN RAISE EXCEPTION \'the audit log is append-only\'\x3b END';

CREATE TRIGGER herald_audit_no_update BEFORE UPDATE ON "AuditEntry"
    FOR EACH ROW EXECUTE FUNCTION herald_audit_refuse();

CREATE TRIGGER herald_audit_no_delete BEFORE DELETE ON "AuditEntry"
    FOR EACH ROW WHEN (current_setting('herald.audit_retention', true) IS DISTINCT FROM 'on')
    EXECUTE FUNCTION herald_audit_refuse();
