//go:build cgo

package guarded

import (
	"context"
	"testing"

	extraclause "github.com/WinterYukky/gorm-extra-clause-plugin"
	"github.com/WinterYukky/gorm-extra-clause-plugin/exclause"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/examples/libraries/model"
	"github.com/gorm-tenancy/tenancy/sqlguard"
	"github.com/gorm-tenancy/tenancy/tenancytest"
)

// counted is a project with the number of its tasks.
type counted struct {
	Name  string
	Tasks int
}

func TestCommonTableExpressionsAreScoped(t *testing.T) {
	t.Parallel()
	acme, globex := uuid.New(), uuid.New()
	for _, first := range []bool{true, false} {
		db, err := gorm.Open(postgres.Open(tenancytest.Postgres(t).OwnerDSN), &gorm.Config{Logger: logger.Discard})
		require.NoError(t, err)
		pool, err := db.DB()
		require.NoError(t, err)
		t.Cleanup(func() { _ = pool.Close() })
		plugins := []gorm.Plugin{
			tenancy.New(tenancy.Config{
				Models: []any{&model.Project{}, &model.Task{}},
				RawSQL: sqlguard.New(sqlguard.Options{VerifyAll: true}),
			}),
			extraclause.New(),
		}
		if !first {
			plugins[0], plugins[1] = plugins[1], plugins[0]
		}
		for _, plugin := range plugins {
			require.NoError(t, db.Use(plugin))
		}
		require.NoError(t, db.AutoMigrate(&model.Project{}, &model.Task{}))
		as := func(tenant uuid.UUID) *gorm.DB {
			return db.WithContext(tenancy.With(context.Background(), tenant))
		}
		require.NoError(t, as(acme).Create(&model.Project{ID: 1, Name: "Apollo", Tasks: []model.Task{{ID: 1, Title: "a"}, {ID: 2, Title: "b"}}}).Error)
		require.NoError(t, as(globex).Create(&model.Project{ID: 1, Name: "Gemini", Tasks: []model.Task{{ID: 3, Title: "c"}}}).Error)

		handle := as(acme)
		counts := handle.Model(&model.Task{}).Select("project_id, count(*) AS tasks").Group("project_id")
		var found []counted
		err = handle.Clauses(exclause.NewWith("counts", counts)).Table("counts").
			Joins("JOIN projects ON projects.id = counts.project_id").
			Select("projects.name, counts.tasks").Scan(&found).Error
		require.NoError(t, err)
		require.Equal(t, []counted{{"Apollo", 2}}, found)

		var names []string
		require.NoError(t, as(acme).Model(&model.Project{}).Select("name").
			Clauses(exclause.NewUnion("ALL ?", as(acme).Model(&model.Task{}).Select("title"))).Scan(&names).Error)
		require.ElementsMatch(t, []string{"Apollo", "a", "b"}, names)

		err = as(acme).Clauses(exclause.NewWith("every", db.Model(&model.Project{}))).Table("every").Scan(&names).Error
		require.ErrorContains(t, err, "begin it from the handle with the context")
		names = nil
		require.NoError(t, as(acme).Clauses(exclause.NewWith("every", as(globex).Model(&model.Project{}))).
			Table("every").Select("name").Scan(&names).Error)
		require.Empty(t, names)
		err = as(acme).Clauses(exclause.NewWith("every", as(acme).Model(&model.Project{}))).Table("others").Scan(&names).Error
		require.ErrorIs(t, err, tenancy.ErrUndeclared)

		names = nil
		require.NoError(t, as(globex).Clauses(exclause.NewWith("every", "SELECT * FROM projects")).
			Table("every").Select("name").Scan(&names).Error)
		require.Equal(t, []string{"Gemini"}, names)
		err = db.Clauses(exclause.NewWith("every", "SELECT * FROM projects")).Table("every").Select("name").Scan(&names).Error
		require.ErrorIs(t, err, tenancy.ErrNoTenant)
	}
}
