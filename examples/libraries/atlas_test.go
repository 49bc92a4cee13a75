package libraries

import (
	"strings"
	"testing"

	"ariga.io/atlas-provider-gorm/gormschema"
	"github.com/stretchr/testify/require"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/examples/libraries/model"
	"github.com/gorm-tenancy/tenancy/tenancytest"
)

// Board has members without a join model, and labels with one.
type Board struct {
	tenancy.TenantModel
	ID      uint
	Slug    string `gorm:"uniqueIndex"`
	Members []Member
	Guests  []Member `gorm:"many2many:board_guests"`
	Labels  []Label  `gorm:"many2many:board_labels"`
}

// Member refers to one of its own kind.
type Member struct {
	tenancy.TenantModel
	ID      uint
	BoardID *uint
	Email   string `gorm:"unique"`
	BossID  *uint
	Boss    *Member
}

// Label is joined with boards by BoardLabel.
type Label struct {
	tenancy.TenantModel
	ID   uint
	Name string
}

// BoardLabel is a join model.
type BoardLabel struct {
	tenancy.TenantModel
	BoardID uint `gorm:"primaryKey"`
	LabelID uint `gorm:"primaryKey"`
	Color   string
}

// Club is joined with pupils, and nothing else refers to them.
type Club struct {
	tenancy.TenantModel
	ID     uint
	Pupils []Pupil `gorm:"many2many:club_pupils"`
}

// Pupil is joined with clubs.
type Pupil struct {
	tenancy.TenantModel
	ID uint
}

// loadSchema returns what Atlas's provider makes of models.
func loadSchema(t *testing.T, dialect string, plugin gorm.Plugin, models ...any) (string, error) {
	t.Helper()
	config := &gorm.Config{
		Plugins: map[string]gorm.Plugin{"tenancy": plugin},
	}
	return gormschema.New(dialect, gormschema.WithConfig(config)).Load(models...)
}

// The provider keeps what it records for the whole process: the loads stand in one test.
func TestAtlasLoadsCompositeKeys(t *testing.T) {
	config := tenancy.Config{}
	_, err := loadSchema(t, "postgres", tenancy.New(config), &model.Project{})
	require.ErrorContains(t, err, "SchemaOnly")
	require.ErrorContains(t, err, "DDL")

	before := ""
	for _, models := range [][]any{
		{&model.Project{}, &model.Task{}},
		{&Club{}, &Pupil{}},
		{&Board{}, &Member{}, &Label{}, &BoardLabel{}},
	} {
		text, err := loadSchema(t, "postgres", tenancy.SchemaOnly(config), models...)
		require.NoError(t, err)
		db := open(t, postgres.Open(tenancytest.Postgres(t).OwnerDSN), tenancy.New(config))
		bypass := db.WithContext(tenancy.Bypass(t.Context(), "what Atlas sends"))
		for statement := range strings.SplitSeq(strings.TrimPrefix(text, before), ";\n") {
			if statement != "" {
				require.NoError(t, bypass.Exec(statement).Error, statement)
			}
		}
		done, err := tenancy.AutoMigrate(db, models...)
		require.NoError(t, err)
		require.Empty(t, done.Done, text)
		require.Empty(t, done.Pending)
		before = text
	}
	text, err := loadSchema(t, "sqlite", tenancy.SchemaOnly(config), &model.Project{}, &model.Task{})
	require.NoError(t, err)
	require.Contains(t, text, "PRIMARY KEY (`tenant_id`,`id`)")
	require.Contains(t, text, "FOREIGN KEY (`tenant_id`,`project_id`) REFERENCES `projects`(`tenant_id`,`id`)")
}

func TestPluginOfSchemasRefusesADatabase(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, dialector func() gorm.Dialector) {
		db := open(t, dialector())
		require.ErrorContains(t, db.Use(tenancy.SchemaOnly(tenancy.Config{})), "use New")
		require.Error(t, db.Find(&[]model.Project{}).Error)
		require.Error(t, tenancy.Installed(db))
	})
}
