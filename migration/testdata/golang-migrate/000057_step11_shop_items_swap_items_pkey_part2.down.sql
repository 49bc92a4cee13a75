-- Step 11 of 11: shop."Items": swap Items_pkey
-- For: the key begins with the tenant
-- Lock: ACCESS EXCLUSIVE; blocks everything, for a moment
-- POINT OF NO RETURN: from here on the undo may fail, because rows become legal that were not before.
-- Part 2 of 7
CREATE UNIQUE INDEX CONCURRENTLY items_undo ON shop."Items" USING btree (id);
