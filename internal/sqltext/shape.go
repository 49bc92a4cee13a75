package sqltext

import (
	"strconv"
	"strings"
	"sync"
)

// A Shape is what the text of a query says of its rows.
type Shape struct {
	// Plain says that each row of its tables that passes WHERE gives one of its
	// own: there are no aggregates, windows, groups, limits, locks and set
	// operations. Its rows may be distinct, and have an order.
	Plain bool
	// Aggregate says that it gives one row that aggregates all.
	Aggregate bool
	// Columns are what it selects; an item that is no plain column has no name.
	Columns []Operand
	// Aliases are the names of the same items, empty for those that have none.
	Aliases []string
	// References counts the columns that a certain qualifier has in it, those in
	// the queries that it holds not included.
	References int
}

// ShapeOf reads a query. References are counted for the folded qualifier.
func ShapeOf(l *Lexer, qualifier string) Shape { return ShapeInto(l, qualifier, nil, nil) }

// ShapeInto is ShapeOf with room for the columns and their aliases.
func ShapeInto(l *Lexer, qualifier string, columns []Operand, aliases []string) Shape {
	r := shapeReader{Lexer: l, qualifier: qualifier, Shape: Shape{Columns: columns, Aliases: aliases}}
	r.next = l.Next()
	r.shift(l)
	if r.cur.Kind != Word || l.Folded(r.cur) != "select" {
		return Shape{}
	}
	r.Plain, r.Aggregate, r.selecting = true, true, true
	r.item = Operand{}
	for depth := 0; ; {
		r.shift(l)
		switch {
		case r.cur.Kind == End:
			r.endItem()
			return r.Shape
		case r.cur.Kind == Bad:
			return Shape{}
		case l.Is(r.cur, '('):
			if r.next.kw == kwQuery || r.next.kw == kwWith || r.next.kw == kwValues {
				r.pass()
				r.itemIs(false)
				continue
			}
			depth++
			r.itemIs(false)
		case l.Is(r.cur, ')'):
			depth--
		case depth == 0 && r.clause():
		default:
			r.token(depth)
		}
	}
}

type shapeReader struct {
	*Lexer
	window
	Shape
	qualifier string
	selecting bool // in the selection
	ordering  bool // in ORDER BY
	item      Operand
	alias     string
	tokens    int // of the item
	other     bool
	aggregate bool // the item begins with one
}

// pass passes over a query in parentheses.
func (r *shapeReader) pass() {
	for depth := 0; r.cur.Kind != End && r.cur.Kind != Bad; r.shift(r.Lexer) {
		switch {
		case r.Is(r.cur, '('):
			depth++
		case r.Is(r.cur, ')'):
			if depth--; depth == 0 {
				return
			}
		}
	}
}

// clause reports whether the token begins a clause.
func (r *shapeReader) clause() bool {
	if r.cur.Kind != Word || r.Is(r.prev, '.') {
		return false
	}
	switch r.Folded(r.cur) {
	case "from":
		if r.prev.kw == kwDistinct {
			return false
		}
		r.endItem()
		r.selecting = false
	case "where":
		r.selecting, r.ordering = false, false
	case "order":
		r.endItem()
		r.selecting, r.ordering = false, true
	case "group":
		r.Plain, r.Aggregate = false, false
	case "having", "limit", "offset", "fetch", "for", "window":
		r.endItem()
		r.Plain, r.selecting, r.ordering = false, false, false
	case "union", "intersect", "except":
		r.endItem()
		r.Plain, r.Aggregate = false, false
	default:
		return false
	}
	return true
}

// endItem notes an item of the selection.
func (r *shapeReader) endItem() {
	if !r.selecting {
		return
	}
	if r.other {
		r.item = Operand{}
	}
	r.Columns, r.Aliases = append(r.Columns, r.item), append(r.Aliases, r.alias)
	r.Aggregate = r.Aggregate && r.aggregate
	r.item, r.alias, r.tokens, r.other, r.aggregate = Operand{}, "", 0, false, false
}

// itemIs notes a token of an item that is no part of a plain column.
func (r *shapeReader) itemIs(column bool) {
	r.other = r.other || !column
	r.tokens++
}

func (r *shapeReader) token(depth int) {
	isName := r.cur.Kind == Word || r.cur.Kind == Quoted
	if isName && r.Is(r.next, '.') && r.Folded(r.cur) == r.qualifier && !r.Is(r.prev, '.') {
		r.References++
	}
	if isName && (r.selecting || r.ordering) && r.Is(r.next, '(') {
		name := r.Folded(r.cur)
		switch {
		case r.isKeyword(&r.window, depth):
		case SafeFunction(name) && !Aggregates(name) && !r.Is(r.prev, '.'):
		default:
			r.Plain = false
		}
		r.aggregate = r.aggregate || depth == 0 && r.tokens == 0 && Aggregates(name)
	}
	if r.selecting && (r.cur.Kind == Word && r.Folded(r.cur) == "over" || depth > 0 && r.Dialect == SQLite && r.Is(r.cur, ',')) {
		r.Aggregate = false // a window has a row each, and so has max(a, b)
	}
	if r.selecting {
		r.selected(depth, isName)
	}
}

// selected reads a token of the selection.
func (r *shapeReader) selected(depth int, isName bool) {
	switch {
	case depth == 0 && r.Is(r.cur, ','):
		r.endItem()
	case r.tokens == 0 && r.cur.kw == kwDistinct:
		if r.next.kw == kwOn {
			r.Plain = false
		}
	case r.cur.kw == kwOn && r.prev.kw == kwDistinct: // DISTINCT ON ( … )
	case depth > 0 || !isName && !r.Is(r.cur, '.'):
		r.itemIs(false)
	case r.cur.kw == kwAs:
	case r.prev.kw == kwAs && isName:
		r.alias = r.Folded(r.cur)
	case isName && (r.tokens == 0 || r.Is(r.prev, '.')) && !r.other:
		r.item.Qualifier, r.item.Name = r.item.Name, r.Folded(r.cur)
		r.itemIs(true)
	case isName && r.tokens > 0 && (r.prev.Kind == Word || r.prev.Kind == Quoted):
		r.alias = r.Folded(r.cur)
	default:
		r.itemIs(r.Is(r.cur, '.'))
	}
}

// A Position is what stands before a query in the text around it.
type Position struct {
	// Compared says that IN, = or <> compares a value with its rows.
	Compared bool
	// Exists says that it is asked for a row alone.
	Exists bool
	// Columns are the row of columns that it is compared with, where it is one in
	// parentheses; an element that is no plain column has no name.
	Columns []Operand
}

// PositionBehind reads the text up to where a query stands.
func PositionBehind(l *Lexer) (p Position) {
	r := positionReader{l: l}
	for t := l.Next(); t.Kind != End; t = l.Next() {
		if t.Kind == Bad {
			return Position{}
		}
		r.tokens = append(r.tokens, t)
	}
	i := r.opening(len(r.tokens)) // of the parenthesis that holds the query and other operands
	if i < 0 {
		i = len(r.tokens)
	}
	for i--; l.Is(r.at(i), '('); i-- {
	}
	p, i = r.operator(i)
	if !p.Compared || !l.Is(r.at(i), ')') {
		return p
	}
	end := i
	i = r.opening(end)
	if before := r.at(i - 1); i < 0 || before.Kind == Quoted ||
		before.Kind == Word && before.kw == noKeyword && !isReserved(l.Dialect, l.Folded(before)) {
		return p // a call
	}
	p.Columns = AppendColumns(nil, &Lexer{Text: l.Text[r.at(i).End:r.at(end).Start], Dialect: l.Dialect})
	return p
}

type positionReader struct {
	l      *Lexer
	tokens []Token
}

// at returns a token; the zero Token outside the text.
func (r *positionReader) at(i int) Token {
	if i < 0 || i >= len(r.tokens) {
		return Token{}
	}
	return r.tokens[i]
}

// opening returns the parenthesis that is open before a token; -1 if there is none.
func (r *positionReader) opening(i int) int {
	depth := 0
	for i--; i >= 0; i-- {
		if r.l.Is(r.at(i), ')') {
			depth++
		} else if r.l.Is(r.at(i), '(') {
			if depth--; depth < 0 {
				break
			}
		}
	}
	return i
}

// operator reads the operator that ends at a token, backwards, and returns the last
// token of its left operand.
func (r *positionReader) operator(i int) (p Position, operand int) {
	word := ""
	if t := r.at(i); t.Kind == Word {
		word = r.l.Folded(t)
	} else if t.Kind == Operator {
		word = r.l.Raw(t)
	}
	switch word {
	case "exists":
		p.Exists = true
		return p, i
	case "in":
		if i--; r.at(i).Kind == Word && r.l.Folded(r.at(i)) == "not" {
			i--
		}
	case "=":
		if i--; r.at(i).Kind == Operator { // <=, >=, !=
			if r.l.Raw(r.at(i)) != "!" {
				return p, i
			}
			i--
		}
	case ">":
		if r.l.Raw(r.at(i-1)) != "<" {
			return p, i
		}
		i -= 2
	default:
		return p, i
	}
	p.Compared = true
	return p, i
}

// AppendColumns appends the columns that a list holds; an item that is no plain
// column has no name.
func AppendColumns(columns []Operand, l *Lexer) []Operand {
	var item Operand
	depth, n, other := 0, 0, false
	for t := l.Next(); ; t = l.Next() {
		isName := t.Kind == Word || t.Kind == Quoted
		switch {
		case t.Kind == End || t.Kind == Bad || depth == 0 && l.Is(t, ','):
			if other || t.Kind == Bad {
				item = Operand{}
			}
			columns = append(columns, item)
			if t.Kind == End || t.Kind == Bad {
				return columns
			}
			item, n, other = Operand{}, 0, false
			continue
		case l.Is(t, '('):
			depth++
			other = true
		case l.Is(t, ')'):
			depth--
		case n == 0 && t.Kind == Literal:
			item.Position, _ = strconv.Atoi(l.Raw(t))
			other = item.Position <= 0
		case n%2 == 0 && isName && item.Position == 0:
			item.Qualifier, item.Name = item.Name, l.Folded(t)
		case n%2 == 1 && l.Is(t, '.') && item.Position == 0:
		default:
			other = true
		}
		n++
	}
}

var aggregates = sync.OnceValue(func() map[string]struct{} {
	set := map[string]struct{}{"group_concat": {}, "total": {}, "json_group_array": {}, "json_group_object": {}}
	for name := range strings.FieldsSeq(aggregateFunctions) {
		set[name] = struct{}{}
	}
	return set
})

// Aggregates reports whether a function of this name computes a value of
// several rows. min and max do on SQLite only where they have one argument.
func Aggregates(name string) bool {
	_, ok := aggregates()[name]
	return ok
}
