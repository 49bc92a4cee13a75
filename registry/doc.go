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

[Models] lists them, for tenancy.AutoMigrate and tenancy.Config.Models. The table
of tenants is the root; it may be the application's own, see [Account]. Domains,
members and invitations are tenants' rows like any other: read them with a handle
that is scoped to the tenant, and change them by the registry.

What must be unique among all tenants, slugs and verified domains, is in a table of
its own, tenant_names, whose key is global. Only that table and the list of
tenants are read across tenants, by a handle that the package keeps to itself.
Ids are UUIDs; users are whatever text the application has for them.

# Names

A slug is a label of a domain's name, see [NormalizeSlug], and a domain is kept in
one spelling, see [NormalizeHost]. A claim of a domain resolves to nobody and keeps
nobody from claiming the same, until its challenge was found:

	claim, err := reg.AddDomain(ctx, acme.ID, "www.acme.org")
	if err != nil {
		return err
	}
	fmt.Println("put a TXT record at", registry.ChallengeLabel+"."+claim.Host, "with", claim.Challenge)
	_, err = reg.VerifyDomain(ctx, acme.ID, claim.Host, registry.CheckDNS(resolver))

A slug or a domain that is given up, by [Registry.Rename],
[Registry.RemoveDomain] or [Registry.Delete], cannot be taken by another tenant
for [Config.Hold]: links, bookmarks and DNS records that still lead there lead to
nobody.

# Members

A tenant has one owner, which an index of the database holds. An invitation's token
has 256 random bits, is stored as a hash, expires, and is accepted once. Whoever is
removed loses the invitations that they have made, and those that are still open to
an address from which they have accepted one.

# Operations

Each is one transaction with the [Hook]s before and after it; an error of theirs
undoes it. Of two that collide one wins, and the other gets an error of this
package: that is decided by constraints and locked rows of the database.

# Lookups

[Registry.LookupDomain], [Registry.LookupSlug] and [Registry.LookupID] go through a
cache that is bounded in bytes, with a part of its own for names that lead to
nobody, so that made-up hosts push out no tenant. Who asks for the same at once asks
the database once, at most [Config.MaxLookups] names are read at a time ([ErrBusy]), and
a read ends with the last one who waits for it. An error of the database is no answer
and not kept.

The time that an answer takes may tell whether a tenant exists: package middleware asks
for the membership, one query more, where a tenant was found, and nowhere else.

What this process changes it sees at once. What others change it hears of while
[Registry.Listen] runs; without it, and while its connection is down, an answer is
no older than [Config.BlindTTL].

# Modes

What the package sends is enforced whatever tenancy.Config.Mode and Modes say, see
tenancy.WithEnforcement; so is what hooks and visits send with their context.

# Citus and row-level security

The key of tenant_names holds over all tenants, and so no shard can hold it. On a
Citus cluster the table is a reference table, with all of its rows on each node, and
the others are distributed by their tenant:

	_, err := tenancy.Distribute(ctx, owner, tenancy.DistributeOptions{
		Keys: keys.Options{Shared: []catalog.Name{{Schema: "public", Name: "tenant_names"}}},
		Run:  migration.Options{Apply: true, Passed: []string{distribution.Spread}},
	}, models...)

Below row-level security, on a pool of package rls, lookups and what else goes across
tenants run as its span role, and every change of a tenant as the application's own.
No operation mixes the two in a transaction, which Citus would not let it; nor should
a [Hook]. Without a span role the registry finds nobody (rls.ErrSpan).

# Limits

The tenant column of the package's tables is a UUID. Rows that other code writes
to its tables, past the registry, are seen when [Registry.Forget] was called or
[Config.CacheTTL] is over. Names that look alike in two scripts are two names.
*/
package registry
