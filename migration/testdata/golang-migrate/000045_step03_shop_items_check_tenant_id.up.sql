-- Step 3 of 11: shop."Items": check tenant_id
-- For: new rows have a tenant
-- Lock: ACCESS EXCLUSIVE; blocks everything, for a moment
BEGIN;
SET LOCAL lock_timeout = '2s';
ALTER TABLE shop."Items" ADD CONSTRAINT tenant_id_set CHECK (tenant_id IS NOT NULL) NOT VALID;
COMMIT;
