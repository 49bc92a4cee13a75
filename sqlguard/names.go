//go:build cgo

package sqlguard

import (
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/gorm-tenancy/tenancy"
)

var _ tenancy.TextReader = (*Guard)(nil)

// Names implements [tenancy.TextReader] with PostgreSQL's parser. It reads one
// query, INSERT, UPDATE, DELETE or MERGE; the error for anything else is a
// [*Refusal].
func (g *Guard) Names(text string) (tenancy.Names, error) {
	n, _, refusal := parse(text)
	if refusal != nil {
		return tenancy.Names{}, refusal
	}
	switch n.GetNode().(type) {
	case *pg.Node_SelectStmt, *pg.Node_InsertStmt, *pg.Node_UpdateStmt, *pg.Node_DeleteStmt, *pg.Node_MergeStmt:
	default:
		return tenancy.Names{}, &Refusal{Rule: RuleStatement, Reason: "it is no query, INSERT, UPDATE, DELETE or MERGE", Err: tenancy.ErrUnscopedSQL}
	}
	r := nameReader{guard: g}
	r.message(n.ProtoReflect())
	r.fields()
	if r.err != nil {
		return tenancy.Names{}, r.err
	}
	return r.names, nil
}

// nameReader collects the names in a tree of any kind.
type nameReader struct {
	guard     *Guard
	names     tenancy.Names
	ctes      []string            // the names of WITH that can be seen
	functions map[string][]string // the columns of functions in FROM, by alias
	selected  [][2]string         // alias.name, wherever it stands
	err       error
}

func (r *nameReader) message(m protoreflect.Message) {
	switch v := m.Interface().(type) {
	case *pg.RangeVar:
		r.relation(v, v.GetSchemaname() == "" && slices.Contains(r.ctes, v.GetRelname()))
	case *pg.LockingClause: // its names are those of FROM
	case *pg.SelectStmt:
		r.scoped(m, v.GetWithClause(), nil)
	case *pg.InsertStmt:
		r.scoped(m, v.GetWithClause(), v.GetRelation())
	case *pg.UpdateStmt:
		r.scoped(m, v.GetWithClause(), v.GetRelation())
	case *pg.DeleteStmt:
		r.scoped(m, v.GetWithClause(), v.GetRelation())
	case *pg.MergeStmt:
		r.scoped(m, v.GetWithClause(), v.GetRelation())
	case *pg.IntoClause:
		r.target(v.GetRel())
	case *pg.CurrentOfExpr:
		r.err = &Refusal{Rule: RuleStatement, Reason: "it names a cursor", Err: tenancy.ErrUnscopedSQL}
	case *pg.FuncCall:
		r.call(v.GetFuncname())
		r.children(m)
	case *pg.RangeFunction:
		r.alias(v)
		r.children(m)
	case *pg.A_Indirection:
		for _, n := range v.GetIndirection() {
			if name := n.GetString_().GetSval(); name != "" && !outColumns[name] {
				r.names.Functions = append(r.names.Functions, name)
			}
		}
		r.children(m)
	case *pg.ColumnRef:
		if parts := v.GetFields(); len(parts) > 1 {
			r.selected = append(r.selected, [2]string{parts[len(parts)-2].GetString_().GetSval(), lastName(parts)})
		}
	default:
		r.children(m)
	}
}

func (r *nameReader) children(m protoreflect.Message, without ...proto.Message) {
	m.Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		switch {
		case field.Kind() != protoreflect.MessageKind:
		case field.IsList():
			for i := range value.List().Len() {
				r.message(value.List().Get(i).Message())
			}
		default:
			if inner := value.Message(); !slices.Contains(without, inner.Interface()) {
				r.message(inner)
			}
		}
		return true
	})
}

// scoped reads a statement, in which the names of its WITH are visible. The target
// of a write is never one of them.
func (r *nameReader) scoped(m protoreflect.Message, with *pg.WithClause, target *pg.RangeVar) {
	seen := len(r.ctes)
	if with.GetRecursive() {
		for _, n := range with.GetCtes() {
			r.ctes = append(r.ctes, n.GetCommonTableExpr().GetCtename())
		}
	}
	for _, n := range with.GetCtes() {
		r.children(n.GetCommonTableExpr().ProtoReflect())
		if !with.GetRecursive() {
			r.ctes = append(r.ctes, n.GetCommonTableExpr().GetCtename())
		}
	}
	if target != nil {
		r.target(target)
	}
	r.children(m, with, target)
	r.ctes = r.ctes[:seen]
}

func (r *nameReader) target(rv *pg.RangeVar) {
	r.names.Writes = true
	r.relation(rv, false)
}

func (r *nameReader) relation(rv *pg.RangeVar, cte bool) {
	if !cte {
		r.names.Tables = append(r.names.Tables, tenancy.TableName{Schema: rv.GetSchemaname(), Name: rv.GetRelname()})
	}
}

func (r *nameReader) call(parts []*pg.Node) {
	name := lastName(parts)
	if schema := parts[0].GetString_().GetSval(); len(parts) > 1 && schema != "pg_catalog" {
		name = schema + "." + name
	}
	r.function(name)
}

func (r *nameReader) function(name string) {
	c := compiler{guard: r.guard}
	if !c.allowed(name) {
		r.names.Functions = append(r.names.Functions, name)
	}
}

// alias notes the name that a function has in FROM, and the columns that its alias
// lists.
func (r *nameReader) alias(f *pg.RangeFunction) {
	if r.functions == nil {
		r.functions = map[string][]string{}
	}
	var columns []string
	for _, n := range f.GetAlias().GetColnames() {
		columns = append(columns, n.GetString_().GetSval())
	}
	for _, n := range f.GetColdeflist() {
		columns = append(columns, n.GetColumnDef().GetColname())
	}
	if name := f.GetAlias().GetAliasname(); name != "" {
		r.functions[name] = columns
		return
	}
	for _, n := range f.GetFunctions() {
		for _, inner := range n.GetList().GetItems() {
			r.functions[lastName(inner.GetFuncCall().GetFuncname())] = nil
		}
	}
}

// fields adds the names selected from functions: PostgreSQL reads alias.name as
// name(alias) if there is no such column.
func (r *nameReader) fields() {
	for _, field := range r.selected {
		columns, ok := r.functions[field[0]]
		if name := field[1]; ok && name != "" && name != field[0] && !outColumns[name] && !slices.Contains(columns, name) {
			r.function(name)
		}
	}
}
