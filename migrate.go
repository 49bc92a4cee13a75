package tenancy

import (
	"context"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
	gormmigrator "gorm.io/gorm/migrator"
	"gorm.io/gorm/schema"
)

// dialector is the database's own dialector, whose migrator works without a
// tenant and knows the models that it migrates.
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
	return migrator{Migrator: d.Dialector.Migrator(marked), plugin: d.plugin, db: db}
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

// migrator makes models known before their tables are made, because a plain
// many-to-many table has its tenant column from the plugin.
type migrator struct {
	gorm.Migrator
	plugin *Plugin
	db     *gorm.DB
}

// AutoMigrate implements gorm.Migrator.
func (m migrator) AutoMigrate(values ...any) error {
	if err := m.adopt(values); err != nil {
		return err
	}
	return m.Migrator.AutoMigrate(values...)
}

// CreateTable implements gorm.Migrator.
func (m migrator) CreateTable(values ...any) error {
	if err := m.adopt(values); err != nil {
		return err
	}
	return m.Migrator.CreateTable(values...)
}

// BuildIndexOptions implements migrator.BuildIndexOptionsInterface.
func (m migrator) BuildIndexOptions(opts []schema.IndexOption, stmt *gorm.Statement) []any {
	if b, ok := m.Migrator.(gormmigrator.BuildIndexOptionsInterface); ok {
		return b.BuildIndexOptions(opts, stmt)
	}
	return nil
}

func (m migrator) adopt(values []any) error {
	for _, value := range values {
		stmt := &gorm.Statement{DB: m.db}
		if stmt.Parse(value) != nil {
			continue // the migrator says what is wrong with it
		}
		known, err := m.plugin.tables.model(stmt.Schema)
		if err != nil {
			return err
		}
		if known.table != nil {
			known.keys.Store(nil)
		}
		if err := m.plugin.tables.migrateJoinTables(stmt.Schema, map[*schema.Schema]bool{}); err != nil {
			return err
		}
	}
	return nil
}

var (
	_ gorm.SavePointerDialectorInterface      = dialector{}
	_ gorm.ErrorTranslator                    = dialector{}
	_ gormmigrator.BuildIndexOptionsInterface = migrator{}
	_ clause.Expression                       = (*execution)(nil)
)
