-- Phase backfill: Rows get their tenant.
-- BARRIER, before this phase: Every running version writes tenant_id.
DO $barrier$
BEGIN
	IF 'backfill' <> ALL (string_to_array(replace(coalesce(current_setting('tenancy.passed', true), ''), ' ', ''), ',')) THEN
		RAISE EXCEPTION USING MESSAGE = 'barrier at phase backfill: Every running version writes tenant_id. When that is so, say so with: migrate force 43. PGOPTIONS=''-c tenancy.passed=backfill'' would have passed it';
	END IF;
END
$barrier$;
