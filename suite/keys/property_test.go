package keys_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/gorm-tenancy/tenancy/catalog"
	"github.com/gorm-tenancy/tenancy/keys"
	"github.com/gorm-tenancy/tenancy/migration"
	"github.com/gorm-tenancy/tenancy/suite/internal/pgdump"
	"github.com/gorm-tenancy/tenancy/tenancytest"
)

func openServer(t testing.TB) *sql.DB {
	t.Helper()
	return openDSN(t, tenancytest.Postgres(t).OwnerDSN)
}

func openDSN(t testing.TB, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open("pgx", dsn)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

var worlds atomic.Int64

// TestProperties plans and applies keys for schemas that nobody thought of: no
// reference crosses tenants, nothing is missing, all data is there, and the undo
// restores catalogue and data, also as pg_dump writes it.
func TestProperties(t *testing.T) {
	t.Parallel()
	dsn := tenancytest.Postgres(t).OwnerDSN
	db := openDSN(t, dsn)
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t, fmt.Sprintf("world%d", worlds.Add(1)))
		defer w.drop(t, db)
		w.create(t, db)
		before, rows, objects := w.dump(t, db), w.data(t, db), w.inventory(t, db)
		dumps := rapid.IntRange(0, 2).Draw(t, "pg_dump") == 0 // which takes longer than the inventory
		var dumped string
		if dumps {
			dumped = structure(t, dsn)
		}

		analysis := w.analyze(t, db)
		findings, err := analysis.Preflight(context.Background(), db, keys.Limits{})
		require.NoError(t, err)
		require.Empty(t, blockers(findings))
		plan, err := analysis.Plan()
		require.NoError(t, err)
		result, err := migration.Execute(context.Background(), db, plan, apply(plan))
		require.NoError(t, err, "%+v", result)

		require.Equal(t, rows, w.data(t, db), "data after the plan")
		require.Equal(t, withoutPartitions(analysis.After()), withoutPartitions(w.read(t, db)), "what After has told")
		w.checkReferences(t, db)
		again, err := w.analyze(t, db).Plan()
		require.NoError(t, err)
		require.Empty(t, again.Phases, "nothing is missing")

		result, err = migration.Undo(context.Background(), db, plan, apply(plan))
		require.NoError(t, err, "%+v", result)
		require.Equal(t, before, w.dump(t, db), "catalogue after the undo")
		require.Equal(t, rows, w.data(t, db), "data after the undo")
		w.requireInventory(t, db, objects)
		if dumps {
			require.Equal(t, dumped, structure(t, dsn), "what pg_dump writes after the undo")
		}
	})
}

// structure is what pg_dump writes.
func structure(t require.TestingT, dsn string) string {
	text, err := pgdump.Structure(dsn)
	require.NoError(t, err)
	return text
}

// withoutPartitions is the structure of whole tables.
func withoutPartitions(c *catalog.Catalog) string {
	whole := &catalog.Catalog{}
	for _, table := range c.Tables {
		if table.PartitionOf == (catalog.Name{}) {
			whole.Tables = append(whole.Tables, table)
		}
	}
	var b strings.Builder
	_ = whole.Dump(&b) // to memory
	return b.String()
}

// apply confirms all barriers.
func apply(plan *migration.Plan) migration.Options {
	o := migration.Options{Apply: true}
	for _, phase := range plan.Phases {
		o.Passed = append(o.Passed, phase.Name)
	}
	return o
}

func blockers(findings []keys.Finding) []keys.Finding {
	return slices.DeleteFunc(findings, func(f keys.Finding) bool { return f.Severity != keys.Blocker })
}

func (w *world) create(t require.TestingT, db *sql.DB) {
	for _, statement := range w.sql {
		_, err := db.Exec(statement)
		require.NoError(t, err, statement)
	}
}

func (w *world) drop(t require.TestingT, db *sql.DB) {
	for _, s := range w.schemas {
		_, err := db.Exec("DROP SCHEMA " + catalog.Quote(s) + " CASCADE")
		require.NoError(t, err)
	}
	for i := range w.tables {
		_, err := db.Exec("DROP PUBLICATION IF EXISTS " + catalog.Quote(fmt.Sprintf("%s_%d", w.schemas[0], i)))
		require.NoError(t, err)
	}
}

func (w *world) read(t require.TestingT, db *sql.DB) *catalog.Catalog {
	c, err := catalog.Read(context.Background(), db, catalog.Options{Schemas: w.schemas})
	require.NoError(t, err)
	return c
}

func (w *world) dump(t require.TestingT, db *sql.DB) string {
	var b strings.Builder
	require.NoError(t, w.read(t, db).Dump(&b))
	return b.String()
}

// analyze answers the questions as somebody would who knows the tables.
func (w *world) analyze(t require.TestingT, db *sql.DB) *keys.Analysis {
	c := w.read(t, db)
	o := keys.Options{Root: w.tables[0].name, Paths: map[catalog.Name]string{}}
	for _, this := range w.tables {
		for _, r := range this.refs {
			if r.tells {
				o.Paths[this.name] = w.constraintOf(c, r)
			}
		}
	}
	analysis, err := keys.Analyze(c, o)
	require.NoError(t, err)
	require.Empty(t, analysis.Questions)
	require.Empty(t, blockers(analysis.Findings))
	return analysis
}

func (w *world) constraintOf(c *catalog.Catalog, r *ref) string {
	for _, constraint := range c.Table(r.child.name).Constraints {
		if constraint.Kind == catalog.ForeignKey && slices.Contains(constraint.Columns, r.columns[0]) {
			return constraint.Name
		}
	}
	return ""
}

// data is every row but for the tenant column of tables that had none.
func (w *world) data(t require.TestingT, db *sql.DB) []string {
	var all []string
	for _, this := range w.tables {
		without := "''"
		if this.tenant == "" {
			without = "'tenant_id'"
		}
		rows, err := db.Query(fmt.Sprintf("SELECT (to_jsonb(t) - %s)::text FROM %s AS t ORDER BY 1", without, this.name))
		require.NoError(t, err)
		for rows.Next() {
			var text string
			require.NoError(t, rows.Scan(&text))
			all = append(all, this.name.String()+" "+text)
		}
		require.NoError(t, rows.Err())
	}
	return all
}

// checkReferences tries each reference to each other tenant's row by value.
func (w *world) checkReferences(t require.TestingT, db *sql.DB) {
	for _, this := range w.tables {
		for _, r := range this.refs {
			for tenant := range tenants {
				theirs := r.parent.rows[(tenant+1)%tenants][0]
				own := this.rows[tenant][0]
				w.checkReference(t, db, fmt.Sprintf("UPDATE %s SET %s WHERE %s", this.name, assign(r, theirs), own.where(this)))
			}
		}
	}
}

func (w *world) checkReference(t require.TestingT, db *sql.DB, update string) {
	tx, err := db.Begin()
	require.NoError(t, err)
	defer func() { require.NoError(t, tx.Rollback()) }()
	_, err = tx.Exec("SET CONSTRAINTS ALL IMMEDIATE")
	require.NoError(t, err)
	_, err = tx.Exec(update)
	var state interface{ SQLState() string }
	require.True(t, errors.As(err, &state) && state.SQLState() == "23503", "%s: %v", update, err)
}
