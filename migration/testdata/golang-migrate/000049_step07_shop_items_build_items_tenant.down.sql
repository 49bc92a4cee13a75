-- Step 7 of 11: shop."Items": build items_tenant
-- For: the key with the tenant
-- Lock: SHARE UPDATE EXCLUSIVE; blocks other changes of the table, while the index is built
-- If it fails halfway, this removes what it leaves: DROP INDEX CONCURRENTLY IF EXISTS shop.items_tenant;
DROP INDEX CONCURRENTLY IF EXISTS shop.items_tenant;
