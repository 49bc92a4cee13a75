-- Tenant keys of shop
-- For psql: psql -v ON_ERROR_STOP=1 -f this-file, as the role that owns the tables.
-- Time: about 66 s by the sizes of the tables, without waiting for locks and barriers.
-- Longest lock: ACCESS EXCLUSIVE, in step 1 (shop."Items": add tenant_id), which blocks everything, for a moment.

\set ON_ERROR_STOP on
SET search_path = pg_catalog, pg_temp;
SET row_security = off;
SET statement_timeout = 0;


-- ======================================================================
-- Phase expand: Columns are added.

SET lock_timeout = '2s';
-- Step: shop."Items": add tenant_id
-- For: the tenant of the item's user
-- Lock: ACCESS EXCLUSIVE; blocks everything, for a moment
-- Undo: ALTER TABLE shop."Items" DROP COLUMN tenant_id;
BEGIN;
ALTER TABLE shop."Items" ADD COLUMN tenant_id uuid;
COMMIT;


-- ======================================================================
-- Phase backfill: Rows get their tenant.
-- BARRIER, before this phase: Every running version writes tenant_id.

-- Step: shop."Items": fill tenant_id
-- For: from shop.users
-- Lock: ROW EXCLUSIVE; blocks writes to the rows of one batch
-- Reads or writes about 1,234,567 rows, 330 MB
-- Nothing to undo
DO $batch$
DECLARE
	step constant bigint := 100;
	block bigint;
	blocks bigint;
	changed bigint;
	passed bigint;
	fruitless int := 0;
	remaining bigint;
BEGIN
	LOOP
		PERFORM set_config('row_security', 'off', true);
		EXECUTE $left$SELECT count(*) FROM (SELECT FROM shop."Items" WHERE tenant_id IS NULL LIMIT 1000) AS t$left$ INTO remaining;
		EXIT WHEN remaining = 0;
		IF fruitless = 2 THEN
			RAISE EXCEPTION '% rows of % cannot be filled', remaining, 'shop."Items"';
		END IF;
		block := 0;
		passed := 0;
		blocks := pg_relation_size('shop."Items"'::regclass) / current_setting('block_size')::bigint;
		WHILE block < blocks LOOP
			PERFORM set_config('row_security', 'off', true);
			EXECUTE $sql$UPDATE shop."Items" AS t SET tenant_id = p.tenant_id FROM shop.users AS p
WHERE t.tenant_id IS NULL AND p.id = t.user_id AND t.ctid >= $1::tid AND t.ctid < $2::tid$sql$
				USING format('(%s,0)', block)::tid, format('(%s,0)', least(block + step, blocks))::tid;
			GET DIAGNOSTICS changed = ROW_COUNT;
			COMMIT;
			passed := passed + changed;
			block := block + step;
		END LOOP;
		fruitless := CASE WHEN passed = 0 THEN fruitless + 1 ELSE 0 END;
	END LOOP;
END
$batch$;

-- Step: shop."Items": check tenant_id
-- For: new rows have a tenant
-- Lock: ACCESS EXCLUSIVE; blocks everything, for a moment
-- Undo: ALTER TABLE shop."Items" DROP CONSTRAINT IF EXISTS tenant_id_set;
BEGIN;
ALTER TABLE shop."Items" ADD CONSTRAINT tenant_id_set CHECK (tenant_id IS NOT NULL) NOT VALID;
COMMIT;

SET lock_timeout = 0;
-- Step: shop."Items": validate the check of tenant_id
-- For: old rows have one, too
-- Lock: SHARE UPDATE EXCLUSIVE; blocks other changes of the table, while it is read
-- Nothing to undo
ALTER TABLE shop."Items" VALIDATE CONSTRAINT tenant_id_set;

SET lock_timeout = '2s';
-- Step: shop."Items": set tenant_id NOT NULL
-- For: the check has shown it
-- Lock: ACCESS EXCLUSIVE; blocks everything, for a moment
-- Undo: ALTER TABLE shop."Items" ALTER COLUMN tenant_id DROP NOT NULL;
BEGIN;
ALTER TABLE shop."Items" ALTER COLUMN tenant_id SET NOT NULL;
ALTER TABLE shop."Items" DROP CONSTRAINT tenant_id_set;
COMMIT;


-- ======================================================================
-- Phase build: The new keys are made.

SET lock_timeout = 0;
-- Step: shop.users: build users_tenant
-- For: the key with the tenant
-- Lock: SHARE UPDATE EXCLUSIVE; blocks other changes of the table, while the index is built
-- If it fails halfway, this removes what it leaves: DROP INDEX CONCURRENTLY IF EXISTS shop.users_tenant;
-- Undo: DROP INDEX CONCURRENTLY IF EXISTS shop.users_tenant;
CREATE UNIQUE INDEX CONCURRENTLY users_tenant ON shop.users USING btree (tenant_id, id);

-- Step: shop."Items": build items_tenant
-- For: the key with the tenant
-- Lock: SHARE UPDATE EXCLUSIVE; blocks other changes of the table, while the index is built
-- If it fails halfway, this removes what it leaves: DROP INDEX CONCURRENTLY IF EXISTS shop.items_tenant;
-- Undo: DROP INDEX CONCURRENTLY IF EXISTS shop.items_tenant;
CREATE UNIQUE INDEX CONCURRENTLY items_tenant ON shop."Items" USING btree (tenant_id, id);

SET lock_timeout = '2s';
-- Step: shop."Items": add items_tenant_user
-- For: new rows refer to their tenant's
-- Lock: SHARE ROW EXCLUSIVE; blocks writes to it and to shop.users, for a moment
-- Undo: ALTER TABLE shop."Items" DROP CONSTRAINT IF EXISTS items_tenant_user;
BEGIN;
ALTER TABLE shop."Items" ADD CONSTRAINT items_tenant_user FOREIGN KEY (tenant_id, user_id) REFERENCES shop.users (tenant_id, id) NOT VALID;
COMMIT;

-- Step: shop."Items": validate items_tenant_user
-- For: old rows do, too
-- Lock: SHARE UPDATE EXCLUSIVE; blocks other changes of the table, while it is read
-- Nothing to undo
BEGIN;
ALTER TABLE shop."Items" VALIDATE CONSTRAINT items_tenant_user;
COMMIT;


-- ======================================================================
-- Phase swap: The new keys take the old ones' places.
-- BARRIER, before this phase: No running version names the old keys.

-- Step: shop."Items": drop items_user_id_fkey
-- For: the one with the tenant says more
-- Lock: ACCESS EXCLUSIVE; blocks everything on it and on shop.users, for a moment
-- Undo: ALTER TABLE shop."Items" DROP CONSTRAINT IF EXISTS items_user_id_fkey;
-- ALTER TABLE shop."Items" ADD CONSTRAINT items_user_id_fkey FOREIGN KEY (user_id) REFERENCES shop.users (id) NOT VALID;
-- ALTER TABLE shop."Items" VALIDATE CONSTRAINT items_user_id_fkey;
ALTER TABLE shop."Items" DROP CONSTRAINT items_user_id_fkey;

-- Step: shop."Items": swap Items_pkey
-- For: the key begins with the tenant
-- Lock: ACCESS EXCLUSIVE; blocks everything, for a moment
-- POINT OF NO RETURN: from here on the undo may fail, because rows become legal that were not before.
-- Undo: ALTER TABLE shop."Items" DROP CONSTRAINT IF EXISTS items_user_id_fkey;
-- ALTER TABLE shop."Items" ADD CONSTRAINT items_user_id_fkey FOREIGN KEY (user_id) REFERENCES shop.users (id) NOT VALID;
-- ALTER TABLE shop."Items" VALIDATE CONSTRAINT items_user_id_fkey;
-- ALTER TABLE shop."Items" DROP CONSTRAINT IF EXISTS items_tenant_user;
-- DROP INDEX CONCURRENTLY IF EXISTS shop.items_undo;
-- CREATE UNIQUE INDEX CONCURRENTLY items_undo ON shop."Items" USING btree (id);
-- ALTER TABLE shop."Items" DROP CONSTRAINT IF EXISTS "Items_pkey", ADD CONSTRAINT "Items_pkey" PRIMARY KEY USING INDEX items_undo;
ALTER TABLE shop."Items" DROP CONSTRAINT "Items_pkey", ADD CONSTRAINT "Items_pkey" PRIMARY KEY USING INDEX items_tenant;
