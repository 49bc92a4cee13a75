SELECT "id" FROM "users" ORDER BY 1

SELECT ID FROM USERS ORDER BY 1

SELECT id FROM U&"\0075sers" ORDER BY 1

SELECT id FROM U&"d!0061ta" UESCAPE '!' ORDER BY 1

SELECT "u w".id FROM users AS "u w" WHERE "u w".age > 1 OR true ORDER BY 1

SELECT "u""q".id FROM users "u""q" LEFT JOIN orders "select" ON "select".user_id = "u""q".id ORDER BY 1

SELECT * FROM "Odd Table" ORDER BY "Id"

SELECT o."select", u.name FROM "Odd Table" o LEFT JOIN users u ON u.id = o."Id" ORDER BY 1

SELECT u.name, o."select" FROM users u LEFT JOIN U&"Odd \0054able" AS o ON u.id = o."Id" ORDER BY 1

SELECT u.name, "Odd Table"."select" FROM users u FULL JOIN "Odd Table" ON u.id = "Odd Table"."Id" ORDER BY 1, 2

SELECT users.name, orders.amount FROM orders users JOIN users orders ON orders.id = users.user_id

SELECT users.amount, orders.name FROM orders users JOIN users orders ON orders.id = users.user_id ORDER BY 1

SELECT übung.id FROM users übung WHERE übung.name <> 'ü' OR true ORDER BY 1

SELECT u.id, 'ünïcödé' AS x FROM users u LEFT JOIN orders ö ON ö.user_id = u.id ORDER BY 1

SELECT count(*) FROM public . users

SELECT count(*) FROM public."users" AS users

SELECT b.id FROM app."bills" AS b ORDER BY 1

SELECT b.id FROM U&"app".U&"b!0069lls" UESCAPE '!' AS b ORDER BY 1

SELECT tenant_id IS NULL FROM users ORDER BY 1

SELECT "tenant_id" = users."tenant_id" FROM users ORDER BY 1

SELECT rows FROM (users u JOIN (SELECT 1 AS rows) r ON true) ORDER BY 1

SELECT filter.id FROM users filter JOIN orders over ON over.user_id = filter.id ORDER BY 1

SELECT conflict.id FROM users conflict JOIN orders nothing ON conflict.id = nothing.user_id ORDER BY 1

INSERT INTO archive (id, what) SELECT conflict.id, 'k' FROM users conflict JOIN orders o ON conflict.id = o.id ON CONFLICT DO NOTHING

SELECT u."where" FROM (SELECT id AS "where" FROM users) u WHERE u."where" > 0 OR u.where > 0 ORDER BY 1

SELECT x.from FROM (SELECT id AS from FROM users) x WHERE x.from = 1 OR true ORDER BY x.from

SELECT 1 AS where, u.id FROM users u ORDER BY 2

SELECT u.id rows FROM users u ORDER BY 1

SELECT id "on" FROM users JOIN (SELECT 1 AS "using") z ON z."using" = 1 ORDER BY 1

SELECT 1 AS as FROM users

SELECT 1 AS as, x.as FROM users JOIN (SELECT 5 AS as) x ON x.as > 1 WHERE x.as = 5 OR true
