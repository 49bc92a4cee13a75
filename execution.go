package tenancy

import (
	"context"
	"fmt"
	"sync"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

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

	text         string // as far as it was judged
	firstBound   *any   // the values that it was judged with, and how many
	bound        int
	values       []any           // the same, of text that is still to pass callbacks
	valued       bool            // there are such
	strange      bool            // it holds text that another clause or callback wrote
	trusts       bool            // raw SQL whose author is trusted
	sender       sender          // what stands in for the pool
	wide         *sender         // the same, where another plugin sends
	guarded      bool            // it holds text that Config.RawSQL is to scope
	inFrom       bool            // the FROM list is being built
	kept         bool            // a parent of nobody's, which is not written
	everybody    bool            // the value that is saved is a row for everybody
	config       *gorm.Config    // to be put back behind it
	lent         inheritance     // to the subquery that is being built
	handed       *inheritance    // of a subquery
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

// begin resolves the scope and judges what can be judged before SQL is built.
func (ex *execution) begin(stmt *gorm.Statement) error {
	if ex.op == opRaw || stmt.SQL.Len() > 0 {
		return ex.beginRaw(stmt)
	}
	s := scopeOf(stmt.Context)
	if ex.handed != nil {
		var err error
		if s, err = ex.handed.scopeFor(s); err != nil {
			return ex.errorOn(stmt.Table, err, "")
		}
	}
	if s == nil {
		var err error
		if s, err = ex.assume(stmt); err != nil {
			return err
		}
	}
	if s.err != nil {
		return s.err
	}
	ex.scope = s
	if err := ex.resolve(stmt); err != nil {
		return err
	}
	if ex.table != nil && ex.op != opCreate {
		if err := ex.mayReach(ex.table); err != nil {
			return err
		}
	}
	if s.mode == modeBypass {
		if err := ex.reportBypass(stmt.Context); err != nil {
			return err
		}
	}
	if err := ex.judgeClauses(stmt); err != nil {
		return err
	}
	if s.isSeveral() && ex.op != opCreate && inAssociation() {
		return ex.errorOn(stmt.Table, ErrTenantMismatch, "association mode needs one tenant: scope the context to the owner's with With")
	}
	if err := ex.judgeNesting(stmt); err != nil {
		return err
	}
	for i := range stmt.Joins {
		if on := stmt.Joins[i].On; on != nil && s.mode != modeBypass && !ex.keepsGroups(*on) {
			return ex.errorOn(stmt.Table, ErrUnscopedSQL, errGroups)
		}
	}
	adoptJoins(stmt)
	switch ex.op {
	case opCreate:
		return ex.beginCreate(stmt)
	case opUpdate, opDelete:
		return ex.beginChange(stmt)
	case opQuery, opRow:
		return ex.beginRead(stmt)
	}
	return nil
}

// resolve finds the statement's table as far as it is known already. The SQL
// that is built has the last word.
func (ex *execution) resolve(stmt *gorm.Statement) error {
	r := ex.plugin.tables
	if stmt.Schema != nil {
		m, err := r.model(stmt.Schema)
		if err != nil {
			return ex.errorOn(stmt.Schema.Table, ErrUndeclared, err.Error())
		}
		ex.model = m
		if stmt.TableExpr == nil || stmt.Table == stmt.Schema.Table {
			ex.table = m.table
		}
	}
	if ex.table == nil {
		ex.table = r.byName("", r.fold(stmt.Table))
	}
	if ex.table == nil && ex.model != nil && stmt.TableExpr != nil && schemaQualified(stmt) {
		ex.table = ex.model.table
	}
	ex.setTable(stmt, ex.table)
	if ex.qualifier != "" && stmt.TableExpr == nil {
		ex.anchor, ex.anchored = tenantRef{ex.table, ex.qualifier}, true
	}
	return nil
}

// setTable makes a table the statement's own, under the name that it has there.
func (ex *execution) setTable(stmt *gorm.Statement, t *table) {
	ex.table, ex.qualifier = t, ""
	switch {
	case !t.isScoped() || stmt.Table == "":
	case stmt.Table == t.name:
		ex.qualifier = t.qualifier
	default:
		ex.qualifier = stmt.Quote(stmt.Table)
	}
}

// schemaQualified reports whether a statement's table expression is the one
// that GORM makes for a model of another schema.
func schemaQualified(stmt *gorm.Statement) bool {
	return len(stmt.TableExpr.Vars) == 0 && stmt.TableExpr.SQL == stmt.Quote(stmt.Schema.Table)
}

// lookup returns a table by the name that stands in the SQL.
func (ex *execution) lookup(schemaName, name string) (*table, error) {
	t := ex.plugin.tables.byName(schemaName, name)
	if t != nil {
		return t, ex.mayReach(t)
	}
	if ex.scope.mode == modeNone {
		if err := ex.lacksTenant(name); err != nil {
			return nil, err
		}
	}
	switch {
	case ex.scope.mode == modeBypass, ex.plugin.tables.allowsUndeclared(schemaName, name):
		return undeclared, nil
	case ex.strange && ex.plugin.config.RawSQL != nil:
		return unjudged, nil
	}
	remedy := "list its model in Config.Models, or in Config.Shared if it belongs to no tenant"
	if rel := ex.plugin.tables.joinedBy(name); rel != nil {
		remedy = fmt.Sprintf("give the join model %s of %s.%s the tenant column: embed TenantModel, or mark the column",
			rel.JoinTable.ModelType.Name(), rel.Schema.Name, rel.Name)
	}
	return nil, ex.errorOn(name, ErrUndeclared, remedy)
}

// lookupOwn is lookup for the table that the statement's model is used with: a
// model with a tenant column brings it along to a table of another name.
func (ex *execution) lookupOwn(schemaName, name string) (*table, error) {
	t, err := ex.lookup(schemaName, name)
	if t != nil && t != undeclared || ex.model == nil || ex.model.tenant == nil || ex.model.table == nil || ex.scope.mode == modeNone {
		return t, err
	}
	if schemaName != "" {
		name = schemaName + "." + name
	}
	own := ex.plugin.tables.newTable(name, ex.model.column, ex.model.id)
	own.kind, own.key = ex.model.kind, ex.model.key
	return own, nil
}
