-- Tenant keys of shop
-- Phase expand: Columns are added.
-- Step 1 of 11: shop."Items": add tenant_id
-- For: the tenant of the item's user
-- Lock: ACCESS EXCLUSIVE; blocks everything, for a moment
BEGIN;
SET LOCAL lock_timeout = '2s';
ALTER TABLE shop."Items" ADD COLUMN tenant_id uuid;
COMMIT;
