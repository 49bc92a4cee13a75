/*
Package rls puts PostgreSQL's row-level security below package tenancy: a lock
that holds when a statement goes past GORM, and when nobody thought of it.

Policies are generated from the models, and a pool of this package tells the
database whose each statement is.

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

[Enable] makes the policies and lets them hold, and [Policies.Plan] gives the same
as a plan to be written as SQL or migration files:

	done, err := rls.Enable(ctx, owner, rls.Policies{SpanRole: "shop_span"}, migration.Options{Apply: true}, models...)

Where the models are elsewhere, [TablesOf] makes [Policies].Tables of the analysis that
package keys has of the catalogue.

A tenant's table shows and takes the rows of one tenant:

	CREATE POLICY tenancy ON public.docs FOR ALL TO PUBLIC
		USING (tenant_id = (SELECT nullif(current_setting('app.tenant_id', true), '')::uuid))
		WITH CHECK (…)

Together with the plugin's own predicate PostgreSQL makes one comparison of it,
of the two tenants and before a row is read. Without the plugin the tenant's index
serves it.

# Roles

The application's role owns nothing and has no attributes. What spans tenants
(tenancy.WithSet, tenancy.Bypass) runs as a second role with policies of its own,
which the first may become and does not inherit from:

	CREATE ROLE shop_app LOGIN NOINHERIT;
	CREATE ROLE shop_span NOLOGIN;
	GRANT shop_span TO shop_app;

Both need the same privileges on tables and sequences. Without a span role sets and
bypasses are refused ([ErrSpan]). Migrations run on a pool of their own, as the
tables' owner; where they change rows, the owner needs BYPASSRLS, for the policies
are forced on owners, too.

# How the tenant travels

What sets the tenant goes in front of the statement in the same packet, and lasts
as long as its transaction: no round trip, and nothing of a tenant on a pooled
connection. That is done below pgx, on the wire: pgx itself, its prepared
statements, its types and its errors are what they were. Each statement in a
transaction brings its own scope, so that neither a rollback to a savepoint nor a
statement of another tenant leaves anything behind.

# Citus

[Options].Citus sends what sets the tenant so that it reaches the workers. The span
role needs LOGIN and CONNECT there, for the nodes connect as it, and what has been
written as one role cannot be touched as another in the same transaction: one that
writes as a tenant and then spans tenants fails, or ends as a deadlock with itself
(25001, 40P01). INSERT … SELECT that carries rows through the coordinator is a COPY
there, which policies refuse.

# Limits

A policy goes by a setting, which SQL can change: row-level security is no defence
against SQL that an attacker writes (set_config is not among the functions that the
plugin lets pass). Foreign keys and unique constraints are checked past policies:
one without the tenant column tells whether a value is there. TRUNCATE, sequences,
materialized views, foreign tables and large objects know no policies. A text is
one command, except in a bypass. COPY FROM is refused by PostgreSQL where policies
hold.
*/
package rls
