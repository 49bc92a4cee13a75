package automigrate

import (
	"context"
	"slices"

	"gorm.io/gorm"
	"gorm.io/gorm/schema"
)

// migrateColumns lets GORM update the columns and checks of existing tables.
func (r *run) migrateColumns() error {
	var values []any
	for _, t := range r.targets {
		if t.has != nil {
			values = append(values, t.value)
		}
	}
	if len(values) == 0 {
		return nil
	}
	db := r.migrator.db.WithContext(context.WithValue(r.ctx, runKey{}, r))
	return r.migrator.dialector.Migrator(db).AutoMigrate(values...)
}

// addHidden adds the tenant columns of join tables that are observed.
func (r *run) addHidden() error {
	for _, t := range r.targets {
		if t.has == nil || t.want.hidden == nil || slices.Contains(t.has.columns, t.want.column) {
			continue
		}
		if err := r.send(t, "column", t.want.column, "ALTER TABLE "+t.sql+" ADD "+r.hiddenColumn(t)); err != nil {
			return err
		}
		r.changed = true
	}
	return nil
}

// holdsColumn holds back the tenant column of a table with rows: the rows must get
// their tenants first.
func (r *run) holdsColumn(value any, name string) (bool, error) {
	t := r.targetOf(value)
	if t == nil || t.want.tenant != name {
		return false, nil
	}
	if err := r.countRows(t); err != nil || !t.filled {
		return false, err
	}
	t.waiting = true
	sql := "ALTER TABLE " + t.sql + " ADD " + r.quote(name) + " " +
		r.migrator.FullDataTypeOf(t.stmt.Schema.FieldsByDBName[name]).SQL
	r.markPending(t, "column", name, sql, "the rows that are there need their tenants first; the table's keys follow it")
	return true, nil
}

func (r *run) changedColumn(value any, name string) {
	r.changed = true
	if t := r.targetOf(value); t != nil {
		r.note(t, "column", name, "")
	}
}

// keeps reports whether this package, and not GORM, changes the indexes and
// uniques of a model's table. It does so for tenants' tables.
func (r *run) keeps(value any) bool {
	t := r.targetOf(value)
	return t == nil || t.want.tenant != "" || t.want.partial
}

// keepsConstraint is keeps for a constraint: foreign keys come last, and checks
// are left to GORM.
func (r *run) keepsConstraint(value any, name string) bool {
	t := r.targetOf(value)
	if t == nil {
		return true
	}
	if _, isCheck := t.stmt.Schema.ParseCheckConstraints()[name]; isCheck {
		return false
	}
	return t.want.tenant != "" || t.want.partial || constraintOf(t.stmt.Schema, name) != nil
}

// hasNamed reports whether a model's table has an index of a name. The index may
// contain the tenant if the table was enforced before.
func (r *run) hasNamed(value any, name string) bool {
	t := r.targetOf(value)
	return t != nil && t.has != nil && t.has.named(postgresName(name)) && slices.ContainsFunc(t.has.indexes, func(i *tableIndex) bool {
		return i.name == postgresName(name) && slices.ContainsFunc(i.parts, func(p indexPart) bool { return p.column == t.want.column })
	})
}

// runKey is the context's key of a [run], while GORM's own migrator brings the columns
// of a table up to date for it and leaves the keys alone.
type runKey struct{}

// InRun returns the migrator for a handle that a run gave to GORM's own; false for
// other handles.
func InRun(db *gorm.DB, inner gorm.Migrator) (gorm.Migrator, bool) {
	r, ok := db.Statement.Context.Value(runKey{}).(*run)
	if !ok {
		return nil, false
	}
	own := r.migrator.base
	own.Migrator, own.db = inner, db
	return columnMigrator{own, r}, true
}

// columnMigrator is the migrator that GORM's own calls during a run. It changes
// columns, and the keys of tables that do not belong to tenants.
type columnMigrator struct {
	base
	run *run
}

// CreateTable implements gorm.Migrator. The run makes the tables.
func (m columnMigrator) CreateTable(...any) error { return nil }

// AddColumn implements gorm.Migrator.
func (m columnMigrator) AddColumn(value any, name string) error {
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
func (m columnMigrator) AlterColumn(value any, name string) error {
	err := m.Migrator.AlterColumn(value, name)
	if err == nil {
		m.run.changedColumn(value, name)
	}
	return err
}

// MigrateColumnUnique implements gorm.Migrator.
func (m columnMigrator) MigrateColumnUnique(value any, field *schema.Field, column gorm.ColumnType) error {
	if m.run.keeps(value) || m.run.hasNamed(value, m.db.NamingStrategy.UniqueName(m.table(value), field.DBName)) {
		return nil
	}
	return m.Migrator.MigrateColumnUnique(value, field, column)
}

// HasIndex implements gorm.Migrator.
func (m columnMigrator) HasIndex(value any, name string) bool {
	return m.run.keeps(value) || m.Migrator.HasIndex(value, name)
}

// HasConstraint implements gorm.Migrator.
func (m columnMigrator) HasConstraint(value any, name string) bool {
	return m.run.keepsConstraint(value, name) || m.Migrator.HasConstraint(value, name)
}
