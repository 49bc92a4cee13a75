package automigrate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
	"gorm.io/gorm/logger"
	"gorm.io/gorm/schema"

	"github.com/gorm-tenancy/tenancy/catalog"
	"github.com/gorm-tenancy/tenancy/internal/sqlrows"
	"github.com/gorm-tenancy/tenancy/internal/sqltext"
)

// Result is what a run did, and what it left for a plan.
type Result struct {
	Done    []Change // in that order
	Pending []Change
}

// A Change is a change of a table.
type Change struct{ Table, Object, Name, SQL, Reason string }

// String returns the change as a line for people.
func (c Change) String() string {
	text := c.Table + ": " + c.Object
	if c.Name != "" {
		text += " " + c.Name
	}
	if c.Reason != "" {
		text += ": " + c.Reason
	}
	return text
}

// run is one migration of some models.
type run struct {
	Result
	migrator   Migrator
	ctx        context.Context
	pool       gorm.ConnPool // where the schema's changes are sent
	exec       *gorm.DB      // what sends them
	inTx       bool
	sqlite     bool
	schema     string // where names without one are
	version    int    // of PostgreSQL
	unanswered bool   // there is no catalogue, and no table
	targets    []*target
	taken      map[catalog.Name]string // the names of indexes, by table
	changed    bool                    // since the catalogue was read
	unowned    []error                 // the tables that have rows without a tenant

	// On SQLite:
	all      map[catalog.Name]*tableKeys
	rebuilds map[*target]bool // tables that are rebuilt
}

// Migrate makes and changes the models' tables, and their keys, as the models want
// them.
func (m Migrator) Migrate(values []any) (*Result, error) {
	r, err := m.prepare(values)
	if err != nil {
		return &Result{}, err
	}
	defer r.forgetKeys()
	for _, step := range []func() error{
		r.read, r.checkColumns, r.migrateColumns, r.addHidden, r.read, r.changeKeys, r.createTables, r.checkColumns,
		r.addForeignKeys, r.checkRows,
	} {
		if err := step(); err != nil {
			return &r.Result, err
		}
	}
	return &r.Result, errors.Join(r.unowned...)
}

// prepare begins a run of models and their related models, and works out what they
// want.
func (m Migrator) prepare(values []any) (*run, error) {
	if err := m.tables.Register(m.db, values); err != nil {
		return nil, err
	}
	r, err := m.newRun(values, true)
	if err != nil {
		return nil, err
	}
	return r, r.want(m.wantsRelations())
}

// newRun prepares a run of models, in their order. related says whether models
// that they depend on are included.
func (m Migrator) newRun(values []any, related bool) (*run, error) {
	order, ok := m.Migrator.(interface {
		ReorderModels(values []any, autoAdd bool) []any
		GetQueryAndExecTx() (queryTx, execTx *gorm.DB)
	})
	if !ok {
		return nil, fmt.Errorf("tenancy: the migrator %T is not GORM's", m.Migrator)
	}
	r := &run{
		migrator: m, ctx: m.db.Statement.Context, pool: m.pool(),
		sqlite: m.sqlite, changed: true,
	}
	_, exec := order.GetQueryAndExecTx()
	r.exec = exec.WithContext(r.ctx)
	r.exec.Statement.ConnPool = r.pool
	_, r.inTx = r.pool.(gorm.TxCommitter)
	if !r.sqlite {
		if err := r.queryRow(postgresPlace, &r.schema, &r.version); err != nil {
			return nil, err
		}
		if r.version == 0 { // nobody answers where statements are only recorded
			r.schema, r.version, r.unanswered = "public", newestPostgres, true
		}
	}
	for _, value := range order.ReorderModels(values, related) {
		t, err := r.target(value)
		if err != nil {
			return nil, err
		}
		r.targets = append(r.targets, t)
	}
	// GORM's order is not always the same, and foreign keys come last in any case.
	slices.SortStableFunc(r.targets, func(a, b *target) int { return a.name.Compare(b.name) })
	return r, nil
}

// pool returns the connection that a change of the schema would be sent on, which
// a plugin such as dbresolver may choose.
func (m Migrator) pool() gorm.ConnPool {
	return m.db.Session(&gorm.Session{DryRun: true, Logger: logger.Discard}).Exec("ALTER").Statement.ConnPool
}

func (r *run) queryRow(query string, dest ...any) error {
	rows, err := r.pool.QueryContext(r.ctx, query)
	if err != nil {
		return err
	}
	defer rows.Close()
	if rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			return err
		}
	}
	return rows.Err()
}

// wantsRelations reports whether foreign keys are part of a migration.
func (m Migrator) wantsRelations() bool {
	return !m.db.DisableForeignKeyConstraintWhenMigrating && !m.db.IgnoreRelationshipsWhenMigrating
}

// want works out what the models want.
func (r *run) want(relations bool) error {
	db := r.migrator.db
	rowids, err := r.readRowids()
	if err != nil {
		return err
	}
	rules := &keyRules{
		tables: r.migrator.tables, namer: db.NamingStrategy, sqlite: r.sqlite, rowids: rowids, version: r.version,
		typeOf: r.typeOf, nameOf: r.nameOf, quote: r.quote, relations: relations,
	}
	schemas := make([]*schema.Schema, len(r.targets))
	for i, t := range r.targets {
		schemas[i] = t.stmt.Schema
	}
	wanted, err := rules.all(schemas)
	if err != nil {
		return err
	}
	for i, keys := range wanted {
		r.targets[i].want = keys
	}
	return nil
}

// readRowids reads which keys of existing tables SQLite fills.
func (r *run) readRowids() (map[catalog.Name]string, error) {
	if !r.sqlite {
		return nil, nil
	}
	has, err := readSQLite(r.ctx, r.pool)
	rowids := map[catalog.Name]string{}
	for name, t := range has {
		if t.rowid != "" {
			rowids[name] = t.rowid
		}
	}
	return rowids, err
}

// typeOf returns the type that a field has in the database.
func (r *run) typeOf(f *schema.Field) string {
	if typed, ok := r.migrator.Migrator.(interface{ DataTypeOf(*schema.Field) string }); ok {
		return typed.DataTypeOf(f)
	}
	return r.migrator.FullDataTypeOf(f).SQL
}

// quote quotes one identifier, dots included.
func (r *run) quote(name string) string {
	if r.sqlite {
		return "`" + strings.ReplaceAll(name, "`", "``") + "`"
	}
	return sqltext.Quote(name)
}

func (r *run) quoteAll(names []string) string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = r.quote(name)
	}
	return "(" + strings.Join(quoted, ",") + ")"
}

// read reads what the tables have, unless nothing has changed since.
func (r *run) read() error {
	if !r.changed {
		return nil
	}
	r.changed = false
	var has map[catalog.Name]*tableKeys
	var err error
	switch {
	case r.unanswered:
	case r.sqlite:
		has, err = readSQLite(r.ctx, r.pool)
	default:
		var names []catalog.Name
		for _, t := range r.targets {
			names = append(names, t.name)
		}
		has, err = readPostgres(r.ctx, r.pool, names)
	}
	if err != nil {
		return err
	}
	r.all = has
	for _, t := range r.targets {
		t.has = has[t.name]
	}
	return r.readNames()
}

// readNames reads which names of wanted indexes are taken.
func (r *run) readNames() error {
	r.taken = map[catalog.Name]string{}
	query, args := sqliteNames, []any(nil)
	if !r.sqlite {
		names := []string{}
		for _, t := range r.targets {
			for _, index := range t.want.indexes {
				names = append(names, index.name)
			}
		}
		text, err := json.Marshal(names)
		if err != nil {
			return err
		}
		query, args = postgresNames, []any{string(text)}
	}
	return sqlrows.Each(r.ctx, r.pool, func(rows sqlrows.Row) error {
		var name catalog.Name
		var table string
		err := rows.Scan(&name.Schema, &name.Name, &table)
		r.taken[name] = table
		return err
	}, query, args...)
}

// isTaken reports whether an index's name is another relation's.
func (r *run) isTaken(t *target, index *tableIndex) bool {
	owner, taken := r.taken[catalog.Name{Schema: t.name.Schema, Name: index.name}]
	return taken && index.name != "" && !strings.EqualFold(owner, t.name.Name)
}

// send sends a change of the schema and notes that it is done.
func (r *run) send(t *target, object, name, sql string) error {
	if err := r.exec.Exec("?", clause.Expr{SQL: sql}).Error; err != nil {
		return err
	}
	r.note(t, object, name, sql)
	return nil
}

func (r *run) note(t *target, object, name, sql string) {
	r.Done = append(r.Done, Change{Table: t.table(), Object: object, Name: name, SQL: sql})
}

func (r *run) markPending(t *target, object, name, sql, reason string) {
	r.Pending = append(r.Pending, Change{Table: t.table(), Object: object, Name: name, SQL: sql, Reason: reason})
}

// forgetKeys makes upserts read the tables' keys again.
func (r *run) forgetKeys() {
	for _, t := range r.targets {
		r.migrator.tables.ForgetKeys(t.stmt.Schema)
	}
}

// checkColumns judges the tenant columns of existing tables. It runs before
// anything changes and again afterwards: only the database knows which ids a
// collation takes for equal, and only once the column has the collation.
func (r *run) checkColumns() error {
	for _, t := range r.targets {
		if t.has == nil {
			continue
		}
		if err := r.migrator.tables.CheckColumn(r.ctx, r.pool, t.stmt.Schema); err != nil {
			return err
		}
	}
	return nil
}
