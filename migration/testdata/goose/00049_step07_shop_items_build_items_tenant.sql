-- +goose NO TRANSACTION
-- Step 7 of 11: shop."Items": build items_tenant
-- For: the key with the tenant
-- Lock: SHARE UPDATE EXCLUSIVE; blocks other changes of the table, while the index is built
-- If it fails halfway, this removes what it leaves: DROP INDEX CONCURRENTLY IF EXISTS shop.items_tenant;

-- +goose Up
-- +goose StatementBegin
CREATE UNIQUE INDEX CONCURRENTLY items_tenant ON shop."Items" USING btree (tenant_id, id);
-- +goose StatementEnd

-- +goose Down
-- +goose StatementBegin
DROP INDEX CONCURRENTLY IF EXISTS shop.items_tenant;
-- +goose StatementEnd
