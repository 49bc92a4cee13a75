SELECT * FROM users u FULL JOIN orders o ON o.user_id = u.id

SELECT * FROM users LEFT JOIN orders USING (id)

SELECT * FROM (users u JOIN orders o ON o.user_id = u.id) AS j

SELECT * FROM (SELECT * FROM users) u JOIN orders o ON o.user_id = u.id

SELECT * FROM (SELECT * FROM users) u, (SELECT * FROM orders) o

WITH x AS (SELECT * FROM users) SELECT * FROM x JOIN orders o ON o.user_id = x.id

WITH x AS (SELECT * FROM users) SELECT * FROM x WHERE id IN (SELECT user_id FROM orders)

WITH x AS (SELECT * FROM users) SELECT name, (SELECT max(id) FROM x) FROM orders

WITH RECURSIVE t AS (SELECT id FROM nodes WHERE parent_id IS NULL UNION ALL SELECT n.id FROM nodes n JOIN t ON n.parent_id = t.id) SELECT * FROM t

SELECT * FROM users WHERE EXISTS (SELECT 1 FROM users WHERE age > 1)

SELECT (SELECT max(name) FROM users), (SELECT max(status) FROM orders)

VALUES ((SELECT max(name) FROM users), (SELECT max(status) FROM orders))

SELECT c.name, (SELECT max(name) FROM users), (SELECT count(*) FROM orders) FROM countries c

SELECT * FROM countries c LEFT JOIN users u ON u.country_code = c.code LEFT JOIN orders o ON o.id = 1

INSERT INTO users (id, name) VALUES (100, 'x')

INSERT INTO counters DEFAULT VALUES

# ["@third"]
INSERT INTO users (tenant_id, id, name) VALUES ($1, 100, 'x')

# ["@tenant"]
INSERT INTO archive (tenant_id, id, what) SELECT $1, id, name FROM users

# ["@tenant"]
INSERT INTO archive (tenant_id, id, what) VALUES ($1, 1, (SELECT max(name) FROM users))

INSERT INTO archive (tenant_id, id, what) VALUES (DEFAULT, 1, 'x')

UPDATE orders SET status = x.name FROM (SELECT * FROM users) x WHERE x.id = orders.user_id

DELETE FROM votes WHERE id IN (SELECT id FROM users) AND id IN (SELECT id FROM orders)

UPDATE users SET tenant_id = tenant_id

SELECT name, (SELECT max(amount) FROM orders) FROM users u

SELECT name FROM users WHERE id IN (SELECT user_id FROM orders ORDER BY amount LIMIT 1)

SELECT name FROM users WHERE id IN (SELECT user_id FROM orders OFFSET 1)

SELECT name FROM users WHERE id IN (SELECT DISTINCT ON (status) user_id FROM orders)

SELECT name FROM users WHERE id IN (SELECT rank() OVER (ORDER BY amount) FROM orders)

SELECT name FROM users WHERE id IN (SELECT count(*) FROM orders GROUP BY status)

SELECT name FROM users WHERE id IN (SELECT max(user_id) FROM orders HAVING count(*) > 1)

SELECT name FROM users WHERE id IN (SELECT user_id FROM orders FOR UPDATE SKIP LOCKED)

SELECT name FROM users WHERE id IN (SELECT user_id FROM orders UNION SELECT order_id FROM items)

SELECT name FROM users WHERE id = (SELECT max(user_id) FROM orders)

SELECT name FROM users WHERE id > (SELECT user_id FROM orders)

SELECT name FROM users WHERE id > ALL (SELECT user_id FROM orders)

SELECT name FROM users WHERE EXISTS (SELECT 1 FROM orders WHERE amount > 30)

SELECT name, ARRAY(SELECT id FROM orders) FROM users

SELECT name, JSON_ARRAY(SELECT id FROM orders) FROM users

SELECT name FROM users WHERE id IN (SELECT x.user_id FROM (SELECT user_id FROM orders LIMIT 1) x)

SELECT name FROM users WHERE id IN (WITH x AS (SELECT user_id FROM orders LIMIT 1) SELECT user_id FROM x)

SELECT u.name, x.n FROM users u, LATERAL (SELECT count(*) AS n FROM orders o) x

SELECT u.name FROM users u WHERE EXISTS (SELECT 1 FROM orders o WHERE o.user_id = u.id AND o.id IN (SELECT i.order_id FROM items i ORDER BY i.id LIMIT 1))

SELECT u.name FROM users u WHERE EXISTS (SELECT 1 FROM orders o JOIN items u2 ON u2.order_id = o.id WHERE o.user_id = u2.id)

UPDATE users SET age = (SELECT max(amount) FROM orders)

UPDATE orders SET status = 'x' WHERE id IN (SELECT o.id FROM orders o ORDER BY o.amount LIMIT 1 FOR UPDATE SKIP LOCKED)

DELETE FROM orders o WHERE o.id = (SELECT i.order_id FROM items i LIMIT 1) RETURNING o.id

DELETE FROM orders o WHERE o.id > 0 RETURNING o.id, (SELECT count(*) FROM users u)

WITH orders AS (SELECT tenant_id, id FROM users) SELECT name FROM items WHERE (tenant_id, id) IN (SELECT tenant_id, id FROM orders LIMIT 1)

SELECT name FROM users WHERE (tenant_id, id) IN (SELECT o.id, o.tenant_id FROM orders o ORDER BY o.amount LIMIT 1)

# ["@tenant"]
SELECT name, (SELECT amount FROM orders WHERE tenant_id IN ($1) LIMIT 1) FROM users u

# ["@tenant"]
SELECT name, (SELECT count(*) OVER () FROM orders WHERE tenant_id IN ($1)) FROM users u

# ["@tenant"]
SELECT name, (SELECT max(amount) FROM orders WHERE tenant_id IN ($1) OR true) FROM users u

SELECT * FROM people p JOIN users u ON u.id = p.id

SELECT * FROM users u WHERE EXISTS (SELECT 1 FROM people p WHERE p.id = u.id)
