package automigrate

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"gorm.io/gorm"
)

// createTables makes the missing tables. Foreign keys come after all of them, so
// that they may form a cycle. SQLite cannot add foreign keys later, and accepts
// those to tables that do not exist yet.
func (r *run) createTables() error {
	for _, t := range r.targets {
		if t.has != nil {
			continue
		}
		if err := r.createTable(t); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) createTable(t *target) error {
	if t.want.partial {
		return fmt.Errorf("tenancy: %s is a tenant's table and %s has no tenant column: migrate the table's own model first",
			t.stmt.Table, t.stmt.Schema.Name)
	}
	var foreign []*foreignKey
	if r.sqlite {
		foreign = t.want.foreign
	}
	if err := r.send(t, "table", "", r.tableSQL(t, foreign)); err != nil {
		return err
	}
	t.isNew, t.counted = true, true
	t.has = &tableKeys{name: t.name, columns: slices.Clone(t.stmt.Schema.DBNames), foreign: foreign}
	if t.want.hidden != nil {
		t.has.columns = append(t.has.columns, t.want.column)
	}
	for _, index := range t.want.indexes {
		if index.inTable() {
			t.has.indexes = append(t.has.indexes, index)
		} else if err := r.createIndex(t, index); err != nil {
			return err
		}
	}
	if r.sqlite {
		return nil
	}
	return r.commentColumns(t)
}

// inTable reports whether CREATE TABLE makes it.
func (i *tableIndex) inTable() bool { return i.kind == primaryKey || i.kind == uniqueConstraint }

// tableSQL is a model's CREATE TABLE, with foreign keys that are part of it.
func (r *run) tableSQL(t *target, foreign []*foreignKey) string {
	var parts []string
	s := t.stmt.Schema
	for _, column := range s.DBNames {
		if field := s.FieldsByDBName[column]; !field.IgnoreMigration {
			parts = append(parts, r.quote(column)+" "+r.migrator.FullDataTypeOf(field).SQL)
		}
	}
	if t.want.hidden != nil {
		parts = append(parts, r.hiddenColumn(t))
	}
	for _, index := range t.want.indexes {
		if index.inTable() && !index.typed {
			parts = append(parts, r.keySQL(index))
		}
	}
	for _, fk := range foreign {
		parts = append(parts, r.foreignSQL(fk))
	}
	checks := s.ParseCheckConstraints()
	for _, check := range slices.Sorted(maps.Keys(checks)) {
		parts = append(parts, "CONSTRAINT "+r.quote(checks[check].Name)+" CHECK ("+checks[check].Constraint+")")
	}
	sql := "CREATE TABLE " + t.sql + " (" + strings.Join(parts, ",") + ")"
	if options, ok := r.migrator.db.Get("gorm:table_options"); ok {
		sql += fmt.Sprint(options)
	}
	return sql
}

// hiddenColumn is the tenant column of an observed join table: enforced statements
// need it, and GORM's statements do not fill it.
func (r *run) hiddenColumn(t *target) string {
	return r.quote(t.want.column) + " " + r.typeOf(t.want.hidden)
}

// keySQL is a primary key or a unique constraint as CREATE TABLE has it.
func (r *run) keySQL(index *tableIndex) string {
	columns, _ := index.columns()
	if index.kind == primaryKey {
		return "PRIMARY KEY " + r.quoteAll(columns)
	}
	return "CONSTRAINT " + r.quote(index.name) + " UNIQUE " + r.quoteAll(columns)
}

// foreignSQL is a foreign key as CREATE TABLE has it.
func (r *run) foreignSQL(fk *foreignKey) string {
	sql := "CONSTRAINT " + r.quote(fk.name) + " FOREIGN KEY " + r.quoteAll(fk.columns) +
		" REFERENCES " + fk.parentSQL + r.quoteAll(fk.refs)
	if action := actionSQL(fk.onDelete); fk.onDelete != "a" {
		sql += " ON DELETE " + action
		if len(fk.clear) > 0 {
			sql += " " + r.quoteAll(fk.clear)
		}
	}
	if action := actionSQL(fk.onUpdate); fk.onUpdate != "a" {
		sql += " ON UPDATE " + action
	}
	return sql
}

// indexSQL is an index's CREATE INDEX. A unique constraint becomes the equivalent
// unique index.
func (r *run) indexSQL(t *target, index *tableIndex, concurrently bool) string {
	sql := "CREATE "
	if index.isUnique() {
		sql += "UNIQUE "
	} else if index.class != "" {
		sql += index.class + " "
	}
	sql += "INDEX "
	if concurrently {
		sql += "CONCURRENTLY "
	}
	sql += r.quote(index.name) + " ON " + t.sql
	if index.method != "" {
		sql += " USING " + index.method
	}
	parts := make([]string, len(index.parts))
	for i, part := range index.parts {
		if parts[i] = part.sql; part.sql == "" {
			parts[i] = r.quote(part.column)
		}
	}
	sql += " (" + strings.Join(parts, ",") + ")"
	if index.options != "" {
		sql += " " + index.options
	}
	if index.where.sql != "" {
		sql += " WHERE " + index.where.sql
	}
	return sql
}

// createIndex makes an index on a table without rows, or on SQLite.
func (r *run) createIndex(t *target, index *tableIndex) error {
	sql := r.indexSQL(t, index, false)
	if r.isTaken(t, index) {
		r.markPending(t, index.kind.object(), index.name, sql, "another table has an index of that name")
		return nil
	}
	if err := r.send(t, index.kind.object(), index.name, sql); err != nil {
		return err
	}
	r.made(t, index)
	return nil
}

// made notes that a table has an index.
func (r *run) made(t *target, index *tableIndex) {
	t.has.indexes = append(t.has.indexes, index)
	named := t.name
	named.Name = index.name
	r.taken[named] = t.name.Name
}

// commentColumns writes the columns' comments, as GORM's driver does.
func (r *run) commentColumns(t *target) error {
	for _, column := range t.stmt.Schema.DBNames {
		field := t.stmt.Schema.FieldsByDBName[column]
		if field.Comment == "" || field.IgnoreMigration {
			continue
		}
		text := r.migrator.db.Dialector.Explain("$1", field.Comment)
		if err := r.exec.Exec("?", gorm.Expr("COMMENT ON COLUMN "+t.sql+"."+r.quote(column)+" IS "+text)).Error; err != nil {
			return err
		}
	}
	return nil
}
