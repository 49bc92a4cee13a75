SELECT * FROM people

SELECT p.name FROM people p WHERE p.id > 1 OR true

SELECT count(*) FROM people

TABLE people

SELECT * FROM public.people

SELECT * FROM ONLY people

SELECT p.name, l.label FROM people p JOIN labels l ON l.user_id = p.id

SELECT p.name, u.name FROM people p LEFT JOIN users u ON u.id = p.id

SELECT p.name, u.name FROM users u LEFT JOIN people p ON u.id = p.id AND true OR p.id = 50

SELECT p.name, u.name FROM users u RIGHT JOIN people p ON u.id = p.id

SELECT p.name, u.name FROM users u FULL JOIN people p ON u.id = p.id

SELECT name FROM users WHERE id IN (SELECT id FROM people)

SELECT name FROM users u WHERE EXISTS (SELECT 1 FROM people p WHERE p.id = u.id OR p.id > 10)

SELECT (SELECT max(id) FROM people)

WITH p AS (SELECT * FROM people) SELECT * FROM p

SELECT * FROM people UNION ALL SELECT id, name FROM people

SELECT x.id FROM people AS x (id, called)

UPDATE people SET name = 'x'

UPDATE people p SET name = p.name || u.name FROM users u WHERE u.id = p.id OR p.id > 10

DELETE FROM people WHERE id > 1 OR id = 9

DELETE FROM people p USING users u WHERE p.id = 50 OR u.id = p.id RETURNING p.name

INSERT INTO people (id, name) VALUES (70, 'new') RETURNING id

INSERT INTO data (id) SELECT id + 100 FROM people
