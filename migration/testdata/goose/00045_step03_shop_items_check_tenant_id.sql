-- Step 3 of 11: shop."Items": check tenant_id
-- For: new rows have a tenant
-- Lock: ACCESS EXCLUSIVE; blocks everything, for a moment

-- +goose Up
-- +goose StatementBegin
SET LOCAL lock_timeout = '2s';
-- +goose StatementEnd
-- +goose StatementBegin
ALTER TABLE shop."Items" ADD CONSTRAINT tenant_id_set CHECK (tenant_id IS NOT NULL) NOT VALID;
-- +goose StatementEnd

-- +goose Down
-- +goose StatementBegin
SET LOCAL lock_timeout = '2s';
-- +goose StatementEnd
-- +goose StatementBegin
ALTER TABLE shop."Items" DROP CONSTRAINT IF EXISTS tenant_id_set;
-- +goose StatementEnd
