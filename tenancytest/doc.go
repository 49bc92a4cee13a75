// Package tenancytest tests programs that use package tenancy, and the package
// itself: a throw-away PostgreSQL, a conformance suite for your models,
// and one for adapters of web frameworks.
//
// # A database
//
// [Postgres] gives a test an empty database and two roles: the owner, who
// migrates, and the application, who owns nothing.
//
//	database := tenancytest.Postgres(t)
//	db, err := gorm.Open(postgres.Open(database.DSN))
//
// [NewDatabase] is the same for a program that has no test.
//
// [Citus] gives it one on a Citus cluster, and skips the test if there is none;
// [OneShard] fails a test whose tenants leave their shards.
//
//	db, err := gorm.Open(postgres.Open(tenancytest.Citus(t).OwnerDSN))
//	…
//	tenancytest.OneShard(t, db)
//
// # The conformance suite
//
// [Run] takes a handle with the plugin and the models, and tries what GORM can
// do with them: some hundred operations for each model and each relation.
//
//	func TestTenancy(t *testing.T) {
//		tenancytest.Run(t, db, &User{}, &Order{})
//	}
//
// It fills the tables with the rows of two tenants. Where the keys contain the
// tenant, the two have the same ids and the same unique values, and differ in
// what these rows say and refer to, so that a row which is mistaken for another
// tenant's shows.
//
// Each operation then runs twice, in transactions that are rolled back: as the
// first tenant, through the plugin, and in an oracle, a second database that
// holds the first tenant alone and is driven by GORM without the plugin. The two
// must agree in rows, counts, affected rows, errors, the values that GORM writes
// back, and in what the tables hold afterwards. The second tenant's rows must be
// unchanged. An operation that does not pass is a [Leak], [Wrong], or [Refused].
//
// After that the operations run without a tenant: nothing may be read or written.
// They run for a set of tenants and in a bypass: they must do what they would do in
// one database for each tenant, and no more. Those that read also run as the other
// tenant.
//
// Operations that name the other tenant must fail with
// tenancy.ErrTenantMismatch or tenancy.ErrTenantImmutable before anything is
// written. Text that holds queries of its own, and raw SQL, may be refused; when
// it is not, it must be scoped. [Suite.AnswersText] says that it is scoped, and
// then it must be answered like everything else.
//
// [Suite] has the options: your own oracle, rows that a check constraint
// requires to be different, operations to leave out.
//
// # One table enforced, the others observed
//
// [Suite.Observe] tries the same operations, and random chains, as they run on the way
// from tenancy.Observe to tenancy.Enforce: each table of a tenant in turn is the only
// one that is enforced, on handles that the suite opens beside the one under test.
//
//	tenancytest.Suite{
//		DB: db, Models: []any{&User{}, &Order{}},
//		Observe: &tenancytest.Observed{Config: config, Sample: 100},
//	}.Run(t)
//
// Which oracle an operation has depends on the tables that its statements name:
//
//   - Not the enforced one: GORM without the plugin, on the same tables. Answer,
//     effects and statements must be the same, and what enforcing would change must
//     have been reported. Text that the plugin does not understand may be refused.
//   - The enforced one, each statement, whatever else it names: such a statement is
//     enforced as a whole, and what is compared is what [Run] compares.
//   - Some this table alone, others not: GORM without the plugin, on tables of which
//     this one holds the tenant's rows alone.
//   - Anything else has no oracle that is independent of the plugin, other than the
//     rule that holds for all of them: it runs a second time when the other tenant's
//     rows are removed from the enforced table, and they must have made no difference
//     to what is answered, counted, written or refused. If they do, it is a [Leak].
//
// Without a tenant, what names the enforced table must fail. The other tenant's rows
// in observed tables are read and changed as without the plugin: that is no finding.
//
// # Tables of other kinds
//
// Private, linked, mixed and free tables are tried by the same operations, and by some
// of their own, as the plugin's configuration declares them. The oracle of a tenant
// holds:
//
//   - of a mixed table the tenant's rows and those for everybody, which it keeps as they
//     are, whatever is written;
//   - of a linked table the rows that the tenant's own rows link to, while rows of the
//     other tables name others as well, which only the other tenant is linked with, or
//     nobody;
//   - all rows of shared, free and private tables. What a tenant reads of a private
//     table must be refused with tenancy.ErrPrivate, and what it writes to one, or to a
//     linked table that is not writable, must leave it as it was.
//
// The keys of mixed and linked tables hold for all tenants, so that sets and bypasses
// are compared with a database that holds all of their rows. Free tables are tried
// without a scope, too. The suite does not follow an operation that shows or hides
// linked rows and goes on with them. [Suite.Observe] leaves out private, linked and free
// tables.
//
// [Suite.Sample] draws some operations of each model, for a test that runs often.
//
// # Random chains and texts
//
// [Suite.Fixture] fills the database for single operations, to be driven by a
// property-testing library or a fuzzer: [Fixture.Chain] compares a random chain
// with the oracle, [Fixture.Text] puts text where GORM takes it and looks for
// anything of the other tenant.
//
//	fixture := tenancytest.Suite{DB: db, Models: models}.Fixture(t)
//	rapid.Check(t, func(t *rapid.T) {
//		err := fixture.Chain(func(n int) int { return rapid.IntRange(0, n-1).Draw(t, "choice") })
//		if err != nil {
//			t.Fatal(err)
//		}
//	})
//
// # Web frameworks
//
// [RunAdapter] checks that an adapter of package middleware gives each request its
// own tenant, and leaves none in what the framework uses again.
//
// # What it cannot tell
//
// A relation to the other tenant's row that the database would accept, because
// its foreign keys do not contain the tenant, is outside of what any statement
// shows. What an error of the database quotes is row-level security's business.
// And the suite knows the operations that it knows: a plugin of one's own that
// writes statements itself needs tests of its own.
package tenancytest
