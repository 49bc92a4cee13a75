WITH a AS (SELECT * FROM users) SELECT id FROM a ORDER BY id

WITH a AS (SELECT * FROM users), b AS (SELECT * FROM orders) SELECT a.id, b.id FROM a LEFT JOIN b ON b.user_id = a.id ORDER BY 1, 2

WITH a (x, y) AS (SELECT id, name FROM users WHERE age > 1 OR true) SELECT x FROM a ORDER BY 1

WITH a AS MATERIALIZED (SELECT * FROM users), b AS NOT MATERIALIZED (SELECT * FROM a WHERE id > 1) SELECT id FROM b ORDER BY 1

WITH users AS (SELECT 1 AS id) SELECT * FROM users

WITH users AS (SELECT * FROM users) SELECT id FROM users ORDER BY 1

WITH users AS (SELECT * FROM users) SELECT count(*) FROM public.users

WITH users AS (SELECT 7 AS id) SELECT u.id, p.name FROM users u, public.users p ORDER BY 2

WITH orders AS (SELECT id FROM users) SELECT (SELECT count(*) FROM orders) FROM orders LIMIT 1

WITH a AS (WITH users AS (SELECT 5 AS id) SELECT id FROM users) SELECT a.id, users.id FROM a, users ORDER BY 2

SELECT (WITH users AS (SELECT 1 AS one) SELECT one FROM users), count(*) FROM users

WITH users AS (SELECT 1 AS one) SELECT (SELECT count(*) FROM users), (WITH users AS (SELECT * FROM public.users) SELECT count(*) FROM users)

(WITH users AS (SELECT 1 AS id) SELECT id FROM users) UNION ALL SELECT id FROM users ORDER BY 1

WITH x AS (SELECT id FROM users) SELECT id FROM x UNION SELECT id FROM orders ORDER BY 1

WITH RECURSIVE t AS (SELECT id, parent_id, 1 AS d FROM nodes WHERE parent_id IS NULL UNION ALL SELECT n.id, n.parent_id, t.d + 1 FROM nodes n JOIN t ON n.parent_id = t.id) SELECT * FROM t ORDER BY id

WITH RECURSIVE t (id, path) AS (SELECT id, ARRAY[id] FROM nodes WHERE id = 1 UNION SELECT n.id, t.path || n.id FROM t, nodes n WHERE n.parent_id = t.id AND n.id <> ALL(t.path)) SELECT id, path FROM t ORDER BY path

WITH RECURSIVE t AS (SELECT id FROM nodes WHERE id = 1 UNION ALL SELECT n.id FROM t LEFT JOIN nodes n ON n.parent_id = t.id WHERE n.id IS NOT NULL) SELECT count(*) FROM t

WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 5) SELECT n.i, u.name FROM n LEFT JOIN users u ON u.id = n.i ORDER BY 1

WITH RECURSIVE t AS (SELECT id, parent_id FROM nodes WHERE parent_id IS NULL UNION ALL SELECT n.id, n.parent_id FROM nodes n, t WHERE n.parent_id = t.id) SEARCH DEPTH FIRST BY id SET ord SELECT id FROM t ORDER BY ord

WITH RECURSIVE t AS (SELECT id, parent_id FROM nodes WHERE parent_id IS NULL UNION ALL SELECT n.id, n.parent_id FROM nodes n, t WHERE n.parent_id = t.id) CYCLE id SET looped USING path SELECT id, looped FROM t ORDER BY id

WITH RECURSIVE users AS (SELECT 1 AS id UNION ALL SELECT id + 1 FROM users WHERE id < 3) SELECT * FROM users ORDER BY 1

WITH gone AS (DELETE FROM items RETURNING id) SELECT count(*) FROM gone

WITH gone AS (DELETE FROM items WHERE qty > 1 OR true RETURNING *) INSERT INTO archive (id, what, amount) SELECT id, product, qty FROM gone

WITH up AS (UPDATE users SET age = 99 RETURNING id, age) SELECT * FROM up ORDER BY 1

WITH ins AS (INSERT INTO orders (id, user_id, amount) VALUES (900, 1, 5) RETURNING id, user_id) SELECT ins.id, u.name FROM ins JOIN users u ON u.id = ins.user_id

WITH a AS (INSERT INTO archive (id, what) SELECT id, name FROM users RETURNING id), b AS (DELETE FROM orders WHERE user_id IN (SELECT id FROM users) RETURNING id) SELECT (SELECT count(*) FROM a), (SELECT count(*) FROM b)

WITH users AS (SELECT 1 AS id) DELETE FROM users WHERE id = 2

WITH users AS (SELECT 1 AS id) UPDATE users SET age = 50 WHERE id IN (SELECT id FROM users)

WITH x AS (SELECT id FROM users WHERE age > 20) UPDATE orders SET status = 'x' FROM x WHERE orders.user_id = x.id

WITH x AS (SELECT id FROM users WHERE age > 20) DELETE FROM orders USING x WHERE orders.user_id = x.id

WITH x AS (SELECT id FROM users) INSERT INTO archive (id, what) SELECT id, 'w' FROM x ON CONFLICT DO NOTHING

INSERT INTO archive (id, what) WITH x AS (SELECT id FROM users) SELECT id, 'w' FROM x

WITH t AS (SELECT 1), u AS (SELECT count(*) AS n FROM users) TABLE u

WITH a AS (VALUES (1), (2)) SELECT a.column1, u.name FROM a JOIN users u ON u.id = a.column1 ORDER BY 1

WITH a AS (SELECT count(*) AS n FROM users), b AS (SELECT n FROM a) SELECT * FROM b WHERE n > (SELECT count(*) FROM a) - 1

SELECT * FROM (WITH z AS (SELECT id FROM users) SELECT id FROM z) q ORDER BY 1

SELECT id FROM users u WHERE EXISTS (WITH o AS (SELECT * FROM orders WHERE user_id = u.id) SELECT 1 FROM o) ORDER BY 1
