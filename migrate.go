package tenancy

import (
	"context"
	"errors"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
	gormmigrator "gorm.io/gorm/migrator"
	"gorm.io/gorm/schema"
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
	run, _ := db.Statement.Context.Value(migrationKey{}).(*migration)
	return migrator{Migrator: d.Dialector.Migrator(marked), plugin: d.plugin, db: marked, run: run}
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

// migrationKey is the context's key of a [migration], while GORM's own migrator
// brings the columns of a table up to date for it and leaves the keys alone.
type migrationKey struct{}

// migrator makes keys that contain the tenant; the rest is GORM's.
type migrator struct {
	gorm.Migrator
	plugin *Plugin
	db     *gorm.DB
	run    *migration // that it works for; nil for the migrator of a user
}

// AutoMigrate implements gorm.Migrator.
func (m migrator) AutoMigrate(values ...any) error {
	done, err := m.migrate(values)
	m.warn(done)
	return err
}

// warn logs what a run has left.
func (m migrator) warn(run *Migration) {
	for _, change := range run.Pending {
		m.db.Logger.Warn(m.db.Statement.Context, "tenancy: not migrated: %s", change)
	}
}

// CreateTable implements gorm.Migrator.
func (m migrator) CreateTable(values ...any) error {
	if m.run != nil {
		return nil
	}
	if err := m.adopt(values); err != nil {
		return err
	}
	r, err := m.begin(values, false)
	if err != nil {
		return err
	}
	if err := r.want(m.wantsRelations()); err != nil {
		return err
	}
	defer m.warn(&r.Migration)
	defer r.forgetKeys()
	for _, step := range []func() error{r.readNames, r.createTables, r.addForeignKeys} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// AddColumn implements gorm.Migrator.
func (m migrator) AddColumn(value any, name string) error {
	if m.run == nil {
		return m.Migrator.AddColumn(value, name)
	}
	if held, err := m.run.holdsColumn(value, name); held || err != nil {
		return err
	}
	if err := m.Migrator.AddColumn(value, name); err != nil {
		return err
	}
	m.run.changedColumn(value, name)
	return nil
}

// AlterColumn implements gorm.Migrator.
func (m migrator) AlterColumn(value any, name string) error {
	err := m.Migrator.AlterColumn(value, name)
	if err == nil && m.run != nil {
		m.run.changedColumn(value, name)
	}
	return err
}

// FullDataTypeOf implements gorm.Migrator. A tenant column is NOT NULL, whatever
// the model says.
func (m migrator) FullDataTypeOf(field *schema.Field) clause.Expr {
	return m.Migrator.FullDataTypeOf(m.required(field, false))
}

// MigrateColumn implements gorm.Migrator. A tenant column that is NOT NULL stays
// so where it has to be; one that is not may have rows without a tenant.
func (m migrator) MigrateColumn(value any, field *schema.Field, column gorm.ColumnType) error {
	if nullable, ok := column.Nullable(); ok && !nullable {
		isKey, _ := column.PrimaryKey()
		field = m.required(field, isKey)
	}
	return m.Migrator.MigrateColumn(value, field, column)
}

// required returns a tenant column's field as NOT NULL, and others as they are.
// That of a table that is observed is so only where it is part of the primary key.
func (m migrator) required(field *schema.Field, isKey bool) *schema.Field {
	if field.NotNull || field.PrimaryKey {
		return field
	}
	r := m.plugin.tables
	tenant, err := r.tenantField(field.Schema)
	if err != nil || tenant == nil || tenant.DBName != field.DBName || !isKey && r.modeOf(field.Schema.Table) == Observe {
		return field
	}
	if t := r.byName("", r.fold(field.Schema.Table)); t != nil && t.kind == KindMixed {
		return field
	}
	required := *field
	required.NotNull = true
	return &required
}

// MigrateColumnUnique implements gorm.Migrator. Uniques are compared as a whole,
// not by column.
func (m migrator) MigrateColumnUnique(value any, field *schema.Field, column gorm.ColumnType) error {
	if m.run != nil {
		if m.run.keeps(value) || m.run.hasNamed(value, m.db.NamingStrategy.UniqueName(m.table(value), field.DBName)) {
			return nil
		}
		return m.Migrator.MigrateColumnUnique(value, field, column)
	}
	name := m.db.NamingStrategy.UniqueName(m.table(value), field.DBName)
	if key, err := m.key(value, name); err != nil || key == nil {
		return errors.Join(err, m.Migrator.MigrateColumnUnique(value, field, column))
	}
	return m.CreateConstraint(value, name)
}

// HasIndex implements gorm.Migrator. An index that the model declares is there
// when the table has one like it, whatever its name.
func (m migrator) HasIndex(value any, name string) bool {
	switch {
	case m.run == nil:
		return m.hasKey(value, name, m.Migrator.HasIndex)
	case m.run.keeps(value):
		return true
	}
	return m.Migrator.HasIndex(value, name)
}

// CreateIndex implements gorm.Migrator.
func (m migrator) CreateIndex(value any, name string) error {
	if m.run != nil {
		return m.Migrator.CreateIndex(value, name)
	}
	return m.createKey(value, name, m.Migrator.CreateIndex)
}

// HasConstraint implements gorm.Migrator. A unique or foreign key that the model
// declares is there when the table has one like it, whatever its name.
func (m migrator) HasConstraint(value any, name string) bool {
	if m.run != nil {
		return m.run.keepsConstraint(value, name) || m.Migrator.HasConstraint(value, name)
	}
	return m.hasKey(value, name, m.Migrator.HasConstraint)
}

// CreateConstraint implements gorm.Migrator.
func (m migrator) CreateConstraint(value any, name string) error {
	if m.run != nil {
		return m.Migrator.CreateConstraint(value, name)
	}
	return m.createKey(value, name, m.Migrator.CreateConstraint)
}

// DropConstraint implements gorm.Migrator.
func (m migrator) DropConstraint(value any, name string) error {
	defer m.forgetKeys(value)
	if m.run == nil {
		value, name = m.located(value, name)
	}
	return m.Migrator.DropConstraint(value, name)
}

// DropIndex implements gorm.Migrator.
func (m migrator) DropIndex(value any, name string) error {
	defer m.forgetKeys(value)
	return m.Migrator.DropIndex(value, name)
}

// BuildIndexOptions implements migrator.BuildIndexOptionsInterface.
func (m migrator) BuildIndexOptions(opts []schema.IndexOption, stmt *gorm.Statement) []any {
	if b, ok := m.Migrator.(gormmigrator.BuildIndexOptionsInterface); ok {
		return b.BuildIndexOptions(opts, stmt)
	}
	return nil
}

// adopt makes models known before their tables are made, because a plain
// many-to-many table has its tenant column from the plugin.
func (m migrator) adopt(values []any) error {
	defer m.plugin.tables.guardKeys()
	for _, value := range values {
		stmt := &gorm.Statement{DB: m.db}
		if stmt.Parse(value) != nil {
			continue // the migrator says what is wrong with it
		}
		if _, err := m.plugin.tables.model(stmt.Schema); err != nil {
			return err
		}
		if err := m.plugin.tables.migrateJoinTables(stmt.Schema, map[*schema.Schema]bool{}); err != nil {
			return err
		}
	}
	return nil
}

func (m migrator) forgetKeys(value any) {
	stmt := &gorm.Statement{DB: m.db}
	if stmt.Parse(value) != nil {
		return
	}
	if known, err := m.plugin.tables.model(stmt.Schema); err == nil && known.table != nil {
		known.keys.Store(nil)
	}
}

// table is the name of a model's table.
func (m migrator) table(value any) string {
	stmt := &gorm.Statement{DB: m.db, Table: m.db.Statement.Table}
	if stmt.ParseWithSpecialTableName(value, stmt.Table) != nil {
		return ""
	}
	return stmt.Table
}

var (
	_ gorm.SavePointerDialectorInterface      = dialector{}
	_ gorm.ErrorTranslator                    = dialector{}
	_ gormmigrator.BuildIndexOptionsInterface = migrator{}
	_ clause.Expression                       = (*execution)(nil)
)
