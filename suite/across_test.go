package suite

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/gorm-tenancy/tenancy"
)

// Job has keys that tenants share.
type Job struct {
	tenancy.TenantModel
	ID       uint `gorm:"primaryKey;autoIncrement:false;type:bigint"`
	Priority int
	State    string
	Tasks    []Task
}

type Task struct {
	tenancy.TenantModel
	ID    uint `gorm:"primaryKey;autoIncrement:false;type:bigint"`
	JobID uint
	Size  int
}

// jobs is a world where both tenants have jobs and tasks with the same keys.
func jobs(t *testing.T, w *world) (set *gorm.DB) {
	t.Helper()
	require.NoError(t, w.db.AutoMigrate(&Job{}, &Task{}))
	for n, db := range []*gorm.DB{w.a, w.b} {
		for id := uint(1); id <= 3; id++ {
			require.NoError(t, db.Create(&Job{ID: id, Priority: int(id)*10 + n, State: "new",
				Tasks: []Task{{ID: id, Size: int(id) + 10*n}, {ID: id + 10, Size: 100*n + 1}}}).Error)
		}
	}
	return w.db.WithContext(tenancy.WithSet(context.Background(), w.A, w.B))
}

// TestSubqueriesOfSeveralTenantsAreRightOrRefused has queries that would mean
// something else if they were asked for each tenant.
func TestSubqueriesOfSeveralTenantsAreRightOrRefused(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, w *world) {
		set := jobs(t, w)
		job := func() *gorm.DB { return w.db.Table("jobs AS j") }
		for scope, db := range map[string]*gorm.DB{"set": set, "bypass": w.bypass()} {
			locked := job().Select("id").Order("priority").Limit(1)
			if w.db.Name() == "postgres" {
				locked = locked.Clauses(clause.Locking{Strength: "UPDATE", Options: "SKIP LOCKED"})
			}
			for name, chain := range map[string]*gorm.DB{
				"limit":             db.Where("id IN (?)", locked),
				"not in":            db.Where("id NOT IN (?)", job().Select("id").Limit(1)),
				"equals":            db.Where("id = (?)", job().Select("id").Order("priority").Limit(1)),
				"offset":            db.Where("id IN (?)", job().Select("id").Limit(5).Offset(2)),
				"max":               db.Where("priority = (?)", job().Select("max(priority)")),
				"hidden max":        db.Where("priority = (?)", job().Select("0 + (coalesce(max(priority), 0))")),
				"ordered by max":    db.Where("EXISTS (?)", job().Select("1").Where("id > 99").Order("count(*)")),
				"struct":            db.Where(map[string]any{"id": gorm.Expr("(?)", job().Select("min(id)"))}),
				"less":              db.Where("priority < (?)", job().Select("avg(priority)")),
				"exists":            db.Where("EXISTS (?)", job().Select("1").Where("priority > 30")),
				"exists aggregate":  db.Where("EXISTS (?)", job().Select("1").Having("count(*) > 4")),
				"not exists":        db.Not("EXISTS (?)", job().Select("1").Where("priority > 30")),
				"group":             db.Where("id IN (?)", job().Select("id").Group("id").Having("count(*) > 1")),
				"window":            db.Where("id IN (?)", job().Select("first_value(id) OVER (ORDER BY priority)")),
				"distinct on":       db.Where("id IN (?)", job().Select("DISTINCT ON (state) id")),
				"all":               db.Where("priority >= ALL (?)", job().Select("priority")),
				"select":            db.Select("id, (?) AS priority", job().Select("max(priority)")),
				"order":             db.Order(clause.OrderBy{Expression: clause.Expr{SQL: "priority - (?)", Vars: []any{job().Select("max(priority)")}}}),
				"having":            db.Select("state").Group("state").Having("count(*) > (?)", job().Select("count(*)")),
				"nested":            db.Where("id IN (?)", job().Select("id").Where("id IN (?)", w.db.Model(&Task{}).Select("job_id").Limit(1))),
				"limit behind":      db.Where("id IN (? LIMIT 1)", job().Select("id")),
				"limit behind many": db.Where("id IN (? UNION ? LIMIT 1)", job().Select("id"), job().Select("id")),
				"one of a union":    db.Where("id IN (? UNION ?)", job().Select("id"), job().Select("max(id)")),
				"across, no tenant": db.Where("id IN (?)", tenancy.Across(job().Select("id").Limit(1))),
				"across, elsewhere": db.Where("(id, tenant_id) IN (?)", tenancy.Across(job().Select("tenant_id, id").Limit(1))),
				"across, greater":   db.Where("priority > (?)", tenancy.Across(job().Select("priority").Limit(1))),
				"across, selected":  db.Select("id, (?) AS priority", tenancy.Across(job().Select("priority").Limit(1))),
				"across, a window":  db.Where("id IN (?)", tenancy.Across(job().Select("max(id) OVER ()"))),
				"across, a group":   db.Where("id IN (?)", tenancy.Across(job().Select("max(id)").Group("state"))),
			} {
				require.ErrorIs(t, chain.Find(&[]Job{}).Error, tenancy.ErrUnscopedSQL, "%s, %s", scope, name)
			}
			err := db.Model(&Job{}).Where("id IN (?)", locked).Update("state", "running").Error
			require.ErrorIs(t, err, tenancy.ErrUnscopedSQL, scope)
			require.ErrorContains(t, err, "tenancy.Across")
			err = db.Model(&Job{}).Where("1=1").Update("priority", job().Select("max(priority)")).Error
			require.ErrorIs(t, err, tenancy.ErrUnscopedSQL, scope)
			require.ErrorIs(t, db.Where("id IN (?)", locked).Delete(&Job{}).Error, tenancy.ErrUnscopedSQL, scope)

			for _, x := range []struct {
				name  string
				chain *gorm.DB
				want  int64
			}{
				{"in", db.Where("id IN (?)", w.db.Model(&Task{}).Select("job_id").Where("size = 2")), 1},
				{"not in", db.Where("id NOT IN (?)", w.db.Model(&Task{}).Select("job_id").Where("size = 2")), 5},
				{"distinct", db.Where("id IN (?)", w.db.Model(&Task{}).Distinct("job_id").Order("job_id")), 6},
				{"equals", db.Where("id = (?)", w.db.Model(&Task{}).Select("job_id").Where("id = 2")), 2},
				{"of the row", db.Where("3 < (?)", w.db.Model(&Task{}).Select("max(size)").Where("tasks.job_id = jobs.id")), 3},
				{"its first", db.Where("1 = (?)", w.db.Model(&Task{}).Select("size").Where("tasks.job_id = jobs.id").Order("size").Limit(1)), 3},
				{"exists", db.Where("EXISTS (?)", w.db.Model(&Task{}).Select("1").Where(`tasks.job_id = "jobs"."id" AND size > 99`)), 3},
				{"a set", set.Session(&gorm.Session{NewDB: true, Context: tenancy.WithSet(context.Background(), w.A)}).
					Where("id IN (?)", job().Select("id").Limit(1)), 1},
				{"union", db.Where("id IN (? UNION ?)", job().Select("id").Where("priority = 10"), job().Select("id").Where("priority = 21")), 2},
			} {
				result := x.chain.Find(&[]Job{})
				require.NoError(t, result.Error, "%s, %s", scope, x.name)
				require.Equal(t, x.want, result.RowsAffected, "%s, %s", scope, x.name)
			}
		}
	})
}

// TestAcrossAsksOnceForAllTenants compares with plain GORM, which sees all rows.
func TestAcrossAsksOnceForAllTenants(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, w *world) {
		set := jobs(t, w)
		plain, err := gorm.Open(w.db.Dialector, quiet())
		require.NoError(t, err)
		across := func(db *gorm.DB) any { return tenancy.Across(db) }
		itself := func(db *gorm.DB) any { return db }
		for name, find := range map[string]func(db *gorm.DB, sub func(*gorm.DB) any) *gorm.DB{
			"the first": func(db *gorm.DB, sub func(*gorm.DB) any) *gorm.DB {
				return db.Where("(tenant_id, id) IN (?)", sub(w.plainly(plain, db).Select("tenant_id, id").Order("priority").Limit(1)))
			},
			"all but two": func(db *gorm.DB, sub func(*gorm.DB) any) *gorm.DB {
				return db.Where("(jobs.id, jobs.tenant_id) NOT IN (?)", sub(w.plainly(plain, db).Select("id", "tenant_id").Order("priority").Limit(2)))
			},
			"groups": func(db *gorm.DB, sub func(*gorm.DB) any) *gorm.DB {
				return db.Where("(tenant_id, state) IN (?)", sub(w.plainly(plain, db).Select("tenant_id, state").Group("tenant_id, state").Having("count(*) > 2")))
			},
			"the greatest": func(db *gorm.DB, sub func(*gorm.DB) any) *gorm.DB {
				return db.Where("priority = (?)", sub(w.plainly(plain, db).Select("max(priority)")))
			},
			"above average": func(db *gorm.DB, sub func(*gorm.DB) any) *gorm.DB {
				return db.Where("priority > (?)", sub(w.plainly(plain, db).Select("avg(priority)")))
			},
			"any at all": func(db *gorm.DB, sub func(*gorm.DB) any) *gorm.DB {
				return db.Where("EXISTS (?)", sub(w.plainly(plain, db).Select("1").Where("priority > 30")))
			},
			"selected": func(db *gorm.DB, sub func(*gorm.DB) any) *gorm.DB {
				return db.Select("id, (?) AS priority", sub(w.plainly(plain, db).Select("max(priority)")))
			},
		} {
			var want []Job
			require.NoError(t, find(plain, itself).Order("tenant_id, id").Find(&want).Error, name)
			for scope, db := range map[string]*gorm.DB{"set": set, "bypass": w.bypass()} {
				var got []Job
				require.NoError(t, find(db, across).Order("tenant_id, id").Find(&got).Error, "%s, %s", scope, name)
				require.Equal(t, want, got, "%s, %s", scope, name)
			}
			var own []Job
			require.NoError(t, find(w.b, across).Find(&own).Error, name)
			for _, job := range own {
				if name == "selected" {
					continue
				}
				require.Equal(t, w.B, job.TenantID, "%s: one tenant sees its own", name)
			}
		}
		next := gorm.G[Job](w.db).Select("tenant_id, id").Where("state = ?", "new").Order("priority").Limit(1)
		for range 4 {
			claimed := w.bypass().Model(&Job{}).Where("(tenant_id, id) IN (?)", tenancy.Across(next)).Update("state", "running")
			require.NoError(t, claimed.Error)
			require.Equal(t, int64(1), claimed.RowsAffected)
		}
		var left []int
		require.NoError(t, w.bypass().Model(&Job{}).Where("state = 'new'").Order("priority").Pluck("priority", &left).Error)
		require.Equal(t, []int{30, 31}, left)
		require.ErrorIs(t, w.bypass().Where("id = (?)", tenancy.Across(1)).Find(&[]Job{}).Error, tenancy.ErrUnscopedSQL)
	})
}

// plainly begins a query of jobs for a chain: of plain GORM for one of plain GORM.
func (w *world) plainly(plain, chain *gorm.DB) *gorm.DB {
	if chain.Dialector == plain.Dialector && chain.Config.ClauseBuilders["FROM"] == nil {
		return plain.Model(&Job{})
	}
	return w.db.Model(&Job{})
}
