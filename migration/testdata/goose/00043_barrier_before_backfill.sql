-- +goose NO TRANSACTION
-- Phase backfill: Rows get their tenant.
-- BARRIER, before this phase: Every running version writes tenant_id.

-- +goose Up
-- +goose StatementBegin
DO $barrier$
BEGIN
	IF 'backfill' <> ALL (string_to_array(replace(coalesce(current_setting('tenancy.passed', true), ''), ' ', ''), ',')) THEN
		RAISE EXCEPTION USING MESSAGE = 'barrier at phase backfill: Every running version writes tenant_id. When that is so, run goose again with the environment PGOPTIONS=''-c tenancy.passed=backfill''';
	END IF;
END
$barrier$;
-- +goose StatementEnd

-- +goose Down
-- +goose StatementBegin
DO $barrier$
BEGIN
	IF 'backfill' <> ALL (string_to_array(replace(coalesce(current_setting('tenancy.passed', true), ''), ' ', ''), ',')) THEN
		RAISE EXCEPTION USING MESSAGE = 'barrier at phase backfill: Every running version writes tenant_id. When that is so, run goose again with the environment PGOPTIONS=''-c tenancy.passed=backfill''';
	END IF;
END
$barrier$;
-- +goose StatementEnd
