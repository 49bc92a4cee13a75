-- Phase swap: The new keys take the old ones' places.
-- BARRIER, before this phase: No running version names the old keys.
DO $barrier$
BEGIN
	IF 'swap' <> ALL (string_to_array(replace(coalesce(current_setting('tenancy.passed', true), ''), ' ', ''), ',')) THEN
		RAISE EXCEPTION USING MESSAGE = 'barrier at phase swap: No running version names the old keys. When that is so, say so with: migrate force 51. PGOPTIONS=''-c tenancy.passed=swap'' would have passed it';
	END IF;
END
$barrier$;
