SELECT id FROM users WHERE id IN (SELECT user_id FROM orders) ORDER BY id

SELECT id FROM users WHERE id NOT IN (SELECT user_id FROM orders WHERE user_id IS NOT NULL) ORDER BY id

SELECT id FROM users u WHERE EXISTS (SELECT 1 FROM orders o WHERE o.user_id = u.id) ORDER BY id

SELECT id FROM users u WHERE NOT EXISTS (SELECT FROM orders o WHERE o.user_id = u.id AND o.amount > 50 OR o.user_id = u.id AND false) ORDER BY id

SELECT id, (SELECT count(*) FROM orders o WHERE o.user_id = u.id) FROM users u ORDER BY id

SELECT id, (SELECT max(amount) FROM orders) FROM users ORDER BY id

SELECT id, ARRAY(SELECT o.id FROM orders o WHERE o.user_id = u.id ORDER BY 1) FROM users u ORDER BY id

SELECT id FROM users WHERE age > ALL (SELECT amount FROM orders WHERE amount < 30) ORDER BY id

SELECT id FROM users WHERE age = ANY (SELECT amount FROM orders) OR age = SOME (SELECT 25) ORDER BY id

SELECT id FROM users WHERE (id, age) IN (SELECT id, amount FROM orders) ORDER BY id

SELECT id FROM users WHERE (id, age) = (SELECT id, amount FROM orders ORDER BY id LIMIT 1)

SELECT id FROM users WHERE ROW(id, age) <> ALL (SELECT id, amount FROM orders) ORDER BY id

SELECT id FROM users LIMIT (SELECT count(*) FROM orders) OFFSET (SELECT count(*) FROM users) - (SELECT count(*) FROM users)

SELECT id FROM users ORDER BY (SELECT sum(o.amount) FROM orders o WHERE o.user_id = users.id) DESC NULLS LAST, id

SELECT (SELECT count(*) FROM items), count(*) FROM users GROUP BY (SELECT count(*) FROM items)

SELECT age FROM users GROUP BY age HAVING count(*) >= (SELECT min(id) FROM orders) ORDER BY 1

SELECT CASE WHEN EXISTS (SELECT 1 FROM orders WHERE amount > 5000) THEN 'leak' ELSE 'no' END

SELECT coalesce((SELECT name FROM users WHERE name LIKE 'bravo%' LIMIT 1), 'none')

SELECT count(*) FROM (SELECT * FROM users) x

SELECT count(*) FROM (SELECT * FROM users OFFSET 0) x WHERE x.age > 20 OR x.age IS NULL

SELECT x.n FROM (SELECT count(*) AS n FROM users UNION ALL SELECT count(*) FROM orders) x ORDER BY 1

SELECT * FROM (SELECT id FROM (SELECT id, name FROM (SELECT * FROM users) a) b) c ORDER BY 1

SELECT * FROM (TABLE users) u (a, b) ORDER BY 2

SELECT * FROM ((SELECT id FROM users)) x ORDER BY 1

SELECT * FROM (((SELECT id FROM users) UNION (SELECT id FROM orders))) x ORDER BY 1

SELECT * FROM ((SELECT id FROM users) a JOIN orders o USING (id)) ORDER BY 1

SELECT id FROM users WHERE id = (SELECT user_id FROM orders WHERE id = (SELECT order_id FROM items ORDER BY id LIMIT 1))

SELECT (SELECT (SELECT (SELECT max(id) FROM users)))

SELECT id FROM users u WHERE (SELECT u.age > avg(age) FROM users) ORDER BY id

SELECT id FROM users u WHERE u.age > (SELECT avg(u2.age) FROM users u2 WHERE u2.country_code = u.country_code) ORDER BY id

SELECT id FROM users u WHERE EXISTS (SELECT 1 FROM users WHERE users.manager_id = u.id) ORDER BY id

SELECT id FROM users WHERE EXISTS (SELECT 1 FROM orders users WHERE users.user_id = id) ORDER BY id

SELECT (SELECT string_agg(n, ',' ORDER BY n) FROM (SELECT name FROM users) s (n))

SELECT id, (SELECT json_agg(t.amount ORDER BY t.id) FROM (SELECT * FROM orders o WHERE o.user_id = u.id) t) FROM users u ORDER BY id

SELECT jsonb_agg(to_jsonb(x) ORDER BY x.id) FROM (SELECT u.id, (SELECT jsonb_agg(o.id ORDER BY o.id) FROM orders o WHERE o.user_id = u.id) AS orders FROM users u) x

SELECT sum((SELECT count(*) FROM items i WHERE i.order_id = o.id)) FROM orders o

SELECT count(*) FILTER (WHERE id IN (SELECT user_id FROM orders)) FROM users

SELECT id, rank() OVER (PARTITION BY (SELECT count(*) FROM items) ORDER BY (SELECT max(o.amount) FROM orders o WHERE o.user_id = u.id) NULLS LAST, id) FROM users u ORDER BY 2

SELECT code FROM countries WHERE code IN (SELECT country_code FROM users) ORDER BY 1

SELECT code, (SELECT count(*) FROM users WHERE country_code = code) FROM countries ORDER BY 1

SELECT * FROM generate_series(1, (SELECT count(*) FROM users)::int) n ORDER BY 1

SELECT n FROM unnest(ARRAY(SELECT name FROM users)) AS n ORDER BY 1

SELECT u.id FROM users u WHERE u.id < ANY (ARRAY(SELECT o.id FROM orders o)) ORDER BY 1

VALUES ((SELECT min(name) FROM users), (SELECT max(amount) FROM orders))

SELECT ARRAY[(SELECT count(*) FROM users), (SELECT count(*) FROM orders)]

SELECT ROW((SELECT count(*) FROM users), 1)::text

SELECT id BETWEEN (SELECT min(id) FROM users) AND (SELECT max(id) FROM orders) FROM users ORDER BY id

SELECT (SELECT name FROM users WHERE id = 1) || (SELECT status FROM orders WHERE id = 1)

# [1, 2]
SELECT id FROM users WHERE id IN (SELECT user_id FROM orders WHERE id = $1) OR id = $2 ORDER BY id

# ["@other"]
SELECT id FROM users WHERE id IN (SELECT user_id FROM orders WHERE tenant_id = $1) ORDER BY id

# ["@tenant"]
SELECT id FROM users WHERE id IN (SELECT user_id FROM orders WHERE tenant_id = $1) ORDER BY id

SELECT id FROM users u WHERE u.tenant_id = (SELECT tenant_id FROM orders o WHERE o.id = 1) ORDER BY id

SELECT id FROM users u WHERE EXISTS (SELECT 1 FROM orders o WHERE o.tenant_id <> u.tenant_id) ORDER BY id

SELECT (SELECT count(*) FROM orders o WHERE o.tenant_id IS DISTINCT FROM u.tenant_id) FROM users u ORDER BY 1

SELECT id FROM nodes n WHERE (SELECT count(*) FROM nodes c WHERE c.parent_id = n.id) > 0 ORDER BY 1
