-- yes: IN a subquery that is bound itself
SELECT * FROM users WHERE tenant_id = $1 AND id IN (SELECT user_id FROM orders WHERE tenant_id = $1)
-- yes: a correlated EXISTS
SELECT * FROM users u WHERE u.tenant_id = $1 AND EXISTS (SELECT 1 FROM orders o WHERE o.tenant_id = u.tenant_id AND o.user_id = u.id)
-- yes: a correlated NOT EXISTS
SELECT * FROM users u WHERE u.tenant_id = $1 AND NOT EXISTS (SELECT 1 FROM orders o WHERE o.tenant_id = u.tenant_id AND o.user_id = u.id)
-- yes: correlated, the outer one bound by its join
SELECT u.id FROM companies c JOIN users u ON u.tenant_id = c.tenant_id WHERE c.tenant_id = $1 AND EXISTS (SELECT 1 FROM orders o WHERE o.tenant_id = u.tenant_id)
-- yes: correlated over two levels
SELECT id FROM users u WHERE tenant_id = $1 AND EXISTS (SELECT 1 FROM orders o WHERE o.tenant_id = $1 AND EXISTS (SELECT 1 FROM notes n WHERE n.tenant_id = u.tenant_id AND n.owner_id = o.id))
-- yes: in the select list
SELECT id, (SELECT count(*) FROM orders o WHERE o.tenant_id = u.tenant_id AND o.user_id = u.id) FROM users u WHERE u.tenant_id = $1
-- yes: an array
SELECT id, ARRAY(SELECT o.id FROM orders o WHERE o.tenant_id = u.tenant_id ORDER BY o.id) FROM users u WHERE u.tenant_id = $1
-- yes: in ORDER BY
SELECT id FROM users u WHERE tenant_id = $1 ORDER BY (SELECT count(*) FROM orders o WHERE o.tenant_id = u.tenant_id AND o.user_id = u.id), id
-- yes: in HAVING
SELECT age FROM users WHERE tenant_id = $1 GROUP BY age HAVING age >= (SELECT min(age) FROM users WHERE tenant_id = $1)
-- yes: in LIMIT
SELECT id FROM users WHERE tenant_id = $1 ORDER BY id LIMIT (SELECT count(*) FROM orders WHERE tenant_id = $1)
-- yes: in FILTER and in a window
SELECT count(*) FILTER (WHERE EXISTS (SELECT 1 FROM orders o WHERE o.tenant_id = $1)) OVER (ORDER BY (SELECT count(*) FROM tags WHERE tenant_id = $1)) FROM users WHERE tenant_id = $1
-- yes: in CASE
SELECT CASE WHEN EXISTS (SELECT 1 FROM orders WHERE tenant_id = $1) THEN 1 ELSE 2 END
-- yes: < ALL
SELECT id FROM users WHERE tenant_id = $1 AND age <= ALL (SELECT age FROM users WHERE tenant_id = $1)
-- yes: in VALUES
VALUES ((SELECT count(*) FROM users WHERE tenant_id = $1))
-- yes: without a table outside
SELECT EXISTS (SELECT 1 FROM users WHERE tenant_id = $1)
-- yes: in FROM
SELECT count(*) FROM (SELECT name FROM users WHERE tenant_id = $1) AS u WHERE u.name = $4
-- yes: in FROM, its tenant column binds another
SELECT o.id FROM (SELECT tenant_id, id FROM users WHERE tenant_id = $1) u JOIN orders o ON o.tenant_id = u.tenant_id
-- yes: in FROM, its star's tenant column binds another
SELECT o.id FROM (SELECT * FROM users WHERE tenant_id = $1) u JOIN orders o ON o.tenant_id = u.tenant_id
-- yes: in FROM, its qualified star binds another
SELECT o.id FROM (SELECT u.*, 1 AS one FROM users u WHERE tenant_id = $1) u JOIN orders o ON o.tenant_id = u.tenant_id
-- yes: in FROM, a value binds another
SELECT o.id FROM (SELECT $1::uuid AS t) x JOIN orders o ON o.tenant_id = x.t
-- yes: in FROM, VALUES bind another
SELECT o.id FROM (VALUES ($1::uuid, 1)) AS x (t, n) JOIN orders o ON o.tenant_id = x.t
-- yes: in FROM, VALUES under their own names
SELECT o.id FROM (VALUES (1, $1::uuid)) AS x JOIN orders o ON o.tenant_id = x.column2
-- yes: in FROM, renamed
SELECT o.id FROM (SELECT id, tenant_id FROM users WHERE tenant_id = $1) u (a, b) JOIN orders o ON o.tenant_id = u.b
-- yes: in FROM, a union
SELECT o.id FROM (SELECT tenant_id FROM users WHERE tenant_id = $1 UNION SELECT tenant_id FROM tags WHERE tenant_id = $1) u JOIN orders o ON o.tenant_id = u.tenant_id
-- yes: IN the tenants of a subquery
SELECT id FROM orders WHERE tenant_id IN (SELECT tenant_id FROM users WHERE tenant_id = $1)
-- yes: = a subquery's tenant
SELECT id FROM orders WHERE tenant_id = (SELECT tenant_id FROM users WHERE tenant_id = $1 LIMIT 1)
-- yes: = ANY a subquery's tenants
SELECT id FROM orders WHERE tenant_id = ANY (SELECT id FROM accounts WHERE id = $1)
-- yes: rows IN a subquery
SELECT id FROM orders WHERE (tenant_id, user_id) IN (SELECT tenant_id, id FROM users WHERE tenant_id = $1)
-- yes: nested in FROM
SELECT count(*) FROM (SELECT * FROM (SELECT * FROM users WHERE tenant_id = $1) a) b
-- yes: set operations
SELECT id FROM users WHERE tenant_id = $1 UNION ALL SELECT id FROM orders WHERE tenant_id = $1 EXCEPT SELECT id FROM tags WHERE tenant_id = $1 ORDER BY 1
-- yes: set operations with parentheses
(SELECT id FROM users WHERE tenant_id = $1 ORDER BY id LIMIT 1) INTERSECT (SELECT id FROM orders WHERE tenant_id = $1)
-- yes: WITH
WITH u AS (SELECT * FROM users WHERE tenant_id = $1) SELECT count(*) FROM u
-- yes: WITH, its tenant column binds another
WITH u AS (SELECT tenant_id, id FROM users WHERE tenant_id = $1) SELECT o.id FROM u JOIN orders o ON o.tenant_id = u.tenant_id AND o.user_id = u.id
-- yes: WITH under a table's name
WITH users AS (SELECT id FROM users WHERE tenant_id = $1) SELECT * FROM users
-- yes: WITH under an undeclared table's name
WITH secrets AS (SELECT 1 AS a) SELECT a FROM secrets
-- yes: WITH, one after the other
WITH a AS (SELECT * FROM users WHERE tenant_id = $1), b AS MATERIALIZED (SELECT a.id FROM a) SELECT * FROM b, a
-- yes: WITH renames
WITH u (x, y) AS (SELECT id, tenant_id FROM users WHERE tenant_id = $1) SELECT o.id FROM u JOIN orders o ON o.tenant_id = u.y
-- yes: WITH in a subquery, correlated
SELECT (WITH c AS (SELECT amount FROM orders o WHERE o.tenant_id = u.tenant_id) SELECT count(*) FROM c) FROM users u WHERE u.tenant_id = $1
-- yes: WITH RECURSIVE
WITH RECURSIVE t AS (SELECT tenant_id, id FROM nodes WHERE tenant_id = $1 AND parent_id IS NULL UNION ALL SELECT n.tenant_id, n.id FROM nodes n JOIN t ON n.parent_id = t.id AND n.tenant_id = t.tenant_id) SELECT id FROM t
-- yes: WITH RECURSIVE, both arms by value
WITH RECURSIVE t AS (SELECT id FROM nodes WHERE tenant_id = $1 AND parent_id IS NULL UNION SELECT n.id FROM nodes n JOIN t ON n.parent_id = t.id WHERE n.tenant_id = $1) SELECT id FROM t
-- yes: WITH RECURSIVE that is not
WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 5) SELECT i FROM n
-- yes: WITH RECURSIVE, SEARCH and CYCLE
WITH RECURSIVE t (tenant_id, id) AS (SELECT tenant_id, id FROM nodes WHERE tenant_id = $1 UNION ALL SELECT n.tenant_id, n.id FROM nodes n JOIN t ON n.parent_id = t.id AND n.tenant_id = t.tenant_id) SEARCH DEPTH FIRST BY id SET o CYCLE id SET c USING p SELECT t.id FROM t JOIN users u ON u.tenant_id = t.tenant_id
-- yes: WITH RECURSIVE, then the result binds another
WITH RECURSIVE t AS (SELECT tenant_id, id FROM nodes WHERE tenant_id = $1 UNION SELECT n.tenant_id, n.id FROM nodes n JOIN t ON n.parent_id = t.id AND n.tenant_id = t.tenant_id) SELECT u.id FROM t JOIN users u ON u.tenant_id = t.tenant_id AND u.id = t.id
-- yes: a column of WITH that is no table's
WITH x AS (SELECT 1 AS n) SELECT users.id FROM users, x WHERE users.tenant_id = $1 AND x.n = 1
-- yes: unqualified and outer, where the inner query's columns are all known
SELECT (SELECT count(*) FROM (SELECT 1 AS one) x WHERE tenant_id = $1) FROM users WHERE tenant_id = $1
-- no table: IN a subquery that is not bound
SELECT * FROM users WHERE tenant_id = $1 AND id IN (SELECT user_id FROM orders)
-- no table: EXISTS, correlated by id alone
SELECT * FROM users u WHERE u.tenant_id = $1 AND EXISTS (SELECT 1 FROM orders o WHERE o.user_id = u.id)
-- no table: correlated, the outer one is not bound
SELECT * FROM users u WHERE EXISTS (SELECT 1 FROM orders o WHERE o.tenant_id = u.tenant_id)
-- no table: the inner condition is on the outer table
SELECT * FROM users u WHERE u.tenant_id = $1 AND EXISTS (SELECT 1 FROM orders o WHERE u.tenant_id = $1)
-- no table: the inner query's condition does not bind the outer
SELECT * FROM users u WHERE EXISTS (SELECT 1 FROM orders o WHERE o.tenant_id = $1 AND u.tenant_id = $1)
-- no table: tied in a circle
SELECT * FROM users u WHERE u.tenant_id IN (SELECT o.tenant_id FROM orders o WHERE o.tenant_id = u.tenant_id)
-- no table: the name inside is the outer's
SELECT * FROM users o WHERE o.tenant_id = $1 AND EXISTS (SELECT 1 FROM orders x WHERE o.tenant_id = $1)
-- no table: unqualified, it is the inner query's
SELECT (SELECT count(*) FROM orders WHERE user_id = u.id) FROM users u WHERE tenant_id = $1
-- no table: unqualified, two tables inside
SELECT (SELECT count(*) FROM orders, tags WHERE tenant_id = u.tenant_id) FROM users u WHERE u.tenant_id = $1
-- no table: unqualified, it may be the shared table's inside
SELECT (SELECT count(*) FROM countries c JOIN LATERAL (SELECT 1 FROM orders o WHERE o.tenant_id = account_id) y ON true) FROM invoices WHERE account_id = $1
-- no table: in the select list
SELECT (SELECT max(age) FROM users)
-- no table: an array
SELECT ARRAY(SELECT id FROM users)
-- no table: in ORDER BY
SELECT id FROM users WHERE tenant_id = $1 ORDER BY (SELECT count(*) FROM orders)
-- no table: in GROUP BY
SELECT count(*) FROM users WHERE tenant_id = $1 GROUP BY (SELECT count(*) FROM orders)
-- no table: in HAVING
SELECT age FROM users WHERE tenant_id = $1 GROUP BY age HAVING age > (SELECT min(age) FROM users)
-- no table: in LIMIT
SELECT id FROM users WHERE tenant_id = $1 LIMIT (SELECT count(*) FROM orders)
-- no table: in OFFSET
SELECT id FROM users WHERE tenant_id = $1 OFFSET (SELECT count(*) FROM orders)
-- no table: in DISTINCT ON
SELECT DISTINCT ON ((SELECT count(*) FROM orders)) id FROM users WHERE tenant_id = $1
-- no table: in FILTER
SELECT count(*) FILTER (WHERE EXISTS (SELECT 1 FROM orders)) FROM users WHERE tenant_id = $1
-- no table: in a window
SELECT count(*) OVER (ORDER BY (SELECT count(*) FROM orders)) FROM users WHERE tenant_id = $1
-- no table: in a named window
SELECT count(*) OVER w FROM users WHERE tenant_id = $1 WINDOW w AS (PARTITION BY (SELECT count(*) FROM orders))
-- no table: in WITHIN GROUP
SELECT percentile_cont((SELECT 0.5 FROM orders)) WITHIN GROUP (ORDER BY age) FROM users WHERE tenant_id = $1
-- no table: in a function's argument
SELECT coalesce((SELECT 1 FROM orders LIMIT 1), 2)
-- no table: in a row
SELECT ROW(1, (SELECT 1 FROM orders LIMIT 1))
-- no table: in a cast
SELECT (SELECT name FROM users LIMIT 1)::int
-- no table: in an IN list
SELECT 1 WHERE 1 IN (1, (SELECT id FROM users LIMIT 1))
-- no table: on the left of IN
SELECT 1 WHERE (SELECT id FROM users LIMIT 1) IN (SELECT 1)
-- no table: in JSON
SELECT json_object('a': (SELECT name FROM users LIMIT 1))
-- no table: in a JSON array
SELECT json_array(SELECT name FROM users)
-- no table: in a JSON aggregate
SELECT json_arrayagg((SELECT name FROM users LIMIT 1) ORDER BY 1)
-- no table: in JSON_TABLE
SELECT * FROM json_table((SELECT name FROM users LIMIT 1)::jsonb, '$' COLUMNS (a int PATH '$.a')) AS t
-- no table: in XMLTABLE
SELECT * FROM xmltable('/a' PASSING ((SELECT name FROM users LIMIT 1)::xml) COLUMNS a int PATH 'a') AS t
-- no table: in VALUES
VALUES ((SELECT count(*) FROM users))
-- no table: one arm of a union
SELECT id FROM users WHERE tenant_id = $1 UNION SELECT id FROM orders
-- no table: the first arm of a union
SELECT id FROM users UNION SELECT id FROM orders WHERE tenant_id = $1
-- no table: EXCEPT
SELECT id FROM users WHERE tenant_id = $1 EXCEPT SELECT id FROM users
-- no table: in FROM, bound from outside
SELECT * FROM (SELECT * FROM users) u WHERE u.tenant_id = $1
-- no table: in FROM, its column is another under the name
SELECT o.id FROM (SELECT id, gen_random_uuid() AS tenant_id FROM users WHERE tenant_id = $1) u JOIN orders o ON o.tenant_id = u.tenant_id
-- no table: in FROM, two columns of the name
SELECT o.id FROM (SELECT users.*, gen_random_uuid() AS tenant_id FROM users WHERE tenant_id = $1) u JOIN orders o ON o.tenant_id = u.tenant_id
-- no table: in FROM, renamed to the name
SELECT o.id FROM (SELECT gen_random_uuid(), tenant_id FROM users WHERE tenant_id = $1) u (tenant_id, b) JOIN orders o ON o.tenant_id = u.tenant_id
-- no table: in FROM, a star renamed
SELECT o.id FROM (SELECT * FROM users WHERE tenant_id = $1) u (tenant_id) JOIN orders o ON o.tenant_id = u.tenant_id
-- no table: in FROM, one arm of the union gives another column
SELECT o.id FROM (SELECT tenant_id FROM users WHERE tenant_id = $1 UNION SELECT gen_random_uuid()) u JOIN orders o ON o.tenant_id = u.tenant_id
-- no table: in FROM, another tenant's value
SELECT o.id FROM (VALUES ($1::uuid), ($2::uuid)) AS x (t) JOIN orders o ON o.tenant_id = x.t
-- no table: IN the tenants of a shared table
SELECT id FROM orders WHERE tenant_id IN (SELECT code::uuid FROM countries)
-- no table: IN a subquery, another column
SELECT id FROM orders WHERE (user_id, tenant_id) IN (SELECT id, gen_random_uuid() FROM users WHERE tenant_id = $1)
-- no table: NOT IN
SELECT id FROM orders WHERE tenant_id NOT IN (SELECT tenant_id FROM users WHERE tenant_id = $1)
-- no table: = ALL
SELECT id FROM orders WHERE tenant_id = ALL (SELECT tenant_id FROM users WHERE tenant_id = $1)
-- no table: an aggregate of tenants is not followed
SELECT id FROM orders WHERE tenant_id::text = (SELECT max(tenant_id::text) FROM users WHERE tenant_id = $1)
-- no table: WITH is not bound
WITH u AS (SELECT * FROM users) SELECT * FROM u WHERE tenant_id = $1
-- no table: WITH that nobody reads
WITH u AS (SELECT * FROM users) SELECT 1
-- no table: the name of a WITH query in a schema is the table's
WITH users AS (SELECT 1 AS tenant_id) SELECT * FROM public.users
-- no table: WITH does not see itself
WITH users AS (SELECT * FROM users) SELECT * FROM users
-- no table: WITH is not seen outside of its query
SELECT * FROM (WITH users AS (SELECT 1 AS a) SELECT a FROM users) x, users
-- no table: WITH comes later
WITH a AS (SELECT * FROM users), users AS (SELECT 1 AS a) SELECT * FROM a
-- no WITH query: reads itself without UNION
WITH RECURSIVE users AS (SELECT * FROM users) SELECT * FROM users
-- no WITH query: reads a later one
WITH RECURSIVE a AS (SELECT * FROM b), b AS (SELECT 1 AS x) SELECT * FROM a
-- no WITH query: reads itself in the first arm
WITH RECURSIVE a AS (SELECT id FROM a UNION SELECT 1) SELECT * FROM a
-- no table: WITH RECURSIVE, the second arm is not bound
WITH RECURSIVE t AS (SELECT id FROM nodes WHERE tenant_id = $1 UNION ALL SELECT n.id FROM nodes n JOIN t ON n.parent_id = t.id) SELECT id FROM t
-- no table: WITH RECURSIVE, the first arm is not bound
WITH RECURSIVE t AS (SELECT tenant_id, id FROM nodes UNION ALL SELECT n.tenant_id, n.id FROM nodes n JOIN t ON n.parent_id = t.id AND n.tenant_id = t.tenant_id) SELECT id FROM t
-- no table: WITH RECURSIVE, the second arm gives back another column
WITH RECURSIVE t AS (SELECT tenant_id, id FROM nodes WHERE tenant_id = $1 UNION ALL SELECT gen_random_uuid(), n.id FROM nodes n JOIN t ON n.parent_id = t.id AND n.tenant_id = t.tenant_id) SELECT id FROM t
-- no table: WITH RECURSIVE, the columns change places
WITH RECURSIVE t (a, b) AS (SELECT tenant_id, gen_random_uuid() FROM nodes WHERE tenant_id = $1 UNION ALL SELECT t.b, t.a FROM t JOIN nodes n ON n.tenant_id = t.a) SELECT a FROM t
-- no table: the predicate is beside the subquery
SELECT * FROM (SELECT 1 AS tenant_id) x, users WHERE x.tenant_id = 1
-- no table: a query around it is bound, it is not
SELECT * FROM users WHERE tenant_id = $1 AND age > (SELECT avg(age) FROM users)
-- no column: a table of a subquery
SELECT u.id FROM (SELECT id FROM users u WHERE u.tenant_id = $1) x WHERE u.tenant_id = $1
-- no table: a subquery in FROM that is not lateral names the outer query's, not its neighbour
SELECT (SELECT count(*) FROM (SELECT $1::uuid AS t) d, (SELECT * FROM orders o WHERE o.tenant_id = d.t) x) FROM (SELECT gen_random_uuid() AS t) d
-- no table: ON names the outer query's, not a neighbour of the join
SELECT (SELECT count(*) FROM (SELECT $1::uuid AS t) d, countries c JOIN orders o ON o.tenant_id = d.t) FROM (SELECT gen_random_uuid() AS t) d
