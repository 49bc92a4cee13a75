package suite

import (
	"context"
	"database/sql"
	"strings"
	"testing"

	"github.com/DATA-DOG/go-sqlmock"
	"github.com/stretchr/testify/require"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy"
)

// Squad has runners by a join table that GORM derives.
type Squad struct {
	tenancy.TenantModel
	ID      uint
	Runners []Runner `gorm:"many2many:squad_runners"`
}

// Runner is in squads.
type Runner struct {
	tenancy.TenantModel
	ID uint
}

// silentPool is the pool of a tool that asks for DDL: it answers nothing.
type silentPool struct {
	*sql.DB
	sent []string
}

func (r *silentPool) ExecContext(_ context.Context, query string, _ ...any) (sql.Result, error) {
	r.sent = append(r.sent, query)
	return sqlmock.NewResult(0, 0), nil
}

func (r *silentPool) QueryContext(context.Context, string, ...any) (*sql.Rows, error) {
	db, mock, err := sqlmock.New()
	if err != nil {
		return nil, err
	}
	mock.ExpectQuery("").WillReturnRows(sqlmock.NewRows(nil))
	return db.Query("")
}

// tool is a dialector with a migrator of its own.
type tool struct{ gorm.Dialector }

type toolMigrator struct{ gorm.Migrator }

func (d tool) Migrator(db *gorm.DB) gorm.Migrator { return toolMigrator{d.Dialector.Migrator(db)} }

// A tool opens handles with one configuration, one of them with a migrator of its own,
// and makes foreign keys by their names.
func TestSchemaOnlyServesAToolsHandles(t *testing.T) {
	t.Parallel()
	config := gorm.Config{
		Logger: quiet().Logger, DisableAutomaticPing: true,
		Plugins: map[string]gorm.Plugin{"tenancy": tenancy.SchemaOnly(tenancy.Config{})},
	}
	pool := &silentPool{}
	driver := postgres.New(postgres.Config{Conn: pool})
	first := config
	db, err := gorm.Open(driver, &first)
	require.NoError(t, err)
	db.DisableForeignKeyConstraintWhenMigrating = true
	require.NoError(t, db.AutoMigrate(&Squad{}, &Runner{}))
	second, err := gorm.Open(tool{driver}, &config)
	require.NoError(t, err)
	migrator, ok := second.Migrator().(toolMigrator)
	require.True(t, ok, "the tool's migrator is in its place")
	order := postgres.Migrator{}
	order.DB, order.Dialector = second, second.Dialector
	for _, value := range order.ReorderModels([]any{&Squad{}, &Runner{}}, true) { // as GORM made the join table
		stmt := &gorm.Statement{DB: second}
		require.NoError(t, stmt.Parse(value))
		for _, rel := range stmt.Schema.Relationships.Relations {
			if c := rel.ParseConstraint(); c != nil && c.Schema == stmt.Schema {
				require.NoError(t, migrator.CreateConstraint(value, c.Name))
			}
		}
	}
	sent := strings.Join(pool.sent, "\n")
	require.Contains(t, sent, `PRIMARY KEY ("tenant_id","squad_id","runner_id")`)
	require.Contains(t, sent, `FOREIGN KEY ("tenant_id","runner_id") REFERENCES "runners"("tenant_id","id")`)
	require.Contains(t, sent, `FOREIGN KEY ("tenant_id","squad_id") REFERENCES "squads"("tenant_id","id")`)
	require.Equal(t, 2, strings.Count(sent, "FOREIGN KEY"))
}

// SchemaOnly scopes no statement, and so has no place on a handle with rows.
func TestSchemaOnlyRefusesADatabase(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(testing.TB) *gorm.DB{"sqlite": openSQLite, "postgres": openPostgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := open(t)
			require.ErrorContains(t, db.Use(tenancy.SchemaOnly(config())), "a database that answers: use New")
			require.ErrorContains(t, db.Find(&[]User{}).Error, "use New")
			require.ErrorContains(t, tenancy.Installed(db), "use New")
		})
	}
}
