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
