package sqltext

import (
	"slices"
	"strings"
)

// expr reads an expression: operands with operators between them.
func (r *reader) expr() {
	for r.operand(); r.operator(); {
		r.operand()
	}
}

func (r *reader) unsure(reason string) {
	if r.reach.Unsure == "" {
		r.reach.Unsure = reason
	}
}

func (r *reader) operand() {
	r.enter()
	defer r.leave()
	for r.word == "not" || r.cur.Kind == Operator && !r.isOperator("*") && !r.isOperator("[") && !r.isOperator("]") {
		r.advance()
	}
	switch {
	case r.cur.Kind == Literal, r.cur.Kind == Param:
		r.advance()
	case r.is('('):
		r.group()
	case r.cur.Kind == Quoted:
		r.reference()
	case r.cur.Kind == Word:
		r.wordOperand()
	default:
		r.fail(reasonUnread)
	}
	r.selectors()
}

// group reads ( … ) in an expression: a query, or expressions. It reports whether
// it was a query.
func (r *reader) group() (query bool) {
	r.enter()
	defer r.leave()
	r.advance()
	switch {
	case r.beginsQuery():
		r.query()
		query = true
	case r.is(')'):
	case r.is('('):
		if query = r.group(); query && r.isSetOperation() {
			r.setOperations()
			r.tail()
		} else if !r.is(')') {
			query = false
			for r.selectors(); r.operator(); {
				r.operand()
			}
			if r.is(',') {
				r.advance()
				r.list(r.expr)
			}
		}
	default:
		r.list(r.expr)
	}
	r.punct(')')
	return query
}

// wordOperand reads an operand that begins with a bare word.
func (r *reader) wordOperand() {
	called := r.Is(r.next, '(')
	switch r.word {
	case "case":
		r.caseOf()
	case "cast":
		r.advance()
		r.punct('(')
		r.expr()
		r.expect("as")
		r.typeName()
		r.punct(')')
	case "array":
		if r.next.Kind == Operator {
			r.advance()
			r.brackets()
			return
		}
		r.reference()
	case "interval", "date", "time", "timestamp", "timestamptz":
		if r.next.Kind == Literal {
			r.advance()
			r.advance()
			return
		}
		r.reference()
	case "left", "right", "replace", "any", "some", "all", "exists", "row", "grouping", "values":
		if !called || r.word == "values" {
			r.fail(reasonUnread)
			return
		}
		r.reference()
	case "default", "null", "true", "false":
		r.advance()
	default:
		if structural[r.word] {
			r.fail(reasonUnread)
			return
		}
		r.reference()
	}
}

// reference reads a column, or a function that is called.
func (r *reader) reference() {
	special := ""
	if r.cur.Kind == Word {
		special = r.word
	}
	for r.Is(r.next, '.') {
		alias := r.cur
		special = ""
		r.advance()
		r.advance()
		if r.isOperator("*") {
			r.advance()
			return
		}
		if !r.isLabel() {
			r.fail(reasonUnread)
			return
		}
		if r.Dialect == Postgres {
			r.selected = append(r.selected, [2]string{r.Folded(alias), r.Folded(r.cur)})
		}
	}
	if !r.Is(r.next, '(') {
		r.advance()
		return
	}
	r.called(special)
	r.advance()
	r.arguments(special)
	r.aggregate()
}

// called judges the function that the current token names. The name is empty where
// it is quoted or has a schema.
func (r *reader) called(name string) {
	if isReserved(r.Dialect, name) {
		return
	}
	if reason := r.call(&r.window, r.allow); reason != "" {
		r.unsure(reason)
	}
}

// arguments reads ( … ) after a function's name, with the words that some
// functions have in place of commas.
func (r *reader) arguments(function string) {
	r.punct('(')
	r.accept("distinct", "all")
	if r.word == "variadic" {
		r.advance()
	}
	switch {
	case r.is(')'):
	case r.isOperator("*"):
		r.advance()
	case r.beginsQuery():
		r.query()
	case function == "position":
		r.operand()
		if r.is(',') {
			r.advance()
		} else {
			r.expect("in")
		}
		r.operand()
	case function == "extract" || function == "substring" || function == "trim" || function == "overlay":
		r.accept("both", "leading", "trailing")
		if r.word != "from" {
			r.list(r.expr)
		}
		for r.accept("from", "for", "placing") {
			r.list(r.expr)
		}
	default:
		r.list(r.expr)
	}
	if r.accept("order") {
		r.expect("by")
		r.list(r.sort)
	}
	r.punct(')')
}

// aggregate reads what may stand after a function's arguments.
func (r *reader) aggregate() {
	if r.accept("within") {
		r.expect("group")
		r.punct('(')
		r.expect("order", "by")
		r.list(r.sort)
		r.punct(')')
	}
	if r.accept("filter") {
		r.punct('(')
		r.expect("where")
		r.expr()
		r.punct(')')
	}
	if r.accept("over") {
		if r.is('(') {
			r.windowDefinition()
		} else {
			r.name()
		}
	}
}

// windowDefinition reads ( … ) of a window.
func (r *reader) windowDefinition() {
	r.punct('(')
	if r.isName() {
		r.name()
	}
	if r.accept("partition") {
		r.expect("by")
		r.list(r.expr)
	}
	if r.accept("order") {
		r.expect("by")
		r.list(r.sort)
	}
	if r.accept("rows", "range", "groups") {
		for r.accept("between", "unbounded", "preceding", "current", "row", "following", "and") ||
			r.cur.Kind == Literal || r.cur.Kind == Param {
			if r.cur.Kind == Literal || r.cur.Kind == Param {
				r.advance()
			}
		}
	}
	r.punct(')')
}

func (r *reader) caseOf() {
	r.advance()
	if r.word != "when" {
		r.expr()
	}
	for r.accept("when") {
		r.expr()
		r.expect("then")
		r.expr()
	}
	if r.accept("else") {
		r.expr()
	}
	r.expect("end")
}

// brackets reads [ … ] of ARRAY.
func (r *reader) brackets() {
	r.enter()
	defer r.leave()
	if !r.isOperator("[") {
		r.fail(reasonUnread)
	}
	r.advance()
	if !r.isOperator("]") {
		r.list(func() {
			if r.isOperator("[") {
				r.brackets()
			} else {
				r.expr()
			}
		})
	}
	if !r.isOperator("]") {
		r.fail(reasonUnread)
	}
	r.advance()
}

// selectors reads what is selected from an operand: [1], [1:2], .name after a
// parenthesis. PostgreSQL reads the latter as a function, too.
func (r *reader) selectors() {
	for {
		switch {
		case r.isOperator("["):
			r.subscript()
		case r.is('.'):
			r.advance()
			if r.isOperator("*") {
				r.advance()
				continue
			}
			if !r.isLabel() {
				r.fail(reasonUnread)
				return
			}
			if reason := r.call(&r.window, r.allow); reason != "" {
				r.unsure(reason)
			}
			r.advance()
		default:
			return
		}
	}
}

func (r *reader) subscript() {
	r.advance()
	if !r.isOperator(":") {
		r.expr()
	}
	if r.isOperator(":") {
		r.advance()
		if !r.isOperator("]") {
			r.expr()
		}
	}
	if !r.isOperator("]") {
		r.fail(reasonUnread)
	}
	r.advance()
}

// operator reads what stands between two operands, and what stands after one. It
// reports whether another operand follows.
func (r *reader) operator() bool {
	for {
		switch {
		case r.isOperator(":") && r.next.Kind == Operator && r.Raw(r.next) == ":":
			r.advance()
			r.advance()
			r.typeName()
			r.selectors()
			continue
		case r.isOperator("]"), r.isOperator(":"), r.isOperator("["):
			return false
		case r.cur.Kind == Operator:
			for r.cur.Kind == Operator && !r.isOperator("[") && !r.isOperator("]") && !r.isOperator(":") {
				r.advance()
			}
			return true
		case r.accept("isnull", "notnull"):
			continue
		case r.accept("collate"):
			r.qualified()
			continue
		}
		return r.wordOperator()
	}
}

// wordOperator reads an operator that is a word.
func (r *reader) wordOperator() bool {
	switch {
	case r.accept("and", "or", "like", "ilike", "escape"):
		return true
	case r.Dialect == SQLite && r.accept("glob", "regexp", "match"):
		return true
	case r.accept("similar"):
		r.expect("to")
		return true
	case r.accept("at"):
		r.expect("time", "zone")
		return true
	case r.accept("between"):
		r.accept("symmetric", "asymmetric")
		return true
	case r.accept("is"):
		r.accept("not")
		if r.accept("distinct") {
			r.expect("from")
		}
		return true
	case r.accept("in"):
		if !r.is('(') { // which SQLite reads as a table
			r.fail(reasonUnread)
		}
		return true
	case r.accept("not"):
		if !slices.Contains([]string{"like", "ilike", "glob", "regexp", "match", "similar", "between", "in"}, r.word) {
			r.fail(reasonUnread)
		}
		return r.wordOperator()
	}
	return false
}

// typeName reads the name of a type.
func (r *reader) typeName() {
	word := r.word
	if word == "interval" || word == "date" || word == "time" || word == "timestamp" || word == "timestamptz" {
		r.advance()
	} else {
		r.qualified()
	}
	switch word {
	case "double":
		r.accept("precision")
	case "character", "char", "bit":
		r.accept("varying")
	}
	if r.is('(') {
		r.advance()
		r.list(func() {
			if r.cur.Kind != Literal {
				r.fail(reasonUnread)
			}
			r.advance()
		})
		r.punct(')')
	}
	if (word == "time" || word == "timestamp") && r.accept("with", "without") {
		r.expect("time", "zone")
	}
	for r.isOperator("[") {
		if r.advance(); r.cur.Kind == Literal {
			r.advance()
		}
		if !r.isOperator("]") {
			r.fail(reasonUnread)
		}
		r.advance()
	}
}

// structural are the words that the reader knows a place for between expressions,
// or between their operands: none of them is an operand.
var structural = wordSet(`and as asc at between by collate conflict cross desc distinct do else end escape except
	fetch for from full group having ilike in inner insert intersect into is isnull join lateral like limit
	natural not notnull offset on only order outer over partition placing returning select set similar table
	then union update using values when where window with delete merge truncate glob left right`)

// keywords are all the words that the reader knows: none of them is a name where a
// name may stand beside keywords, as a relation's, an alias, or a name of WITH.
var keywords = func() map[string]bool {
	all := wordSet(`abort all any array asymmetric both case cast constraint current default exists fail
		filter first following groups ignore key last leading locked match materialized next no nothing
		nowait nulls of or ordinality precision preceding range recursive regexp replace rollback row rows
		share skip some symmetric ties to trailing unbounded variadic varying within without zone`)
	for word := range structural {
		all[word] = true
	}
	return all
}()

func wordSet(list string) map[string]bool {
	set := map[string]bool{}
	for word := range strings.FieldsSeq(list) {
		set[word] = true
	}
	return set
}
