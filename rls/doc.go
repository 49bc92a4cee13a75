/*
Package rls adds PostgreSQL's row-level security to package tenancy: a second lock,
which also holds for statements that bypass GORM.

It generates policies from the models, and opens pools that tell the database the
tenant of each statement.

	pool, err := rls.Open(dsn, rls.Options{SpanRole: "shop_span"})
	if err != nil {
		return nil, err
	}
	db, err := gorm.Open(postgres.New(postgres.Config{Conn: pool}))
	if err != nil {
		return nil, err
	}
	if err := db.Use(tenancy.New(tenancy.Config{Models: models})); err != nil {
		return nil, err
	}
	policies := rls.Policies{SpanRole: "shop_span"}
	if err := db.Use(rls.New(rls.Config{Policies: policies})); err != nil {
		return nil, err
	}

The last step is a check: the program does not start on a database where
row-level security does not hold.

# Policies

[Enable] makes the policies and enforces them, and [Policies.Plan] gives the same
as a plan to be written as SQL or migration files:

	done, err := rls.Enable(ctx, owner, rls.Policies{SpanRole: "shop_span"}, migration.Options{Apply: true}, models...)

If the program has no models, [TablesOf] turns the analysis of the catalogue by package
keys into [Policies].Tables.

A tenant's table shows and takes the rows of one tenant:

	CREATE POLICY tenancy ON public.docs FOR ALL TO PUBLIC
		USING (tenant_id = (SELECT nullif(current_setting('app.tenant_id', true), '')::uuid))
		WITH CHECK (…)

PostgreSQL combines it with the plugin's own predicate, and compares the two tenants
once, before it reads a row. Without the plugin it uses the tenant's index.

# Roles

The application's role owns nothing and has no attributes. Statements that span tenants
(tenancy.WithSet, tenancy.Bypass) run as a second role, which has separate policies. The
first role may become the second, and does not inherit from it:

	CREATE ROLE shop_app LOGIN NOINHERIT;
	CREATE ROLE shop_span NOLOGIN;
	GRANT shop_span TO shop_app;

Both need the same privileges on tables and sequences. Without a span role sets and
bypasses are refused ([ErrSpan]). Migrations run on a separate pool, as the tables'
owner. If they change rows, the owner needs BYPASSRLS, because the policies are forced
on owners, too.

# How the tenant travels

The command that sets the tenant is put before the statement in the same packet, and
lasts as long as its transaction. So there is no round trip, and nothing of a tenant on
a pooled connection. This happens below pgx, on the wire: pgx itself, its prepared
statements, its types and its errors are unchanged. Each statement in a transaction
brings its own scope, so neither a rollback to a savepoint nor a statement of another
tenant affects the next one.

# Citus

[Options].Citus sends that command in a form that reaches the workers. The span role
needs LOGIN and CONNECT there, because the nodes connect as it. What one role has
written, another role cannot touch in the same transaction: a transaction that writes as
a tenant and then spans tenants fails, or ends as a deadlock with itself (25001, 40P01).
An INSERT … SELECT that carries rows through the coordinator is a COPY there, which
policies refuse.

# Limits

A policy reads a setting, which SQL can change. So row-level security does not stop SQL
that an attacker writes (the plugin does not let set_config pass). Foreign keys and
unique constraints are checked past policies: one without the tenant column tells whether
a value exists. TRUNCATE, sequences, materialized views, foreign tables and large objects
ignore policies. A text is one command, except in a bypass. PostgreSQL refuses COPY FROM
where policies apply.
*/
package rls
