//go:build cgo

package verify

import (
	"errors"
	"strings"
	"unicode/utf8"

	pg "github.com/pganalyze/pg_query_go/v6"
	"github.com/pganalyze/pg_query_go/v6/parser"

	"github.com/gorm-tenancy/tenancy"
)

// Options change what a [Verifier] knows. The zero value is the safest.
type Options struct {
	// Functions are further functions that statements may call, in lower case,
	// with the schema if they are called with one. By listing a function you
	// assert that it neither shows nor changes anything of other tenants. Empty
	// means no further functions.
	Functions []string
}

// A Verifier judges statements. It has no state and is safe for concurrent use.
// The zero Verifier has the zero Options.
type Verifier struct {
	functions map[string]struct{}
}

// New returns a Verifier.
func New(o Options) *Verifier {
	v := &Verifier{functions: make(map[string]struct{}, len(o.Functions))}
	for _, name := range o.Functions {
		v.functions[name] = struct{}{}
	}
	return v
}

// Statement judges a statement with the zero [Options].
func Statement(stmt tenancy.RawStatement) error { return new(Verifier).Statement(stmt) }

// Statement returns nil if every reference to a tenant's table in the statement
// certainly reads and writes only rows of the scope, and an *[Error] otherwise.
// The bound values matter: the same text with another tenant's value is refused.
// Statement does not support a bypass: without tenants to compare with, tenants'
// tables are refused.
func (v *Verifier) Statement(stmt tenancy.RawStatement) error {
	j := newJudge(v, stmt)
	if tree := j.parse(); tree != nil {
		j.statement(tree)
		j.conclude()
	}
	if j.err != nil {
		return j.err
	}
	return nil
}

// A judge is the state of judging one statement.
type judge struct {
	stmt      tenancy.RawStatement
	functions map[string]struct{}
	err       *Error
	tables    map[tableName]*table
	refs      []*reference
	claims    []claim
	params    params
	sublinks  map[*pg.SubLink]*output
	links     map[*pg.SubLink]*linking
}

func newJudge(v *Verifier, stmt tenancy.RawStatement) *judge {
	return &judge{stmt: stmt, functions: v.functions, tables: map[tableName]*table{}}
}

// parse returns the one statement of the text, or nil.
func (j *judge) parse() *pg.Node {
	switch {
	case j.stmt.Dialect != "postgres":
		j.refuse(-1, "statement", "only the text of PostgreSQL can be judged")
	case j.stmt.Table == nil:
		j.refuse(-1, "statement", "the tables are unknown: the statement has no Table function")
	case j.stmt.Scope != (tenancy.Scope{}) && j.stmt.Scope.Err() != nil:
		j.refuseWith(Error{Fragment: "statement", Reason: "its scope cannot be used", Offset: -1, Err: j.stmt.Scope.Err()})
	case strings.IndexByte(j.stmt.SQL, 0) >= 0 || !utf8.ValidString(j.stmt.SQL):
		j.refuse(-1, "statement", "the text is not valid UTF-8 without NUL bytes")
	case tooDeep(j.stmt.SQL):
		j.refuse(-1, "statement", "nested too deeply, or one expression too long, to be parsed; split it")
	}
	if j.err != nil {
		return nil
	}
	tree, err := pg.Parse(j.stmt.SQL)
	if err != nil {
		// The parser's own message quotes the text, values included.
		at := int32(-1)
		var place *parser.Error
		if errors.As(err, &place) && place.Cursorpos > 0 {
			at = int32(min(place.Cursorpos-1, len(j.stmt.SQL)))
		}
		j.refuse(at, "statement", "PostgreSQL's parser does not accept the text")
		return nil
	}
	switch stmts := tree.GetStmts(); {
	case len(stmts) == 0:
		j.refuse(-1, "statement", "the text is empty")
	case len(stmts) > 1:
		j.refuse(stmts[1].GetStmtLocation(), "statement", "the text holds several; send them one by one")
	default:
		return stmts[0].GetStmt()
	}
	return nil
}

// statement judges the statement's outermost level.
func (j *judge) statement(n *pg.Node) {
	switch x := n.GetNode().(type) {
	case *pg.Node_SelectStmt, *pg.Node_InsertStmt, *pg.Node_UpdateStmt, *pg.Node_DeleteStmt, *pg.Node_MergeStmt:
		j.query(n, env{})
		if j.stmt.Scope == (tenancy.Scope{}) && len(j.tables) == 0 {
			j.refuseWith(Error{Fragment: "statement", Reason: "the context has no scope, and the text names no free table", Offset: -1, Err: tenancy.ErrNoTenant})
		}
	case *pg.Node_TransactionStmt:
		j.transaction(x.TransactionStmt)
	default:
		j.refuse(0, "statement", refusal(x))
	}
}

// transaction judges statements on savepoints, which touch no rows, and no others.
func (j *judge) transaction(s *pg.TransactionStmt) {
	switch s.GetKind() {
	case pg.TransactionStmtKind_TRANS_STMT_SAVEPOINT, pg.TransactionStmtKind_TRANS_STMT_RELEASE,
		pg.TransactionStmtKind_TRANS_STMT_ROLLBACK_TO:
	default:
		j.refuse(0, "statement", "controls a transaction; use db.Transaction")
	}
}

// conclude finds the bound references and refuses the first one that is not
// bound.
func (j *judge) conclude() {
	if j.err != nil {
		return
	}
	settle(j.refs)
	for _, r := range j.refs {
		if !r.bound {
			j.refuseWith(Error{Fragment: "table", Table: r.table.name, Offset: int(r.location), Reason: r.advice()})
			return
		}
	}
	for _, c := range j.claims {
		if !c.cond.holds() {
			j.refuseWith(Error{Fragment: "value", Table: c.table.name, Offset: int(c.location), Reason: c.reason, Err: tenancy.ErrTenantMismatch})
			return
		}
	}
	j.checkParams()
}
