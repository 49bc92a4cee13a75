package automigrate

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"gorm.io/gorm"
	"gorm.io/gorm/schema"

	"github.com/gorm-tenancy/tenancy/catalog"
	"github.com/gorm-tenancy/tenancy/internal/sqlrows"
)

// targetOf returns the target of a model's value, or of one of the same table: GORM has
// a type for each side of a join table.
func (r *run) targetOf(value any) *target {
	name := r.migrator.table(value)
	at := slices.IndexFunc(r.targets, func(t *target) bool { return t.stmt.Table == name })
	if at < 0 {
		return nil
	}
	return r.targets[at]
}

// isLive reports whether a table's keys may only be changed in ways that do not disturb
// the running program.
func (t *target) isLive() bool { return t.filled || t.has.partitioned }

// countRows finds out which of the tables have rows, in one query.
func (r *run) countRows(targets ...*target) error {
	var query []string
	for i, t := range targets {
		if t.counted || t.has == nil {
			continue
		}
		t.counted, t.filled = true, t.has.hidden
		query = append(query, fmt.Sprintf("SELECT %d, EXISTS (SELECT 1 FROM %s)", i, t.sql))
	}
	if len(query) == 0 {
		return nil
	}
	return sqlrows.Each(r.ctx, r.pool, func(rows sqlrows.Row) error {
		var at int
		var filled bool
		err := rows.Scan(&at, &filled)
		targets[at].filled = targets[at].filled || filled
		return err
	}, strings.Join(query, " UNION ALL "))
}

// target is a model and its table.
type target struct {
	value any
	stmt  *gorm.Statement
	sql   string // the table
	name  catalog.Name
	want  *modelKeys
	has   *tableKeys // nil if there is no such table
	isNew bool

	counted, filled bool   // whether it has rows
	waiting         bool   // for its tenant column
	rebuildObstacle string // why SQLite does not rebuild it; empty if it does
	diffs           []keyDiff
	rebuilt         []foreignDiff          // what rebuilding it changes of its foreign keys
	needed          map[string][]dependent // its keys, by their indexes' names
}

// target parses a model, under the table's name that the handle may have for it.
func (r *run) target(value any) (*target, error) {
	db := r.migrator.db
	t := &target{value: value, stmt: &gorm.Statement{DB: db, Table: db.Statement.Table, TableExpr: db.Statement.TableExpr}}
	if _, isName := value.(string); isName {
		return nil, errors.New("tenancy: a table's name has no schema to migrate")
	}
	if err := t.stmt.ParseWithSpecialTableName(value, t.stmt.Table); err != nil {
		return nil, err
	}
	t.sql = t.stmt.Quote(t.stmt.Table)
	if t.stmt.TableExpr != nil {
		t.sql = t.stmt.TableExpr.SQL
	}
	t.name, _ = r.nameOf(t.stmt.Schema)
	if located, ok := r.migrator.Migrator.(interface {
		CurrentSchema(stmt *gorm.Statement, table string) (any, any)
	}); ok {
		in, name := located.CurrentSchema(t.stmt, t.stmt.Table)
		t.name = catalog.Name{Schema: r.schema, Name: postgresName(fmt.Sprint(name))}
		if explicit, ok := in.(string); ok {
			t.name.Schema = postgresName(explicit)
		}
	}
	return t, nil
}

// nameOf returns the name of a model's table, and the same in SQL.
func (r *run) nameOf(s *schema.Schema) (catalog.Name, string) {
	for _, t := range r.targets {
		if t.stmt.Schema == s {
			return t.name, t.sql
		}
	}
	sql := (&gorm.Statement{DB: r.migrator.db}).Quote(s.Table)
	if r.sqlite {
		return sqliteName(s.Table), sql
	}
	if in, name, ok := strings.Cut(s.Table, "."); ok {
		return catalog.Name{Schema: postgresName(in), Name: postgresName(name)}, sql
	}
	return catalog.Name{Schema: r.schema, Name: postgresName(s.Table)}, sql
}

func (t *target) table() string {
	if t.name.Schema == "" {
		return t.stmt.Table
	}
	return t.name.Schema + "." + t.name.Name
}
