package tenancy

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
	"github.com/gorm-tenancy/tenancy/internal/sqltext"
)

// Migration is what [AutoMigrate] did, and what it left for a plan.
type Migration struct {
	// Done is what was made or changed, in that order. Under DryRun it is what
	// would be.
	Done []Change
	// Pending is what the models want and the tables do not have: changes of
	// tables with rows that would lock them, or that the rows themselves forbid.
	Pending []Change
}

// A Change is one of a table.
type Change struct {
	Table  string // with its schema where it has one
	Object string // table, column, primary key, unique constraint, unique index, index or foreign key
	Name   string // of the object; empty where it has none
	SQL    string // that was sent, or that would make it on an empty table; empty where GORM sent it
	Reason string // of a pending change: why it was not made
}

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

// AutoMigrate makes the tables of models, as gorm.DB.AutoMigrate does, with keys
// that begin with the tenant column: primary keys, unique constraints, indexes,
// and foreign keys that cannot refer to another tenant's row. gorm.DB.AutoMigrate
// itself does the same where the plugin is in place, and logs what is pending.
//
// Keys are compared by what they are, not by name, and a second run changes
// nothing. Tables without rows are changed. On those with rows only what can be
// made beside the running program is: indexes that are missing (CONCURRENTLY on
// PostgreSQL), and foreign keys that are missing (NOT VALID, then validated). The
// rest is Pending. It needs no tenant in the context.
//
// Rows that belong to no tenant, because their table lacks the tenant column or has
// NULL in it, are seen by nobody: they are [ErrRowsWithoutTenant], in a [ScopeError]
// for each table, after everything else is done. Any other error ends it; the
// Migration says how far it came, and the next run goes on from there. It must not run twice at once on one database: one of the two may
// then fail.
func AutoMigrate(db *gorm.DB, models ...any) (*Migration, error) {
	m, ok := db.Migrator().(migrator)
	if !ok {
		return &Migration{}, errors.New("tenancy: AutoMigrate needs the plugin: call db.Use(tenancy.New(…)) first")
	}
	return m.migrate(models)
}

// migration is one run.
type migration struct {
	Migration
	migrator   migrator
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
	rebuilds map[*target]bool // tables that are made anew
}

// target is a model and its table.
type target struct {
	value any
	stmt  *gorm.Statement
	sql   string // the table
	name  catalog.Name
	want  *modelKeys
	has   *tableKeys // nil where there is no such table
	isNew bool

	counted, filled bool   // whether it has rows
	waiting         bool   // for its tenant column
	unchanged       string // why SQLite does not make it anew; empty where it does
	diffs           []keyDiff
	rebuilt         []foreignDiff          // what making it anew changes of its foreign keys
	needed          map[string][]dependent // its keys, by their indexes' names
}

// migrate brings the models' tables to what the models want.
func (m migrator) migrate(values []any) (*Migration, error) {
	r, err := m.prepare(values)
	if err != nil {
		return &Migration{}, err
	}
	defer r.forgetKeys()
	for _, step := range []func() error{
		r.read, r.checkColumns, r.migrateColumns, r.addHidden, r.read, r.changeKeys, r.createTables, r.checkColumns,
		r.addForeignKeys, r.checkRows,
	} {
		if err := step(); err != nil {
			return &r.Migration, err
		}
	}
	return &r.Migration, errors.Join(r.unowned...)
}

// prepare begins a run of models and of those that they are related to, and works
// out what they want.
func (m migrator) prepare(values []any) (*migration, error) {
	if err := m.adopt(values); err != nil {
		return nil, err
	}
	r, err := m.begin(values, true)
	if err != nil {
		return nil, err
	}
	return r, r.want(m.wantsRelations())
}

// begin prepares a run of models, in their order. related says whether those that
// they need come along.
func (m migrator) begin(values []any, related bool) (*migration, error) {
	order, ok := m.Migrator.(interface {
		ReorderModels(values []any, autoAdd bool) []any
		GetQueryAndExecTx() (queryTx, execTx *gorm.DB)
	})
	if !ok {
		return nil, fmt.Errorf("tenancy: the migrator %T is not GORM's", m.Migrator)
	}
	r := &migration{
		migrator: m, ctx: m.db.Statement.Context, pool: m.pool(),
		sqlite: m.plugin.dialect == sqltext.SQLite, changed: true,
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
	// GORM's order is not always the same, and foreign keys come last anyway.
	slices.SortStableFunc(r.targets, func(a, b *target) int { return a.name.Compare(b.name) })
	return r, nil
}

// pool returns the connection that a change of the schema would be sent on, which
// a plugin such as dbresolver may choose.
func (m migrator) pool() gorm.ConnPool {
	return m.db.Session(&gorm.Session{DryRun: true, Logger: logger.Discard}).Exec("ALTER").Statement.ConnPool
}

func (r *migration) queryRow(query string, dest ...any) error {
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

// target parses a model, under the table's name that the handle may have for it.
func (r *migration) target(value any) (*target, error) {
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
	t.name, _ = r.named(t.stmt.Schema)
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

// named returns the name of a model's table, and the same in SQL.
func (r *migration) named(s *schema.Schema) (catalog.Name, string) {
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

// wantsRelations reports whether foreign keys are part of a migration.
func (m migrator) wantsRelations() bool {
	return !m.db.DisableForeignKeyConstraintWhenMigrating && !m.db.IgnoreRelationshipsWhenMigrating
}

// want works out what the models want.
func (r *migration) want(relations bool) error {
	db := r.migrator.db
	rowids, err := r.readRowids()
	if err != nil {
		return err
	}
	rules := &keyRules{
		tables: r.migrator.plugin.tables, namer: db.NamingStrategy, sqlite: r.sqlite, rowids: rowids, version: r.version,
		typeOf: r.typeOf, named: r.named, quote: r.quote, relations: relations,
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

// readRowids reads which keys of the tables that are there SQLite fills.
func (r *migration) readRowids() (map[catalog.Name]string, error) {
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
func (r *migration) typeOf(f *schema.Field) string {
	if typed, ok := r.migrator.Migrator.(interface{ DataTypeOf(*schema.Field) string }); ok {
		return typed.DataTypeOf(f)
	}
	return r.migrator.FullDataTypeOf(f).SQL
}

// quote quotes one identifier, dots included.
func (r *migration) quote(name string) string {
	if r.sqlite {
		return "`" + strings.ReplaceAll(name, "`", "``") + "`"
	}
	return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
}

func (r *migration) quoteAll(names []string) string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = r.quote(name)
	}
	return "(" + strings.Join(quoted, ",") + ")"
}

// read reads what the tables have, unless nothing has changed since.
func (r *migration) read() error {
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
func (r *migration) readNames() error {
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
	return eachRow(r.ctx, r.pool, func(rows rowScanner) error {
		var name catalog.Name
		var table string
		err := rows.Scan(&name.Schema, &name.Name, &table)
		r.taken[name] = table
		return err
	}, query, args...)
}

// isTaken reports whether an index's name is another relation's.
func (r *migration) isTaken(t *target, index *tableIndex) bool {
	owner, taken := r.taken[catalog.Name{Schema: t.name.Schema, Name: index.name}]
	return taken && index.name != "" && !strings.EqualFold(owner, t.name.Name)
}

// send sends a change of the schema and notes that it is done.
func (r *migration) send(t *target, object, name, sql string) error {
	if err := r.exec.Exec("?", clause.Expr{SQL: sql}).Error; err != nil {
		return err
	}
	r.note(t, object, name, sql)
	return nil
}

func (r *migration) note(t *target, object, name, sql string) {
	r.Done = append(r.Done, Change{Table: t.table(), Object: object, Name: name, SQL: sql})
}

func (r *migration) leave(t *target, object, name, sql, reason string) {
	r.Pending = append(r.Pending, Change{Table: t.table(), Object: object, Name: name, SQL: sql, Reason: reason})
}

func (t *target) table() string {
	if t.name.Schema == "" {
		return t.stmt.Table
	}
	return t.name.Schema + "." + t.name.Name
}

// forgetKeys makes upserts read the tables' keys anew.
func (r *migration) forgetKeys() {
	for _, t := range r.targets {
		if m, err := r.migrator.plugin.tables.model(t.stmt.Schema); err == nil && m.table != nil {
			m.keys.Store(nil)
		}
	}
}
