-- +goose NO TRANSACTION
-- Step 11 of 11: shop."Items": swap Items_pkey
-- For: the key begins with the tenant
-- Lock: ACCESS EXCLUSIVE; blocks everything, for a moment
-- POINT OF NO RETURN: from here on the undo may fail, because rows become legal that were not before.

-- +goose Up
-- +goose StatementBegin
ALTER TABLE shop."Items" DROP CONSTRAINT "Items_pkey", ADD CONSTRAINT "Items_pkey" PRIMARY KEY USING INDEX items_tenant;
-- +goose StatementEnd

-- +goose Down
-- +goose StatementBegin
ALTER TABLE shop."Items" DROP CONSTRAINT IF EXISTS items_user_id_fkey;
-- +goose StatementEnd
-- +goose StatementBegin
ALTER TABLE shop."Items" ADD CONSTRAINT items_user_id_fkey FOREIGN KEY (user_id) REFERENCES shop.users (id) NOT VALID;
-- +goose StatementEnd
-- +goose StatementBegin
ALTER TABLE shop."Items" VALIDATE CONSTRAINT items_user_id_fkey;
-- +goose StatementEnd
-- +goose StatementBegin
ALTER TABLE shop."Items" DROP CONSTRAINT IF EXISTS items_tenant_user;
-- +goose StatementEnd
-- +goose StatementBegin
DROP INDEX CONCURRENTLY IF EXISTS shop.items_undo;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE UNIQUE INDEX CONCURRENTLY items_undo ON shop."Items" USING btree (id);
-- +goose StatementEnd
-- +goose StatementBegin
ALTER TABLE shop."Items" DROP CONSTRAINT IF EXISTS "Items_pkey", ADD CONSTRAINT "Items_pkey" PRIMARY KEY USING INDEX items_undo;
-- +goose StatementEnd
