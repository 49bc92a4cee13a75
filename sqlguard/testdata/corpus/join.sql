SELECT u.id, o.id FROM users u JOIN orders o ON o.user_id = u.id ORDER BY 1, 2

SELECT u.id, o.id FROM users u INNER JOIN orders o ON o.user_id = u.id OR o.amount > 50 ORDER BY 1, 2

SELECT u.id, o.id FROM users u LEFT JOIN orders o ON o.user_id = u.id ORDER BY 1, 2

SELECT u.id, o.id FROM users u LEFT OUTER JOIN orders o ON o.user_id = u.id OR o.user_id IS NULL ORDER BY 1, 2

SELECT u.id FROM users u LEFT JOIN orders o ON o.user_id = u.id WHERE o.id IS NULL ORDER BY 1

SELECT u.id, o.id FROM orders o RIGHT JOIN users u ON o.user_id = u.id ORDER BY 1, 2

SELECT u.id, o.id FROM users u RIGHT JOIN orders o ON o.user_id = u.id AND u.age > 30 ORDER BY 1, 2

SELECT u.id, o.id FROM users u FULL JOIN orders o ON o.user_id = u.id ORDER BY 1, 2

SELECT u.id, o.id FROM users u FULL OUTER JOIN orders o ON o.user_id = u.id WHERE u.id IS NULL OR o.id IS NULL ORDER BY 1, 2

SELECT u.id, o.id FROM users u CROSS JOIN orders o ORDER BY 1, 2

SELECT u.id, o.id FROM users u, orders o ORDER BY 1, 2

SELECT u.id, o.id FROM users u, orders o WHERE o.user_id = u.id OR u.age = 25 ORDER BY 1, 2

SELECT id, name, amount FROM users JOIN orders USING (id) ORDER BY 1

SELECT id, name, amount FROM users JOIN orders USING (tenant_id, id) ORDER BY 1

SELECT id, name, amount FROM users LEFT JOIN orders USING (id) ORDER BY 1

SELECT id, name, amount FROM users RIGHT JOIN orders USING (id) ORDER BY 1

SELECT id, name, amount FROM users FULL JOIN orders USING (id) ORDER BY 1

SELECT j.id, name FROM users JOIN orders USING (id) AS j ORDER BY 1

SELECT id, name, amount FROM users NATURAL JOIN orders ORDER BY 1

SELECT id, name, amount FROM users NATURAL LEFT JOIN orders ORDER BY 1

SELECT id, name, amount FROM users NATURAL RIGHT JOIN orders ORDER BY 1

SELECT id, name, amount FROM users NATURAL FULL JOIN orders ORDER BY 1

SELECT u.id, o.id, i.id FROM users u JOIN orders o ON o.user_id = u.id JOIN items i ON i.order_id = o.id ORDER BY 1, 2, 3

SELECT u.id, o.id, i.id FROM users u LEFT JOIN orders o ON o.user_id = u.id LEFT JOIN items i ON i.order_id = o.id ORDER BY 1, 2, 3

SELECT u.id, o.id, i.id FROM users u LEFT JOIN (orders o JOIN items i ON i.order_id = o.id) ON o.user_id = u.id ORDER BY 1, 2, 3

SELECT u.id, o.id, i.id FROM users u LEFT JOIN orders o JOIN items i ON i.order_id = o.id ON o.user_id = u.id ORDER BY 1, 2, 3

SELECT u.id, o.id, i.id FROM (users u LEFT JOIN orders o ON o.user_id = u.id) FULL JOIN items i ON i.order_id = o.id ORDER BY 1, 2, 3

SELECT u.id, o.id, i.id FROM users u FULL JOIN (orders o LEFT JOIN items i ON i.order_id = o.id) ON o.user_id = u.id ORDER BY 1, 2, 3

SELECT u.id, o.id, i.id FROM users u RIGHT JOIN orders o ON o.user_id = u.id RIGHT JOIN items i ON i.order_id = o.id ORDER BY 1, 2, 3

SELECT u.id, o.id, i.id FROM users u LEFT JOIN (orders o LEFT JOIN items i ON i.order_id = o.id AND i.qty > 1) ON o.user_id = u.id ORDER BY 1, 2, 3

SELECT u.id, o.id, i.id FROM users u LEFT JOIN (orders o RIGHT JOIN items i ON i.order_id = o.id) ON o.user_id = u.id ORDER BY 1, 2, 3

SELECT u.id, o.id, i.id FROM users u LEFT JOIN (orders o CROSS JOIN items i) ON o.user_id = u.id AND i.order_id = o.id ORDER BY 1, 2, 3

SELECT u.id, o.id, c.name FROM users u LEFT JOIN countries c ON c.code = u.country_code LEFT JOIN orders o ON o.user_id = u.id ORDER BY 1, 2

SELECT c.name, u.id FROM countries c LEFT JOIN users u ON u.country_code = c.code ORDER BY 1, 2

SELECT c.name, u.id FROM users u RIGHT JOIN countries c ON u.country_code = c.code ORDER BY 1, 2

SELECT c.name, count(u.id) FROM countries c LEFT JOIN users u ON u.country_code = c.code GROUP BY c.name ORDER BY 1

SELECT c.name, u.id FROM countries c FULL JOIN users u ON u.country_code = c.code ORDER BY 1, 2

SELECT m.id, u.id FROM users u JOIN users m ON m.id = u.manager_id ORDER BY 1, 2

SELECT m.id, u.id FROM users u LEFT JOIN users m ON m.id = u.manager_id ORDER BY 2

SELECT * FROM (users u JOIN orders o ON o.user_id = u.id) AS j (t1, uid, n)

SELECT j.name, j.amount FROM (users u JOIN orders o ON o.user_id = u.id) AS j ORDER BY 1, 2

SELECT j.name, j.amount FROM (users u LEFT JOIN orders o ON o.user_id = u.id) AS j ORDER BY 1, 2

SELECT j.name, j.amount FROM (users u RIGHT JOIN orders o ON o.user_id = u.id) AS j ORDER BY 1, 2

SELECT j.name, j.amount FROM (users u CROSS JOIN orders o) AS j ORDER BY 1, 2

SELECT j.name, j.amount FROM (users JOIN orders USING (id)) AS j ORDER BY 1, 2

SELECT j.name, j.amount, i.product FROM (users u JOIN orders o ON o.user_id = u.id) AS j, items i ORDER BY 1, 2, 3

SELECT j.name, i.product FROM items i LEFT JOIN (users u JOIN orders o ON o.user_id = u.id) AS j ON j.amount > 1 ORDER BY 1, 2

SELECT u.name, j.amount FROM users u, (orders u JOIN items i ON i.order_id = u.id) AS j ORDER BY 1, 2

SELECT a, b FROM users u (t, a, b) ORDER BY 1

SELECT tenant_id FROM users u (tenant_id2, tenant_id, n) ORDER BY 1

SELECT x.a, o.id FROM users AS x (t, a, b) LEFT JOIN orders o ON o.user_id = x.a ORDER BY 1, 2

SELECT o.id, x.a FROM orders o LEFT JOIN users AS x (t, a, b) ON o.user_id = x.a ORDER BY 1, 2

SELECT ((((u.id)))), o.id FROM ((users u JOIN (orders o JOIN items USING (id)) ON ((o.user_id = u.id)))) ORDER BY 1, 2

SELECT u.id, o.id FROM ((users u LEFT JOIN (orders o INNER JOIN (items i CROSS JOIN countries c) ON (i.order_id = o.id)) ON (o.user_id = u.id))) WHERE ((true)) ORDER BY 1, 2

SELECT u.id, x.n FROM users u, LATERAL (SELECT count(*) AS n FROM orders o WHERE o.user_id = u.id) x ORDER BY 1

SELECT u.id, x.id FROM users u LEFT JOIN LATERAL (SELECT * FROM orders o WHERE o.user_id = u.id ORDER BY amount DESC LIMIT 1) x ON true ORDER BY 1

SELECT u.id, x.id FROM users u CROSS JOIN LATERAL (SELECT o.id FROM orders o WHERE o.user_id = u.id UNION SELECT i.id FROM items i) x ORDER BY 1, 2

SELECT u.id, g FROM users u, generate_series(1, u.id) g ORDER BY 1, 2

SELECT u.id, g.n FROM users u CROSS JOIN LATERAL generate_series(1, u.id) AS g (n) ORDER BY 1, 2

SELECT o.id, t.tag, t.ord FROM orders o CROSS JOIN LATERAL unnest(o.tags) WITH ORDINALITY AS t (tag, ord) ORDER BY 1, 3

SELECT o.id, t.tag FROM orders o LEFT JOIN LATERAL unnest(o.tags) t (tag) ON t.tag <> 'a' OR true ORDER BY 1, 2

SELECT u.id, kv.key, kv.value FROM users u, jsonb_each_text(u.profile) kv ORDER BY 1, 2

SELECT u.id, r.city FROM users u, jsonb_to_record(u.profile) AS r (city text) ORDER BY 1

SELECT * FROM ROWS FROM (generate_series(1, 3), unnest(ARRAY['a', 'b'])) AS r (n, t), users u ORDER BY r.n, u.id

SELECT u.id, r.n FROM users u LEFT JOIN ROWS FROM (generate_series(1, 2), generate_series(5, 6)) WITH ORDINALITY AS r (n, m, o) ON r.n = u.id ORDER BY 1, 2

SELECT x.column1, u.name FROM (VALUES (1), (2)) x JOIN users u ON u.id = x.column1 ORDER BY 1

SELECT v.n, u.name FROM (VALUES (1, 'a'), (9, 'b')) AS v (id, n) LEFT JOIN users u USING (id) ORDER BY 1

SELECT u.id, x.* FROM users u, XMLTABLE('/r/v' PASSING XMLPARSE(DOCUMENT '<r><v>1</v><v>2</v></r>') COLUMNS n int PATH '.') x ORDER BY 1, 2

SELECT u.name, o.amount FROM users u JOIN orders o ON left(u.name, 1) = right(o.status, 1) OR true ORDER BY 1, 2

SELECT u.name, o.amount FROM users u LEFT JOIN orders o ON (SELECT true) AND EXISTS (SELECT 1 FROM items i WHERE i.order_id = o.id) AND o.user_id = u.id ORDER BY 1, 2

SELECT u.name, o.amount FROM users u JOIN orders o ON o.user_id IS NOT DISTINCT FROM u.id AND u.age IS DISTINCT FROM 3 JOIN items i ON i.order_id = o.id ORDER BY 1, 2

SELECT u.name FROM countries c JOIN users u ON u.country_code = c.code, orders o WHERE o.user_id = u.id ORDER BY 1

SELECT u.name FROM (SELECT 1 AS one) s, users u LEFT JOIN (SELECT user_id FROM orders) o ON o.user_id = u.id ORDER BY 1

SELECT s.name, o.amount FROM (SELECT * FROM users WHERE age > 1 OR true) s JOIN orders o ON o.user_id = s.id ORDER BY 1, 2

SELECT s.name, o.amount FROM orders o LEFT JOIN (SELECT * FROM users WHERE age > 1 OR true) s ON o.user_id = s.id ORDER BY 1, 2

SELECT a.id, b.id FROM (SELECT id FROM users) a FULL JOIN (SELECT id FROM orders) b USING (id) ORDER BY 1, 2

SELECT u.id, l.label FROM users u JOIN labels l ON l.user_id = u.id ORDER BY 1, 2

SELECT u.id, l.label FROM users u LEFT JOIN labels l ON l.user_id = u.id ORDER BY 1, 2

SELECT u.id, l.label FROM labels l FULL JOIN users u ON l.user_id = u.id ORDER BY 1, 2

SELECT b.id, u.name FROM app.bills b JOIN public.users u ON u.id = b.user_id ORDER BY 1

SELECT app.bills.id, public.users.name FROM app.bills LEFT JOIN public.users ON public.users.id = app.bills.user_id ORDER BY 1

SELECT bills.id FROM app.bills WHERE bills.total > 1 OR true ORDER BY 1
