package automigrate

import (
	"errors"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
	gormmigrator "gorm.io/gorm/migrator"
	"gorm.io/gorm/schema"
)

// Migrator is GORM's migrator, with keys that contain the tenant.
type Migrator struct{ base }

// base is what [Migrator] and [columnMigrator] have in common.
type base struct {
	gorm.Migrator
	db        *gorm.DB
	dialector gorm.Dialector
	tables    Tables
	sqlite    bool
}

// New returns a migrator for a handle. inner is that of the dialector.
func New(inner gorm.Migrator, db *gorm.DB, dialector gorm.Dialector, tables Tables, sqlite bool) Migrator {
	return Migrator{base{Migrator: inner, db: db, dialector: dialector, tables: tables, sqlite: sqlite}}
}

// AutoMigrate implements gorm.Migrator.
func (m Migrator) AutoMigrate(values ...any) error {
	done, err := m.Migrate(values)
	m.warn(done)
	return err
}

// warn logs the changes that a run has left.
func (m Migrator) warn(done *Result) {
	for _, change := range done.Pending {
		m.db.Logger.Warn(m.db.Statement.Context, "tenancy: not migrated: %s", change)
	}
}

// CreateTable implements gorm.Migrator.
func (m Migrator) CreateTable(values ...any) error {
	if err := m.tables.Register(m.db, values); err != nil {
		return err
	}
	r, err := m.newRun(values, false)
	if err != nil {
		return err
	}
	if err := r.want(m.wantsRelations()); err != nil {
		return err
	}
	defer m.warn(&r.Result)
	defer r.forgetKeys()
	for _, step := range []func() error{r.readNames, r.createTables, r.addForeignKeys} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// FullDataTypeOf implements gorm.Migrator. A tenant column is always NOT NULL.
func (m base) FullDataTypeOf(field *schema.Field) clause.Expr {
	return m.Migrator.FullDataTypeOf(m.required(field, false))
}

// MigrateColumn implements gorm.Migrator. A tenant column that is NOT NULL stays
// so if it must. One that is not may have rows without a tenant, and stays as it
// is.
func (m base) MigrateColumn(value any, field *schema.Field, column gorm.ColumnType) error {
	if nullable, ok := column.Nullable(); ok && !nullable {
		isKey, _ := column.PrimaryKey()
		field = m.required(field, isKey)
	}
	return m.Migrator.MigrateColumn(value, field, column)
}

// required returns a tenant column's field as NOT NULL, and others as they are.
func (m base) required(field *schema.Field, isKey bool) *schema.Field {
	if field.NotNull || field.PrimaryKey || !m.tables.IsRequired(field, isKey) {
		return field
	}
	required := *field
	required.NotNull = true
	return &required
}

// MigrateColumnUnique implements gorm.Migrator. Uniques are compared as a whole,
// not by column.
func (m Migrator) MigrateColumnUnique(value any, field *schema.Field, column gorm.ColumnType) error {
	name := m.db.NamingStrategy.UniqueName(m.table(value), field.DBName)
	if key, err := m.key(value, name); err != nil || key == nil {
		return errors.Join(err, m.Migrator.MigrateColumnUnique(value, field, column))
	}
	return m.CreateConstraint(value, name)
}

// HasIndex implements gorm.Migrator. An index that the model declares exists if
// the table has one like it, under any name.
func (m Migrator) HasIndex(value any, name string) bool {
	return m.hasKey(value, name, m.Migrator.HasIndex)
}

// CreateIndex implements gorm.Migrator.
func (m Migrator) CreateIndex(value any, name string) error {
	return m.createKey(value, name, m.Migrator.CreateIndex)
}

// HasConstraint implements gorm.Migrator. A unique or foreign key that the model
// declares exists if the table has one like it, under any name.
func (m Migrator) HasConstraint(value any, name string) bool {
	return m.hasKey(value, name, m.Migrator.HasConstraint)
}

// CreateConstraint implements gorm.Migrator.
func (m Migrator) CreateConstraint(value any, name string) error {
	return m.createKey(value, name, m.Migrator.CreateConstraint)
}

// DropConstraint implements gorm.Migrator.
func (m Migrator) DropConstraint(value any, name string) error {
	defer m.forgetKeys(value)
	value, name = m.locate(value, name)
	return m.Migrator.DropConstraint(value, name)
}

// DropIndex implements gorm.Migrator.
func (m Migrator) DropIndex(value any, name string) error {
	defer m.forgetKeys(value)
	return m.Migrator.DropIndex(value, name)
}

// BuildIndexOptions implements migrator.BuildIndexOptionsInterface.
func (m base) BuildIndexOptions(opts []schema.IndexOption, stmt *gorm.Statement) []any {
	if b, ok := m.Migrator.(gormmigrator.BuildIndexOptionsInterface); ok {
		return b.BuildIndexOptions(opts, stmt)
	}
	return nil
}

func (m Migrator) forgetKeys(value any) {
	stmt := &gorm.Statement{DB: m.db}
	if stmt.Parse(value) == nil {
		m.tables.ForgetKeys(stmt.Schema)
	}
}

// table is the name of a model's table.
func (m base) table(value any) string {
	stmt := &gorm.Statement{DB: m.db, Table: m.db.Statement.Table}
	if stmt.ParseWithSpecialTableName(value, stmt.Table) != nil {
		return ""
	}
	return stmt.Table
}
