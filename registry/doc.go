/*
Package registry keeps the tenants of an application: their states, domains,
members and invitations, on GORM with the tenancy plugin.

	reg, err := registry.New(db, registry.Config{
		Models: []any{&Project{}, &Task{}, &Label{}},
		Bases:  []string{"example.com"},
	})
	if err != nil {
		return nil, err
	}
	go func() {
		if err := reg.Listen(ctx); ctx.Err() == nil {
			log.Printf("changes of other processes are seen %v late: %v", 500*time.Millisecond, err)
		}
	}()

and then

	acme, err := reg.Provision(ctx, registry.NewTenant{
		Slug: "acme", Name: "Acme Ltd", Owner: user,
		Domain: "acme.example.com", DomainVerified: true, // given by the application
	})
	if err != nil {
		return err
	}

# Tables

[Models] lists the tables, for tenancy.AutoMigrate and tenancy.Config.Models. The table
of tenants is the root; it may be the application's own, see [Account]. Domains,
members and invitations are tenants' rows like any other: read them with a handle
that is scoped to the tenant, and change them through the registry.

Slugs and verified domains must be unique among all tenants. They are in a separate
table, tenant_names, whose key is global. Only that table and the list of tenants are
read across tenants, by a handle that the package does not share. Ids are UUIDs; the
ids of users are any text that the application chooses.

# Names

A slug is a label of a domain's name, see [NormalizeSlug], and a domain is kept in
one spelling, see [NormalizeHost]. Until its challenge is found, a claim to a domain
resolves to no tenant, and others may claim the same domain:

	claim, err := reg.AddDomain(ctx, acme.ID, "www.acme.org")
	if err != nil {
		return err
	}
	fmt.Println("put a TXT record at", registry.ChallengeLabel+"."+claim.Host, "with", claim.Challenge)
	_, err = reg.VerifyDomain(ctx, acme.ID, claim.Host, registry.CheckDNS(resolver))

After [Registry.Rename], [Registry.RemoveDomain] or [Registry.Delete] gives up a slug or
a domain, no other tenant can take it for [Config.Hold]. In that time, old links,
bookmarks and DNS records lead to no tenant.

# Members

A tenant has one owner, enforced by an index of the database. An invitation's token has
256 random bits, is stored as a hash, expires, and is accepted once. When a member is
removed, the invitations that they made are revoked. So are the open invitations to
every address from which they accepted one.

# Operations

Each operation is one transaction with the [Hook]s before and after it. An error of a
hook undoes it. If two operations collide, one wins, and the other gets an error of
this package: constraints and locked rows of the database decide.

# Lookups

[Registry.LookupDomain], [Registry.LookupSlug] and [Registry.LookupID] use a cache that
is bounded in bytes. Names of no tenant have a separate part of it, so made-up hosts
push out no tenant. Callers that look up the same name at the same time share one query
of the database. At most [Config.MaxLookups] names are read at a time ([ErrBusy]). A read
ends when its last waiting caller has left. An error of the database is not an answer,
and not cached.

The time of an answer may tell whether a tenant exists: package middleware checks the
membership, with one more query, only if it found a tenant.

A process sees its own changes at once. It sees those of others while [Registry.Listen]
runs. Without it, and while its connection is down, an answer is at most
[Config.BlindTTL] old.

# Modes

Everything that the package sends is enforced, whatever tenancy.Config.Mode and Modes
say; see tenancy.WithEnforcement. So is what hooks and visits send with their context.

# Citus and row-level security

The key of tenant_names does not contain the tenant, so no shard can hold it. On a Citus
cluster the table is a reference table, with all of its rows on each node. The other
tables are distributed by their tenant:

	_, err := tenancy.Distribute(ctx, owner, tenancy.DistributeOptions{
		Keys: keys.Options{Shared: []catalog.Name{{Schema: "public", Name: "tenant_names"}}},
		Run:  migration.Options{Apply: true, Passed: []string{distribution.Spread}},
	}, models...)

With row-level security, on a pool of package rls, lookups and other work across tenants
run as its span role, and every change of a tenant as the application's own. No operation
mixes the two in a transaction, because Citus would refuse it; a [Hook] must not either.
Without a span role the registry finds no tenant (rls.ErrSpan).

# Limits

The tenant column of the package's tables is a UUID. If other code writes to the tables,
the registry sees the rows after [Registry.Forget], or after [Config.CacheTTL]. Names that
look alike in two scripts are two names.
*/
package registry
