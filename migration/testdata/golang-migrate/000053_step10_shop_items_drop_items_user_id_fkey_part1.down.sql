-- Step 10 of 11: shop."Items": drop items_user_id_fkey
-- For: the one with the tenant says more
-- Lock: ACCESS EXCLUSIVE; blocks everything on it and on shop.users, for a moment
-- Part 1 of 3
ALTER TABLE shop."Items" VALIDATE CONSTRAINT items_user_id_fkey;
