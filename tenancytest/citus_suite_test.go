package tenancytest

import (
	"errors"
	"flag"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy"
)

// distributed opens a database of a cluster with the tables of models, as
// AutoMigrate makes them and then distributed by these statements.
func distributed(t *testing.T, config *gorm.Config, models []any, statements ...string) *gorm.DB {
	t.Helper()
	db := openAs(t, Citus(t).OwnerDSN, config)
	require.NoError(t, db.Use(tenancy.New(tenancy.Config{})))
	done, err := tenancy.AutoMigrate(db, models...)
	require.NoError(t, err)
	require.Empty(t, done.Pending)
	err = db.WithContext(tenancy.Bypass(t.Context(), "distribution")).Transaction(func(tx *gorm.DB) error {
		for _, statement := range statements {
			if err := tx.Exec(statement).Error; err != nil {
				return err
			}
		}
		return nil
	})
	require.NoError(t, err)
	return db
}

var distributeAll = []string{
	`SET LOCAL citus.enable_local_reference_table_foreign_keys = off`,
	`SELECT create_reference_table('countries')`,
	`SELECT create_distributed_table('accounts', 'id', colocate_with => 'none')`,
	`SELECT create_distributed_table('companies', 'tenant_id', colocate_with => 'accounts')`,
	`SELECT create_distributed_table('members', 'tenant_id', colocate_with => 'accounts')`,
	`SELECT create_distributed_table('profiles', 'tenant_id', colocate_with => 'accounts')`,
	`SELECT create_distributed_table('orders', 'tenant_id', colocate_with => 'accounts')`,
	`SELECT create_distributed_table('tags', 'tenant_id', colocate_with => 'accounts')`,
	`SELECT create_distributed_table('member_tags', 'tenant_id', colocate_with => 'accounts')`,
	`SELECT create_distributed_table('comments', 'tenant_id', colocate_with => 'accounts')`,
}

var noteModels = []any{&note{}, &line{}}

var distributeNotes = []string{
	`SELECT create_distributed_table('notes', 'tenant_id', colocate_with => 'none')`,
	`SELECT create_distributed_table('lines', 'tenant_id', colocate_with => 'notes')`,
}

var everything = flag.Bool("everything", false, "run what is caught or allowed once on all models, and the conformance suite on Citus with all models and scopes, which takes ten minutes")

// configs change what GORM sends: the second prepares statements, of which the
// server makes generic plans.
var configs = map[string]gorm.Config{
	"plain":    {TranslateError: true},
	"prepared": {PrepareStmt: true, SkipDefaultTransaction: true, QueryFields: true},
}

// On a cluster a tenant gets what a lone tenant gets, by statements that each go
// to one shard.
func TestRunOnCitus(t *testing.T) {
	t.Parallel()
	for name, config := range configs {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if name != "plain" && !*everything || testing.Short() {
				t.Skip("TestOneShardFails has a part of it; -everything runs all")
			}
			db := distributed(t, &config, noteModels, distributeNotes...)
			watch := OneShard(t, db)
			t.Cleanup(func() { t.Log(watch.Counts()) })
			Suite{DB: db, Models: noteModels, Tenants: [2]any{"acme", "zeta-" + foreignWord}, brief: true}.Run(t)
			assert.Greater(t, watch.Counts().OneShard, 300)
		})
	}
}

func TestRunEverythingOnCitus(t *testing.T) {
	if !*everything {
		t.Skip("-everything is not given")
	}
	t.Parallel()
	for name, config := range configs {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := distributed(t, &config, allModels, distributeAll...)
			watch := OneShard(t, db)
			t.Cleanup(func() { t.Log(watch.Counts()) })
			Suite{DB: db, Models: allModels}.Run(t)
			assert.Greater(t, watch.Counts().OneShard, 5000)
		})
	}
}

// failures is a test that keeps its failures.
type failures struct {
	testing.TB
	texts []string
}

func (f *failures) Errorf(format string, args ...any) {
	f.texts = append(f.texts, fmt.Sprintf(format, args...))
}

func (f *failures) Fatalf(format string, args ...any) { f.Errorf(format, args...) }

// OneShard sees what leaves its shard, whatever it is sent by.
func TestOneShardFails(t *testing.T) {
	t.Parallel()
	db := distributed(t, &gorm.Config{}, noteModels, distributeNotes...)
	found := &failures{TB: t}
	watch := OneShard(found, db)
	as := db.WithContext(tenancy.With(t.Context(), "acme"))
	trusted := db.WithContext(tenancy.Trust(tenancy.With(t.Context(), "acme"), "the test's mistakes"))
	require.NoError(t, as.Create(&note{ID: 1, Title: "a", Lines: []line{{Words: "b"}, {Words: "c"}}}).Error)
	var notes []note
	require.NoError(t, as.Preload("Lines").Joins("LEFT JOIN lines l ON l.note_id = notes.id").Find(&notes).Error)
	require.Len(t, notes, 2)
	require.NoError(t, as.Transaction(func(tx *gorm.DB) error {
		return tx.Model(&note{}).Where("id = 1").Update("title", "d").Error
	}))
	require.Empty(t, found.texts)
	assert.Equal(t, ShardCounts{OneShard: 5}, watch.Counts())

	for _, mistake := range []func() error{
		func() error { return trusted.Raw(`SELECT * FROM notes`).Scan(&notes).Error },
		func() error { return trusted.Exec(`UPDATE notes SET title = 'e'`).Error },
		func() error {
			return trusted.Exec(`INSERT INTO notes (tenant_id, id) SELECT 't' || g, g FROM generate_series(1, 40) g`).Error
		},
		func() error {
			rows, err := trusted.Raw(`SELECT title FROM notes WHERE tenant_id = 'acme' UNION SELECT words FROM lines WHERE tenant_id = 'zeta'`).Rows()
			if err != nil {
				return err
			}
			return errors.Join(rows.Err(), rows.Close())
		},
		func() error { // which Citus executes and does not explain
			return trusted.Exec(`INSERT INTO notes (tenant_id, id) SELECT ?, id + 100 FROM notes WHERE tenant_id = ? ORDER BY 2 LIMIT 1`, "acme", "acme").Error
		},
		func() error { // the same, by another error of EXPLAIN
			return trusted.Exec(`INSERT INTO notes (tenant_id, id) SELECT ?, x.id + 200 FROM (SELECT DISTINCT id FROM notes WHERE tenant_id = ?) x`, "acme", "acme").Error
		},
		func() error { return trusted.Exec(`DELETE FROM lines WHERE tenant_id IN ('acme', 'zeta')`).Error },
	} {
		before := len(found.texts)
		require.NoError(t, mistake())
		assert.Len(t, found.texts, before+1)
	}
	assert.Equal(t, 5, watch.Counts().Several)

	require.NoError(t, trusted.Exec(`SET application_name = 'x'`).Error)
	require.ErrorContains(t, trusted.Exec(`INSERT INTO notes (tenant_id, id) VALUES ('acme', (SELECT 1))`).Error, "subqueries")
	require.Error(t, trusted.Exec(`INSERT INTO notes (tenant_id, id) VALUES ('acme', 1)`).Error)
	require.NoError(t, db.WithContext(tenancy.Bypass(t.Context(), "all")).Find(&notes).Error)
	counts := watch.Counts()
	assert.Len(t, counts.Refused, 1)
	assert.Equal(t, []int{6, 1, 5, 0, 1}, []int{counts.OneShard, counts.None, counts.Several, counts.Failed, counts.Others})
	assert.Len(t, found.texts, 7)
	assert.Contains(t, counts.String(), "refused 1 times: INSERT INTO notes")
}

// The plans that the server keeps for prepared statements do not know the tenant
// either, until they run.
func TestPreparedStatementsStayOnTheirShard(t *testing.T) {
	t.Parallel()
	db := distributed(t, &gorm.Config{PrepareStmt: true}, noteModels, distributeNotes...)
	pool, err := db.DB()
	require.NoError(t, err)
	pool.SetMaxOpenConns(1)
	_, err = pool.ExecContext(t.Context(), `SET citus.multi_task_query_log_level = 'error'`)
	require.NoError(t, err)
	var notes []note
	for i := range 10 { // the sixth execution may have a plan for all values
		for _, tenant := range []string{"acme", "globex", "initech"} {
			as := db.WithContext(tenancy.With(t.Context(), tenant))
			require.NoError(t, as.Create(&note{Title: tenant, Lines: []line{{Words: "a"}}}).Error)
			require.NoError(t, as.Preload("Lines").Joins("JOIN lines l ON l.note_id = notes.id").Find(&notes).Error)
			require.Len(t, notes, i+1)
			require.NoError(t, as.Model(&note{}).Where("title = ?", tenant).Update("title", tenant).Error)
		}
	}
	err = db.WithContext(tenancy.Bypass(t.Context(), "all")).Find(&notes).Error
	require.ErrorContains(t, err, "multi-task query", "the setting is in force")
}
