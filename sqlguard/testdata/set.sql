SELECT * FROM users

SELECT id, name FROM users WHERE age > 20 OR id = 1

SELECT u.id, o.id, o.amount FROM users u JOIN orders o ON o.user_id = u.id OR o.amount > 20

SELECT u.id, o.amount FROM users u, orders o WHERE o.user_id = u.id OR true

SELECT u.id, o.amount FROM users u CROSS JOIN orders o

SELECT u.name, o.amount FROM users u LEFT JOIN orders o ON o.user_id = u.id

SELECT u.name, o.amount FROM users u LEFT JOIN orders o ON o.user_id = u.id AND o.amount > 30 OR o.id = 3

SELECT u.name, o.amount FROM orders o RIGHT JOIN users u ON o.user_id = u.id

SELECT u.name, o.amount FROM users u RIGHT JOIN orders o ON o.user_id = u.id

SELECT u.name, o.amount, i.product FROM users u LEFT JOIN orders o ON o.user_id = u.id LEFT JOIN items i ON i.order_id = o.id

SELECT u.name, o.amount, i.product FROM users u LEFT JOIN (orders o JOIN items i ON i.order_id = o.id) ON o.user_id = u.id

SELECT u.name, o.amount, i.product FROM users u LEFT JOIN (orders o LEFT JOIN items i ON i.order_id = o.id) ON o.user_id = u.id

SELECT u.name, o.amount FROM users u JOIN orders o USING (id)

SELECT u.name, amount FROM users u NATURAL JOIN orders

SELECT u.name, m.name FROM users u LEFT JOIN users m ON m.id = u.manager_id

SELECT u.name, c.name FROM users u JOIN countries c ON c.code = u.country_code JOIN orders o ON o.user_id = u.id

SELECT name FROM users WHERE id IN (SELECT user_id FROM orders WHERE amount > 20 OR true)

SELECT name FROM users WHERE id NOT IN (SELECT user_id FROM orders WHERE user_id IS NOT NULL)

SELECT name FROM users u WHERE EXISTS (SELECT 1 FROM orders o WHERE o.user_id = u.id AND EXISTS (SELECT 1 FROM items i WHERE i.order_id = o.id))

SELECT name FROM users u WHERE NOT EXISTS (SELECT 1 FROM orders o JOIN items i ON i.order_id = o.id WHERE o.user_id = u.id)

SELECT name, (SELECT count(*) FROM orders o WHERE o.user_id = u.id) FROM users u

SELECT name, ARRAY(SELECT o.id FROM orders o LEFT JOIN items i ON i.order_id = o.id WHERE o.user_id = u.id ORDER BY 1) FROM users u

SELECT u.name, x.n FROM users u, LATERAL (SELECT count(*) AS n FROM orders o WHERE o.user_id = u.id) x

SELECT u.name, x.amount FROM users u LEFT JOIN LATERAL (SELECT amount FROM orders o WHERE o.user_id = u.id ORDER BY amount DESC, o.id LIMIT 1) x ON true

SELECT u.name, x.amount FROM users u CROSS JOIN LATERAL (SELECT o.amount FROM orders o JOIN items i ON i.order_id = o.id) x

SELECT u.name, t.tag FROM users u JOIN orders o ON o.user_id = u.id CROSS JOIN LATERAL unnest(o.tags) AS t (tag)

SELECT x.name FROM (SELECT * FROM users WHERE age > 1 OR true) x

SELECT x.name, c.name FROM (SELECT * FROM users) x LEFT JOIN countries c ON c.code = x.country_code

WITH x AS (SELECT u.name, o.amount FROM users u JOIN orders o ON o.user_id = u.id) SELECT * FROM x

SELECT name FROM users UNION ALL SELECT status FROM orders

SELECT u.name FROM users u WHERE u.id = (SELECT min(v.id) FROM users v WHERE v.country_code = u.country_code)

SELECT u.name FROM users u WHERE (SELECT true FROM orders o WHERE o.user_id = u.id LIMIT 1)

SELECT c.name, u.name FROM countries c JOIN users u ON u.country_code = c.code

TABLE orders

SELECT a, b FROM users u (t, a, b)

SELECT b.id, b.total FROM app.bills b

UPDATE users SET age = age + 1 WHERE id > 1 OR true

UPDATE users SET age = 1 RETURNING id, name

UPDATE orders SET status = u.name FROM users u WHERE u.id = orders.user_id

UPDATE orders o SET status = u.name FROM users u LEFT JOIN items i ON i.order_id = u.id AND i.id = 1 WHERE u.id = o.user_id

UPDATE users SET age = (SELECT max(amount) FROM orders WHERE orders.user_id = users.id)

UPDATE users u SET name = 'x' WHERE EXISTS (SELECT 1 FROM orders o WHERE o.user_id = u.id)

DELETE FROM orders

DELETE FROM orders USING users u WHERE u.id = orders.user_id AND u.age > 20

DELETE FROM orders o WHERE o.id IN (SELECT order_id FROM items) RETURNING o.id, (SELECT count(*) FROM users u WHERE u.id = o.user_id)

DELETE FROM users u WHERE NOT EXISTS (SELECT 1 FROM orders WHERE user_id = u.id)

SELECT name FROM users WHERE id = ANY (SELECT user_id FROM orders) AND id <> ALL (SELECT order_id FROM items WHERE order_id > 2)

SELECT name FROM users WHERE (id, name) IN (SELECT DISTINCT user_id, status FROM orders) OR id IN (SELECT length(status) FROM orders)

SELECT u.name FROM users u WHERE u.id IN (SELECT o.user_id FROM orders o WHERE o.user_id = u.id ORDER BY o.amount DESC LIMIT 1)

SELECT u.name FROM users u JOIN orders o ON o.user_id = u.id WHERE 0 < (SELECT count(*) FROM items i WHERE i.order_id = o.id)

SELECT u.name FROM users u WHERE 1 < (SELECT count(*) FROM (SELECT o.id FROM orders o WHERE o.user_id = u.id LIMIT 2) x)

SELECT u.name, (SELECT string_agg(o.status, ',' ORDER BY o.id) FROM orders o WHERE o.user_id = "u".id GROUP BY U.id HAVING count(*) > 0) FROM users u

SELECT b.id FROM app.bills b WHERE EXISTS (SELECT 1 FROM users WHERE users.id = b.id FOR UPDATE)
