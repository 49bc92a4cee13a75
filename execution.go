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

// execution is one statement's run: what the clause builders share. It is made
// before the first callback and forgotten after the last.
type execution struct {
	plugin *Plugin
	op     string
	scope  *scope

	// The statement's own table, as far as it is known before its SQL is built,
	// and as it was then built.
	table     *table
	qualifier string

	seen map[visit]bool // of the values' associations

	// model of the values written; nil where there are none.
	model *model

	updating     bool // an UPDATE is built, be it of a soft delete
	deleting     bool // a DELETE is built
	placed       bool // FROM or SET was built, where the predicates are placed
	whereWritten bool // and they began a WHERE

	// anchor is the tenant's table that everything else in the statement is
	// matched with where the scope has several tenants; anchored says that it is
	// known, be it as none.
	anchor   tenantRef
	anchored bool
	loose    bool // the anchor meets rows of several tenants, and the statement has others

	refs     []sqltext.Ref
	tables   []*table       // of refs
	queries  []sqltext.Span // subqueries in the clause that is being built
	relative bool           // they count from where it begins
	compares bool           // they stand in INTERSECT or EXCEPT
	matched  bool           // one of them is matched with the statement by tenant
	subVars  int            // the values that they bound

	functions []sqltext.Ref // in FROM
	selection selection     // read for GROUP BY

	text         string          // as far as it was judged
	bound        gormfacts.Vars  // the values that it was judged with
	values       []any           // the same, of text that is still to pass callbacks
	valued       bool            // there are such
	strange      bool            // it holds text that another clause or callback wrote
	trusts       bool            // raw SQL whose author is trusted
	sender       sender          // what stands in for the pool
	wide         *sender         // the same, where another plugin sends
	guarded      bool            // it holds text that Config.RawSQL is to scope
	inFrom       bool            // the FROM list is being built
	skipped      bool            // a parent of nobody's, which is not written
	everybody    bool            // the value that is saved is a row for everybody
	config       *gorm.Config    // to be put back behind it
	child        parentScope     // to the subquery that is being built
	parent       *parentScope    // of a subquery
	outerContext context.Context // to be put back
	observed     *observation    // of a statement that is sent as it is
	rehearsal    *rehearsal      // what is noted where nothing will be sent
	columns      []string        // of a conflict's target
	conflict     conflictCheck
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
	if len(ex.seen) > 256 {
		ex.seen = nil
	}
	clear(ex.seen)
	clear(ex.values)
	*ex = execution{refs: ex.refs[:0], tables: ex.tables[:0], queries: ex.queries[:0], seen: ex.seen, columns: ex.columns[:0],
		values: ex.values[:0], selection: ex.selection.forget()}
	executions.Put(ex)
}

// Build implements clause.Expression; an execution is never built.
func (*execution) Build(clause.Builder) {}

func executionOf(stmt *gorm.Statement) *execution {
	ex, _ := stmt.Clauses[executionKey].Expression.(*execution)
	return ex
}

// executing returns the execution of the statement that a clause is built for.
// Statements that GORM builds on the side, such as the ON of a join, have none:
// their text is judged when it stands in the statement itself.
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

// sender stands in for a statement's pool while it is sent.
type sender struct {
	ex   *execution // nil when the statement is over
	stmt *gorm.Statement
	pool gorm.ConnPool
}

// An observation goes along with a statement that is sent as it is. Beside it a
// copy of the statement is built as Enforce would have it, and the two are
// compared.
type observation struct {
	copied *gorm.DB   // the copy; nil until there is one
	ex     *execution // of the copy
	err    error      // that it was refused with
}

// conflictCheck is what a create must know after it ran, to tell a conflict with
// another tenant's row from one with its own.
type conflictCheck struct {
	values  clause.Values
	guard   bool       // the key does not contain the tenant
	columns []string   // of the key; none where it is not known
	key     *uniqueKey // where it is of more than its columns
	update  bool       // DO UPDATE behind the guard: fewer rows are a conflict
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
