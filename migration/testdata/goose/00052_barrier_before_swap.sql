-- +goose NO TRANSACTION
-- Phase swap: The new keys take the old ones' places.
-- BARRIER, before this phase: No running version names the old keys.

-- +goose Up
-- +goose StatementBegin
DO $barrier$
BEGIN
	IF 'swap' <> ALL (string_to_array(replace(coalesce(current_setting('tenancy.passed', true), ''), ' ', ''), ',')) THEN
		RAISE EXCEPTION USING MESSAGE = 'barrier at phase swap: No running version names the old keys. When that is so, run goose again with the environment PGOPTIONS=''-c tenancy.passed=swap''';
	END IF;
END
$barrier$;
-- +goose StatementEnd

-- +goose Down
-- +goose StatementBegin
DO $barrier$
BEGIN
	IF 'swap' <> ALL (string_to_array(replace(coalesce(current_setting('tenancy.passed', true), ''), ' ', ''), ',')) THEN
		RAISE EXCEPTION USING MESSAGE = 'barrier at phase swap: No running version names the old keys. When that is so, run goose again with the environment PGOPTIONS=''-c tenancy.passed=swap''';
	END IF;
END
$barrier$;
-- +goose StatementEnd
