-- yes: no table
SELECT 1
-- yes: functions that compute from their arguments
SELECT lower($4), now() IS NOT NULL, coalesce(NULL, 1), greatest(1, 2), extract(year FROM DATE '2020-01-01')
-- yes: a shared table
SELECT * FROM countries
-- yes: two shared tables
SELECT c.code FROM countries c JOIN events e ON e.text = c.code
-- yes: a parameter
SELECT * FROM users WHERE tenant_id = $1
-- yes: qualified
SELECT * FROM users WHERE users.tenant_id = $1
-- yes: by its alias
SELECT u.* FROM users u WHERE u.tenant_id = $1
-- yes: the other way round
SELECT * FROM users WHERE $1 = tenant_id
-- yes: cast to the column's type
SELECT * FROM users WHERE tenant_id = $1::uuid
-- yes: cast, long form
SELECT * FROM users WHERE tenant_id = CAST($1 AS uuid)
-- yes: a literal
SELECT * FROM users WHERE tenant_id = 'aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa'
-- yes: a literal in another spelling
SELECT * FROM users WHERE tenant_id = 'AAAAAAAA-aaaa-4aaa-8aaa-aaaaaaaaaaaa'::uuid
-- yes: quoted names
SELECT * FROM "users" AS "u" WHERE "u"."tenant_id" = $1
-- yes: escaped names
SELECT * FROM U&"\0075sers" WHERE U&"tenant\005fid" = $1
-- yes: names fold
SELECT * FROM USERS WHERE Tenant_ID = $1
-- yes: odd names
SELECT * FROM "Odd Table" WHERE "Tenant ID" = $1
-- yes: a schema
SELECT * FROM public.users WHERE tenant_id = $1
-- yes: a schema and a qualified column
SELECT * FROM app.bills WHERE app.bills.tenant_id = $1
-- yes: a table's name before the column, a schema before the table
SELECT * FROM app.bills WHERE bills.tenant_id = $1
-- yes: the root by its key
SELECT * FROM accounts WHERE id = $1
-- yes: a tenant column of another name
SELECT * FROM invoices WHERE account_id = $1
-- yes: TABLE is a SELECT, of a shared table
TABLE countries
-- yes: further conjuncts
SELECT * FROM users WHERE tenant_id = $1 AND (age > 1 OR name = $4) AND NOT (age = 3)
-- yes: the conjunct last and nested
SELECT * FROM users WHERE (age > 1 OR name = $4) AND ((age < 90 AND (tenant_id = $1)))
-- yes: every arm binds
SELECT * FROM users WHERE (tenant_id = $1 AND age > 1) OR (tenant_id = $1 AND name = $4)
-- yes: every arm binds, nested
SELECT * FROM users WHERE (age > 1 AND tenant_id = $1) OR (name = $4 AND (tenant_id = $1 OR $1 = tenant_id))
-- yes: one element
SELECT * FROM users WHERE tenant_id IN ($1)
-- yes: = ANY of a bound list
SELECT * FROM users WHERE tenant_id = ANY($5)
-- yes: = ANY of a bound list with a cast
SELECT * FROM users WHERE tenant_id = ANY($5::uuid[])
-- yes: = SOME of an array
SELECT * FROM users WHERE tenant_id = SOME(ARRAY[$1, $1]::uuid[])
-- yes: an array of one parameter
SELECT * FROM users WHERE tenant_id = ANY(ARRAY[$1::uuid])
-- yes: a row comparison
SELECT * FROM users WHERE (tenant_id, id) = ($1, 1)
-- yes: rows in a list
SELECT * FROM users WHERE (tenant_id, id) IN (($1, 1), ($1, 2))
-- yes: PostgreSQL's own operator
SELECT * FROM users WHERE tenant_id OPERATOR(pg_catalog.=) $1
-- yes: IS NOT DISTINCT FROM a value
SELECT * FROM users WHERE tenant_id IS NOT DISTINCT FROM $1
-- yes: IS TRUE
SELECT * FROM users WHERE (tenant_id = $1) IS TRUE
-- yes: comments
SELECT /* all of them */ * FROM users -- really
WHERE tenant_id = $1 -- of mine
-- yes: aggregates
SELECT count(*), sum(age) FILTER (WHERE age > 1), array_agg(name ORDER BY name, id) FROM users WHERE tenant_id = $1
-- yes: grouping sets
SELECT age, name, count(*), grouping(age) FROM users WHERE tenant_id = $1 GROUP BY GROUPING SETS ((age), (name), ())
-- yes: having
SELECT age FROM users WHERE tenant_id = $1 GROUP BY age HAVING count(*) > 0
-- yes: windows
SELECT id, rank() OVER w, lag(name) OVER (PARTITION BY age ORDER BY id) FROM users WHERE tenant_id = $1 WINDOW w AS (ORDER BY age, id)
-- yes: distinct on
SELECT DISTINCT ON (age) age, id FROM users WHERE tenant_id = $1 ORDER BY age, id
-- yes: limits
SELECT id FROM users WHERE tenant_id = $1 ORDER BY id LIMIT 2 OFFSET 1
-- yes: with ties
SELECT age FROM users WHERE tenant_id = $1 ORDER BY age FETCH FIRST 1 ROWS WITH TIES
-- yes: locks
SELECT id FROM users WHERE tenant_id = $1 ORDER BY id FOR UPDATE SKIP LOCKED
-- yes: locks of a table
SELECT u.id FROM users u JOIN orders o ON o.tenant_id = u.tenant_id AND o.user_id = u.id WHERE u.tenant_id = $1 FOR UPDATE OF u
-- yes: whole rows
SELECT u, u.*::text, (u.*)::text FROM users u WHERE u.tenant_id = $1
-- yes: system columns tell of the row alone
SELECT ctid IS NOT NULL FROM users WHERE tenant_id = $1
-- yes: case
SELECT CASE WHEN age > 1 THEN name ELSE $4 END FROM users WHERE tenant_id = $1
-- yes: ONLY
SELECT * FROM ONLY users WHERE tenant_id = $1
-- yes: JSON
SELECT json_build_object('id', id), to_jsonb(u) - 'tenant_id' FROM users u WHERE tenant_id = $1
-- yes: operators
SELECT name || $4, name LIKE 'a%' ESCAPE '!', name SIMILAR TO 'a%', age BETWEEN 1 AND 9, name ~ '^a' FROM users WHERE tenant_id = $1
-- yes: types of the user and of PostgreSQL
SELECT id::bigint, name::varchar(3), '{1,2}'::int[], DATE '2020-01-01', age::numeric(10, 2) FROM users WHERE tenant_id = $1
-- yes: functions written as in the standard
SELECT trim(both ' ' from name), substring(name from 1 for 2), position('a' in name), overlay(name placing 'x' from 1), now() AT TIME ZONE 'UTC' IS NULL FROM users WHERE tenant_id = $1
-- yes: the date
SELECT CURRENT_DATE IS NULL, LOCALTIMESTAMP IS NULL, CURRENT_TIMESTAMP(2) IS NULL
-- yes: VALUES
VALUES (1, $4), (2, 'y')
-- yes: an array's element
SELECT (ARRAY[age, id])[1], (string_to_array(name, ' '))[1:2] FROM users WHERE tenant_id = $1
-- no table: nothing binds it
SELECT * FROM users
-- no table: TABLE is a SELECT
TABLE users
-- no table: another tenant
SELECT * FROM users WHERE tenant_id = $2
-- no table: another tenant's literal
SELECT * FROM users WHERE tenant_id = 'bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb'
-- no table: not a tenant
SELECT * FROM users WHERE tenant_id = $3
-- no table: NULL
SELECT * FROM users WHERE tenant_id = NULL
-- no table: itself
SELECT * FROM users WHERE tenant_id = tenant_id
-- no table: itself by both names
SELECT * FROM users WHERE users.tenant_id = tenant_id
-- no table: an OR beside it
SELECT * FROM users WHERE tenant_id = $1 OR age > 1
-- no table: AND binds closer than OR
SELECT * FROM users WHERE age > 1 OR name = $4 AND tenant_id = $1
-- no table: one arm does not bind
SELECT * FROM users WHERE (tenant_id = $1 AND age = 1) OR (tenant_id = $2 AND age = 2)
-- no table: NOT
SELECT * FROM users WHERE NOT tenant_id = $1
-- no table: NOT of an inequality is left to the writer
SELECT * FROM users WHERE NOT (tenant_id <> $1)
-- no table: unequal
SELECT * FROM users WHERE tenant_id <> $1
-- no table: a range
SELECT * FROM users WHERE tenant_id >= $1 AND tenant_id <= $1
-- no table: BETWEEN
SELECT * FROM users WHERE tenant_id BETWEEN $1 AND $1
-- no table: IS DISTINCT FROM
SELECT * FROM users WHERE tenant_id IS DISTINCT FROM $1
-- no table: IS NOT FALSE holds for NULL
SELECT * FROM users WHERE (tenant_id = $1) IS NOT FALSE
-- no table: IS UNKNOWN
SELECT * FROM users WHERE (tenant_id = $1) IS UNKNOWN
-- no table: compared with true
SELECT * FROM users WHERE (tenant_id = $1) = true
-- no table: in a CASE
SELECT * FROM users WHERE CASE WHEN tenant_id = $1 THEN true ELSE true END
-- no table: in COALESCE
SELECT * FROM users WHERE coalesce(tenant_id = $1, true)
-- no table: another column
SELECT * FROM users WHERE id = 1 AND name = $1::text
-- no table: a column of an expression
SELECT * FROM users WHERE tenant_id::text = $1::text
-- no table: a list with another tenant
SELECT * FROM users WHERE tenant_id IN ($1, $2)
-- no table: a bound list with another tenant
SELECT * FROM users WHERE tenant_id = ANY($6)
-- no table: an array with another tenant
SELECT * FROM users WHERE tenant_id = ANY(ARRAY[$1, $2]::uuid[])
-- no table: an array in text
SELECT * FROM users WHERE tenant_id = ANY('{aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa}')
-- no table: = ALL holds for an empty list
SELECT * FROM users WHERE tenant_id = ALL($5)
-- no table: <> ANY
SELECT * FROM users WHERE tenant_id <> ANY($5)
-- no table: NOT IN
SELECT * FROM users WHERE tenant_id NOT IN ($1)
-- no table: rows in a list, another tenant
SELECT * FROM users WHERE (tenant_id, id) IN (($1, 1), ($2, 2))
-- no table: a row comparison at another place
SELECT * FROM users WHERE (id, tenant_id) = (1, $2)
-- no table: rows compared by order
SELECT * FROM users WHERE (tenant_id, id) >= ($1, 1)
-- no table: HAVING is no condition on rows
SELECT tenant_id FROM users GROUP BY tenant_id HAVING tenant_id = $1
-- no table: FILTER is no condition on rows
SELECT count(*) FILTER (WHERE tenant_id = $1) FROM users
-- no table: in the select list
SELECT tenant_id = $1 FROM users
-- no table: in ORDER BY
SELECT id FROM users ORDER BY tenant_id = $1
-- no table: a comment
SELECT * FROM users -- WHERE tenant_id = $1
-- no table: in a literal
SELECT * FROM users WHERE name = 'tenant_id = $1'
-- no table: an alias that renames columns
SELECT * FROM users u (tenant_id, id) WHERE u.tenant_id = $1
-- no table: a column that folds to another
SELECT * FROM "Odd Table" WHERE "tenant id" = $1
-- no table: LIKE
SELECT * FROM users WHERE tenant_id::text LIKE $4
-- no column: qualified by a table that an alias hides
SELECT * FROM users u WHERE users.tenant_id = $1
-- no column: qualified by another
SELECT * FROM users u WHERE o.tenant_id = $1
-- no table: the schema is another
SELECT * FROM other.users WHERE tenant_id = $1
-- no table: undeclared
SELECT * FROM secrets
-- no table: undeclared, though bound
SELECT * FROM secrets WHERE tenant_id = $1
-- no table: the catalogue
SELECT * FROM pg_catalog.pg_class
-- no table: the catalogue, unqualified
SELECT * FROM pg_stats WHERE tablename = 'users'
-- no table: the information schema
SELECT * FROM information_schema.tables
-- no table: another database
SELECT * FROM db.public.users WHERE tenant_id = $1
-- no SELECT INTO: a table of its own
SELECT * INTO copies FROM users WHERE tenant_id = $1
-- no operator: of another schema
SELECT * FROM users WHERE tenant_id OPERATOR(app.=) $1
-- no function: runs text
SELECT query_to_xml('SELECT * FROM users', true, false, '')
-- no function: not known
SELECT my_function(id) FROM users WHERE tenant_id = $1
-- no function: of a schema
SELECT app.lower(name) FROM users WHERE tenant_id = $1
-- no function: quoted
SELECT "LOWER"(name) FROM users WHERE tenant_id = $1
-- no function: sleeps
SELECT pg_sleep(1)
-- no function: reads files
SELECT pg_read_file('/etc/passwd')
-- no function: a sequence
SELECT nextval('users_id_seq')
-- no function: reads settings
SELECT current_setting('app.tenant_id')
-- no function: of the session
SELECT CURRENT_USER
-- no function: of the session
SELECT session_user
-- no function: in an aggregate's order
SELECT array_agg(id ORDER BY secret(id)) FROM users WHERE tenant_id = $1
-- no function: in a window
SELECT sum(age) OVER (ORDER BY secret(id)) FROM users WHERE tenant_id = $1
-- no function: in a frame
SELECT sum(age) OVER (ORDER BY id ROWS secret() PRECEDING) FROM users WHERE tenant_id = $1
-- no function: in a named window
SELECT sum(age) OVER w FROM users WHERE tenant_id = $1 WINDOW w AS (PARTITION BY secret(id))
-- no function: in a type's modifier
SELECT '1'::numeric(secret())
-- no function: in a limit
SELECT id FROM users WHERE tenant_id = $1 LIMIT secret()
-- no function: in an array's subscript
SELECT (ARRAY[1])[secret()]
-- no function: in XML
SELECT xmlelement(name a, xmlattributes(secret() AS b), query_to_xml('', true, false, ''))
-- no attribute: a call in the other notation
SELECT ('SELECT 1'::text).ts_stat
-- no attribute: of a column
SELECT (name).ts_stat FROM users WHERE tenant_id = $1
-- no type: looks up names
SELECT 'users'::regclass
-- no type: looks up names
SELECT CAST('lower' AS pg_catalog.regproc)
-- no type: of a column
SELECT tableoid::regclass FROM users WHERE tenant_id = $1
-- no table: two of a name
SELECT * FROM users, public.users WHERE users.tenant_id = $1
-- no table: a star in a row moves the values behind it
SELECT u.id FROM users u, (SELECT) y, (SELECT) w WHERE (y.*, u.tenant_id, u.id) = ($2, $1, w.*)
-- no table: the same in a list
SELECT u.id FROM users u, (SELECT) y, (SELECT) w WHERE (y.*, u.tenant_id, u.id) IN (($2, $1, w.*))
-- no table: the same in a query's row
SELECT u.id FROM users u, (SELECT) y WHERE (y.*, u.tenant_id) = (SELECT 1, $1::uuid)
-- no type regclass: an array of it
SELECT '{users}'::_regclass
-- yes: a configuration of text search
SELECT to_tsvector('english'::regconfig, 'x')
