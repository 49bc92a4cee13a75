-- Step 5 of 11: shop."Items": set tenant_id NOT NULL
-- For: the check has shown it
-- Lock: ACCESS EXCLUSIVE; blocks everything, for a moment
BEGIN;
SET LOCAL lock_timeout = '2s';
ALTER TABLE shop."Items" ALTER COLUMN tenant_id SET NOT NULL;
ALTER TABLE shop."Items" DROP CONSTRAINT tenant_id_set;
COMMIT;
