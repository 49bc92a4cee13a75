/*
Package sqlguard scopes SQL text to the tenants of its context: Raw and Exec.

	db.Use(tenancy.New(tenancy.Config{RawSQL: sqlguard.New(sqlguard.Options{})}))

	db.WithContext(ctx).Raw("SELECT name FROM users WHERE age > ? OR name = ?", 30, "Ann").Scan(&names)
	// SELECT name FROM users WHERE "users"."tenant_id" = $3 AND (age > $1 OR name = $2)

PostgreSQL's own parser reads the text. Each reference to a tenant's table, at any
depth, gets one predicate. The rest of the text stays as it is, with its comments and
hints. The tenant's id is a bound value after the author's values. Package verify, which
shares no code with this one, then checks the result. What it is not certain of is
refused.

# Where the predicate stands

The predicate stands

  - in WHERE, before the author's condition, which becomes one group;
  - in ON, for the side of an outer join that may be null;
  - around the table, as (orders o JOIN (SELECT) AS … ON …): beside FULL JOIN, beside
    outer joins with USING or NATURAL, and within a join that has an alias. Where an alias
    renames the columns it becomes a query, which has no system columns, no row type and
    no key for GROUP BY.

An INSERT gets the tenant column and its value in each row, and DO UPDATE gets the
predicate in its WHERE.

If the text already says column = $n, as an operand of AND, with the tenant's id as the
value, no second predicate is added. With another tenant's id the statement finds
nothing. If an INSERT names a tenant, it must be the scope's: in a placeholder, a
constant, or the tenant column of a row that it reads.

The target of ON CONFLICT gets the tenant column if the table has a unique index of that
column and what the target names, including expressions and conditions. If the key may
hold across tenants, DO UPDATE on another tenant's row fails the statement with
tenancy.ErrCrossTenantConflict, and DO NOTHING does nothing.

A query that groups by a table's key also groups by the tenant column, which the key
begins with in the database. Grouping sets stay as they are.

# Statements

A statement that is not listed is refused. After the colon is what to write instead.

	statement                        rule
	SELECT, VALUES, TABLE            scoped: joins, subqueries, LATERAL, WITH (RECURSIVE), set operations,
	                                 grouping, windows, FOR UPDATE, TABLESAMPLE
	INSERT                           scoped: VALUES, SELECT, DEFAULT VALUES, ON CONFLICT; with a list of columns
	UPDATE, DELETE                   scoped: FROM and USING, RETURNING; the tenant column is never in SET
	data-modifying WITH              scoped as the statements in it
	SAVEPOINT, RELEASE, ROLLBACK TO  sent as they are
	other transaction control        refused: db.Transaction, db.Begin
	several statements, none         refused: one by one
	MERGE                            refused: INSERT … ON CONFLICT, or UPDATE and INSERT
	SELECT INTO, CREATE TABLE AS     refused: INSERT … SELECT
	WHERE CURRENT OF, DECLARE,       refused: db.Rows, or paging by a key
	FETCH, MOVE, CLOSE
	COPY                             refused: SELECT, INSERT
	TRUNCATE                         refused: DELETE
	LOCK                             refused: SELECT … FOR UPDATE
	DO, CALL                         refused: their code is not seen; its statements, or tenancy.Trust
	EXPLAIN                          refused: it shows estimates over all tenants' rows; tenancy.Bypass
	PREPARE, EXECUTE, DEALLOCATE     refused: gorm.Config.PrepareStmt
	SET, RESET, SHOW, DISCARD, LOAD, refused: they are the session's or the server's; tenancy.Bypass
	ALTER SYSTEM, SET CONSTRAINTS
	LISTEN, NOTIFY, UNLISTEN         refused: channels belong to no tenant; tenancy.Bypass
	VACUUM, ANALYZE, CLUSTER,        refused: they maintain all tenants' tables; tenancy.Bypass
	REINDEX, CHECKPOINT, REFRESH
	CREATE, ALTER, DROP, GRANT and   refused: the migrator, or tenancy.Bypass
	all other definitions

# Within a statement

	construct                                 rule
	a tenant's table                          scoped
	a shared table                            read; written if it is Writable, else tenancy.ErrSharedReadOnly
	another table or view                     tenancy.ErrUndeclared, or read under Config.AllowUndeclared
	the catalogue                             tenancy.ErrUndeclared
	a function                                PostgreSQL's and well-known extensions' that touch no table, no session
	                                          and no file; others are listed in Options.Functions
	(value).name, and alias.name where the    as a function of that name, which PostgreSQL calls when there is no
	alias is a function's in FROM             such column
	the types regclass, regproc and their     refused: they look names up; regconfig and regdictionary pass
	like
	SET tenant column                         tenancy.ErrTenantImmutable
	INSERT of another tenant's id             tenancy.ErrTenantMismatch
	INSERT without a list of columns          refused, unless it is DEFAULT VALUES
	a * in VALUES beside the tenant column    refused: it hides which value that gets
	a placeholder without a value             refused: it would be given the tenant's
	a chain of more than 500 operators,       refused: its tree would exhaust the parser's stack
	joins or set operations, or such nesting

# Sets of tenants

Under tenancy.WithSet the first table of a query level may have rows of any tenant of the
set. The tables that are joined to it have that row's tenant, and so have the tables of
subqueries in its expressions and of LATERAL ones. So a row never meets another tenant's
row. An INSERT must name its tenant, one of the set.

What cannot be matched is refused: queries in FROM and names of WITH beside another
source of tenants' rows, FULL JOIN and other places where the predicate stands around the
table, several subqueries without a table to match, and an inner table with the outer
one's name.

A subquery that is matched must qualify a column of the row around it. Otherwise it must
be plain (no LIMIT, OFFSET, aggregate, DISTINCT ON, window, group, lock or set operation)
and compared by IN, = or <>. Anything else is refused, because matching would change its
meaning.

A subquery that reads one table runs once for the whole set, and is not matched, in two
cases. Its rows are compared by their tenant, too, as in (tenant_id, id) IN (SELECT
tenant_id, id … LIMIT 1). Or it names its tenants, tenant_id IN ($1, $2), and is an
aggregate or stands in EXISTS.
*/
package sqlguard
