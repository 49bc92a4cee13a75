package suite

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/registry"
)

var ctxRegistry = context.Background()

func newRegistry(t *testing.T, db *gorm.DB, config registry.Config) *registry.Registry {
	t.Helper()
	require.NoError(t, db.Use(tenancy.New(tenancy.Config{})))
	_, err := tenancy.AutoMigrate(db, append(registry.Models(config.Account), &Ticket{})...)
	require.NoError(t, err)
	reg, err := registry.New(db, config)
	require.NoError(t, err)
	return reg
}

// Rows of a tenant keep it from being deleted, whatever the type of the column that
// names it, and however the id is spelled there.
func TestRegistryFindsRowsInAnySpelling(t *testing.T) {
	t.Parallel()
	type column struct{ kind, value string } // SQL; <id> in it is the id
	upper, bare := "upper('<id>')", "replace('<id>', '-', '')"
	text := []column{
		{"text", "'<id>'"}, {"text", upper}, {"text", bare}, {"text", "'  <id> '"}, {"text", "'{<id>}'"}, {"text", "'urn:uuid:<id>'"},
		{"varchar(64)", upper}, {"char(64)", upper}, {"text", "upper('urn:uuid:<id>')"},
	}
	postgresOnly := []column{
		{"uuid", "'<id>'"}, {"tenant_uuid", "'<id>'"}, {"tenant_key", "'<id>'"}, {"tenant_text", upper}, {"citext", upper}, {"name", upper},
		{"bytea", `decode(` + bare + `, 'hex')`}, {`"char"[]`, "NULL"}, {"text", `E'\t<id>\n'`},
	}
	sqliteOnly := []column{{"uuid", "'<id>'"}, {"blob", "unhex(" + bare + ")"}, {"numeric", "'<id>'"}, {"", upper}, {"text", "char(9) || '<id>' || char(10)"}}
	both := map[string]func(testing.TB) *gorm.DB{"sqlite": openSQLite, "postgres": openPostgres}
	for name, open := range both {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := open(t)
			reg := newRegistry(t, db, registry.Config{})
			run := func(sql string) {
				t.Helper()
				require.NoError(t, db.WithContext(tenancy.Bypass(ctxRegistry, "test")).Exec(sql).Error, sql)
			}
			columns := append(text, sqliteOnly...)
			if name == "postgres" {
				columns = append(text, postgresOnly...)
				run("CREATE DOMAIN tenant_uuid AS uuid")
				run("CREATE DOMAIN tenant_key AS tenant_uuid CHECK (VALUE IS NOT NULL)")
				run("CREATE DOMAIN tenant_text AS text")
				if err := db.WithContext(tenancy.Bypass(ctxRegistry, "test")).Exec("CREATE EXTENSION IF NOT EXISTS citext").Error; err != nil {
					run("CREATE DOMAIN citext AS text") // no role for it
				}
			}
			for i, c := range columns {
				tenant, err := reg.Provision(ctxRegistry, registry.NewTenant{Slug: fmt.Sprint("tenant-", i), Owner: "ann"})
				require.NoError(t, err)
				other, err := reg.Provision(ctxRegistry, registry.NewTenant{Slug: fmt.Sprint("other-", i), Owner: "ann"})
				require.NoError(t, err)
				value := strings.ReplaceAll(c.value, "<id>", tenant.ID.String())
				run(fmt.Sprintf("CREATE TABLE forgotten (tenant_id %s)", c.kind))
				run("INSERT INTO forgotten VALUES (" + value + ")")
				for _, at := range []uuid.UUID{tenant.ID, other.ID} {
					_, err = reg.Archive(ctxRegistry, at)
					require.NoError(t, err)
				}
				require.NoError(t, reg.Delete(ctxRegistry, other.ID), "%v: the rows are another's", c)
				err = reg.Delete(ctxRegistry, tenant.ID)
				if c.value == "NULL" {
					assert.NoError(t, err, "%v", c)
				} else if assert.ErrorIs(t, err, registry.ErrNotEmpty, "%v", c) {
					assert.Contains(t, err.Error(), "forgotten")
				}
				run("DROP TABLE forgotten")
			}
		})
	}
}

// Rows that are written past the registry for a tenant that is gone are nobody's:
// its id is not given again.
func TestRegistryRetiresIDs(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(testing.TB) *gorm.DB{"sqlite": openSQLite, "postgres": openPostgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := open(t)
			late := func(context.Context, *gorm.DB, registry.Event) error { return nil }
			reg := newRegistry(t, db, registry.Config{Models: []any{&Ticket{}}, Hold: -1, After: []registry.Hook{
				func(ctx context.Context, tx *gorm.DB, event registry.Event) error { return late(ctx, tx, event) },
			}})
			acme, err := reg.Provision(ctxRegistry, registry.NewTenant{Slug: "acme", Owner: "ann"})
			require.NoError(t, err)
			_, err = reg.Archive(ctxRegistry, acme.ID)
			require.NoError(t, err)
			late = func(_ context.Context, tx *gorm.DB, event registry.Event) error { // right before the commit
				if event.Op == registry.OpDelete {
					return tx.Create(&Ticket{Title: "late"}).Error
				}
				return nil
			}
			require.NoError(t, reg.Delete(ctxRegistry, acme.ID))
			for range 2 {
				_, err = reg.Provision(ctxRegistry, registry.NewTenant{Slug: "acme", Owner: "eve", ID: acme.ID})
				require.ErrorIs(t, err, registry.ErrRetired)
			}
			_, err = reg.Get(ctxRegistry, acme.ID)
			require.ErrorIs(t, err, registry.ErrNotFound, "nothing of it is done")
			back := registry.Tenant{ID: acme.ID, Slug: "acme", Name: "Acme", State: registry.Active}
			require.NoError(t, db.WithContext(tenancy.With(ctxRegistry, acme)).Create(&back).Error)
			_, err = reg.Enroll(ctxRegistry, acme.ID, "eve")
			require.ErrorIs(t, err, registry.ErrRetired, "a row that was made past the registry")
			next, err := reg.Provision(ctxRegistry, registry.NewTenant{Slug: "acme-two", Owner: "eve"})
			require.NoError(t, err)
			given, err := reg.Provision(ctxRegistry, registry.NewTenant{Slug: "acme-three", Owner: "eve", ID: uuid.New()})
			require.NoError(t, err)
			for _, id := range []uuid.UUID{next.ID, given.ID} {
				var tickets []Ticket
				require.NoError(t, db.WithContext(tenancy.With(ctxRegistry, id)).Find(&tickets).Error)
				assert.Empty(t, tickets)
			}
		})
	}
}

// Guide is mixed: some are for everybody.
type Guide struct {
	_        struct{} `tenancy:"mixed"`
	ID       uint
	TenantID *uuid.UUID `gorm:"type:uuid"`
	Title    string
}

// Rows for everybody are no tenant's: they are neither counted, nor deleted, nor in
// the way of a tenant's end.
func TestRegistryLeavesRowsForEverybody(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(testing.TB) *gorm.DB{"sqlite": openSQLite, "postgres": openPostgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := open(t)
			require.NoError(t, db.Use(tenancy.New(tenancy.Config{Models: []any{&Guide{}}})))
			_, err := tenancy.AutoMigrate(db, append(registry.Models(nil), &Guide{})...)
			require.NoError(t, err)
			reg, err := registry.New(db, registry.Config{Models: []any{&Guide{}}})
			require.NoError(t, err)
			bypass := db.WithContext(tenancy.Bypass(ctxRegistry, "test"))
			require.NoError(t, bypass.Create(&[]Guide{{Title: "all 1"}, {Title: "all 2"}}).Error)
			ids := make([]uuid.UUID, 2)
			for i := range ids {
				tenant, err := reg.Provision(ctxRegistry, registry.NewTenant{Slug: fmt.Sprint("tenant-", i), Owner: "ann"})
				require.NoError(t, err)
				ids[i] = tenant.ID
				own := db.WithContext(tenancy.With(ctxRegistry, tenant.ID))
				require.NoError(t, own.Create(&Guide{Title: "own"}).Error)
			}
			counted, err := reg.CountRows(ctxRegistry, ids[0])
			require.NoError(t, err)
			assert.Equal(t, []registry.TableCount{{Table: "guides", Rows: 1}}, counted)
			_, err = reg.Archive(ctxRegistry, ids[0])
			require.NoError(t, err)
			require.ErrorIs(t, reg.Delete(ctxRegistry, ids[0]), registry.ErrNotEmpty)
			require.NoError(t, reg.Purge(ctxRegistry, ids[0], counted))
			require.NoError(t, reg.Delete(ctxRegistry, ids[0]))
			var left []string
			require.NoError(t, bypass.Model(&Guide{}).Order("title").Pluck("title", &left).Error)
			assert.Equal(t, []string{"all 1", "all 2", "own"}, left)
		})
	}
}

// A materialized view keeps rows until it is refreshed; one that was never filled has
// none.
func TestRegistryLooksIntoMaterializedViews(t *testing.T) {
	t.Parallel()
	db := openPostgres(t)
	reg := newRegistry(t, db, registry.Config{Models: []any{&Ticket{}}})
	run := func(sql string) {
		t.Helper()
		require.NoError(t, db.WithContext(tenancy.Bypass(ctxRegistry, "test")).Exec(sql).Error, sql)
	}
	acme, err := reg.Provision(ctxRegistry, registry.NewTenant{Slug: "acme", Owner: "ann"})
	require.NoError(t, err)
	globex, err := reg.Provision(ctxRegistry, registry.NewTenant{Slug: "globex", Owner: "bob"})
	require.NoError(t, err)
	require.NoError(t, db.WithContext(tenancy.With(ctxRegistry, acme)).Create(&Ticket{Title: "t"}).Error)
	run("CREATE MATERIALIZED VIEW seen AS SELECT tenant_id::text, title FROM tickets")
	run("CREATE MATERIALIZED VIEW empty AS SELECT * FROM tickets WITH NO DATA")
	for _, id := range []uuid.UUID{acme.ID, globex.ID} {
		_, err = reg.Archive(ctxRegistry, id)
		require.NoError(t, err)
	}
	require.NoError(t, reg.Delete(ctxRegistry, globex.ID), "the rows are another's")
	counted, err := reg.CountRows(ctxRegistry, acme.ID)
	require.NoError(t, err)
	require.NoError(t, reg.Purge(ctxRegistry, acme.ID, counted))
	err = reg.Delete(ctxRegistry, acme.ID)
	require.ErrorIs(t, err, registry.ErrNotEmpty)
	require.ErrorContains(t, err, "seen, which has to be refreshed")
	run("REFRESH MATERIALIZED VIEW seen")
	require.NoError(t, reg.Delete(ctxRegistry, acme.ID))
}
