-- yes: both in WHERE
SELECT u.id, o.id FROM users u, orders o WHERE u.tenant_id = $1 AND o.tenant_id = $1 AND o.user_id = u.id
-- yes: by equality
SELECT u.id, o.id FROM users u, orders o WHERE u.tenant_id = $1 AND o.tenant_id = u.tenant_id AND o.user_id = u.id
-- yes: by equality, through several
SELECT u.id FROM users u, orders o, companies c WHERE c.tenant_id = o.tenant_id AND o.tenant_id = u.tenant_id AND u.tenant_id = $1
-- yes: by equality in a ring
SELECT u.id FROM users u, orders o, companies c WHERE c.tenant_id = o.tenant_id AND o.tenant_id = u.tenant_id AND u.tenant_id = c.tenant_id AND c.tenant_id = $1
-- yes: with the root's key
SELECT a.name, u.name FROM accounts a JOIN users u ON u.tenant_id = a.id WHERE a.id = $1
-- yes: ON of an inner join binds the right side
SELECT u.id, o.id FROM users u JOIN orders o ON o.tenant_id = u.tenant_id AND o.user_id = u.id WHERE u.tenant_id = $1
-- yes: ON of an inner join binds both sides
SELECT u.id, o.id FROM users u JOIN orders o ON o.tenant_id = u.tenant_id AND o.user_id = u.id AND u.tenant_id = $1
-- yes: a left join, ON for the right side and WHERE for the left
SELECT u.id, o.id FROM users u LEFT JOIN orders o ON o.tenant_id = u.tenant_id AND o.user_id = u.id WHERE u.tenant_id = $1
-- yes: a left join with the value in ON
SELECT u.id, o.id FROM users u LEFT JOIN orders o ON o.tenant_id = $1 AND o.user_id = u.id WHERE u.tenant_id = $1
-- yes: WHERE makes an inner join of it
SELECT u.id, o.id FROM users u LEFT JOIN orders o ON o.user_id = u.id WHERE u.tenant_id = $1 AND o.tenant_id = $1
-- yes: WHERE makes an inner join of it, by equality
SELECT u.id, o.id FROM users u LEFT JOIN orders o ON o.user_id = u.id WHERE u.tenant_id = $1 AND o.tenant_id = u.tenant_id
-- yes: a right join
SELECT u.id, o.id FROM orders o RIGHT JOIN users u ON o.tenant_id = u.tenant_id AND o.user_id = u.id WHERE u.tenant_id = $1
-- yes: a full join of subqueries
SELECT u.id, o.id FROM (SELECT * FROM users WHERE tenant_id = $1) u FULL JOIN (SELECT * FROM orders WHERE tenant_id = $1) o ON o.user_id = u.id
-- yes: a full join and WHERE for both
SELECT u.id, o.id FROM users u FULL JOIN orders o ON o.user_id = u.id WHERE u.tenant_id = $1 AND o.tenant_id = $1
-- yes: left joins in a row
SELECT u.id FROM users u LEFT JOIN orders o ON o.tenant_id = u.tenant_id AND o.user_id = u.id LEFT JOIN notes n ON n.tenant_id = o.tenant_id AND n.owner_id = o.id WHERE u.tenant_id = $1
-- yes: an inner join inside a left join
SELECT u.id FROM users u LEFT JOIN (orders o JOIN notes n ON n.tenant_id = o.tenant_id AND n.owner_id = o.id) ON o.tenant_id = u.tenant_id AND o.user_id = u.id WHERE u.tenant_id = $1
-- yes: an inner join inside a left join, its own ON binds it
SELECT u.id FROM users u LEFT JOIN (orders o JOIN notes n ON n.tenant_id = o.tenant_id AND o.tenant_id = $1) ON o.user_id = u.id WHERE u.tenant_id = $1
-- yes: USING
SELECT id FROM users u JOIN orders o USING (tenant_id, id) WHERE u.tenant_id = $1
-- yes: USING, the merged column in WHERE
SELECT id FROM users u JOIN orders o USING (tenant_id, id) WHERE tenant_id = $1
-- yes: USING of a left join
SELECT u.id FROM users u LEFT JOIN orders o USING (tenant_id) WHERE tenant_id = $1
-- yes: USING of a right join
SELECT o.id FROM users u RIGHT JOIN orders o USING (tenant_id) WHERE tenant_id = $1
-- yes: USING through several
SELECT u.id FROM users u JOIN orders o USING (tenant_id) JOIN companies c USING (tenant_id) WHERE o.tenant_id = $1
-- yes: USING with an alias
SELECT j.tenant_id FROM users u JOIN orders o USING (tenant_id) AS j WHERE j.tenant_id = $1
-- yes: NATURAL
SELECT count(*) FROM users NATURAL JOIN orders WHERE users.tenant_id = $1
-- yes: NATURAL, the merged column
SELECT count(*) FROM users NATURAL LEFT JOIN orders WHERE tenant_id = $1
-- yes: a join with an alias, bound inside
SELECT j.amount FROM (users u JOIN orders o ON o.tenant_id = u.tenant_id AND u.tenant_id = $1) AS j
-- yes: a self join
SELECT u.id, m.id FROM users u JOIN users m ON m.id = u.manager_id AND m.tenant_id = u.tenant_id WHERE u.tenant_id = $1
-- yes: a cross join with a shared table
SELECT u.id FROM users u CROSS JOIN countries c WHERE u.tenant_id = $1 AND c.code = u.country_code
-- yes: beside a shared table, unqualified: it is the tenant's, or an error
SELECT u.id FROM users u, countries c WHERE tenant_id = $1
-- yes: lateral
SELECT u.id, x.n FROM users u, LATERAL (SELECT count(*) AS n FROM orders o WHERE o.tenant_id = u.tenant_id AND o.user_id = u.id) x WHERE u.tenant_id = $1
-- yes: left join lateral
SELECT u.id, x.amount FROM users u LEFT JOIN LATERAL (SELECT amount FROM orders o WHERE o.tenant_id = u.tenant_id AND o.user_id = u.id ORDER BY o.id LIMIT 1) x ON true WHERE u.tenant_id = $1
-- yes: lateral inside a join
SELECT u.id FROM companies c JOIN users u ON u.tenant_id = c.tenant_id CROSS JOIN LATERAL (SELECT 1 FROM orders o WHERE o.tenant_id = c.tenant_id) x WHERE c.tenant_id = $1
-- yes: functions in FROM
SELECT u.id, g FROM users u, generate_series(1, u.age) AS g WHERE u.tenant_id = $1
-- yes: functions in FROM with columns
SELECT x.a FROM jsonb_to_recordset('[{"a":1}]') AS x (a int)
-- yes: ROWS FROM
SELECT * FROM ROWS FROM (generate_series(1, 2), generate_series(1, 3)) WITH ORDINALITY AS x
-- yes: a subquery in a function of FROM
SELECT g FROM generate_series(1, (SELECT count(*)::int FROM users WHERE tenant_id = $1)) g
-- yes: TABLESAMPLE
SELECT count(*) >= 0 FROM users TABLESAMPLE BERNOULLI (100) REPEATABLE (1) WHERE tenant_id = $1
-- yes: three-part names beside each other
SELECT app.bills.id FROM app.bills JOIN users ON users.tenant_id = app.bills.tenant_id WHERE app.bills.tenant_id = $1
-- yes: another column name on either side
SELECT u.id FROM users u JOIN invoices i ON i.account_id = u.tenant_id WHERE i.account_id = $1
-- yes: rows compared
SELECT u.id FROM users u JOIN orders o ON (o.tenant_id, o.user_id) = (u.tenant_id, u.id) WHERE u.tenant_id = $1
-- yes: OR within ON, each arm binds
SELECT u.id FROM users u JOIN orders o ON (o.tenant_id = u.tenant_id AND o.user_id = u.id) OR (o.tenant_id = $1 AND o.amount = 1) WHERE u.tenant_id = $1
-- no table: the second is not bound
SELECT u.id, o.id FROM users u, orders o WHERE u.tenant_id = $1 AND o.user_id = u.id
-- no table: the first is not bound
SELECT u.id, o.id FROM users u, orders o WHERE o.tenant_id = $1 AND o.user_id = u.id
-- no table: tied to each other alone
SELECT u.id, o.id FROM users u, orders o WHERE o.tenant_id = u.tenant_id
-- no table: a ring without a value
SELECT u.id FROM users u, orders o, companies c WHERE c.tenant_id = o.tenant_id AND o.tenant_id = u.tenant_id AND u.tenant_id = c.tenant_id
-- no table: an ambiguous column binds nothing
SELECT 1 FROM users u, orders o WHERE tenant_id = $1
-- no table: ON of a left join does not bind the left side
SELECT u.id, o.id FROM users u LEFT JOIN orders o ON o.tenant_id = u.tenant_id AND u.tenant_id = $1
-- no table: ON of a left join, moved from WHERE
SELECT u.id, o.id FROM users u LEFT JOIN orders o ON o.user_id = u.id AND u.tenant_id = $1 AND o.tenant_id = $1
-- no table: ON of a right join does not bind the right side
SELECT u.id, o.id FROM orders o RIGHT JOIN users u ON o.tenant_id = u.tenant_id AND u.tenant_id = $1
-- no table: ON of a full join binds neither side
SELECT u.id, o.id FROM users u FULL JOIN orders o ON o.tenant_id = u.tenant_id AND u.tenant_id = $1
-- no table: ON of a full join and WHERE for one
SELECT u.id, o.id FROM users u FULL JOIN orders o ON o.tenant_id = u.tenant_id WHERE u.tenant_id = $1 OR u.id IS NULL
-- no table: a left join whose right side is not bound
SELECT u.id, o.id FROM users u LEFT JOIN orders o ON o.user_id = u.id WHERE u.tenant_id = $1
-- no table: or NULL brings others back
SELECT u.id, o.id FROM users u LEFT JOIN orders o ON o.user_id = u.id WHERE u.tenant_id = $1 AND (o.tenant_id = $1 OR o.tenant_id IS NULL)
-- no table: an inner join inside a left join whose ON binds its left side
SELECT 1 FROM (users u LEFT JOIN orders o ON u.tenant_id = $1 AND o.tenant_id = $1) JOIN companies c ON c.tenant_id = $1
-- no table: ON of an outer join above a left join's right side
SELECT 1 FROM (users u LEFT JOIN orders o ON o.user_id = u.id) LEFT JOIN companies c ON c.tenant_id = $1 AND o.tenant_id = $1 WHERE u.tenant_id = $1
-- no table: USING of a full join shows either side
SELECT 1 FROM users u FULL JOIN orders o USING (tenant_id)  WHERE tenant_id = $1
-- no table: USING of another column
SELECT 1 FROM users u JOIN orders o USING (id) WHERE u.tenant_id = $1
-- no table: USING with a table of which the columns are not known
SELECT 1 FROM countries c JOIN users u USING (tenant_id) WHERE tenant_id = $1
-- no table: NATURAL with a table of which the columns are not known
SELECT 1 FROM countries c NATURAL RIGHT JOIN users u NATURAL JOIN orders WHERE tenant_id = $1
-- no table: NATURAL of different names
SELECT 1 FROM users u NATURAL JOIN invoices i WHERE u.tenant_id = $1
-- no table: a join's alias renames
SELECT 1 FROM (users u JOIN orders o ON o.tenant_id = u.tenant_id) AS j (tenant_id) WHERE j.tenant_id = $1
-- no column: a join's alias hides its tables
SELECT 1 FROM (users u JOIN orders o ON o.tenant_id = u.tenant_id) AS j WHERE u.tenant_id = $1
-- no table: a join's alias hides its tables, and the name is another's
SELECT (SELECT count(*) FROM (orders u CROSS JOIN countries c) AS j WHERE u.tenant_id = $1) FROM users u WHERE u.tenant_id = $1
-- no table: ON sees only the join's own tables, and the name is another's
SELECT (SELECT count(*) FROM orders o, countries c JOIN events e ON o.tenant_id = $1) FROM users o WHERE o.tenant_id = $1
-- no table: through a column that is no tenant's
SELECT 1 FROM users u, orders o WHERE u.tenant_id = $1 AND o.tenant_id::text = u.name AND u.name = $1::text
-- no table: through a shared table's column
SELECT 1 FROM users u, countries c WHERE u.tenant_id::text = c.code AND c.code = $1::text
-- no table: the self join's other side
SELECT u.id, m.id FROM users u JOIN users m ON m.id = u.manager_id WHERE u.tenant_id = $1
-- no table: a subquery in FROM that is not lateral sees an outer query's
SELECT 1 FROM users u, (SELECT * FROM orders o WHERE o.amount > 1) x WHERE u.tenant_id = $1
-- no table: tied in a circle through LATERAL
SELECT 1 FROM users u, LATERAL (SELECT o.tenant_id FROM orders o WHERE o.tenant_id = u.tenant_id) x WHERE u.tenant_id = x.tenant_id
-- no function: in FROM
SELECT * FROM secret_rows() AS s
-- no function: in FROM's ROWS FROM
SELECT * FROM ROWS FROM (generate_series(1, 2), secret_rows()) AS s
-- no table: a subquery in a function of FROM
SELECT * FROM generate_series(1, (SELECT max(age) FROM users)) g
-- no table: a subquery in TABLESAMPLE
SELECT 1 FROM users TABLESAMPLE BERNOULLI ((SELECT max(age) FROM users)) WHERE tenant_id = $1
-- no TABLESAMPLE: counts rows of others
SELECT 1 FROM users TABLESAMPLE system_rows (1) WHERE tenant_id = $1
-- no table: a subquery in ON
SELECT 1 FROM users u JOIN orders o ON o.tenant_id = u.tenant_id AND o.amount > (SELECT avg(amount) FROM orders) WHERE u.tenant_id = $1
-- no table: a cross join
SELECT 1 FROM users u CROSS JOIN orders o WHERE u.tenant_id = $1
-- no table: the equality is of other columns
SELECT 1 FROM users u JOIN orders o ON o.id = u.tenant_id::text::int WHERE u.tenant_id = $1
-- no table: IS NOT DISTINCT FROM a column holds for two NULLs
SELECT 1 FROM users u LEFT JOIN orders o ON o.tenant_id = u.tenant_id JOIN notes n ON n.tenant_id IS NOT DISTINCT FROM o.tenant_id WHERE u.tenant_id = $1
-- no table: one arm of ON does not bind
SELECT 1 FROM users u JOIN orders o ON o.tenant_id = u.tenant_id OR o.user_id = u.id WHERE u.tenant_id = $1
-- no FROM: an expression without a name
SELECT 1 FROM users u, CURRENT_DATE WHERE u.tenant_id = $1
-- yes: columns of functions
SELECT e.key, e.value, g.g, x.a, y.b, n.ordinality FROM jsonb_each('{"a": 1}') e, generate_series(1, 2) g, jsonb_to_record('{"a": 1}') x (a int), unnest(ARRAY[1]) AS y (b), unnest(ARRAY[1]) WITH ORDINALITY AS n
-- no attribute: a call in the notation of a column
SELECT t.ts_stat FROM unnest(ARRAY['SELECT to_tsvector(name) FROM users']) AS t
-- no attribute: a call in the notation of a column, without an alias
SELECT unnest.ts_stat FROM unnest(ARRAY['SELECT to_tsvector(name) FROM users'])
-- no attribute: a call in the notation of a column, from outside
SELECT (SELECT t.ts_stat) FROM unnest(ARRAY['SELECT to_tsvector(name) FROM users']) AS t
-- no table: ON of an inner query does not bind the outer
SELECT * FROM users u WHERE EXISTS (SELECT 1 FROM orders o JOIN tags t ON o.tenant_id = $1 AND t.tenant_id = $1 AND u.tenant_id = $1)
-- no table: ON of an inner query does not bind the outer, under LATERAL
SELECT 1 FROM users u JOIN LATERAL (SELECT 1 FROM orders o JOIN tags t ON o.tenant_id = $1 AND t.tenant_id = $1 AND u.tenant_id = $1) x ON true
-- no table: ON of a left join binds its left side by way of its right
SELECT u.id, o.id FROM users u LEFT JOIN orders o ON o.tenant_id = $1 AND u.tenant_id = o.tenant_id
-- no table: ON of a right join binds its right side by way of its left
SELECT u.id, o.id FROM orders o RIGHT JOIN users u ON o.tenant_id = $1 AND u.tenant_id = o.tenant_id
