SELECT id FROM users UNION SELECT id FROM orders ORDER BY id

SELECT id FROM users UNION ALL SELECT id FROM orders ORDER BY id

SELECT id FROM users INTERSECT SELECT user_id FROM orders ORDER BY id

SELECT id FROM users INTERSECT ALL SELECT user_id FROM orders ORDER BY id

SELECT id FROM users EXCEPT SELECT user_id FROM orders ORDER BY id

SELECT id FROM users EXCEPT ALL SELECT user_id FROM orders ORDER BY id

(SELECT id FROM users ORDER BY id LIMIT 1) UNION ALL (SELECT id FROM orders ORDER BY id DESC LIMIT 1)

(SELECT id FROM users WHERE age > 1 OR true) EXCEPT (SELECT id FROM users WHERE age > 30 OR false) ORDER BY 1

SELECT id FROM users WHERE id = 1 UNION SELECT id FROM orders WHERE amount > 1 OR true UNION ALL SELECT id FROM items ORDER BY 1

SELECT id FROM users UNION (SELECT id FROM orders INTERSECT SELECT id FROM items) ORDER BY 1

((SELECT id FROM users)) UNION ((SELECT 100)) ORDER BY 1

SELECT name FROM countries UNION SELECT name FROM users ORDER BY 1

SELECT 1 UNION SELECT count(*)::int FROM users ORDER BY 1

VALUES (1) UNION SELECT id FROM users ORDER BY 1

TABLE archive UNION ALL SELECT tenant_id, id, what, amount FROM archive

SELECT id, 'u' AS k FROM users UNION ALL SELECT id, 'o' FROM orders ORDER BY k, id LIMIT 3

SELECT id FROM users UNION SELECT id FROM orders ORDER BY 1 OFFSET (SELECT count(*) FROM items) FETCH NEXT 2 ROWS ONLY

SELECT id FROM users GROUP BY id HAVING count(*) = 1 UNION SELECT id FROM orders GROUP BY id ORDER BY 1

SELECT u.id FROM users u LEFT JOIN orders o ON o.user_id = u.id UNION ALL SELECT o.id FROM orders o RIGHT JOIN items i ON i.order_id = o.id ORDER BY 1

SELECT id FROM (SELECT id FROM users UNION SELECT id FROM orders) x WHERE id IN (SELECT id FROM items UNION SELECT 3) ORDER BY 1
