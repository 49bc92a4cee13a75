SELECT * FROM users WHERE id = 1 OR tenant_id IS NOT NULL --

SELECT * FROM users WHERE id = 1 /* ) OR (1=1 */ OR 1=1

SELECT * FROM users WHERE '' = '''' OR tenant_id::text LIKE '2%'

SELECT * FROM users WHERE $a$ ) OR 1=1 $a$ = '' OR true

SELECT * FROM users u WHERE EXISTS (SELECT 1 FROM users WHERE users.tenant_id <> u.tenant_id)

SELECT * FROM users u, users v WHERE v.tenant_id <> u.tenant_id

SELECT u.id, v.id FROM users u LEFT JOIN users v ON v.tenant_id <> u.tenant_id

SELECT u.id, v.id FROM users u FULL JOIN users v ON v.id = u.id AND v.tenant_id <> u.tenant_id

WITH users AS (SELECT * FROM users WHERE true OR true) SELECT * FROM users

WITH RECURSIVE users AS (SELECT * FROM public.users UNION SELECT * FROM users WHERE false) SELECT * FROM users

WITH x AS (SELECT * FROM users) SELECT * FROM public.users, x WHERE public.users.tenant_id <> x.tenant_id

WITH u AS (SELECT 'x') SELECT * FROM users AS u

WITH tenant_id AS (SELECT 1) SELECT * FROM users WHERE tenant_id IN (SELECT tenant_id FROM tenant_id)

SELECT * FROM users tenant_id WHERE tenant_id.tenant_id IS NOT NULL OR true

SELECT * FROM users users WHERE (users.tenant_id, users.id) IN (SELECT tenant_id, id FROM orders) OR true

SELECT tenant_id FROM users EXCEPT SELECT tenant_id FROM orders

SELECT tenant_id FROM users UNION TABLE tenants_of_all

SELECT (TABLE orders LIMIT 1) FROM users

SELECT (SELECT amount FROM orders ORDER BY amount DESC LIMIT 1)

SELECT * FROM (VALUES ((SELECT max(name) FROM users))) v

SELECT * FROM users ORDER BY (SELECT max(amount) FROM orders), id

SELECT * FROM users LIMIT (SELECT count(*) FROM orders WHERE tenant_id::text LIKE '2%')

SELECT * FROM users OFFSET (SELECT count(*) FROM orders WHERE amount > 5000)

SELECT count(*) FROM users GROUP BY (SELECT max(name) FROM users)

SELECT count(*) OVER (ORDER BY (SELECT max(amount) FROM orders)) FROM users

SELECT count(*) OVER (ROWS BETWEEN (SELECT count(*) FROM orders) PRECEDING AND CURRENT ROW) FROM users

SELECT count(*) FILTER (WHERE (SELECT max(amount) FROM orders) > 5000) FROM users

SELECT string_agg(name, ',' ORDER BY (SELECT max(name) FROM users), id) FROM users

SELECT percentile_disc((SELECT 0.5 FROM orders LIMIT 1)) WITHIN GROUP (ORDER BY (SELECT max(amount) FROM orders)) FROM users

SELECT * FROM users JOIN LATERAL (SELECT * FROM orders WHERE tenant_id <> users.tenant_id) x ON true

SELECT * FROM users LEFT JOIN LATERAL (TABLE orders) x ON x.tenant_id <> users.tenant_id

SELECT * FROM users u JOIN orders o ON (o.tenant_id = u.tenant_id OR true) WHERE u.tenant_id = o.tenant_id OR 1 = 1

SELECT * FROM users u NATURAL JOIN orders o WHERE true OR true

SELECT * FROM (users u JOIN orders o ON true) AS j WHERE true OR true

SELECT * FROM (users u CROSS JOIN orders o) AS u

SELECT * FROM (users AS a LEFT JOIN users AS b ON true) AS users

SELECT * FROM users AS tenant (tenant_id, id)

SELECT * FROM users AS u (id, tenant_id) WHERE u.tenant_id = 1

# ["@tenant"]
SELECT * FROM users AS u (x, tenant_id) WHERE u.tenant_id::text = $1::text OR $1 IS NOT NULL

# ["@tenant"]
SELECT * FROM users u WHERE (SELECT true) OR u.tenant_id = $1

# ["@tenant"]
SELECT * FROM users u WHERE NOT (u.tenant_id = $1)

# ["@tenant"]
SELECT * FROM users u WHERE u.tenant_id = $1 IS NOT NULL

# ["@tenant"]
SELECT * FROM users u, orders o WHERE u.tenant_id = $1 AND o.user_id = u.id

# ["@other"]
SELECT * FROM users u, orders o WHERE u.tenant_id = $1 AND o.user_id = u.id

# ["@tenant", "@other"]
SELECT * FROM users u LEFT JOIN orders o ON o.tenant_id = $2 WHERE u.tenant_id = $1

# ["@tenant"]
SELECT * FROM users LEFT JOIN orders ON users.tenant_id = $1

# ["@tenant"]
SELECT * FROM users WHERE EXISTS (SELECT 1 FROM countries WHERE tenant_id = $1)

# ["@tenant"]
SELECT o.id FROM users u RIGHT JOIN orders o ON u.tenant_id = $1 AND o.tenant_id = $1

# ["@tenant"]
SELECT * FROM orders o WHERE id IN (SELECT id FROM users WHERE o.tenant_id = $1)

# ["@tenant"]
SELECT x.tenant_id FROM (SELECT $1::uuid AS tenant_id) x, users WHERE x.tenant_id = $1

# ["@tenant"]
SELECT * FROM users WHERE tenant_id OPERATOR(pg_catalog.=) $1 OR true

# ["@tenant"]
SELECT * FROM users WHERE CASE WHEN true THEN true ELSE tenant_id = $1 END

# ["@tenant"]
SELECT (tenant_id = $1) AS ok, * FROM users HAVING true

# ["@tenant"]
UPDATE users SET age = 1 FROM orders WHERE orders.tenant_id = $1

# ["@tenant"]
DELETE FROM users USING orders WHERE orders.tenant_id = $1

# ["@tenant"]
DELETE FROM users WHERE EXISTS (SELECT 1 FROM users u WHERE u.tenant_id = $1)

UPDATE users SET name = (SELECT string_agg(name, ',') FROM users)

UPDATE users SET name = o.name FROM users o WHERE o.tenant_id <> users.tenant_id

UPDATE users u SET name = 'hacked' WHERE u.id = 1 OR u.tenant_id IS NOT NULL

DELETE FROM users u USING users v WHERE u.tenant_id <> v.tenant_id

DELETE FROM orders WHERE id IN (SELECT id FROM orders) OR true

DELETE FROM orders WHERE (SELECT count(*) FROM users) > 0

WITH d AS (DELETE FROM orders RETURNING *), e AS (DELETE FROM users RETURNING *) SELECT (SELECT count(*) FROM d), (SELECT count(*) FROM e)

WITH d AS (UPDATE users SET age = 0 RETURNING *) SELECT count(*) FROM d, public.users

INSERT INTO archive (id, what) SELECT 500 + id, name FROM users UNION ALL SELECT 600 + id, status FROM orders

INSERT INTO archive (id, what) VALUES (500, (SELECT string_agg(name, ',' ORDER BY id) FROM users))

INSERT INTO users (id, name) VALUES (1, 'x') ON CONFLICT (tenant_id, id) DO UPDATE SET name = (SELECT string_agg(name, ',') FROM users u2)

INSERT INTO users (id, name) VALUES (1, 'x') ON CONFLICT (tenant_id, id) DO UPDATE SET name = 'hacked' WHERE true OR users.tenant_id IS NOT NULL

INSERT INTO users (id, name) VALUES (1, 'x') RETURNING (SELECT max(amount) FROM orders)

INSERT INTO notes (id, body) VALUES (1000, 'own') ON CONFLICT (id) DO UPDATE SET body = EXCLUDED.body RETURNING body

SELECT * FROM XMLTABLE('/r' PASSING (SELECT xmlparse(CONTENT '<r>' || max(name) || '</r>') FROM users) COLUMNS v text PATH '.')

SELECT * FROM ROWS FROM (generate_series(1, (SELECT max(least(amount, 99)) FROM orders WHERE amount > 5000)))

SELECT * FROM unnest((SELECT array_agg(name ORDER BY name) FROM users)) WITH ORDINALITY

SELECT * FROM generate_series((SELECT count(*) FROM orders), 3) g, LATERAL (SELECT max(name) FROM users WHERE id > g) x

SELECT row_to_json(x) FROM (SELECT u, o FROM users u JOIN orders o ON true) x

SELECT array(TABLE users)

SELECT ARRAY(SELECT u FROM users u)

SELECT users FROM users

SELECT (users).tenant_id FROM users

SELECT * FROM ONLY users, ONLY (orders) AS o, items*

SELECT * FROM users WHERE tenant_id = ANY (SELECT tenant_id FROM orders)

SELECT * FROM users WHERE tenant_id = ALL (ARRAY[tenant_id])

SELECT 1 FROM users WHERE (VALUES (true))

SELECT CAST((SELECT max(name) FROM users) AS text)

SELECT COALESCE(NULL, (SELECT max(name) FROM users))

SELECT 'x' = ANY (SELECT name FROM users)

SELECT EXISTS (TABLE users), (SELECT count(*) FROM (TABLE users) x)

SELECT * FROM U&"\0075\0073\0065\0072\0073"

SELECT * FROM U&"!0075sers" UESCAPE '!' AS x WHERE x.tenant_id IS NOT NULL OR true

SELECT * FROM "users" "where" WHERE "where".tenant_id IS NOT NULL OR 1=1

SELECT * FROM users "FROM", orders "ON" WHERE true OR false

SELECT id "where" FROM users UNION SELECT amount "from" FROM orders

SELECT $$'$$ || name FROM users WHERE $$--$$ <> '' OR 1=1

SELECT 'a' -- '
'b' FROM users WHERE 1=1 OR 1=1

SELECT 1 FROM users WHERE name = 'x' OR/**/1=1--

SELECT 1 AS "union select" FROM users WHERE 'a'<>'b'OR'a'='a'

SELECT 1e1FROM users

SELECT 1.FROM users WHERE 1=1OR 2=2

SELECT U&'\0027 OR 1=1' FROM users

SELECT E'\' OR 1=1 --', id FROM users WHERE true OR E'\'' = ''

SELECT * FROM users FOR UPDATE OF users SKIP LOCKED

SELECT * FROM users u JOIN (SELECT * FROM orders FOR UPDATE) o ON o.user_id = u.id

SELECT * FROM (SELECT * FROM users) AS orders JOIN orders AS users ON true

SELECT (SELECT count(*) FROM orders WHERE orders.tenant_id = users.tenant_id OR true) FROM users

SELECT (SELECT o.amount FROM orders o WHERE o.tenant_id <> u.tenant_id LIMIT 1) FROM users u

SELECT count(*) FROM users CROSS JOIN LATERAL (SELECT users.id UNION ALL SELECT id FROM orders) x

SELECT x.name FROM users x WHERE x.id = (SELECT id FROM orders x WHERE x.tenant_id IS NOT NULL ORDER BY id DESC LIMIT 1)

SELECT json_agg(x) FROM (SELECT * FROM users UNION ALL SELECT * FROM users) x

SELECT u.id FROM users u GROUP BY u.id HAVING EXISTS (SELECT 1 FROM orders WHERE amount > 5000) OR true

SELECT * FROM users WHERE id IN (VALUES (1), ((SELECT max(id) FROM orders)))

SELECT max(name) OVER (PARTITION BY tenant_id IS NULL) FROM users

SELECT DISTINCT ON ((SELECT count(*) FROM orders)) name FROM users ORDER BY (SELECT count(*) FROM orders), id

SELECT id FROM users WHERE ctid IN (SELECT ctid FROM users)

SELECT tableoid, xmin IS NULL FROM users WHERE false

SELECT * FROM users, (SELECT count(*) FROM orders) AS c WHERE c.count > 0 OR true

SELECT * FROM users AS OF WHERE true OR true

SELECT * FROM users AS "tenant_id"

SELECT id FROM users WHERE name SIMILAR TO (SELECT max(name) FROM users) OR true

SELECT id FROM users WHERE name LIKE (SELECT '%') ESCAPE (SELECT '!' FROM orders LIMIT 1)

SELECT CASE (SELECT max(amount) FROM orders) WHEN 7000000 THEN 'leak' ELSE 'ok' END

SELECT ARRAY[[1]][(SELECT count(*) FROM orders WHERE amount < 0) + 1][1]

SELECT (ARRAY(SELECT name FROM users ORDER BY id))[1:(SELECT count(*) FROM orders)]

SELECT ROW(users.*) FROM users ORDER BY id

SELECT name FROM users WHERE (tenant_id, id) >= ALL (SELECT tenant_id, id FROM users)

SELECT xmlforest((SELECT max(name) FROM users) AS n)::text

SELECT interval '1 day' * (SELECT count(*) FROM orders)

WITH RECURSIVE a AS (SELECT * FROM users), users AS (SELECT 9 AS id) SELECT id FROM a

SELECT (u).name, (u).* FROM users u ORDER BY (u).id

# ["@tenant"]
INSERT INTO archive (id, tenant_id, what) VALUES ((ROW(5,'22222222-2222-4222-8222-222222222222'::uuid)).*, $1)

INSERT INTO archive (id, what) VALUES ((ROW(5,'x','22222222-2222-4222-8222-222222222222'::uuid)).*)

INSERT INTO archive (id, what) VALUES ((ROW(5)).*)

# ["@tenant"]
INSERT INTO archive (id, tenant_id, what) SELECT (ROW(5,'22222222-2222-4222-8222-222222222222'::uuid)).*, $1

SELECT coalesce.ts_stat FROM COALESCE('SELECT to_tsvector(name) FROM users'::text)

SELECT x.ts_stat FROM COALESCE('SELECT to_tsvector(name) FROM users'::text) AS x

SELECT text.ts_stat FROM CAST('SELECT to_tsvector(name) FROM users' AS text)

SELECT x.ts_stat FROM CAST('SELECT to_tsvector(name) FROM users' AS text) x

SELECT greatest.ts_stat FROM GREATEST('SELECT to_tsvector(name) FROM users'::text)

SELECT nullif.ts_stat FROM NULLIF('SELECT to_tsvector(name) FROM users'::text, '')

SELECT "substring".ts_stat FROM SUBSTRING('SELECT to_tsvector(name) FROM users' FROM 1)

SELECT btrim.ts_stat FROM TRIM('SELECT to_tsvector(name) FROM users')

SELECT "normalize".ts_stat FROM NORMALIZE('SELECT to_tsvector(name) FROM users')

SELECT xmlserialize.ts_stat FROM XMLSERIALIZE(CONTENT 'SELECT to_tsvector(name) FROM users'::xml AS text)

SELECT x.ts_stat FROM ROWS FROM (unnest(ARRAY['SELECT to_tsvector(name) FROM users'])) x

SELECT x.ts_stat FROM LATERAL ROWS FROM (unnest(ARRAY['SELECT to_tsvector(name) FROM users']) ) WITH ORDINALITY x

SELECT (x).ts_stat FROM unnest(ARRAY['SELECT to_tsvector(name) FROM users']) x

SELECT x.* FROM unnest(ARRAY['SELECT to_tsvector(name) FROM users']) x, LATERAL (SELECT x.ts_stat) y

SELECT (SELECT x.ts_stat) FROM unnest(ARRAY['SELECT to_tsvector(name) FROM users']) x

WITH x AS (SELECT 1) SELECT x.ts_stat FROM unnest(ARRAY['SELECT to_tsvector(name) FROM users']) x

SELECT x.ts_stat FROM (unnest(ARRAY['SELECT to_tsvector(name) FROM users']) x CROSS JOIN users u)

SELECT j.ts_stat FROM (unnest(ARRAY['SELECT to_tsvector(name) FROM users']) x CROSS JOIN users u) AS j

SELECT x.ts_stat FROM jsonb_each_text('{"a":"SELECT to_tsvector(name) FROM users"}') x

SELECT x.value.ts_stat FROM jsonb_each_text('{"a":"SELECT to_tsvector(name) FROM users"}') x

SELECT (x.value).ts_stat FROM jsonb_each_text('{"a":"SELECT to_tsvector(name) FROM users"}') x

SELECT x.ts_stat FROM json_to_record('{"a":1}') AS x(ts_stat text)

SELECT '{pg_class,users}'::_regclass

SELECT ARRAY['users']::regclass[]

SELECT CAST('users' AS pg_catalog._regclass)

SELECT jsonb_populate_record(NULL::users, '{"id":1}')

SELECT u FROM users u

SELECT users FROM users WHERE users IS NOT NULL

SELECT (users).name, (users).* FROM users

WITH RECURSIVE t(id, parent_id) AS (SELECT id, parent_id FROM nodes WHERE parent_id IS NULL UNION ALL SELECT n.id, n.parent_id FROM nodes n JOIN t ON n.parent_id = t.id) SEARCH DEPTH FIRST BY id SET o CYCLE id SET c TO true DEFAULT false USING p SELECT id, o, c, p FROM t ORDER BY id

WITH RECURSIVE t AS (SELECT id, parent_id FROM nodes UNION ALL SELECT n.id, n.parent_id FROM t, public.nodes n WHERE n.parent_id = t.id OR n.tenant_id IS NOT NULL AND t.id > 100) SELECT count(*) FROM t

SELECT pg_get_serial_sequence('notes','id')

SELECT pg_relation_size('users')

SELECT txid_current()

SELECT has_table_privilege('users', 'select')

SELECT * FROM users WHERE tenant_id OPERATOR(pg_catalog.<>) '11111111-1111-4111-8111-111111111111'::uuid OR true

SELECT 1 OPERATOR(app.=) 1

SELECT * FROM users ORDER BY name USING OPERATOR(pg_catalog.<)

SELECT * FROM "app".users

SELECT * FROM pg_temp.users

SELECT * FROM public."users" AS "public"

SELECT U&"\0075sers".name FROM U&"\0075sers"

SELECT users.name FROM U&"!0075sers" UESCAPE '!' WHERE true OR true

SELECT * FROM users FOR UPDATE OF users NOWAIT

INSERT INTO users (id, name, email) VALUES (1, 'z', 'q') ON CONFLICT (tenant_id, id) WHERE true DO UPDATE SET name = (SELECT string_agg(name, ',') FROM users)

INSERT INTO users AS u (id, name) VALUES (1, 'z') ON CONFLICT ON CONSTRAINT users_pkey DO UPDATE SET name = EXCLUDED.name || u.name WHERE EXISTS (SELECT 1 FROM orders) OR true RETURNING *

UPDATE users SET (name, age) = (SELECT string_agg(name, ','), max(age) FROM users)

UPDATE users SET (tenant_id, name) = ROW('22222222-2222-4222-8222-222222222222'::uuid, 'x')

UPDATE users AS u SET profile['tenant_id'] = '"x"'

SELECT GROUPING(tenant_id), count(*) FROM users GROUP BY GROUPING SETS ((tenant_id), ())

SELECT count(*) FROM users GROUP BY ROLLUP (tenant_id) HAVING true OR true

SELECT generate_series(1, (SELECT count(*) FROM users)::int)

SELECT unnest(array_agg(u)) FROM users u

SELECT * FROM unnest((SELECT array_agg(name) FROM users)) WITH ORDINALITY AS q(n, o)

SELECT * FROM ROWS FROM (unnest((SELECT array_agg(name) FROM users)), generate_series(1,2)) q

SELECT table_to_xml('users', true, true, '')

SELECT database_to_xml(true, true, '')

SELECT cursor_to_xml('c', 1, true, true, '')

SELECT * FROM dblink('x', 'select 1') AS t(a int)

SELECT set_config('search_path', 'pg_catalog', false)

SELECT "users"."tenant_id" FROM (SELECT 1) AS "users"

SELECT * FROM users AS u JOIN orders AS o USING (id, tenant_id) AS j

SELECT j.tenant_id FROM users JOIN orders USING (tenant_id) AS j

SELECT * FROM users FULL JOIN orders USING (tenant_id)

SELECT * FROM users NATURAL FULL JOIN orders

TABLE users ORDER BY id LIMIT ALL

(((TABLE users)))

SELECT ALL * FROM ONLY (users)

SELECT FROM users

SELECT WHERE EXISTS (TABLE orders)

VALUES ((TABLE labels LIMIT 1))

SELECT '(1,2)'::users

SELECT ('{"a":1}'::jsonb).a

SELECT array_agg(u ORDER BY u USING >) FROM users u

SELECT * FROM users u WHERE u = ANY (SELECT v FROM users v)

SELECT * FROM users u WHERE ROW(u.*) = ANY (SELECT ROW(v.*) FROM users v)

SELECT CASE (SELECT max(amount) FROM orders) WHEN 1 THEN 2 END

SELECT ARRAY(TABLE orders)

SELECT EXTRACT(epoch FROM (SELECT max(placed) FROM orders))

SELECT POSITION('x' IN (SELECT max(name) FROM users))

SELECT XMLFOREST((SELECT max(name) FROM users) AS x)

DELETE FROM users WHERE CURRENT OF c

DELETE FROM ONLY users * USING public.users v WHERE true

UPDATE ONLY users SET name = 'x' FROM (TABLE users) v WHERE v.tenant_id <> users.tenant_id

# ["@tenant"]
INSERT INTO archive (tenant_id, id, what) SELECT x.tenant_id, 901, 'x' FROM (SELECT $1::uuid AS tenant_id) x

# ["@other"]
INSERT INTO archive (tenant_id, id, what) SELECT x.tenant_id, 901, 'x' FROM (SELECT $1::uuid AS tenant_id) x

# ["@other"]
INSERT INTO archive (tenant_id, id, what) SELECT q.tenant_id, 903, 'x' FROM (SELECT * FROM (SELECT '11111111-1111-4111-8111-111111111111'::uuid AS t, $1::uuid AS k) a JOIN (SELECT $1::uuid AS k, 1 AS s) b USING (k)) q (tenant_id, x, y)

# ["@tenant"]
INSERT INTO archive (tenant_id, id) SELECT v.tenant_id, v.id FROM (VALUES ((ROW(904)).*, $1::uuid, '22222222-2222-4222-8222-222222222222'::uuid)) v (id, tenant_id, other)

# ["@tenant"]
SELECT u.id FROM users u, (SELECT) y, (SELECT) w WHERE (y.*, u.tenant_id, u.id) = ('22222222-2222-4222-8222-222222222222'::uuid, $1, w.*)

SELECT to_tsvector('english'::regconfig, name) FROM users

SELECT x.upper FROM unnest(ARRAY['a']) x

SELECT 'x'::regtype
