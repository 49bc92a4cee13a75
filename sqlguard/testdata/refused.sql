MERGE INTO users u USING orders o ON o.user_id = u.id WHEN MATCHED THEN UPDATE SET age = 1

WITH x AS (SELECT 1) MERGE INTO users u USING x ON true WHEN NOT MATCHED THEN DO NOTHING

COPY users TO STDOUT

COPY (SELECT * FROM users) TO STDOUT

COPY users FROM STDIN

TRUNCATE users

TRUNCATE TABLE users, orders CASCADE

LOCK TABLE users

DO $$ BEGIN DELETE FROM users; END $$

CALL something()

EXPLAIN SELECT * FROM users

EXPLAIN (ANALYZE) SELECT * FROM users

DECLARE c CURSOR FOR SELECT * FROM users

FETCH ALL FROM c

CLOSE c

UPDATE users SET age = 1 WHERE CURRENT OF c

DELETE FROM users WHERE CURRENT OF c

PREPARE p AS SELECT * FROM users

EXECUTE p

DEALLOCATE ALL

BEGIN

COMMIT

ROLLBACK

START TRANSACTION ISOLATION LEVEL SERIALIZABLE

PREPARE TRANSACTION 'x'

SET search_path = other

SET LOCAL app.tenant_id = 'x'

RESET ALL

SHOW search_path

DISCARD ALL

SET CONSTRAINTS ALL DEFERRED

LISTEN c

NOTIFY c, 'x'

VACUUM users

ANALYZE users

CLUSTER users

REINDEX TABLE users

CHECKPOINT

REFRESH MATERIALIZED VIEW v

CREATE TABLE x (id int)

CREATE TABLE x AS SELECT * FROM users

CREATE TEMP TABLE users AS SELECT 1

CREATE VIEW v AS SELECT * FROM users

CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT count(*) FROM users'

CREATE RULE r AS ON SELECT TO users DO INSTEAD SELECT 1

ALTER TABLE users ADD COLUMN x int

DROP TABLE users

GRANT SELECT ON users TO PUBLIC

COMMENT ON TABLE users IS 'x'

SELECT * INTO x FROM users

SELECT 1; SELECT 2

SELECT 1; DELETE FROM users

SELECT * FROM users; -- x
;SELECT 1

;

SELEC * FROM users

SELECT * FROM users WHERE id = ?

SELECT 'open

SELECT * FROM users WHERE (id = 1

SELECT * FROM users WHERE id = 1)

SELECT /* open

SELECT $$open

SELECT * FROM unknown

SELECT * FROM other.votes

SELECT * FROM pg_class

SELECT * FROM pg_catalog.pg_stat_activity

SELECT * FROM information_schema.tables

SELECT * FROM postgres.public.users

SELECT * FROM pg_stats WHERE tablename = 'users'

SELECT * FROM users WHERE id IN (SELECT id FROM unknown)

INSERT INTO unknown (id) VALUES (1)

INSERT INTO countries (code, name) VALUES ('XX', 'x')

UPDATE countries SET name = 'x'

DELETE FROM countries

WITH d AS (DELETE FROM countries RETURNING *) SELECT * FROM d

INSERT INTO users VALUES (1)

INSERT INTO users SELECT * FROM users

INSERT INTO archive (tenant_id, id, what) SELECT * FROM users

INSERT INTO archive (tenant_id, id) SELECT gen_random_uuid(), 1

INSERT INTO users (tenant_id, id, name) VALUES (NULL, 100, 'x')

INSERT INTO users (tenant_id, id, name) VALUES ('22222222-2222-4222-8222-222222222222', 100, 'x')

INSERT INTO users (tenant_id, id, name) VALUES (uuid '11111111-1111-4111-8111-111111111111', 100, 'x')

INSERT INTO users (tenant_id, id, name) VALUES ((SELECT tenant_id FROM orders LIMIT 1), 100, 'x')

# ["@other"]
INSERT INTO users (tenant_id, id, name) VALUES ($1, 100, 'x')

# ["@tenant", "@other"]
INSERT INTO users (tenant_id, id, name) VALUES ($1, 100, 'x'), ($2, 101, 'y')

# ["@tenant"]
INSERT INTO labels (account, user_id, label) VALUES ($1::varchar(8), 1, 'x')

# ["@other"]
INSERT INTO archive (tenant_id, id) SELECT $1, id FROM orders

# ["@tenant"]
INSERT INTO users (tenant_id, tenant_id, name) VALUES ($1, $1, 'x')

UPDATE users SET tenant_id = tenant_id

UPDATE users SET tenant_id = DEFAULT WHERE id = 1

UPDATE users SET (age, tenant_id) = (1, NULL)

UPDATE users SET "tenant_id" = (SELECT tenant_id FROM orders LIMIT 1)

UPDATE users SET U&"tenant\005Fid" = NULL

INSERT INTO users (id, name) VALUES (1, 'x') ON CONFLICT (tenant_id, id) DO UPDATE SET tenant_id = EXCLUDED.tenant_id

INSERT INTO users (id, name) VALUES (1, 'x') ON CONFLICT (tenant_id, id) DO UPDATE SET (name, tenant_id) = ROW('x', NULL)

SELECT query_to_xml('SELECT * FROM users', true, true, '')

SELECT table_to_xml('users', true, true, '')

SELECT pg_read_file('/etc/passwd')

SELECT pg_sleep(10) FROM users

SELECT public.upper(name) FROM users

SELECT my_function(1)

SELECT * FROM my_function(1)

SELECT * FROM dblink('', 'SELECT * FROM users') AS t (id int)

SELECT nextval('s')

SELECT set_config('search_path', 'other', false)

SELECT current_setting('app.tenant_id')

SELECT current_user

SELECT ts_stat('SELECT to_tsvector(name) FROM users')

SELECT f.pg_read_file FROM unnest(ARRAY['/etc/passwd']) AS f

SELECT unnest.pg_ls_dir FROM unnest(ARRAY['/'])

SELECT (SELECT f.pg_read_file) FROM unnest(ARRAY['/etc/passwd']) AS f

SELECT ('/etc/passwd'::text).pg_read_file

SELECT 'users'::regclass

SELECT CAST('users' AS regclass)::oid

SELECT * FROM users TABLESAMPLE my_method (1)

SELECT * FROM users u LEFT JOIN orders TABLESAMPLE SYSTEM (50) USING (id)

SELECT * FROM users WHERE id = $1

# [1]
SELECT * FROM users WHERE id = $1 OR id = $2

SELECT * FROM lo_get(1)

SELECT lo_import('/etc/passwd')

# ["@tenant"]
INSERT INTO users (name, tenant_id, id) VALUES ($1, $1, 100)

INSERT INTO archive (tenant_id, id) SELECT v.id, 1 FROM (SELECT '22222222-2222-4222-8222-222222222222'::uuid AS id) v

INSERT INTO archive (tenant_id, id) SELECT u.manager_id, u.id FROM users u

INSERT INTO people (id, name) VALUES (50, 'x') ON CONFLICT (id) DO UPDATE SET name = 'x'

UPDATE people SET id = 7

WITH labels AS (SELECT 50 AS user_id) SELECT * FROM people

SELECT * FROM people tenancy_link
