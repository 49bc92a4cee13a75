-- Step 3 of 11: shop."Items": check tenant_id
-- For: new rows have a tenant
-- Lock: ACCESS EXCLUSIVE; blocks everything, for a moment
BEGIN;
SET LOCAL lock_timeout = '2s';
ALTER TABLE shop."Items" DROP CONSTRAINT IF EXISTS tenant_id_set;
COMMIT;
