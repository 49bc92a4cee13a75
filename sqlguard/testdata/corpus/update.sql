UPDATE users SET age = age + 1

UPDATE users SET age = 1 WHERE id = 1

UPDATE users SET age = 1 WHERE id = 1 OR name = 'bravo-2'

UPDATE users u SET age = 1 WHERE u.id = 1 OR true

UPDATE users AS u SET age = 1, name = u.name || '!' RETURNING id, name, age

UPDATE ONLY users SET age = 7 WHERE age IS NULL RETURNING *

UPDATE ONLY (users) AS u SET age = 7 WHERE u.age IS NULL

UPDATE users * SET age = 7

UPDATE public.users SET age = 8 WHERE public.users.id = 2

UPDATE public.users SET age = 8

UPDATE users SET (age, name) = (5, 'new') WHERE id = 2

UPDATE users SET (age, email) = ROW(5, 'e' || id) RETURNING id, email

UPDATE users SET (age, name) = (SELECT amount, status FROM orders WHERE orders.user_id = users.id ORDER BY orders.id LIMIT 1) WHERE id = 1

UPDATE users SET age = DEFAULT, created = DEFAULT

UPDATE users SET age = (SELECT max(amount) FROM orders)

UPDATE users SET age = (SELECT max(amount) FROM orders WHERE user_id = users.id) WHERE EXISTS (SELECT 1 FROM orders WHERE user_id = users.id)

UPDATE users SET profile = jsonb_set(profile, '{city}', '"Oslo"') WHERE profile ? 'city'

UPDATE orders SET tags[1] = 'z' WHERE id = 1

UPDATE orders SET tags = tags || 'q'::text WHERE 'a' = ANY(tags)

UPDATE orders SET status = 'paid' FROM users WHERE users.id = orders.user_id

UPDATE orders SET status = 'paid' FROM users u WHERE u.id = orders.user_id AND u.age > 20 OR u.id = orders.user_id

UPDATE orders o SET status = u.name FROM users u JOIN items i ON i.id = u.id WHERE o.user_id = u.id

UPDATE orders o SET status = coalesce(i.product, 'none') FROM users u LEFT JOIN items i ON i.order_id = u.id WHERE o.user_id = u.id

UPDATE orders o SET status = x.n FROM (SELECT user_id, max(amount)::text AS n FROM orders GROUP BY user_id) x WHERE x.user_id = o.user_id RETURNING o.id, o.status

UPDATE orders o SET status = c.name FROM countries c, users u WHERE u.country_code = c.code AND o.user_id = u.id

UPDATE orders o SET amount = o.amount + p.amount FROM orders p WHERE p.id = o.id RETURNING o.id, p.amount

UPDATE orders o SET status = l.label FROM labels l WHERE l.user_id = o.user_id

UPDATE orders SET status = v.s FROM (VALUES (1, 'one'), (2, 'two')) AS v (id, s) WHERE v.id = orders.id

UPDATE orders SET status = s FROM unnest(ARRAY[1, 2], ARRAY['a', 'b']) AS v (oid, s) WHERE oid = orders.id

UPDATE orders SET amount = amount * 2 WHERE user_id IN (SELECT id FROM users WHERE age > 20) RETURNING id, (SELECT name FROM users WHERE users.id = orders.user_id)

UPDATE orders SET status = 'x' WHERE amount IS DISTINCT FROM 10

UPDATE orders SET status = CASE WHEN amount IS DISTINCT FROM 10 THEN 'a' ELSE 'b' END FROM users WHERE users.id = orders.id

UPDATE votes SET n = n + 1 WHERE id = 1

UPDATE votes SET n = (SELECT count(*) FROM users) FROM orders o WHERE o.id = votes.id

UPDATE labels SET label = upper(label)

UPDATE app.bills SET total = 0 WHERE total > 1 OR true

UPDATE app.bills b SET total = u.age FROM users u WHERE u.id = b.user_id

UPDATE "Odd Table" SET "select" = 'x' WHERE "Id" = 1 OR TRUE

# [33, 1]
UPDATE users SET age = $1 WHERE id = $2

# ["@tenant", 1]
UPDATE users SET age = 44 WHERE tenant_id = $1 AND id = $2

# ["@other", 1]
UPDATE users SET age = 44 WHERE tenant_id = $1 AND id = $2

# ["@other"]
UPDATE users SET age = 44 WHERE tenant_id = $1 OR true

DELETE FROM users

DELETE FROM users WHERE id = 1

DELETE FROM users WHERE id = 1 OR true RETURNING id, name

DELETE FROM users u WHERE u.age > 20

DELETE FROM users AS u RETURNING (SELECT count(*) FROM orders WHERE user_id = u.id)

DELETE FROM ONLY users WHERE age IS NULL

DELETE FROM ONLY (public.users)

DELETE FROM public.users WHERE public.users.id = 2

DELETE FROM orders USING users WHERE users.id = orders.user_id

DELETE FROM orders o USING users u, items i WHERE u.id = o.user_id AND i.order_id = o.id OR false

DELETE FROM orders o USING users u JOIN items i USING (id) WHERE u.id = o.user_id

DELETE FROM orders o USING users u LEFT JOIN items i ON i.order_id = u.id WHERE u.id = o.user_id AND i.id IS NULL

DELETE FROM orders USING (SELECT id FROM users WHERE age > 20) x WHERE x.id = orders.user_id RETURNING orders.id

DELETE FROM orders WHERE id IN (SELECT order_id FROM items WHERE qty > 1 OR true)

DELETE FROM orders WHERE NOT EXISTS (SELECT 1 FROM items WHERE items.order_id = orders.id)

DELETE FROM orders WHERE ctid IN (SELECT ctid FROM orders ORDER BY id LIMIT 1)

DELETE FROM labels WHERE label LIKE '%' OR true

DELETE FROM votes WHERE id IN (SELECT id FROM users)

DELETE FROM nodes WHERE id IN (WITH RECURSIVE t AS (SELECT id FROM nodes WHERE id = 2 UNION ALL SELECT n.id FROM nodes n JOIN t ON n.parent_id = t.id) SELECT id FROM t)

# ["@other"]
DELETE FROM users WHERE tenant_id = $1

# ["@tenant"]
DELETE FROM users WHERE tenant_id = $1 AND age > 20

DELETE FROM "Odd Table"

DELETE FROM app.bills USING public.users WHERE users.id = bills.user_id
