-- find, one tenant
SELECT * FROM "tags" WHERE "tags"."tenant_id" = 'aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa'
-- find with or, one tenant
SELECT * FROM "users" WHERE "users"."tenant_id" = 'aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa' AND ((name = 'x' OR name = 'y') AND "users"."deleted_at" IS NULL)
-- first by id, one tenant
SELECT * FROM "users" WHERE "users"."tenant_id" = 'aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa' AND ("users"."id" = 1 AND "users"."deleted_at" IS NULL) ORDER BY "users"."id" LIMIT 1
  -- record not found
-- count, one tenant
SELECT count(*) FROM "tags" WHERE "tags"."tenant_id" = 'aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa'
-- group, one tenant
SELECT user_id, sum(amount) FROM "orders" WHERE "orders"."tenant_id" = 'aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa' GROUP BY "user_id" HAVING sum(amount) > 1
-- table with alias, one tenant
SELECT * FROM orders AS o WHERE o."tenant_id" = 'aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa' AND (o.amount > 1)
-- two tables, one tenant
SELECT count(*) FROM users u, orders o WHERE u."tenant_id" = 'aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa' AND o."tenant_id" = 'aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa' AND (o.user_id = u.id)
-- smaller struct, one tenant
SELECT "orders"."amount" FROM "orders" WHERE "orders"."tenant_id" = 'aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa'
-- relation join, one tenant
SELECT users.id,"Company"."tenant_id" AS "Company__tenant_id","Company"."id" AS "Company__id","Company"."name" AS "Company__name" FROM "users" LEFT JOIN "companies" "Company" ON "Company"."tenant_id" = "users"."tenant_id" AND ("users"."company_id" = "Company"."id") WHERE "users"."tenant_id" = 'aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa' AND ("users"."deleted_at" IS NULL)
-- nested join, one tenant
SELECT users.id,"Manager"."tenant_id" AS "Manager__tenant_id","Manager"."id" AS "Manager__id","Manager"."created_at" AS "Manager__created_at","Manager"."updated_at" AS "Manager__updated_at","Manager"."deleted_at" AS "Manager__deleted_at","Manager"."name" AS "Manager__name","Manager"."age" AS "Manager__age","Manager"."company_id" AS "Manager__company_id","Manager"."manager_id" AS "Manager__manager_id","Manager"."country_code" AS "Manager__country_code","Manager__Company"."tenant_id" AS "Manager__Company__tenant_id","Manager__Company"."id" AS "Manager__Company__id","Manager__Company"."name" AS "Manager__Company__name" FROM "users" INNER JOIN "users" "Manager" ON "Manager"."tenant_id" = "users"."tenant_id" AND ("users"."manager_id" = "Manager"."id" AND "Manager"."deleted_at" IS NULL) LEFT JOIN "companies" "Manager__Company" ON "Manager__Company"."tenant_id" = "users"."tenant_id" AND ("Manager"."company_id" = "Manager__Company"."id" AND (1=1 or 2=2)) WHERE "users"."tenant_id" = 'aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa' AND ("users"."deleted_at" IS NULL)
-- text join, one tenant
SELECT users.id FROM "users" LEFT JOIN orders o ON o."tenant_id" = "users"."tenant_id" AND (o.user_id = users.id AND o.amount > 1) WHERE "users"."tenant_id" = 'aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa' AND ("users"."deleted_at" IS NULL)
-- right join, one tenant
SELECT o.id FROM (orders o JOIN (SELECT) AS tenancy_0 ON o."tenant_id" = 'aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa') RIGHT JOIN (users u JOIN (SELECT) AS tenancy_1 ON u."tenant_id" = 'aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa') ON o.user_id = u.id AND u.age > 1
-- subquery, one tenant
SELECT * FROM "users" WHERE "users"."tenant_id" = 'aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa' AND (id IN (SELECT "user_id" FROM "orders" WHERE "orders"."tenant_id" = 'aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa' AND (amount > 1 or 1=1)) AND "users"."deleted_at" IS NULL)
-- from subquery, one tenant
SELECT count(*) FROM (SELECT "name" FROM "users" WHERE "users"."tenant_id" = 'aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa' AND ("users"."deleted_at" IS NULL)) AS u WHERE u.name = 'x'
-- preload, one tenant
SELECT * FROM "users" WHERE "users"."tenant_id" = 'aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa' AND ("users"."deleted_at" IS NULL)
-- association find, one tenant
SELECT "tags"."tenant_id","tags"."id","tags"."name" FROM "tags" JOIN "user_tags" ON "user_tags"."tenant_id" = "tags"."tenant_id" AND ("user_tags"."tag_id" = "tags"."id" AND "user_tags"."user_id" = 1) WHERE "tags"."tenant_id" = 'aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa'
-- create map, one tenant
INSERT INTO "tags" ("name","tenant_id") VALUES ('x','aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa') RETURNING "id"
-- upsert, one tenant
INSERT INTO "tags" ("tenant_id","name","id") VALUES ('aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa','x',1) ON CONFLICT ("tenant_id","id") DO UPDATE SET "name"="excluded"."name" RETURNING "id"
-- update, one tenant
UPDATE "tags" SET "name"='x' WHERE "tags"."tenant_id" = 'aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa' AND (id = 1)
-- update all columns, one tenant
UPDATE "tags" SET "name"='' WHERE "tags"."tenant_id" = 'aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa' AND (1=1 AND "id" = 1)
-- global update, one tenant
UPDATE "tags" SET "name"='x' WHERE "tags"."tenant_id" = 'aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa'
-- soft delete, one tenant
UPDATE "users" SET "deleted_at"='now' WHERE "users"."tenant_id" = 'aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa' AND ("users"."id" = 1 AND "users"."deleted_at" IS NULL)
-- delete, one tenant
DELETE FROM "tags" WHERE "tags"."tenant_id" = 'aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa' AND ("tags"."id" IN (1,2))
-- find, a set
SELECT * FROM "tags" WHERE "tags"."tenant_id" IN ('aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa','bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb')
-- find with or, a set
SELECT * FROM "users" WHERE "users"."tenant_id" IN ('aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa','bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb') AND ((name = 'x' OR name = 'y') AND "users"."deleted_at" IS NULL)
-- first by id, a set
SELECT * FROM "users" WHERE "users"."tenant_id" IN ('aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa','bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb') AND ("users"."id" = 1 AND "users"."deleted_at" IS NULL) ORDER BY "users"."id" LIMIT 1
  -- record not found
-- count, a set
SELECT count(*) FROM "tags" WHERE "tags"."tenant_id" IN ('aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa','bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb')
-- group, a set
SELECT user_id, sum(amount) FROM "orders" WHERE "orders"."tenant_id" IN ('aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa','bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb') GROUP BY "user_id" HAVING sum(amount) > 1
-- table with alias, a set
SELECT * FROM orders AS o WHERE o."tenant_id" IN ('aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa','bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb') AND (o.amount > 1)
-- two tables, a set
SELECT count(*) FROM users u, orders o WHERE u."tenant_id" IN ('aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa','bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb') AND o."tenant_id" = u."tenant_id" AND (o.user_id = u.id)
-- smaller struct, a set
SELECT "orders"."amount" FROM "orders" WHERE "orders"."tenant_id" IN ('aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa','bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb')
-- relation join, a set
SELECT users.id,"Company"."tenant_id" AS "Company__tenant_id","Company"."id" AS "Company__id","Company"."name" AS "Company__name" FROM "users" LEFT JOIN "companies" "Company" ON "Company"."tenant_id" = "users"."tenant_id" AND ("users"."company_id" = "Company"."id") WHERE "users"."tenant_id" IN ('aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa','bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb') AND ("users"."deleted_at" IS NULL)
-- nested join, a set
SELECT users.id,"Manager"."tenant_id" AS "Manager__tenant_id","Manager"."id" AS "Manager__id","Manager"."created_at" AS "Manager__created_at","Manager"."updated_at" AS "Manager__updated_at","Manager"."deleted_at" AS "Manager__deleted_at","Manager"."name" AS "Manager__name","Manager"."age" AS "Manager__age","Manager"."company_id" AS "Manager__company_id","Manager"."manager_id" AS "Manager__manager_id","Manager"."country_code" AS "Manager__country_code","Manager__Company"."tenant_id" AS "Manager__Company__tenant_id","Manager__Company"."id" AS "Manager__Company__id","Manager__Company"."name" AS "Manager__Company__name" FROM "users" INNER JOIN "users" "Manager" ON "Manager"."tenant_id" = "users"."tenant_id" AND ("users"."manager_id" = "Manager"."id" AND "Manager"."deleted_at" IS NULL) LEFT JOIN "companies" "Manager__Company" ON "Manager__Company"."tenant_id" = "users"."tenant_id" AND ("Manager"."company_id" = "Manager__Company"."id" AND (1=1 or 2=2)) WHERE "users"."tenant_id" IN ('aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa','bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb') AND ("users"."deleted_at" IS NULL)
-- text join, a set
SELECT users.id FROM "users" LEFT JOIN orders o ON o."tenant_id" = "users"."tenant_id" AND (o.user_id = users.id AND o.amount > 1) WHERE "users"."tenant_id" IN ('aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa','bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb') AND ("users"."deleted_at" IS NULL)
-- right join, a set
SELECT o.id FROM (orders o JOIN (SELECT) AS tenancy_0 ON o."tenant_id" IN ('aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa','bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb')) RIGHT JOIN (users u JOIN (SELECT) AS tenancy_1 ON u."tenant_id" IN ('aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa','bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb')) ON u."tenant_id" = o."tenant_id" AND (o.user_id = u.id AND u.age > 1)
-- subquery, a set
SELECT * FROM "users" WHERE "users"."tenant_id" IN ('aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa','bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb') AND (id IN (SELECT "user_id" FROM "orders" WHERE "orders"."tenant_id" = "users"."tenant_id" AND (amount > 1 or 1=1)) AND "users"."deleted_at" IS NULL)
-- from subquery, a set
SELECT count(*) FROM (SELECT "name" FROM "users" WHERE "users"."tenant_id" IN ('aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa','bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb') AND ("users"."deleted_at" IS NULL)) AS u WHERE u.name = 'x'
-- preload, a set
SELECT * FROM "users" WHERE "users"."tenant_id" IN ('aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa','bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb') AND ("users"."deleted_at" IS NULL)
-- association find, a set

-- create map, a set
INSERT INTO "tags"  RETURNING "id"
  -- tenancy: tenant does not match the scope (create on tags): under a set or a bypass a create must name its row's tenant
-- upsert, a set
INSERT INTO "tags"  ON CONFLICT ("tenant_id","id") DO UPDATE SET "name"="excluded"."name" RETURNING "id"
  -- tenancy: tenant does not match the scope (create on tags): under a set or a bypass a create must name its row's tenant
-- update, a set
UPDATE "tags" SET "name"='x' WHERE "tags"."tenant_id" IN ('aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa','bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb') AND (id = 1)
-- update all columns, a set

-- global update, a set
UPDATE "tags" SET "name"='x' WHERE "tags"."tenant_id" IN ('aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa','bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb')
-- soft delete, a set
UPDATE "users" SET "deleted_at"='now' WHERE "users"."tenant_id" IN ('aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa','bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb') AND ("users"."id" = 1 AND "users"."deleted_at" IS NULL)
-- delete, a set
DELETE FROM "tags" WHERE "tags"."tenant_id" IN ('aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa','bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb') AND ("tags"."id" IN (1,2))
-- find, bypass
SELECT * FROM "tags"
-- find with or, bypass
SELECT * FROM "users" WHERE (name = 'x' OR name = 'y') AND "users"."deleted_at" IS NULL
-- first by id, bypass
SELECT * FROM "users" WHERE "users"."id" = 1 AND "users"."deleted_at" IS NULL ORDER BY "users"."id" LIMIT 1
  -- record not found
-- count, bypass
SELECT count(*) FROM "tags"
-- group, bypass
SELECT user_id, sum(amount) FROM "orders" GROUP BY "user_id" HAVING sum(amount) > 1
-- table with alias, bypass
SELECT * FROM orders AS o WHERE o.amount > 1
-- two tables, bypass
SELECT count(*) FROM users u, orders o WHERE o."tenant_id" = u."tenant_id" AND (o.user_id = u.id)
-- smaller struct, bypass
SELECT "orders"."amount" FROM "orders"
-- relation join, bypass
SELECT users.id,"Company"."tenant_id" AS "Company__tenant_id","Company"."id" AS "Company__id","Company"."name" AS "Company__name" FROM "users" LEFT JOIN "companies" "Company" ON "Company"."tenant_id" = "users"."tenant_id" AND ("users"."company_id" = "Company"."id") WHERE "users"."deleted_at" IS NULL
-- nested join, bypass
SELECT users.id,"Manager"."tenant_id" AS "Manager__tenant_id","Manager"."id" AS "Manager__id","Manager"."created_at" AS "Manager__created_at","Manager"."updated_at" AS "Manager__updated_at","Manager"."deleted_at" AS "Manager__deleted_at","Manager"."name" AS "Manager__name","Manager"."age" AS "Manager__age","Manager"."company_id" AS "Manager__company_id","Manager"."manager_id" AS "Manager__manager_id","Manager"."country_code" AS "Manager__country_code","Manager__Company"."tenant_id" AS "Manager__Company__tenant_id","Manager__Company"."id" AS "Manager__Company__id","Manager__Company"."name" AS "Manager__Company__name" FROM "users" INNER JOIN "users" "Manager" ON "Manager"."tenant_id" = "users"."tenant_id" AND ("users"."manager_id" = "Manager"."id" AND "Manager"."deleted_at" IS NULL) LEFT JOIN "companies" "Manager__Company" ON "Manager__Company"."tenant_id" = "users"."tenant_id" AND ("Manager"."company_id" = "Manager__Company"."id" AND (1=1 or 2=2)) WHERE "users"."deleted_at" IS NULL
-- text join, bypass
SELECT users.id FROM "users" LEFT JOIN orders o ON o."tenant_id" = "users"."tenant_id" AND (o.user_id = users.id AND o.amount > 1) WHERE "users"."deleted_at" IS NULL
-- right join, bypass
SELECT o.id FROM orders o RIGHT JOIN users u ON u."tenant_id" = o."tenant_id" AND (o.user_id = u.id AND u.age > 1)
-- subquery, bypass
SELECT * FROM "users" WHERE id IN (SELECT "user_id" FROM "orders" WHERE "orders"."tenant_id" = "users"."tenant_id" AND (amount > 1 or 1=1)) AND "users"."deleted_at" IS NULL
-- from subquery, bypass
SELECT count(*) FROM (SELECT "name" FROM "users" WHERE "users"."deleted_at" IS NULL) AS u WHERE u.name = 'x'
-- preload, bypass
SELECT * FROM "users" WHERE "users"."deleted_at" IS NULL
-- association find, bypass

-- create map, bypass
INSERT INTO "tags"  RETURNING "id"
  -- tenancy: tenant does not match the scope (create on tags): under a set or a bypass a create must name its row's tenant
-- upsert, bypass
INSERT INTO "tags"  ON CONFLICT ("tenant_id","id") DO UPDATE SET "name"="excluded"."name" RETURNING "id"
  -- tenancy: tenant does not match the scope (create on tags): under a set or a bypass a create must name its row's tenant
-- update, bypass
UPDATE "tags" SET "name"='x' WHERE id = 1
-- update all columns, bypass

-- global update, bypass
UPDATE "tags" SET "name"='x'
-- soft delete, bypass
UPDATE "users" SET "deleted_at"='now' WHERE "users"."id" = 1 AND "users"."deleted_at" IS NULL
-- delete, bypass
DELETE FROM "tags" WHERE "tags"."id" IN (1,2)
