package libraries

import (
	"testing"

	"github.com/stretchr/testify/require"
	"gorm.io/gorm"
	"gorm.io/plugin/dbresolver"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/examples/libraries/model"
)

func TestReplicasAreScoped(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, dialector func() gorm.Dialector) {
		for _, first := range []bool{true, false} {
			db := open(t, dialector())
			resolver := dbresolver.Register(dbresolver.Config{Replicas: []gorm.Dialector{dialector()}})
			plugins := []gorm.Plugin{tenancy.New(tenancy.Config{}), resolver}
			if !first {
				plugins[0], plugins[1] = plugins[1], plugins[0]
			}
			for _, plugin := range plugins {
				require.NoError(t, db.Use(plugin))
			}
			if first {
				seed(t, db)
			}
			require.NoError(t, as(db, acme).Save(&model.Task{ID: 3, ProjectID: 1, Title: "saved"}).Error)
			require.NoError(t, as(db, acme).First(&model.Task{}, 3).Error)
			require.ErrorIs(t, as(db, globex).First(&model.Task{}, 3).Error, gorm.ErrRecordNotFound)
			for _, handle := range []*gorm.DB{db, db.Clauses(dbresolver.Read), db.Clauses(dbresolver.Write)} {
				require.Equal(t, []string{"Apollo"}, names(t, as(handle, acme)))
				require.Equal(t, []string{"Gemini"}, names(t, as(handle, globex)))
				require.ErrorIs(t, handle.Find(&[]model.Project{}).Error, tenancy.ErrNoTenant)
			}
		}
	})
}
