-- yes: an insert
INSERT INTO tags (tenant_id, id, name) VALUES ($1, 50, $4)
-- yes: several rows
INSERT INTO tags (id, tenant_id, name) VALUES (50, $1, $4), (51, 'aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa', 'y')
-- yes: with what was inserted
INSERT INTO tags AS t (tenant_id, id, name) VALUES ($1, 50, $4) RETURNING t.id, t.name
-- yes: the root
INSERT INTO accounts (id, name) VALUES ($1, 'me') ON CONFLICT (id) DO NOTHING
-- yes: a subquery for a column
INSERT INTO tags (tenant_id, id, name) VALUES ($1, (SELECT count(*) + 50 FROM tags WHERE tenant_id = $1), DEFAULT)
-- yes: from a query, by value
INSERT INTO tags (tenant_id, id, name) SELECT $1::uuid, o.id + 50, o.text FROM orders o WHERE o.tenant_id = $1
-- yes: from a query, its tenant column
INSERT INTO tags (tenant_id, id, name) SELECT o.tenant_id, o.id + 50, o.text FROM orders o WHERE o.tenant_id = $1
-- yes: from a query with UNION
INSERT INTO tags (tenant_id, id, name) SELECT tenant_id, id + 50, text FROM orders WHERE tenant_id = $1 UNION SELECT $1, 90, 'z'
-- yes: from WITH
WITH s AS (SELECT tenant_id, id + 50 AS id FROM orders WHERE tenant_id = $1) INSERT INTO tags (tenant_id, id) SELECT s.tenant_id, s.id FROM s
-- yes: from a subquery's star
INSERT INTO tags (tenant_id, id) SELECT x.* FROM (SELECT tenant_id, id + 50 FROM orders WHERE tenant_id = $1) x
-- yes: a conflict does nothing
INSERT INTO tags (tenant_id, id, name) VALUES ($1, 1, $4) ON CONFLICT DO NOTHING
-- yes: the conflict's target holds the tenant column
INSERT INTO tags (tenant_id, id, name) VALUES ($1, 1, $4) ON CONFLICT (tenant_id, id) DO UPDATE SET name = excluded.name
-- yes: the existing row is compared with the new one
INSERT INTO docs (tenant_id, id, title) VALUES ($1, 1, $4) ON CONFLICT (id) DO UPDATE SET title = excluded.title WHERE docs.tenant_id = excluded.tenant_id
-- yes: the existing row is compared with the value
INSERT INTO docs AS d (tenant_id, id, title) VALUES ($1, 1, $4) ON CONFLICT (id) DO UPDATE SET title = excluded.title WHERE d.tenant_id = $1 AND d.title <> $4
-- yes: a constraint by name, and the condition
INSERT INTO docs AS d (tenant_id, id, title) VALUES ($1, 1, $4) ON CONFLICT ON CONSTRAINT docs_pkey DO UPDATE SET title = 'z' WHERE excluded.tenant_id = d.tenant_id
-- yes: a subquery in DO UPDATE, correlated
INSERT INTO tags AS t (tenant_id, id, name) VALUES ($1, 1, $4) ON CONFLICT (tenant_id, id) DO UPDATE SET name = (SELECT min(text) FROM orders o WHERE o.tenant_id = t.tenant_id) RETURNING id, name
-- yes: a writable shared table
INSERT INTO events (id, text) VALUES (50, $4)
-- yes: a writable shared table from the tenant's rows
INSERT INTO events (id, text) SELECT id + 50, text FROM orders WHERE tenant_id = $1
-- yes: an update
UPDATE users SET name = $4 WHERE tenant_id = $1
-- yes: an update by its alias
UPDATE users AS u SET name = $4, age = age + 1 WHERE u.tenant_id = $1 AND id = 1 RETURNING *
-- yes: several columns
UPDATE users SET (name, age) = ($4, 1) WHERE tenant_id = $1
-- yes: several columns from a subquery
UPDATE users u SET (name, age) = (SELECT min(o.text), max(o.amount) FROM orders o WHERE o.tenant_id = u.tenant_id) WHERE u.tenant_id = $1
-- yes: to the default
UPDATE users SET age = DEFAULT WHERE tenant_id = $1
-- yes: from another
UPDATE users u SET name = o.text FROM orders o WHERE o.tenant_id = u.tenant_id AND o.user_id = u.id AND o.id = 1 AND u.tenant_id = $1
-- yes: from a join
UPDATE users u SET name = 'z' FROM orders o LEFT JOIN notes n ON n.tenant_id = o.tenant_id WHERE o.tenant_id = $1 AND o.user_id = u.id AND u.tenant_id = o.tenant_id
-- yes: from VALUES
UPDATE users u SET name = v.name FROM (VALUES (1, 'p'), (2, 'q')) AS v (id, name) WHERE v.id = u.id AND u.tenant_id = $1
-- yes: a writable shared table
UPDATE events SET text = $4 WHERE id = 1
-- yes: with a subquery that is bound
UPDATE users SET age = (SELECT max(age) FROM users WHERE tenant_id = $1) WHERE tenant_id = $1
-- yes: the root
UPDATE accounts SET name = 'me' WHERE id = $1
-- yes: WITH hides no target
WITH users AS (SELECT 1 AS a) UPDATE users SET name = 'z' WHERE tenant_id = $1
-- yes: a delete
DELETE FROM tags WHERE tenant_id = $1
-- yes: a delete by its alias
DELETE FROM tags AS t WHERE t.tenant_id = $1 AND t.id = 1 RETURNING t.id
-- yes: a delete, using another
DELETE FROM tags t USING user_tags x WHERE x.tenant_id = t.tenant_id AND x.tag_id = t.id AND t.tenant_id = $1
-- yes: a delete with a limit
DELETE FROM tags WHERE tenant_id = $1 AND ctid IN (SELECT ctid FROM tags WHERE tenant_id = $1 AND id = 1)
-- yes: writes in WITH
WITH gone AS (DELETE FROM tags WHERE tenant_id = $1 RETURNING tenant_id, id, name) INSERT INTO docs (tenant_id, id, title) SELECT gone.tenant_id, gone.id + 900, gone.name FROM gone
-- yes: writes in WITH bind others
WITH made AS (INSERT INTO tags (tenant_id, id, name) VALUES ($1, 50, 'n') RETURNING tenant_id, id) SELECT u.id, made.id FROM made JOIN users u ON u.tenant_id = made.tenant_id
-- yes: a merge
MERGE INTO tags t USING (SELECT o.id, o.text, o.tenant_id FROM orders o WHERE o.tenant_id = $1) s ON t.tenant_id = s.tenant_id AND t.id = s.id WHEN MATCHED AND s.id = 1 THEN DELETE WHEN MATCHED THEN UPDATE SET name = s.text WHEN NOT MATCHED THEN INSERT (tenant_id, id, name) VALUES (s.tenant_id, s.id, s.text)
-- yes: a merge by value
MERGE INTO tags t USING (VALUES (1, 'a'), (77, 'b')) AS s (id, name) ON t.tenant_id = $1 AND t.id = s.id WHEN MATCHED THEN UPDATE SET name = s.name WHEN NOT MATCHED THEN INSERT (tenant_id, id, name) VALUES ($1, s.id, s.name)
-- yes: a merge without inserts may bind its source in ON
MERGE INTO tags t USING orders o ON t.tenant_id = $1 AND o.tenant_id = t.tenant_id AND o.id = t.id WHEN MATCHED THEN UPDATE SET name = o.text
-- yes: a merge that does nothing
MERGE INTO tags t USING countries c ON t.tenant_id = $1 AND t.name = c.code WHEN MATCHED THEN DO NOTHING
-- no row: the tenant column is missing
INSERT INTO tags (id, name) VALUES (50, $4)
-- no row: no columns are named
INSERT INTO tags VALUES ($1, 50, $4)
-- no row: no columns are named, from a query
INSERT INTO tags SELECT * FROM tags WHERE tenant_id = $1
-- no row: default values
INSERT INTO tags DEFAULT VALUES
-- no row: the default
INSERT INTO tags (tenant_id, id) VALUES (DEFAULT, 1)
-- no row: another tenant
INSERT INTO tags (tenant_id, id) VALUES ($2, 1)
-- no row: the second row is another tenant's
INSERT INTO tags (tenant_id, id) VALUES ($1, 1), ($2, 2)
-- no row: NULL
INSERT INTO tags (tenant_id, id) VALUES (NULL, 1)
-- no row: an expression
INSERT INTO tags (tenant_id, id) VALUES (coalesce($1::uuid, $2::uuid), 1)
-- no row: the columns are in another order
INSERT INTO tags (id, tenant_id) SELECT $1, id FROM users WHERE tenant_id = $1
-- no row: a star hides the order
INSERT INTO tags (tenant_id, id) SELECT * FROM users WHERE tenant_id = $1
-- no row: a star before it
INSERT INTO tags (id, tenant_id) SELECT u.*, u.tenant_id FROM users u WHERE tenant_id = $1
-- no row: too few columns
INSERT INTO tags (id, tenant_id) SELECT id FROM users WHERE tenant_id = $1
-- no row: one arm of the union
INSERT INTO tags (tenant_id, id) SELECT tenant_id, id FROM users WHERE tenant_id = $1 UNION SELECT gen_random_uuid(), 1
-- no row: a left join's tenant column may be NULL
INSERT INTO tags (tenant_id, id) SELECT o.tenant_id, u.id FROM users u LEFT JOIN orders o ON o.tenant_id = u.tenant_id AND o.user_id = u.id WHERE u.tenant_id = $1
-- no row: ROLLUP's tenant column may be NULL
INSERT INTO tags (tenant_id, id) SELECT tenant_id, count(*) FROM users WHERE tenant_id = $1 GROUP BY ROLLUP (tenant_id)
-- no row: a subquery's tenant may be NULL
INSERT INTO tags (tenant_id, id) VALUES ((SELECT tenant_id FROM users WHERE tenant_id = $1 AND id = 99), 1)
-- no table: the query is not bound
INSERT INTO tags (tenant_id, id) SELECT $1, id FROM orders
-- no table: the query's tenants are all
INSERT INTO tags (tenant_id, id) SELECT tenant_id, id FROM orders
-- no table: an update on conflict of a row that may be another's
INSERT INTO docs (tenant_id, id, title) VALUES ($1, 1, $4) ON CONFLICT (id) DO UPDATE SET title = excluded.title
-- no table: an update on conflict, the new row is compared with itself
INSERT INTO docs (tenant_id, id, title) VALUES ($1, 1, $4) ON CONFLICT (id) DO UPDATE SET title = excluded.title WHERE excluded.tenant_id = $1
-- no table: an update on conflict, OR
INSERT INTO docs (tenant_id, id, title) VALUES ($1, 1, $4) ON CONFLICT (id) DO UPDATE SET title = excluded.title WHERE docs.tenant_id = excluded.tenant_id OR true
-- no table: an update on conflict, ambiguous
INSERT INTO docs (tenant_id, id, title) VALUES ($1, 1, $4) ON CONFLICT (id) DO UPDATE SET title = excluded.title WHERE tenant_id = $1
-- no table: an update on conflict with a constraint by name
INSERT INTO docs (tenant_id, id, title) VALUES ($1, 1, $4) ON CONFLICT ON CONSTRAINT docs_pkey DO UPDATE SET title = excluded.title
-- no table: the tenant column is in the predicate of the index
INSERT INTO docs (tenant_id, id, title) VALUES ($1, 1, $4) ON CONFLICT (id) WHERE tenant_id IS NOT NULL DO UPDATE SET title = excluded.title
-- no table: the tenant column is in an expression of the index
INSERT INTO docs (tenant_id, id, title) VALUES ($1, 1, $4) ON CONFLICT (id, (tenant_id IS NULL)) DO UPDATE SET title = excluded.title
-- no table: the tenant column under another operator class
INSERT INTO docs (tenant_id, id, title) VALUES ($1, 1, $4) ON CONFLICT (id, tenant_id my_ops) DO UPDATE SET title = excluded.title
-- no assignment: an update on conflict takes the row over
INSERT INTO docs (tenant_id, id, title) VALUES ($1, 1, $4) ON CONFLICT (tenant_id, id) DO UPDATE SET tenant_id = excluded.tenant_id
-- no table: a subquery on conflict
INSERT INTO tags (tenant_id, id, name) VALUES ($1, 1, $4) ON CONFLICT (tenant_id, id) DO UPDATE SET name = (SELECT min(name) FROM tags)
-- no table: a subquery of an inserted row
INSERT INTO tags (tenant_id, id, name) VALUES ($1, 1, (SELECT min(name) FROM users))
-- no table: a subquery in RETURNING
INSERT INTO tags (tenant_id, id, name) VALUES ($1, 1, $4) RETURNING (SELECT count(*) FROM users)
-- no table: a shared table that is not writable
INSERT INTO countries (code) VALUES ('x')
-- no table: undeclared
INSERT INTO secrets (tenant_id) VALUES ($1)
-- no function: in a row
INSERT INTO tags (tenant_id, id) VALUES ($1, nextval('s'))
-- no table: an update of all
UPDATE users SET name = $4
-- no table: another tenant
UPDATE users SET name = $4 WHERE tenant_id = $2
-- no assignment: the tenant column
UPDATE users SET tenant_id = $1 WHERE tenant_id = $1
-- no assignment: the tenant column to another
UPDATE users SET tenant_id = $2 WHERE tenant_id = $1
-- no assignment: the tenant column among several
UPDATE users SET (name, tenant_id) = ($4, $1) WHERE tenant_id = $1
-- no assignment: the tenant column from a subquery
UPDATE users SET (tenant_id, name) = (SELECT tenant_id, name FROM users WHERE tenant_id = $1 LIMIT 1) WHERE tenant_id = $1
-- no assignment: the root's key
UPDATE accounts SET id = $1 WHERE id = $1
-- no assignment: an odd name
UPDATE "Odd Table" SET "Tenant ID" = $1 WHERE "Tenant ID" = $1
-- no assignment: in WITH
WITH x AS (UPDATE users SET tenant_id = $2 WHERE tenant_id = $1 RETURNING 1) SELECT * FROM x
-- no table: the other table is not bound
UPDATE users u SET name = o.text FROM orders o WHERE o.user_id = u.id AND u.tenant_id = $1
-- no table: the target is not bound
UPDATE users u SET name = o.text FROM orders o WHERE o.user_id = u.id AND o.tenant_id = $1
-- no table: a subquery in SET
UPDATE users SET age = (SELECT max(age) FROM users) WHERE tenant_id = $1
-- no table: a subquery in a subscript
UPDATE users SET tags[(SELECT 1 FROM orders LIMIT 1)] = 1 WHERE tenant_id = $1
-- no table: a subquery in RETURNING
UPDATE users SET age = 1 WHERE tenant_id = $1 RETURNING (SELECT max(age) FROM users)
-- no table: ON in FROM does not bind the target
UPDATE users u SET name = 'z' FROM orders o JOIN notes n ON n.tenant_id = $1 WHERE o.tenant_id = $1
-- no table: a shared table that is not writable
UPDATE countries SET name = 'z'
-- no expression: a cursor
UPDATE users SET name = 'z' WHERE CURRENT OF c
-- no table: WITH does not hide a target
WITH users AS (SELECT $1 AS tenant_id) UPDATE users SET name = 'z'
-- no table: a delete of all
DELETE FROM tags
-- no table: another tenant
DELETE FROM tags WHERE tenant_id = $2
-- no table: using another that is not bound
DELETE FROM tags t USING user_tags x WHERE x.tag_id = t.id AND t.tenant_id = $1
-- no table: using another, the target is not bound
DELETE FROM tags t USING user_tags x WHERE x.tag_id = t.id AND x.tenant_id = $1
-- no table: a subquery
DELETE FROM tags WHERE tenant_id = $1 AND id IN (SELECT tag_id FROM user_tags)
-- no table: in WITH
WITH gone AS (DELETE FROM tags RETURNING id) SELECT * FROM gone
-- no table: a write in WITH hides behind a bound query
WITH gone AS (DELETE FROM tags RETURNING id) SELECT * FROM users WHERE tenant_id = $1
-- no table: a shared table that is not writable
DELETE FROM countries
-- no table: a merge whose target is not bound
MERGE INTO tags t USING (VALUES (1, 'a')) AS s (id, name) ON t.id = s.id WHEN MATCHED THEN UPDATE SET name = s.name
-- no table: a merge whose target is bound in the action alone
MERGE INTO tags t USING (VALUES (1, 'a')) AS s (id, name) ON t.id = s.id WHEN MATCHED AND t.tenant_id = $1 THEN UPDATE SET name = s.name WHEN NOT MATCHED THEN DO NOTHING
-- no table: a merge's source, bound in ON, with an insert
MERGE INTO tags t USING orders o ON t.tenant_id = $1 AND o.tenant_id = t.tenant_id AND o.id = t.id WHEN NOT MATCHED THEN INSERT (tenant_id, id, name) VALUES ($1, o.id, o.text)
-- no table: a merge whose source is not bound
MERGE INTO tags t USING orders o ON t.tenant_id = $1 AND o.id = t.id WHEN MATCHED THEN DELETE
-- no row: a merge's insert without the tenant column
MERGE INTO tags t USING (VALUES (1, 'a')) AS s (id, name) ON t.tenant_id = $1 AND t.id = s.id WHEN NOT MATCHED THEN INSERT (id, name) VALUES (s.id, s.name)
-- no row: a merge's insert for another tenant
MERGE INTO tags t USING (VALUES (1, 'a')) AS s (id, name) ON t.tenant_id = $1 AND t.id = s.id WHEN NOT MATCHED THEN INSERT (tenant_id, id) VALUES ($2, s.id)
-- no row: a merge's insert with default values
MERGE INTO tags t USING (VALUES (1, 'a')) AS s (id, name) ON t.tenant_id = $1 AND t.id = s.id WHEN NOT MATCHED THEN INSERT DEFAULT VALUES
-- no row: what a merge inserts cannot be of the target
MERGE INTO tags t USING (SELECT gen_random_uuid() AS tenant_id) s ON t.tenant_id = $1 WHEN NOT MATCHED THEN INSERT (tenant_id, id) VALUES (tenant_id, 1)
-- no assignment: a merge changes the tenant
MERGE INTO tags t USING (VALUES (1)) AS s (id) ON t.tenant_id = $1 AND t.id = s.id WHEN MATCHED THEN UPDATE SET tenant_id = $1
-- no table: a merge on what its source does not match
MERGE INTO tags t USING (VALUES (1)) AS s (id) ON t.tenant_id = $1 AND t.id = s.id WHEN NOT MATCHED BY SOURCE THEN DELETE
-- no table: a subquery in a merge's condition
MERGE INTO tags t USING (VALUES (1)) AS s (id) ON t.tenant_id = $1 AND t.id = s.id WHEN MATCHED AND EXISTS (SELECT 1 FROM orders) THEN DELETE
-- no table: a merge into a shared table that is not writable
MERGE INTO countries c USING (VALUES ('x')) AS s (code) ON c.code = s.code WHEN MATCHED THEN DELETE
-- no table: an alias that is called excluded
INSERT INTO docs AS excluded (tenant_id, id, title) VALUES ($1, 1, $4) ON CONFLICT (id) DO UPDATE SET title = 'z' WHERE excluded.tenant_id = $1
-- no table: a merge whose source has the target's name
MERGE INTO tags t USING orders t ON t.tenant_id = $1 WHEN MATCHED THEN DELETE
-- no row: what a merge inserts cannot be of the target, where the source's columns are not known
MERGE INTO tags t USING countries c ON t.tenant_id = $1 AND t.name = c.code WHEN NOT MATCHED THEN INSERT (tenant_id, id) VALUES (tenant_id, 1)
-- no row: a star moves the values behind it
INSERT INTO tags (id, tenant_id, name) VALUES ((ROW(5, $2::uuid)).*, $1)
-- no row: the same behind names
INSERT INTO tags (tenant_id, id) SELECT v.tenant_id, v.id FROM (VALUES ((ROW(1, 2)).*, $1::uuid)) v (id, tenant_id, other)
-- yes: a star behind the tenant's value moves nothing
INSERT INTO tags (tenant_id, id, name) VALUES ($1, (ROW(5, 'x')).*)
