-- Step 9 of 11: shop."Items": validate items_tenant_user
-- For: old rows do, too
-- Lock: SHARE UPDATE EXCLUSIVE; blocks other changes of the table, while it is read
-- Nothing to undo
BEGIN;
SET LOCAL lock_timeout = '2s';
ALTER TABLE shop."Items" VALIDATE CONSTRAINT items_tenant_user;
COMMIT;
