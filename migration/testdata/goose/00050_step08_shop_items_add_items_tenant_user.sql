-- Step 8 of 11: shop."Items": add items_tenant_user
-- For: new rows refer to their tenant's
-- Lock: SHARE ROW EXCLUSIVE; blocks writes to it and to shop.users, for a moment

-- +goose Up
-- +goose StatementBegin
SET LOCAL lock_timeout = '2s';
-- +goose StatementEnd
-- +goose StatementBegin
ALTER TABLE shop."Items" ADD CONSTRAINT items_tenant_user FOREIGN KEY (tenant_id, user_id) REFERENCES shop.users (tenant_id, id) NOT VALID;
-- +goose StatementEnd

-- +goose Down
-- +goose StatementBegin
SET LOCAL lock_timeout = '2s';
-- +goose StatementEnd
-- +goose StatementBegin
ALTER TABLE shop."Items" DROP CONSTRAINT IF EXISTS items_tenant_user;
-- +goose StatementEnd
