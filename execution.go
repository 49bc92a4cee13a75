package tenancy

import (
	"context"
	"sync"
	"unsafe"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
	"gorm.io/gorm/schema"

	"github.com/gorm-tenancy/tenancy/internal/gormfacts"
	"github.com/gorm-tenancy/tenancy/internal/sqltext"
)

// executionKey is where a statement keeps its execution while its callbacks
// run, among its clauses: no processor builds a clause of this name, and a map
// that is there already costs nothing.
const executionKey = "tenancy:execution"

// execution is the state of one statement during GORM's callbacks. The plugin's
// callbacks, its clause builders and the pool that sends share it. The life of a
// statement:
//
//  1. begin (callbacks.go, begin.go), before all other callbacks. The scope is read from
//     the context or from the statement around it (nesting), the table is looked up, and
//     what a write is given by value is judged and filled in (writing). A statement that
//     is observed gets a shadow instead (observing).
//  2. Hooks and associations run as GORM runs them. What they send are statements with
//     executions of their own.
//  3. check (callbacks.go), right before GORM builds: a hook may have removed the
//     execution.
//  4. The clauses are built in GORM's order: SELECT, FROM, WHERE, GROUP BY, ORDER BY;
//     INSERT, VALUES, ON CONFLICT; UPDATE, SET, WHERE; DELETE, FROM, WHERE (clauses.go).
//     FROM, or SET where no FROM follows, finds the tables (tableList), decides where
//     each predicate stands, and begins WHERE (progress); the caller's conditions follow
//     as one group. The text of each clause is judged when it is written (clauseText),
//     and the whole is noted as judged (judgement).
//  5. After the last clause text goes to Config.RawSQL, and the whole to a Verifier.
//  6. sending (sending.go): the pool is stood in for, and compares what arrives with what
//     was judged (delivery).
//  7. conflict (conflictcheck.go): an upsert that met another tenant's row is found.
//  8. end (callbacks.go): what was put in place of the handle's own is put back, and the
//     execution returns to its pool.
type execution struct {
	plugin *Plugin
	op     string
	scope  *scope

	// The statement's own table, as far as it is known before its SQL is built, and then
	// as it was built.
	table     *table
	qualifier string

	writing
	progress
	tableList
	clauseText
	judgement
	delivery
	nesting
	observing

	columns  []string // of a conflict's target
	conflict conflictCheck
}

// writing is what a statement writes by value.
type writing struct {
	model     *model         // of the values; nil if there are none
	seen      map[visit]bool // of the values' associations
	skipped   bool           // a shared parent, which is built and not sent
	everybody bool           // the value that is saved is a row for everybody
}

// progress says which clauses have been built.
type progress struct {
	updating     bool // an UPDATE is built, also that of a soft delete
	deleting     bool // a DELETE is built
	inFrom       bool // the FROM list is being built
	placed       bool // FROM or SET was built, where the predicates are placed
	whereWritten bool // and they began a WHERE
}

// tableList holds the tables of the statement's FROM list, and how their rows are
// matched.
type tableList struct {
	refs      []sqltext.Ref
	tables    []*table      // of refs
	places    []placement   // of their predicates
	functions []sqltext.Ref // in FROM
	selection selection     // read for GROUP BY

	// anchor is the tenant's table that everything else in the statement is matched
	// with where the scope has several tenants. anchored reports that it has been
	// determined; its zero value then means that there is none.
	anchor   tenantRef
	anchored bool
	loose    bool // the anchor meets rows of several tenants, and the statement has others
}

// clauseText describes the text since the last mark.
type clauseText struct {
	queries  []sqltext.Span // subqueries
	relative bool           // they count from the mark
	compares bool           // they stand in INTERSECT or EXCEPT
	matched  bool           // one of them is matched with the statement by tenant
	subVars  int            // the values that they bound
}

// judgement says which part of the statement's text was judged, and with which values.
type judgement struct {
	text    string         // as far as it was judged
	bound   gormfacts.Vars // the values that it was judged with
	values  []any          // the same, of text that is still to pass callbacks
	valued  bool           // there are such
	strange bool           // it holds text that another clause or callback wrote
	trusts  bool           // raw SQL whose author is trusted
	guarded bool           // it holds text that Config.RawSQL is to scope
}

// delivery holds what replaces the handle's own pool and configuration while the
// statement is sent.
type delivery struct {
	sender sender       // for the pool
	wide   *sender      // the same, where another plugin sends
	config *gorm.Config // the handle's, to be put back
}

// nesting is how the statement is related to others.
type nesting struct {
	child        parentScope     // for the subquery that is being built
	parent       *parentScope    // of a subquery
	outerContext context.Context // the statement's, to be put back
}

// observing is for statements that are observed.
type observing struct {
	observed *shadow  // of a statement that is sent as it is
	preview  *preview // of a copy that will not be sent: what is noted of it
}

var executions = sync.Pool{New: func() any { return new(execution) }}

func newExecution(p *Plugin, op string) *execution {
	ex := executions.Get().(*execution)
	ex.plugin, ex.op = p, op
	return ex
}

func (ex *execution) release() {
	clear(ex.refs)
	clear(ex.tables)
	clear(ex.places)
	if len(ex.seen) > 256 {
		ex.seen = nil
	}
	clear(ex.seen)
	clear(ex.values)
	*ex = execution{
		writing:    writing{seen: ex.seen},
		tableList:  tableList{refs: ex.refs[:0], tables: ex.tables[:0], places: ex.places[:0], selection: ex.selection.forget()},
		clauseText: clauseText{queries: ex.queries[:0]},
		judgement:  judgement{values: ex.values[:0]},
		columns:    ex.columns[:0],
	}
	executions.Put(ex)
}

// Build implements clause.Expression; an execution is never built.
func (*execution) Build(clause.Builder) {}

func executionOf(stmt *gorm.Statement) *execution {
	ex, _ := stmt.Clauses[executionKey].Expression.(*execution)
	return ex
}

// executing returns the execution of the statement that a clause is built for.
// Statements that GORM builds for a part of another one, such as the ON of a join, have
// none: their text is judged as part of the statement itself.
func executing(b clause.Builder) (*execution, *gorm.Statement) {
	stmt, ok := b.(*gorm.Statement)
	if !ok {
		return nil, nil
	}
	return executionOf(stmt), stmt
}

func (ex *execution) errorOn(table string, err error, detail string) error {
	return scopeError(ex.op, table, err, detail)
}

// sender replaces a statement's pool while it is sent.
type sender struct {
	ex   *execution // nil if the statement is over
	stmt *gorm.Statement
	pool gorm.ConnPool
}

// A shadow accompanies a statement that is sent as it is. It builds a copy of the
// statement as Enforce would do, and compares the two.
type shadow struct {
	copied *gorm.DB   // the copy; nil until there is one
	ex     *execution // of the copy
	err    error      // that it was refused with
}

// conflictCheck is what a create must know after it ran, to distinguish a conflict with
// another tenant's row from one with its own.
type conflictCheck struct {
	values  clause.Values
	guard   bool       // the key does not contain the tenant
	columns []string   // of the key; none where it is not known
	key     *uniqueKey // where it is of more than its columns
	update  bool       // DO UPDATE after the guard: fewer rows are a conflict
	asked   bool       // by a WHERE of the caller's, too, which may skip rows
}

type visit struct {
	value unsafe.Pointer
	rel   *schema.Relationship
}

// selection is room to read what a statement selects.
type selection struct {
	lexer   sqltext.Lexer
	columns []sqltext.Operand
	aliases []string
}

// forget keeps the room alone.
func (s *selection) forget() selection {
	clear(s.columns)
	clear(s.aliases)
	return selection{columns: s.columns[:0], aliases: s.aliases[:0]}
}

// folded returns a qualifier as names in text are folded.
func (ex *execution) folded(qualifier string) string {
	lexer := sqltext.Lexer{Text: qualifier, Dialect: ex.plugin.dialect}
	if t := lexer.Next(); t.Kind == sqltext.Word || t.Kind == sqltext.Quoted {
		return lexer.Folded(t)
	}
	return ""
}

// poolOf returns the pool that a statement would have by itself.
func poolOf(stmt *gorm.Statement) gorm.ConnPool {
	if s, ok := stmt.ConnPool.(*sender); ok {
		return s.pool
	}
	return stmt.ConnPool
}

// placement is where the predicate of a reference in FROM goes. All of a list are decided
// before anything of it is written.
type placement struct {
	where     scoping
	match     tenantRef // the earlier reference that it is matched with in its ON
	isMatched bool      // there is one
	inWhere   bool      // its predicate, or its match with the anchor, is in the WHERE
}

// scoping is the place of a predicate.
type scoping uint8

const (
	unscoped scoping = iota // not a tenant's table
	whereClause
	onCondition
	aroundTable
)
