SELECT * FROM users

SELECT id, name FROM users ORDER BY id

SELECT DISTINCT age FROM users ORDER BY age

SELECT DISTINCT ON (age) age, id, name FROM users ORDER BY age, id

SELECT count(*), min(age), max(age), avg(age)::numeric(10,4) FROM users

SELECT id FROM users WHERE age > 30 OR name = 'Ann' ORDER BY id

SELECT id FROM users WHERE age > 30
OR
name = 'bravo-1'

SELECT id FROM users WHERE age>30/**/OR/**/true ORDER BY id

SELECT id FROM users WHERE NOT (age > 30) OR age IS NULL ORDER BY id

SELECT id FROM users WHERE (age, name) > (20, 'A') ORDER BY id

SELECT id FROM users WHERE (id, name) IN ((1, 'Ann'), (1, 'bravo-1'), (2, 'bravo-2')) ORDER BY id

SELECT id FROM users WHERE ROW(id, age) = ROW(2, 25)

SELECT id FROM users WHERE (id, age) IS DISTINCT FROM (2, 25) ORDER BY id

# [1]
SELECT * FROM users WHERE id = $1

# [1, "Bob"]
SELECT id, name FROM users WHERE id = $1 OR name = $2 ORDER BY id

# [[1,2,3]]
SELECT id, name FROM users WHERE id = ANY($1) ORDER BY id

# ["@tenant"]
SELECT id, name FROM users WHERE tenant_id = $1 ORDER BY id

# ["@other"]
SELECT id, name FROM users WHERE tenant_id = $1 ORDER BY id

# ["@tenant", 20]
SELECT id, name FROM users WHERE age > $2 AND tenant_id = $1 ORDER BY id

# ["@other", 20]
SELECT id, name FROM users WHERE tenant_id = $1 OR age > $2 ORDER BY id

# ["@other"]
SELECT u.id FROM users u WHERE $1 = u.tenant_id

# ["@tenant"]
SELECT u.id FROM users u JOIN orders o ON o.tenant_id = $1 AND o.user_id = u.id WHERE u.tenant_id = $1 ORDER BY 1

# ["@other"]
SELECT u.id, o.id FROM users u LEFT JOIN orders o ON o.tenant_id = $1 AND o.user_id = u.id ORDER BY 1, 2

# ["@tenant", "@other"]
SELECT count(*) FROM users WHERE tenant_id IN ($1, $2)

SELECT count(*) FROM users WHERE tenant_id IS NOT NULL

SELECT count(DISTINCT tenant_id) FROM users

SELECT name FROM users ORDER BY lower(name) DESC, id LIMIT 2 OFFSET 1

SELECT name FROM users ORDER BY name FETCH FIRST 2 ROWS ONLY

SELECT age FROM users ORDER BY age NULLS LAST FETCH FIRST 1 ROW WITH TIES

SELECT age, count(*) FROM users GROUP BY age HAVING count(*) > 1 ORDER BY age

SELECT age, country_code, count(*) FROM users GROUP BY ROLLUP (age, country_code) ORDER BY 1, 2, 3

SELECT age, country_code, count(*), GROUPING(age, country_code) FROM users GROUP BY GROUPING SETS ((age), (country_code), ()) ORDER BY 1, 2, 3

SELECT age, count(*) FROM users GROUP BY CUBE (age) ORDER BY 1, 2

SELECT age, count(*) FROM users GROUP BY DISTINCT ROLLUP (age), ROLLUP (age) ORDER BY 1, 2

SELECT id, rank() OVER (ORDER BY age) FROM users ORDER BY id

SELECT id, sum(age) OVER w FROM users WINDOW w AS (ORDER BY id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) ORDER BY id

SELECT id, sum(age) OVER (ORDER BY id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING EXCLUDE CURRENT ROW) FROM users ORDER BY id

SELECT id, count(*) OVER (PARTITION BY age ORDER BY id RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) FROM users ORDER BY id

SELECT id, first_value(name) OVER (w GROUPS 1 PRECEDING), lag(name) OVER w FROM users WINDOW w AS (ORDER BY id) ORDER BY id

SELECT count(*) FILTER (WHERE age > 30), string_agg(name, ',' ORDER BY name) FROM users

SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY age) FROM users

SELECT mode() WITHIN GROUP (ORDER BY age) FROM users WHERE age > 1

SELECT array_agg(name ORDER BY id) FROM users GROUP BY age HAVING max(id) > 1 ORDER BY 1

SELECT u.id, u.name, count(o.id) FROM users u LEFT JOIN orders o ON o.user_id = u.id GROUP BY u.tenant_id, u.id ORDER BY u.id

SELECT CASE WHEN age > 30 THEN 'old' WHEN age IS NULL THEN 'unknown' ELSE 'young' END AS what, count(*) FROM users GROUP BY 1 ORDER BY 1

SELECT coalesce(age, 0), nullif(name, 'Ann'), greatest(age, 30), least(id, 2) FROM users ORDER BY id

SELECT name LIKE 'A%', name ILIKE '%b%', name SIMILAR TO '(A|B)%', name LIKE 'A!%' ESCAPE '!' FROM users ORDER BY id

SELECT name ~ '^A', name !~* 'x', age BETWEEN 20 AND 40, age BETWEEN SYMMETRIC 40 AND 20 FROM users ORDER BY id

SELECT extract(year FROM created), created + interval '1 day', date_trunc('month', created) FROM users ORDER BY id

SELECT placed AT TIME ZONE 'UTC', placed::date, to_char(placed, 'YYYY-MM') FROM orders ORDER BY id

SELECT substring(name FROM 1 FOR 2), position('n' IN name), trim(BOTH 'A' FROM name), overlay(name PLACING 'xx' FROM 1 FOR 1) FROM users ORDER BY id

SELECT profile->>'city', profile #>> '{tags,0}', profile ? 'city', profile @> '{"city":"Rome"}' FROM users ORDER BY id

SELECT jsonb_build_object('id', id, 'name', name) FROM users ORDER BY id

SELECT row_to_json(u)->>'name', to_jsonb(u) - 'tenant_id' FROM users u ORDER BY u.id

SELECT tags[1], tags[1:2], cardinality(tags), 'a' = ANY(tags), 'x' <> ALL(tags) FROM orders ORDER BY id

SELECT (u).name, (u).* FROM users u ORDER BY u.id

SELECT u FROM users u ORDER BY u.id

SELECT u.*::text FROM users u ORDER BY u.id

SELECT users.ctid IS NOT NULL, users.xmin IS NOT NULL FROM users ORDER BY id

SELECT name AS "where", age AS "from", id AS select FROM users ORDER BY "where"

SELECT users.name AS where FROM users ORDER BY 1

SELECT id AS from, name AS union FROM users WHERE age > 1 ORDER BY 1

SELECT name COLLATE "C" FROM users ORDER BY name COLLATE "C" DESC

SELECT id FROM users WHERE name = $$Ann$$ OR name = $q$Bob$q$ ORDER BY id

SELECT id FROM users WHERE name = E'A\156n' OR name = U&'\0042ob' ORDER BY id

SELECT id FROM users WHERE name = 'it''s -- no comment' OR age = 25 -- and here is one

SELECT /* FROM orders WHERE */ id /* nested /* comment */ ) */ FROM /* t */ users /* WHERE */ ORDER BY id

/*+ SeqScan(users) */ SELECT count(*) FROM users

-- a leading comment with ; and ' in it
SELECT count(*) FROM users;

SELECT count(*) FROM users WHERE true;

SELECT 1

SELECT now() IS NOT NULL, 1 + 1, 'x' || 'y'

VALUES (1, 'a'), (2, 'b')

VALUES ((SELECT count(*) FROM users)), (2)

TABLE users

TABLE countries

TABLE ONLY users

TABLE users ORDER BY id LIMIT 1

TABLE users UNION ALL TABLE users

SELECT * FROM ONLY users

SELECT * FROM users*

SELECT * FROM ONLY (users) AS u WHERE u.id = 1

SELECT * FROM ONLY (public.users)

SELECT count(*) FROM users TABLESAMPLE BERNOULLI (100)

SELECT count(*) FROM users u TABLESAMPLE SYSTEM (100) REPEATABLE (1) WHERE u.id > 0

SELECT id FROM users FOR UPDATE

SELECT id FROM users WHERE id = 1 OR id = 2 FOR NO KEY UPDATE SKIP LOCKED

SELECT u.id FROM users u JOIN orders o ON o.user_id = u.id FOR UPDATE OF u NOWAIT

SELECT u.id FROM users u, orders o WHERE o.user_id = u.id FOR SHARE OF o FOR KEY SHARE OF u

SELECT u.id, o.id FROM users u LEFT JOIN orders o ON o.user_id = u.id ORDER BY 1, 2 FOR UPDATE OF u

SELECT id FROM (SELECT * FROM users WHERE age > 1) x ORDER BY id FOR UPDATE

SELECT xmlelement(name u, xmlattributes(id AS id), name)::text FROM users ORDER BY id

SELECT xmlforest(name, age)::text FROM users ORDER BY id

SELECT xmlserialize(CONTENT xmlagg(xmlelement(name n, name) ORDER BY id) AS text) FROM users

SELECT u.country_code FROM users u WHERE u.age IS NOT NULL AND u.age IS DISTINCT FROM 25 ORDER BY 1

SELECT id FROM users WHERE (age > 20) IS TRUE OR (age > 20) IS UNKNOWN ORDER BY id

SELECT * FROM users WHERE false OR 1 = 1 LIMIT ALL

SELECT generate_series(1, id), name FROM users ORDER BY 2, 1

SELECT id, unnest(ARRAY[1, 2]) FROM users ORDER BY 1, 2

SELECT md5(name), length(name), upper(name), concat_ws('-', name, id) FROM users ORDER BY id

SELECT make_date(2020, 1, id), age(created, '2019-01-01') FROM users ORDER BY id

SELECT current_date = now()::date, CURRENT_TIMESTAMP IS NOT NULL FROM users LIMIT 1

SELECT pg_catalog.upper(name), pg_catalog.count(*) FROM users GROUP BY name ORDER BY 1

SELECT id FROM users WHERE name OPERATOR(pg_catalog.=) 'Ann'

SELECT sum(amount) FROM orders GROUP BY ()

SELECT users.* FROM users ORDER BY users.id

SELECT public.users.id FROM public.users ORDER BY public.users.id

SELECT FROM users

SELECT id DISTINCT FROM users WHERE age > 30 OR name = 'bravo-1'

SELECT id IS DISTINCT FROM 1, id IS NOT DISTINCT FROM 2 FROM users ORDER BY id

SELECT id rows FROM (users JOIN ROWS FROM (generate_series(1, 2)) AS r (n) ON true) ORDER BY 1

SELECT id using, age table, name select FROM users ORDER BY 1

# ["@tenant"]
SELECT id FROM users WHERE tenant_id = $1 AND tenant_id <> ALL (ARRAY[$1::uuid]) OR id = 1 ORDER BY id

# ["@tenant"]
SELECT l.label, k.label FROM labels l JOIN labels k ON k.user_id = l.user_id JOIN users u ON u.tenant_id = $1 AND u.id = l.user_id ORDER BY 1, 2
