package tenancy

import (
	"context"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
	gormmigrator "gorm.io/gorm/migrator"

	"github.com/gorm-tenancy/tenancy/internal/automigrate"
	"github.com/gorm-tenancy/tenancy/internal/sqltext"
)

// dialector is the database's own dialector, whose migrator works without a
// tenant and makes keys that contain it.
type dialector struct {
	gorm.Dialector
	plugin *Plugin
}

func (p *Plugin) wrapDialector(db *gorm.DB) {
	if _, done := db.Config.Dialector.(dialector); done {
		return
	}
	db.Config.Dialector = dialector{Dialector: db.Config.Dialector, plugin: p}
}

// Migrator returns the dialect's migrator on a handle that needs no tenant.
func (d dialector) Migrator(db *gorm.DB) gorm.Migrator {
	marked := db.Session(&gorm.Session{
		Context: context.WithValue(db.Statement.Context, migratorKey{}, true),
	})
	inner, tables := d.Dialector.Migrator(marked), modelTables{d.plugin.tables}
	if columns, ok := automigrate.InRun(marked, inner); ok {
		return columns
	}
	return migrator{automigrate.New(inner, marked, d.Dialector, tables, d.plugin.dialect == sqltext.SQLite)}
}

// SavePoint implements gorm.SavePointerDialectorInterface.
func (d dialector) SavePoint(tx *gorm.DB, name string) error {
	if s, ok := d.Dialector.(gorm.SavePointerDialectorInterface); ok {
		return s.SavePoint(tx, name)
	}
	return gorm.ErrUnsupportedDriver
}

// RollbackTo implements gorm.SavePointerDialectorInterface.
func (d dialector) RollbackTo(tx *gorm.DB, name string) error {
	if s, ok := d.Dialector.(gorm.SavePointerDialectorInterface); ok {
		return s.RollbackTo(tx, name)
	}
	return gorm.ErrUnsupportedDriver
}

// Translate implements gorm.ErrorTranslator.
func (d dialector) Translate(err error) error {
	if t, ok := d.Dialector.(gorm.ErrorTranslator); ok {
		return t.Translate(err)
	}
	return err
}

// migrator is the engine's, which makes keys that contain the tenant; views need the
// scopes of this package.
type migrator struct{ automigrate.Migrator }

// CreateView implements gorm.Migrator. A view is everybody's, and so its query needs
// no scope: without one it spans all tenants, as under [Bypass], and its joins match
// tenant with tenant. A query that has a scope keeps it.
func (m migrator) CreateView(name string, option gorm.ViewOption) error {
	if query := option.Query; query != nil && query.Statement.SQL.Len() == 0 {
		ctx := query.Statement.Context
		if _, has := From(ctx); !has {
			ctx = Bypass(ctx, "CreateView")
		}
		option.Query = query.WithContext(ctx)
		// GORM drops the error of a query that is a part of a statement.
		dry := option.Query.Session(&gorm.Session{DryRun: true}).Find(&[]map[string]any{})
		if dry.Error != nil {
			return dry.Error
		}
	}
	return m.Migrator.CreateView(name, option)
}

var (
	_ gorm.SavePointerDialectorInterface      = dialector{}
	_ gorm.ErrorTranslator                    = dialector{}
	_ gormmigrator.BuildIndexOptionsInterface = migrator{}
	_ clause.Expression                       = (*execution)(nil)
)
