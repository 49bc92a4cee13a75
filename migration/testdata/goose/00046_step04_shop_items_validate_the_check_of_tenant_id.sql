-- +goose NO TRANSACTION
-- Step 4 of 11: shop."Items": validate the check of tenant_id
-- For: old rows have one, too
-- Lock: SHARE UPDATE EXCLUSIVE; blocks other changes of the table, while it is read
-- Nothing to undo

-- +goose Up
-- +goose StatementBegin
ALTER TABLE shop."Items" VALIDATE CONSTRAINT tenant_id_set;
-- +goose StatementEnd

-- +goose Down
