-- +goose NO TRANSACTION
-- Step 10 of 11: shop."Items": drop items_user_id_fkey
-- For: the one with the tenant says more
-- Lock: ACCESS EXCLUSIVE; blocks everything on it and on shop.users, for a moment

-- +goose Up
-- +goose StatementBegin
ALTER TABLE shop."Items" DROP CONSTRAINT items_user_id_fkey;
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
