SELECT name FROM users WHERE (tenant_id, id) IN (SELECT tenant_id, user_id FROM orders ORDER BY amount DESC, tenant_id LIMIT 1)

SELECT u.name FROM users u WHERE (u.id, u.tenant_id) NOT IN (SELECT o.user_id, o.tenant_id FROM orders o WHERE o.user_id IS NOT NULL ORDER BY o.amount, o.tenant_id LIMIT 1)

SELECT name FROM users WHERE (tenant_id, age) IN (SELECT tenant_id, max(age) FROM users x GROUP BY tenant_id)

SELECT name FROM users WHERE (tenant_id, id) = (SELECT tenant_id, id FROM users x ORDER BY age, tenant_id LIMIT 1)

UPDATE orders SET status = 'claimed' WHERE (tenant_id, id) IN (SELECT tenant_id, id FROM orders x ORDER BY amount, tenant_id LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING id

DELETE FROM orders o WHERE (o.tenant_id, o.id) IN (SELECT x.tenant_id, x.id FROM orders x ORDER BY x.amount, x.tenant_id LIMIT 1)

# ["@tenant", "@other"]
SELECT name, (SELECT max(amount) FROM orders WHERE tenant_id IN ($1, $2)) FROM users u

# ["@tenant", "@other"]
SELECT name FROM users WHERE age > (SELECT avg(u.age) FROM users u WHERE u.tenant_id IN ($1, $2) AND u.age > 1)

# ["@tenant", "@other"]
SELECT name FROM users WHERE EXISTS (SELECT 1 FROM orders o WHERE o.tenant_id IN ($1, $2) AND o.amount > 30)

# ["@tenant", "@third"]
SELECT name, (SELECT count(*) FROM orders WHERE tenant_id IN ($1, $2)) FROM users u
