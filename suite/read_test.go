package suite

import (
	"context"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/gorm-tenancy/tenancy"
)

// TestReadsByValueGoByItsTenant reads values again whose keys both tenants have.
func TestReadsByValueGoByItsTenant(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, w *world) {
		set := jobs(t, w)
		for scope, db := range map[string]*gorm.DB{"set": set, "bypass": w.bypass()} {
			for n, tenant := range []uuid.UUID{w.A, w.B} {
				for name, read := range map[string]func(*Job) error{
					"First":    func(job *Job) error { return db.First(job).Error },
					"Take":     func(job *Job) error { return db.Take(job).Error },
					"Last":     func(job *Job) error { return db.Last(job).Error },
					"Find":     func(job *Job) error { return db.Find(job).Error },
					"Limit":    func(job *Job) error { return db.Model(&Job{}).Limit(1).Find(job).Error },
					"or":       func(job *Job) error { return db.Where("1 = 0").Or("1 = 1").First(job).Error },
					"Table":    func(job *Job) error { return db.Table("jobs AS j").First(job).Error },
					"Preload":  func(job *Job) error { return db.Preload("Tasks").First(job).Error },
					"FirstOr":  func(job *Job) error { return db.FirstOrCreate(job).Error },
					"Scan":     func(job *Job) error { return db.Model(job).Scan(job).Error },
					"Rows":     func(job *Job) error { return db.Model(job).Select("priority").Row().Scan(&job.Priority) },
					"pointers": func(job *Job) error { return db.First(&job).Error },
				} {
					job := Job{TenantModel: tenancy.TenantModel{TenantID: tenant}, ID: 2}
					require.NoError(t, read(&job), "%s, %s", scope, name)
					require.Equal(t, 20+n, job.Priority, "%s, %s", scope, name)
					require.Equal(t, tenant, job.TenantID, "%s, %s", scope, name)
					for _, task := range job.Tasks {
						require.Equal(t, tenant, task.TenantID, "%s, %s", scope, name)
					}
				}
			}
			missing := Job{TenantModel: tenancy.TenantModel{TenantID: w.A}, ID: 99}
			require.ErrorIs(t, db.First(&missing).Error, gorm.ErrRecordNotFound)
			only := Job{ID: 3}
			require.NoError(t, db.First(&only).Error, "without a tenant it is the first of all")
			var all []Job
			require.NoError(t, db.Find(&all).Error)
			require.Len(t, all, 6)
		}
		stranger := Job{TenantModel: tenancy.TenantModel{TenantID: uuid.New()}, ID: 1}
		require.ErrorIs(t, set.First(&stranger).Error, tenancy.ErrTenantMismatch)
		require.ErrorIs(t, set.First(&Account{ID: uuid.New()}).Error, gorm.ErrRecordNotFound)
	})
}

// TestGroupByKeyGroupsByTenant has the statements that PostgreSQL refuses with
// 42803 where the primary key is the tenant and the id.
func TestGroupByKeyGroupsByTenant(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, w *world) {
		set := jobs(t, w)
		isPostgres := w.db.Name() == "postgres"
		joined := func(db *gorm.DB) *gorm.DB { return db.Joins("LEFT JOIN tasks o ON o.job_id = jobs.id") }
		for _, x := range []struct {
			name     string
			query    func(db *gorm.DB) *gorm.DB
			rows     int // of one tenant
			postgres bool
		}{
			{"key", func(db *gorm.DB) *gorm.DB {
				return joined(db.Model(&Job{}).Select("jobs.*, count(o.id) AS n")).Group("jobs.id")
			}, 3, false},
			{"key alone", func(db *gorm.DB) *gorm.DB { return db.Model(&Job{}).Select("id, priority, count(*) AS n").Group("id") }, 3, false},
			{"with others", func(db *gorm.DB) *gorm.DB {
				return joined(db.Model(&Job{}).Select("jobs.*, o.size")).Group(`"jobs"."id", o.size, o.id`)
			}, 6, false},
			{"twice", func(db *gorm.DB) *gorm.DB { return db.Model(&Job{}).Select("*").Group("state").Group("jobs.id") }, 3, false},
			{"alias", func(db *gorm.DB) *gorm.DB { return db.Table("jobs AS j").Select("j.*").Group("j.id -- the key") }, 3, false},
			{"position", func(db *gorm.DB) *gorm.DB {
				return db.Model(&Job{}).Select("jobs.id, priority, count(*) AS n").Group("1 -- the first")
			}, 3, false},
			{"name", func(db *gorm.DB) *gorm.DB { return db.Model(&Job{}).Select("jobs.id AS jid, priority").Group("jid") }, 3, false},
			{"both keys", func(db *gorm.DB) *gorm.DB {
				return joined(db.Model(&Job{}).Select("jobs.priority, o.size")).Group("jobs.id, o.id")
			}, 6, false},
			{"joined key", func(db *gorm.DB) *gorm.DB { return joined(db.Model(&Job{}).Select("o.size, o.job_id")).Group("o.id") }, 6, false},
			{"having", func(db *gorm.DB) *gorm.DB {
				return joined(db.Model(&Job{}).Select("jobs.*")).Group("jobs.id").Having("count(o.id) > ?", 1)
			}, 3, false},
			{"distinct on", func(db *gorm.DB) *gorm.DB {
				return db.Model(&Job{}).Select("DISTINCT ON (jobs.priority) jobs.*").Group("jobs.id")
			}, 3, true},
			{"rollup beside", func(db *gorm.DB) *gorm.DB {
				return db.Model(&Job{}).Select("jobs.priority, state").Group("jobs.id, ROLLUP (state)")
			}, 6, true},
			{"grouped by the tenant already", func(db *gorm.DB) *gorm.DB {
				return db.Model(&Job{}).Select("*").Group("tenant_id, id")
			}, 3, false},
			{"another column", func(db *gorm.DB) *gorm.DB { return db.Model(&Job{}).Select("state, count(*)").Group("state") }, -1, false},
			{"subquery", func(db *gorm.DB) *gorm.DB {
				return db.Table("(?) AS t", w.db.Model(&Job{}).Select("id, priority").Group("id"))
			}, 3, false},
			{"expression", func(db *gorm.DB) *gorm.DB {
				return db.Model(&Job{}).Select("priority").Clauses(clause.GroupBy{Columns: []clause.Column{clause.PrimaryColumn}})
			}, 3, false},
		} {
			if x.postgres && !isPostgres {
				continue
			}
			for scope, s := range map[string]struct {
				db *gorm.DB
				n  int
			}{"one": {w.a, 1}, "set": {set, 2}, "bypass": {w.bypass(), 2}} {
				var rows []map[string]any
				require.NoError(t, x.query(s.db).Find(&rows).Error, "%s, %s", scope, x.name)
				want := x.rows * s.n
				if x.rows < 0 {
					want = 1
				}
				require.Len(t, rows, want, "%s, %s", scope, x.name)
			}
		}
		generic, err := gorm.G[Job](w.db).Select("jobs.*").Group("jobs.id").Find(tenancy.With(context.Background(), w.A))
		require.NoError(t, err)
		require.Len(t, generic, 3)
	})
}
