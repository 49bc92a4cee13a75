-- no statement: none

-- no statement: a comment
-- nothing here
-- no statement: several
SELECT 1; SELECT 2
-- no statement: several, the second hidden
SELECT * FROM users WHERE tenant_id = $1; DELETE FROM users
-- yes: a semicolon at the end
SELECT * FROM users WHERE tenant_id = $1;
-- no statement: not SQL
SELEC * FROM users
-- no statement: a quote is missing
SELECT 'a
-- no statement: placeholders of another dialect
SELECT * FROM users WHERE tenant_id = ?
-- no statement: COPY
COPY users TO STDOUT
-- no statement: COPY of a query
COPY (SELECT * FROM users WHERE tenant_id = 'aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa') TO STDOUT
-- no statement: TRUNCATE
TRUNCATE users
-- no statement: LOCK
LOCK TABLE users
-- no statement: DO
DO $$ BEGIN DELETE FROM users; END $$
-- no statement: CALL
CALL p()
-- no statement: CREATE
CREATE TABLE x (a int)
-- no statement: CREATE TABLE AS
CREATE TABLE x AS SELECT * FROM users WHERE tenant_id = $1
-- no statement: a view
CREATE VIEW v AS SELECT * FROM users
-- no statement: a function
CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'
-- no statement: ALTER
ALTER TABLE users DROP COLUMN tenant_id
-- no statement: DROP
DROP TABLE users
-- no statement: GRANT
GRANT ALL ON users TO public
-- no statement: a policy
ALTER TABLE users DISABLE ROW LEVEL SECURITY
-- no statement: SET
SET search_path = other
-- no statement: SET LOCAL
SET LOCAL app.tenant_id = 'x'
-- no statement: SHOW
SHOW search_path
-- no statement: RESET
RESET ALL
-- no statement: DISCARD
DISCARD ALL
-- no statement: BEGIN
BEGIN
-- no statement: COMMIT
COMMIT
-- no statement: PREPARE TRANSACTION
PREPARE TRANSACTION 'a'
-- no statement: a cursor
DECLARE c CURSOR FOR SELECT * FROM users WHERE tenant_id = $1
-- no statement: FETCH
FETCH ALL FROM c
-- no statement: CLOSE
CLOSE c
-- no statement: PREPARE
PREPARE p AS SELECT * FROM users
-- no statement: EXECUTE
EXECUTE p
-- no statement: DEALLOCATE
DEALLOCATE p
-- no statement: EXPLAIN
EXPLAIN SELECT * FROM users WHERE tenant_id = $1
-- no statement: EXPLAIN ANALYZE
EXPLAIN ANALYZE DELETE FROM users
-- no statement: LISTEN
LISTEN c
-- no statement: NOTIFY
NOTIFY c, 'x'
-- no statement: VACUUM
VACUUM users
-- no statement: ANALYZE
ANALYZE users
-- no statement: CLUSTER
CLUSTER users
-- no statement: REINDEX
REINDEX TABLE users
-- no statement: REFRESH
REFRESH MATERIALIZED VIEW v
-- no statement: COMMENT
COMMENT ON TABLE users IS 'x'
-- no statement: constraints
SET CONSTRAINTS ALL DEFERRED
-- no statement: IMPORT
IMPORT FOREIGN SCHEMA x FROM SERVER s INTO y
-- no statement: LOAD
LOAD 'x'
-- no statement: CHECKPOINT
CHECKPOINT
-- no statement: two-phase commit
PREPARE TRANSACTION 'x'
