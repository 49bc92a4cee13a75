INSERT INTO users (id, name) VALUES (100, 'New')

INSERT INTO users (id, name) VALUES (100, 'New'), (101, 'Newer') RETURNING id, name, tenant_id

INSERT INTO users (id, name, age) VALUES (100, 'New', DEFAULT)

INSERT INTO users (id, name, age) VALUES (100, 'New', (SELECT max(amount) FROM orders)), (101, 'N', (SELECT count(*) FROM users))

INSERT INTO users AS u (id, name) VALUES (100, 'New') RETURNING u.id

INSERT INTO public.users (id, name) VALUES (100, 'New')

INSERT INTO users (id, name) VALUES (1, 'Dup')

INSERT INTO users (id, name) VALUES (1, 'Dup') ON CONFLICT DO NOTHING

INSERT INTO users (id, name) VALUES (1, 'Dup'), (100, 'New') ON CONFLICT (tenant_id, id) DO NOTHING RETURNING id

INSERT INTO users (id, name) VALUES (1, 'Dup') ON CONFLICT (tenant_id, id) DO UPDATE SET name = EXCLUDED.name

INSERT INTO users (id, name) VALUES (1, 'Dup') ON CONFLICT (tenant_id, id) DO UPDATE SET name = EXCLUDED.name, age = users.age + 1 RETURNING *

INSERT INTO users (id, name) VALUES (1, 'Dup'), (2, 'Dup2') ON CONFLICT (tenant_id, id) DO UPDATE SET name = EXCLUDED.name WHERE users.age > 30 OR users.name = 'Bob' RETURNING id

INSERT INTO users AS u (id, name) VALUES (1, 'Dup') ON CONFLICT (tenant_id, id) DO UPDATE SET name = u.name || EXCLUDED.name WHERE u.id = 1 OR true

INSERT INTO users (id, name) VALUES (1, 'Dup') ON CONFLICT ON CONSTRAINT users_pkey DO UPDATE SET name = 'c'

INSERT INTO users (id, name) VALUES (1, 'Dup') ON CONFLICT (tenant_id, id) DO UPDATE SET (name, age) = (SELECT status, amount FROM orders WHERE orders.id = EXCLUDED.id)

INSERT INTO users (id, name) VALUES (1, 'Dup') ON CONFLICT (tenant_id, id) DO UPDATE SET name = (SELECT max(status) FROM orders) WHERE EXISTS (SELECT 1 FROM orders WHERE user_id = users.id)

INSERT INTO users (id, name, email) VALUES (100, 'X', 'ann@x') ON CONFLICT (tenant_id, email) DO UPDATE SET name = 'moved'

INSERT INTO users (id, name) SELECT id + 100, name FROM users

INSERT INTO users (id, name) SELECT id + 100, name FROM users WHERE age > 20 OR true ORDER BY 1 LIMIT 2 RETURNING id

INSERT INTO users (id, name, created) SELECT id + 100, 'x', '2021-01-01' FROM orders

INSERT INTO users (id, name) SELECT DISTINCT user_id + 100, 'd' FROM orders WHERE user_id IS NOT NULL

INSERT INTO users (id, name) SELECT id + 100, 'u' FROM users UNION SELECT id + 200, 'o' FROM orders

INSERT INTO users (id, name) (SELECT id + 100, name FROM users)

INSERT INTO users (id, name) ((SELECT id + 100, name FROM users) UNION ALL (VALUES (300, 'v'))) ON CONFLICT DO NOTHING

INSERT INTO archive (id, what, amount) SELECT * FROM (SELECT id, status, amount FROM orders) x

INSERT INTO archive (id, what, amount) SELECT o.id, i.product, o.amount FROM orders o LEFT JOIN items i ON i.order_id = o.id AND i.id = o.id ON CONFLICT (tenant_id, id) DO UPDATE SET what = EXCLUDED.what

INSERT INTO archive (id, what) SELECT user_id, count(*)::text FROM orders WHERE user_id IS NOT NULL GROUP BY user_id

INSERT INTO archive (id, what) SELECT user_id, count(*)::text FROM orders WHERE user_id IS NOT NULL GROUP BY 1 ORDER BY 2, 1

INSERT INTO archive (id, what) SELECT 1, 'x'

INSERT INTO archive (id, what) SELECT 1, 'x' WHERE NOT EXISTS (SELECT 1 FROM archive WHERE id = 1)

INSERT INTO archive (id, what) SELECT g, 'x' || g FROM generate_series(50, 53) g

INSERT INTO archive (id, what) VALUES (1, 'a'), (2, 'b') ON CONFLICT (tenant_id, id) WHERE id > 0 DO NOTHING

INSERT INTO archive (id, what) VALUES (50, 'a') ORDER BY 1

INSERT INTO archive (id, what) TABLE pairs

INSERT INTO archive (id, what) SELECT * FROM pairs

INSERT INTO archive (tenant_id, id, what) SELECT tenant_id, id, name FROM users ON CONFLICT DO NOTHING

INSERT INTO archive (tenant_id, id, what) SELECT u.tenant_id, u.id, o.status FROM users u JOIN orders o ON o.user_id = u.id WHERE o.id = 1 ON CONFLICT DO NOTHING

INSERT INTO archive (id, tenant_id, what) SELECT id, tenant_id, 'g' FROM users GROUP BY tenant_id, id ON CONFLICT DO NOTHING

WITH gone AS (DELETE FROM orders RETURNING tenant_id, id, status) INSERT INTO archive (tenant_id, id, what) SELECT tenant_id, id, status FROM gone ON CONFLICT DO NOTHING

# ["@tenant"]
INSERT INTO users (tenant_id, id, name) VALUES ($1, 100, 'New')

# ["@tenant", 100]
INSERT INTO users (id, tenant_id, name) VALUES ($2, $1::uuid, 'New'), ($2 + 1, $1, 'N2')

INSERT INTO users (tenant_id, id, name) VALUES ('11111111-1111-4111-8111-111111111111', 100, 'New')

INSERT INTO users (tenant_id, id, name) VALUES (DEFAULT, 100, 'New')

INSERT INTO users (id, tenant_id, name) VALUES (100, '11111111-1111-4111-8111-111111111111'::uuid, 'New'), (101, DEFAULT, 'N')

# ["@tenant"]
INSERT INTO archive (tenant_id, id, what) SELECT $1, id + 50, status FROM orders

# [100, "Zed", 30]
INSERT INTO users (id, name, age) VALUES ($1, $2, $3) RETURNING *

# [100, "Zed"]
INSERT INTO users (id, name) VALUES ($1, $2) ON CONFLICT (tenant_id, id) DO UPDATE SET name = $2 WHERE users.id = $1

INSERT INTO counters DEFAULT VALUES

INSERT INTO counters DEFAULT VALUES RETURNING n

INSERT INTO counters AS c DEFAULT VALUES ON CONFLICT DO NOTHING RETURNING c.n

INSERT INTO labels (user_id, label) VALUES (5, 'x')

INSERT INTO labels (account, user_id, label) VALUES ('11111111-1111-4111-8111-111111111111', 5, 'x')

INSERT INTO labels (user_id, label) SELECT id, name FROM users

INSERT INTO labels (user_id, label) SELECT DISTINCT id, name FROM users

INSERT INTO votes (id, n) VALUES (50, 1)

INSERT INTO votes (id, n) SELECT id + 50, age FROM users WHERE id < 3

INSERT INTO votes SELECT id + 60, count(*) FROM users GROUP BY id ON CONFLICT (id) DO UPDATE SET n = (SELECT count(*) FROM orders)

INSERT INTO votes (id, n) VALUES (1, 5) ON CONFLICT (id) DO UPDATE SET n = EXCLUDED.n RETURNING (SELECT count(*) FROM users)

INSERT INTO app.bills (id, user_id, total) VALUES (70, 1, 5) ON CONFLICT (tenant_id, id) DO UPDATE SET total = bills.total + 1

INSERT INTO app.bills (id, user_id, total) VALUES (1, 1, 5) ON CONFLICT (tenant_id, id) DO UPDATE SET total = bills.total + EXCLUDED.total

INSERT INTO "Odd Table" ("Id", "select") VALUES (9, 'nine') RETURNING "Id"

INSERT INTO notes (id, body) OVERRIDING SYSTEM VALUE VALUES (5000, 'o')

INSERT INTO notes (id, body) OVERRIDING USER VALUE SELECT id, name FROM users WHERE false

INSERT INTO users (id, name) VALUES(100,'a'),(101,/* ) */'b'/* ( */)--x

INSERT INTO users (id, name -- the last
) VALUES (100, 'c' -- the last
)

INSERT INTO archive (id, what) SELECT id + 50, 'x' DISTINCT FROM users

INSERT INTO archive (id, amount) SELECT id + 50, CASE WHEN age IS DISTINCT FROM 1 THEN 1 END FROM users
