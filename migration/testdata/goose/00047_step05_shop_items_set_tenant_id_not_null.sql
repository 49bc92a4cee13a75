-- Step 5 of 11: shop."Items": set tenant_id NOT NULL
-- For: the check has shown it
-- Lock: ACCESS EXCLUSIVE; blocks everything, for a moment

-- +goose Up
-- +goose StatementBegin
SET LOCAL lock_timeout = '2s';
-- +goose StatementEnd
-- +goose StatementBegin
ALTER TABLE shop."Items" ALTER COLUMN tenant_id SET NOT NULL;
-- +goose StatementEnd
-- +goose StatementBegin
ALTER TABLE shop."Items" DROP CONSTRAINT tenant_id_set;
-- +goose StatementEnd

-- +goose Down
-- +goose StatementBegin
SET LOCAL lock_timeout = '2s';
-- +goose StatementEnd
-- +goose StatementBegin
ALTER TABLE shop."Items" ALTER COLUMN tenant_id DROP NOT NULL;
-- +goose StatementEnd
