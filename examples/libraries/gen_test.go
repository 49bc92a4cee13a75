package libraries

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"gorm.io/gen"
	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/examples/libraries/model"
	"github.com/gorm-tenancy/tenancy/examples/libraries/query"
)

//go:generate go run -C query generate.go

func TestGeneratedQueriesAreScoped(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, dialector func() gorm.Dialector) {
		db := open(t, dialector(), tenancy.New(tenancy.Config{}))
		seed(t, db)
		q := query.Use(db)
		ctx := tenancy.With(context.Background(), acme)
		found, err := q.Project.WithContext(ctx).Where(q.Project.Name.Neq("Mercury")).
			Preload(q.Project.Tasks).Find()
		require.NoError(t, err)
		require.Len(t, found, 1)
		require.Equal(t, "Apollo", found[0].Name)
		require.Len(t, found[0].Tasks, 2)
		require.Equal(t, acme, found[0].Tasks[0].TenantID)
		ofGlobex, err := q.Project.WithContext(tenancy.With(context.Background(), globex)).ByName("Apollo")
		require.NoError(t, err)
		require.Empty(t, ofGlobex)
		count, err := q.Project.WithContext(ctx).Where(q.Project.WithContext(ctx).Columns(q.Project.ID).
			In(q.Project.WithContext(ctx).Select(q.Project.ID))).Count()
		require.NoError(t, err)
		require.EqualValues(t, 1, count)

		require.NoError(t, q.Transaction(func(tx *query.Query) error {
			return tx.Project.WithContext(ctx).Create(&model.Project{ID: 2, Name: "Voyager"})
		}))
		_, err = q.Project.WithContext(ctx).Where(q.Project.ID.Gt(0)).Update(q.Project.Name, "Apollo")
		require.NoError(t, err)
		require.NoError(t, q.Project.WithContext(ctx).Save(&model.Project{ID: 1, Name: "Artemis"}))
		require.EqualValues(t, 2, q.Project.Tasks.WithContext(ctx).Model(&model.Project{ID: 1}).Count())
		_, err = q.Project.WithContext(ctx).Where(q.Project.ID.Eq(2)).Delete()
		require.NoError(t, err)
		require.Equal(t, []string{"Artemis"}, names(t, as(db, acme)))
		require.Equal(t, []string{"Gemini"}, names(t, as(db, globex)))

		_, err = q.Project.WithContext(ctx).InOrder()
		require.ErrorIs(t, err, tenancy.ErrUnscopedSQL, "text needs Config.RawSQL")
		_, err = q.Project.WithContext(ctx).RenameAll("mine")
		require.ErrorIs(t, err, tenancy.ErrUnscopedSQL)
		_, err = q.Project.WithContext(context.Background()).Find()
		require.ErrorIs(t, err, tenancy.ErrNoTenant)
		err = q.Project.WithContext(ctx).Create(&model.Project{TenantModel: tenancy.TenantModel{TenantID: globex}, ID: 3})
		require.ErrorIs(t, err, tenancy.ErrTenantMismatch)
	})
}

func TestModelsAreGeneratedWithoutAScope(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, dialector func() gorm.Dialector) {
		db := open(t, dialector(), tenancy.New(tenancy.Config{}))
		seed(t, db)
		g := gen.NewGenerator(gen.Config{OutPath: t.TempDir()})
		g.UseDB(db)
		require.Len(t, g.GenerateModel("projects").Fields, 3)
	})
}
