-- Step 10 of 11: shop."Items": drop items_user_id_fkey
-- For: the one with the tenant says more
-- Lock: ACCESS EXCLUSIVE; blocks everything on it and on shop.users, for a moment
-- Part 2 of 3
ALTER TABLE shop."Items" ADD CONSTRAINT items_user_id_fkey FOREIGN KEY (user_id) REFERENCES shop.users (id) NOT VALID;
