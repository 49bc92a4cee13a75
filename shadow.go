package tenancy

import (
	"errors"
	"maps"
	"reflect"
	"slices"

	"gorm.io/gorm"
	"gorm.io/gorm/callbacks"
	"gorm.io/gorm/clause"

	"github.com/gorm-tenancy/tenancy/internal/gormfacts"
)

// observe gives a statement that is observed its shadow.
func (p *Plugin) observe(db *gorm.DB, op string) {
	ex := newExecution(p, op)
	ex.observed = &shadow{}
	db.Statement.Clauses[executionKey] = clause.Clause{Expression: ex}
	text := db.Statement.SQL.String()
	switch {
	case gormfacts.IsSubquery(db): // it is previewed with its statement
	case op == opRaw || text != "":
		ex.markJudged(db.Statement)
		ex.observed.copy(db, op)
		ex.observed.judge()
		ex.observed.compare(db.Statement)
	case op == opCreate || op == opUpdate || op == opDelete: // judged before hooks and associations
		ex.observed.copy(db, op)
		ex.observed.judge()
	}
}

// copy copies the statement.
func (o *shadow) copy(db *gorm.DB, op string) {
	o.copied = db.Session(&gorm.Session{SkipHooks: true, DryRun: true})
	o.copied.Statement.BuildClauses = db.Statement.BuildClauses
	o.copied.Statement.ConnPool = poolOf(db.Statement)
	if gormfacts.IsSubquery(db) { // it counts its placeholders from its statement's
		o.copied.Statement.Vars = slices.Clone(db.Statement.Vars)
	}
	delete(o.copied.Statement.Clauses, executionKey)
	o.ex = newExecution(executionOf(db.Statement).plugin, op)
	o.ex.preview = &preview{}
}

// judge judges the copy.
func (o *shadow) judge() {
	stmt := o.copied.Statement
	if o.err = o.ex.begin(stmt); o.err == nil {
		stmt.Clauses[executionKey] = clause.Clause{Expression: o.ex}
	}
}

// copyQuery copies a query right before it is built. A subquery that nobody
// gave a scope, as among the values of raw SQL, is copied for what it may
// have to be.
func (o *shadow) copyQuery(db *gorm.DB) {
	ex := executionOf(db.Statement)
	if o.copied == nil && (ex.op == opQuery || ex.op == opRow) && (!gormfacts.IsSubquery(db) || ex.plugin.modes.strictest != Observe) {
		o.copy(db, ex.op)
	}
}

// write writes a clause as it would be written without the plugin. After the
// last one, the statement is compared with its copy.
func (o *shadow) write(stmt *gorm.Statement, name string, c clause.Clause, dialect clause.ClauseBuilder) {
	ex := executionOf(stmt)
	ex.updating = ex.updating || name == "UPDATE"
	if dialect != nil {
		dialect(c, stmt)
	} else {
		c.Build(stmt)
	}
	if o.copied == nil || stmt.DB.Error != nil || !ex.isLast(stmt, name) {
		return
	}
	enforced := ex.plugin.touchesEnforced(effective(ex.op, stmt.DB), stmt.SQL.String()) || isEnforced(stmt.Context) ||
		ex.plugin.modes.strictest != Observe && ex.plugin.instructs(stmt.Vars)
	if enforced { // it will be sent: what its author says of tenants is not relied on
		o.err = errors.Join(o.err, o.ex.preview.lacks)
		o.ex.preview = nil
	} else if gormfacts.IsSubquery(stmt.DB) {
		return
	}
	switch {
	case ex.op == opQuery || ex.op == opRow:
		if o.judge(); o.err == nil {
			callbacks.BuildQuerySQL(o.copied)
		}
	case o.err == nil:
		o.buildWrite(stmt, ex)
	}
	if enforced {
		o.enforce(stmt)
		return
	}
	o.compare(stmt)
}

// enforce makes the statement what its copy is.
func (o *shadow) enforce(stmt *gorm.Statement) {
	stmt.AddError(errors.Join(o.err, o.copied.Error))
	stmt.SQL.Reset()
	stmt.SQL.WriteString(o.copied.Statement.SQL.String())
	stmt.Vars = o.copied.Statement.Vars
	ex := executionOf(stmt)
	ex.strange = ex.strange || o.ex.strange
}

// buildWrite builds the copy of a write from the clauses that the write was built
// of: their values were made once, and are not to be made again.
func (o *shadow) buildWrite(stmt *gorm.Statement, outer *execution) {
	copied, list := o.copied.Statement, stmt.BuildClauses
	if outer.op == opDelete && outer.updating { // soft delete
		list = stmt.DB.Callback().Update().Clauses
	}
	copied.Clauses = maps.Clone(stmt.Clauses)
	copied.Clauses[executionKey] = clause.Clause{Expression: o.ex}
	if c := copied.Clauses["VALUES"]; c.Expression != nil {
		if values, ok := c.Expression.(clause.Values); ok {
			values.Columns = slices.Clone(values.Columns)
			values.Values = slices.Clone(values.Values)
			for i, row := range values.Values {
				values.Values[i] = slices.Clone(row)
			}
			c.Expression = values
			copied.Clauses["VALUES"] = c
		}
	}
	copied.Build(list...)
}

// compare reports what Enforce would have made of the statement.
func (o *shadow) compare(stmt *gorm.Statement) {
	ex, copied := o.ex, o.copied.Statement
	lacks, err := ex.preview.lacks, errors.Join(o.err, o.copied.Error)
	sql := copied.SQL.String()
	if err == nil && lacks == nil && sql == stmt.SQL.String() && sameVars(copied.Vars, stmt.Vars) && !ex.skipped {
		return
	}
	found := Finding{Op: ex.op, Table: stmt.Table, Reason: ex.preview.reason(), Err: err}
	if ex.skipped {
		found.Reason = "leaves the shared row as it is"
	}
	if err != nil {
		found.Reason = "would be refused: " + err.Error()
		var scoped *ScopeError
		if errors.As(err, &scoped) && scoped.Table != "" && lacks == nil {
			found.Table = scoped.Table
		}
	}
	if lacks != nil {
		found.Err = errors.Join(lacks, err)
		as := "; of a tenant, " + found.Reason
		if err == nil && !ex.preview.changes() && sql == stmt.SQL.String() {
			as = ""
		}
		found.Reason = "would be refused: " + lacks.Error() + as
	}
	ex.plugin.reportFinding(stmt.Context, found)
}

func (o *shadow) release() {
	if o != nil && o.ex != nil {
		o.ex.release()
	}
}

// sameVars reports whether two lists bind the same values; tenants may be spelled
// differently.
func sameVars(a, b []any) bool {
	return slices.EqualFunc(a, b, func(a, b any) bool {
		if reflect.DeepEqual(a, b) {
			return true
		}
		one, _ := tenantOf(a)
		other, _ := tenantOf(b)
		return one.key != "" && one.key == other.key
	})
}
