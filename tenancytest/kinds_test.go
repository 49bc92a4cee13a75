package tenancytest

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/internal/kindmodels"
	"github.com/gorm-tenancy/tenancy/migration"
)

// kindSample is how many operations of each model run with -short.
const kindSample = 40

// kinds is the suite for tables of each kind; with -short a sample of it.
func kinds(db *gorm.DB) Suite {
	s := Suite{DB: db, Models: kindmodels.Models}
	if testing.Short() {
		s.Sample = kindSample
	}
	return s
}

func openKinds(t *testing.T, writable bool) *gorm.DB {
	t.Helper()
	db := openAs(t, Postgres(t).OwnerDSN, &gorm.Config{TranslateError: true, DisableForeignKeyConstraintWhenMigrating: writable})
	require.NoError(t, db.Use(tenancy.New(kindmodels.Config(writable))))
	require.NoError(t, db.AutoMigrate(kindmodels.Models...))
	return db
}

// Private, linked, mixed and free tables beside those of tenants. Linked rows are
// read-only and nothing that others refer to can be deleted, or they are writable and
// there are no foreign keys.
func TestRunKinds(t *testing.T) {
	t.Parallel()
	for name, writable := range map[string]bool{"read-only": false, "writable": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			kinds(openKinds(t, writable)).Run(t)
		})
	}
}

// On a cluster the linked, mixed and private tables are reference tables, as the planner
// has it. Sets are Citus's to refuse there.
func TestRunKindsOnCitus(t *testing.T) {
	t.Parallel()
	db := openAs(t, Citus(t).OwnerDSN, &gorm.Config{TranslateError: true})
	require.NoError(t, db.Use(tenancy.New(kindmodels.Config(false))))
	require.NoError(t, db.AutoMigrate(kindmodels.Models...))
	_, err := tenancy.Distribute(t.Context(), db, tenancy.DistributeOptions{
		Run: migration.Options{Apply: true},
	}, kindmodels.Models...)
	require.NoError(t, err)
	run := kinds(db)
	if !*everything {
		run.brief, run.Sample = true, kindSample
	}
	run.Run(t)
}

// GORM without the plugin reads and writes what it must not, of each kind, and the suite
// must say so.
func TestUnscopedKindsLeak(t *testing.T) {
	t.Parallel()
	database := Postgres(t)
	owner := openAs(t, database.OwnerDSN, &gorm.Config{DisableForeignKeyConstraintWhenMigrating: true})
	declared := tenancy.New(kindmodels.Config(false))
	require.NoError(t, owner.Use(declared))
	require.NoError(t, owner.AutoMigrate(kindmodels.Models...))
	f := Suite{
		DB: openAs(t, database.OwnerDSN, &gorm.Config{}), Models: kindmodels.Models, Kinds: declared, Sample: 80, unscoped: true,
	}.Fixture(t)
	leaks := map[string]int{}
	report := checkTenant(f, func(string) bool { return true })
	for _, finding := range report.findings {
		parts := strings.Split(finding.Operation, "/")
		place := strings.Join(parts[1:len(parts)-1], "/")
		if finding.Verdict == Leak {
			leaks[place]++
		}
	}
	t.Log(report, leaks)
	for _, place := range []string{"Person", "Passkey", "Device", "Label", "Chore/Assignee", "Chore/Device", "Chore/Label", "Person/Chores", "Label/Chores"} {
		assert.Positive(t, leaks[place], place)
	}
	assert.Zero(t, leaks["Rule"])
}
