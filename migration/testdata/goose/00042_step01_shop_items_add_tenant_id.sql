-- Tenant keys of shop
-- Phase expand: Columns are added.
-- Step 1 of 11: shop."Items": add tenant_id
-- For: the tenant of the item's user
-- Lock: ACCESS EXCLUSIVE; blocks everything, for a moment

-- +goose Up
-- +goose StatementBegin
SET LOCAL lock_timeout = '2s';
-- +goose StatementEnd
-- +goose StatementBegin
ALTER TABLE shop."Items" ADD COLUMN tenant_id uuid;
-- +goose StatementEnd

-- +goose Down
-- +goose StatementBegin
SET LOCAL lock_timeout = '2s';
-- +goose StatementEnd
-- +goose StatementBegin
ALTER TABLE shop."Items" DROP COLUMN tenant_id;
-- +goose StatementEnd
