package tenancytest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"gorm.io/gorm"
	"gorm.io/gorm/schema"

	"github.com/gorm-tenancy/tenancy/internal/sqlstate"
)

// errProbed undoes what a probe wrote.
var errProbed = errors.New("tenancytest: undo")

// probe finds out what the constraints of the tables are by trying them: whether
// keys and unique columns hold across tenants, and which references are checked.
func (f *Fixture) probe() error {
	for _, m := range f.models {
		for _, l := range m.links {
			if f.refuses(f.lone, m.dangling(l)) && !f.refuses(f.owner, m.dangling(l)) {
				if err := f.dropReference(m, l); err != nil {
					return fmt.Errorf("%s: drop a foreign key of the oracle that the tables do not have: %w", m.table, err)
				}
			}
		}
		m.globalKey, m.globalUnique = m.isLinked(), m.isLinked()
		if m.tenant == nil || f.suite.oneTenant || m.single() {
			continue
		}
		other := m.build(1, foreignRow)
		m.globalKey = f.isTaken(m, m.schema.PrimaryFields, other)
		if field, ok := attempt(m.unique); ok {
			m.globalUnique = f.isTaken(m, []*schema.Field{field}, other)
		}
	}
	return nil
}

// isTaken reports whether the first tenant cannot have a row with these columns
// of the other one's row.
func (f *Fixture) isTaken(m *model, fields []*schema.Field, other reflect.Value) bool {
	made, ok := attempt(func() any { return m.madeFor(0, 0) })
	if !ok {
		return false
	}
	for _, field := range fields {
		m.with(made, field, m.in(field, other.Interface()))
	}
	err := f.transaction(f.owner, func(pool gorm.ConnPool) error {
		return errors.Join(m.insert(f.owner, pool, reflect.ValueOf(made)), errProbed)
	})
	return isDuplicate(err)
}

// isDuplicate reports whether an error is that of a unique constraint, whatever
// the driver.
func isDuplicate(err error) bool {
	if state := sqlstate.Of(err); state != "" {
		return state == sqlstate.UniqueViolation
	}
	return strings.Contains(strings.ToLower(err.Error()), "unique")
}

// dangling is an update that makes a row refer to a row that does not exist; nil
// where that cannot be tried.
func (m *model) dangling(l *link) func(db *gorm.DB, pool gorm.ConnPool) error {
	t := l.targets[0]
	if t.kind != nil || len(l.targets) > 1 || m.tenant == nil && t.parent.tenant == nil {
		return nil
	}
	return func(db *gorm.DB, pool gorm.ConnPool) error {
		stmt := &gorm.Statement{DB: db}
		stmt.WriteString("UPDATE ")
		stmt.WriteQuoted(m.table)
		word := " SET "
		for _, p := range t.pairs {
			v := value(p.primary, seed{row: -1, key: 977, unique: 977})
			if v == nil || p.primary == t.parent.tenant {
				return nil
			}
			holder := reflect.New(t.parent.schema.ModelType)
			t.parent.set(p.primary, holder, v)
			stmt.WriteString(word)
			stmt.WriteQuoted(p.foreign.DBName)
			stmt.WriteString(" = ")
			stmt.AddVar(stmt, t.parent.in(p.primary, holder.Interface()))
			word = ", "
		}
		_, err := pool.ExecContext(context.Background(), stmt.SQL.String()+m.first(stmt), stmt.Vars...)
		return err
	}
}

// first is a condition on one row of the first tenant.
func (m *model) first(stmt *gorm.Statement) string {
	sql := stmt.SQL.String()
	word := " WHERE "
	value := m.build(0, 0)
	for _, field := range m.schema.PrimaryFields {
		stmt.WriteString(word)
		stmt.WriteQuoted(field.DBName)
		stmt.WriteString(" = ")
		stmt.AddVar(stmt, m.in(field, value.Interface()))
		word = " AND "
	}
	return strings.TrimPrefix(stmt.SQL.String(), sql)
}

// refuses reports whether a database refuses a statement.
func (f *Fixture) refuses(db *gorm.DB, try func(*gorm.DB, gorm.ConnPool) error) bool {
	if try == nil {
		return false
	}
	err := f.transaction(db, func(pool gorm.ConnPool) error {
		if err := try(db, pool); err != nil {
			return err
		}
		return errProbed
	})
	return !errors.Is(err, errProbed)
}

// dropReference removes the foreign keys of a link from the oracle.
func (f *Fixture) dropReference(m *model, l *link) error {
	if f.lone.Name() != "postgres" {
		return nil // such a database needs an oracle of the caller's
	}
	const query = `SELECT c.conname, array_to_string(ARRAY(
		SELECT a.attname::text FROM pg_attribute a WHERE a.attrelid = c.conrelid AND a.attnum = ANY (c.conkey) ORDER BY 1), ',')
		FROM pg_constraint c WHERE c.contype = 'f' AND c.conrelid = $1::regclass`
	found, err := f.lone.Statement.ConnPool.QueryContext(context.Background(), query, f.quote(m.table))
	if err != nil {
		return err
	}
	defer found.Close()
	var names []string
	for found.Next() {
		var name, columns string
		if err := found.Scan(&name, &columns); err != nil {
			return err
		}
		if slices.ContainsFunc(strings.Split(columns, ","), func(c string) bool {
			return slices.Contains(strings.Split(l.columns, ","), c)
		}) {
			names = append(names, name)
		}
	}
	if err := errors.Join(found.Err(), found.Close()); err != nil {
		return err
	}
	for _, name := range names {
		_, err := f.lone.Statement.ConnPool.ExecContext(context.Background(),
			"ALTER TABLE "+f.quote(m.table)+" DROP CONSTRAINT "+f.quote(name))
		if err != nil {
			return err
		}
	}
	return nil
}
