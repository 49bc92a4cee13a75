-- +goose NO TRANSACTION
-- Step 2 of 11: shop."Items": fill tenant_id
-- For: from shop.users
-- Lock: ROW EXCLUSIVE; blocks writes to the rows of one batch
-- Reads or writes about 1,234,567 rows, 330 MB
-- Nothing to undo

-- +goose Up
-- +goose StatementBegin
DO $batch$
DECLARE
	step constant bigint := 100;
	block bigint;
	blocks bigint;
	changed bigint;
	passed bigint;
	fruitless int := 0;
	remaining bigint;
BEGIN
	LOOP
		PERFORM set_config('row_security', 'off', true);
		EXECUTE $left$SELECT count(*) FROM (SELECT FROM shop."Items" WHERE tenant_id IS NULL LIMIT 1000) AS t$left$ INTO remaining;
		EXIT WHEN remaining = 0;
		IF fruitless = 2 THEN
			RAISE EXCEPTION '% rows of % cannot be filled', remaining, 'shop."Items"';
		END IF;
		block := 0;
		passed := 0;
		blocks := pg_relation_size('shop."Items"'::regclass) / current_setting('block_size')::bigint;
		WHILE block < blocks LOOP
			PERFORM set_config('row_security', 'off', true);
			EXECUTE $sql$UPDATE shop."Items" AS t SET tenant_id = p.tenant_id FROM shop.users AS p
WHERE t.tenant_id IS NULL AND p.id = t.user_id AND t.ctid >= $1::tid AND t.ctid < $2::tid$sql$
				USING format('(%s,0)', block)::tid, format('(%s,0)', least(block + step, blocks))::tid;
			GET DIAGNOSTICS changed = ROW_COUNT;
			COMMIT;
			passed := passed + changed;
			block := block + step;
		END LOOP;
		fruitless := CASE WHEN passed = 0 THEN fruitless + 1 ELSE 0 END;
	END LOOP;
END
$batch$;
-- +goose StatementEnd

-- +goose Down
