package sqltext

import "slices"

// beginsQuery reports whether a query begins at the current token.
func (r *reader) beginsQuery() bool { return r.queryWord(r.word) }

// queryNext reports whether one begins after the current token.
func (r *reader) queryNext() bool {
	return r.Is(r.next, '(') || r.next.Kind == Word && r.queryWord(Lower(r.Raw(r.next)))
}

func (r *reader) queryWord(word string) bool {
	return word == "select" || word == "values" || word == "with" || word == "table" && r.Dialect == Postgres
}

func (r *reader) isSetOperation() bool {
	return r.word == "union" || r.word == "intersect" || r.word == "except"
}

// query reads a query up to what ends it.
func (r *reader) query() {
	r.enter()
	defer r.leave()
	seen := len(r.ctes)
	if r.word == "with" {
		r.with()
	}
	r.term()
	r.setOperations()
	r.tail()
	r.ctes = r.ctes[:seen]
}

func (r *reader) setOperations() {
	for r.isSetOperation() {
		r.advance()
		r.accept("all", "distinct")
		r.term()
	}
}

func (r *reader) term() {
	switch {
	case r.is('('):
		r.advance()
		r.query()
		r.punct(')')
	case r.word == "select":
		r.selection()
	case r.word == "values":
		r.advance()
		r.list(func() {
			r.punct('(')
			r.list(r.expr)
			r.punct(')')
		})
	case r.word == "table" && r.Dialect == Postgres:
		r.advance()
		r.relation()
	default:
		r.fail(reasonUnread)
	}
}

func (r *reader) selection() {
	r.advance()
	if r.accept("distinct") {
		if r.accept("on") {
			r.punct('(')
			r.list(r.expr)
			r.punct(')')
		}
	} else {
		r.accept("all")
	}
	if r.word != "from" {
		r.list(r.item)
	}
	if r.accept("from") {
		r.list(r.joined)
	}
	r.where()
	if r.accept("group") {
		r.expect("by")
		r.list(r.expr)
	}
	if r.accept("having") {
		r.expr()
	}
	if r.accept("window") {
		r.list(func() {
			r.name()
			r.expect("as")
			r.windowDefinition()
		})
	}
}

// item reads one of a selection.
func (r *reader) item() {
	if r.isOperator("*") {
		r.advance()
		return
	}
	r.expr()
	switch {
	case r.accept("as"):
		r.label()
	case r.isName():
		r.advance()
	}
}

// tail reads what stands after the terms of a query.
func (r *reader) tail() {
	if r.accept("order") {
		r.expect("by")
		r.list(r.sort)
	}
	for {
		switch r.word {
		case "limit":
			r.advance()
			if !r.accept("all") {
				r.expr()
			}
			if r.is(',') && r.Dialect == SQLite {
				r.advance()
				r.expr()
			}
		case "offset":
			r.advance()
			r.expr()
			r.accept("row", "rows")
		case "fetch":
			r.fetch()
		case "for":
			r.lock()
		default:
			return
		}
	}
}

func (r *reader) sort() {
	r.expr()
	r.accept("asc", "desc")
	if r.accept("nulls") && !r.accept("first", "last") {
		r.fail(reasonUnread)
	}
}

func (r *reader) fetch() {
	r.advance()
	if !r.accept("first", "next") {
		r.fail(reasonUnread)
	}
	if r.cur.Kind == Literal || r.cur.Kind == Param {
		r.advance()
	}
	if !r.accept("row", "rows") {
		r.fail(reasonUnread)
	}
	if r.accept("with") {
		r.expect("ties")
		return
	}
	r.expect("only")
}

// lock reads FOR UPDATE and its like.
func (r *reader) lock() {
	r.advance()
	switch {
	case r.Dialect != Postgres:
		r.fail(reasonUnread)
	case r.accept("no"):
		r.expect("key", "update")
	case r.accept("key"):
		r.expect("share")
	case !r.accept("update", "share"):
		r.fail(reasonUnread)
	}
	if r.accept("of") {
		r.list(func() { r.qualified() })
	}
	if r.accept("skip") {
		r.expect("locked")
		return
	}
	r.accept("nowait")
}

// joined reads a reference with what is joined to it.
func (r *reader) joined() {
	r.ref()
	r.joins()
}

func (r *reader) joins() {
	for r.join() {
	}
}

func (r *reader) join() bool {
	kind := r.accept("natural")
	switch {
	case r.accept("cross", "inner"):
		kind = true
	case r.accept("left", "right", "full"):
		kind = true
		r.accept("outer")
	}
	if r.word != "join" {
		if kind {
			r.fail(reasonUnread)
		}
		return false
	}
	r.advance()
	r.ref()
	if r.accept("on") {
		r.expr()
	} else if r.accept("using") {
		r.names()
	}
	return true
}

// ref reads one reference of a FROM list.
func (r *reader) ref() {
	r.enter()
	defer r.leave()
	before := len(r.functions)
	switch {
	case r.is('('):
		r.parenthesised()
		before = len(r.functions)
	case r.only():
		if r.is('(') {
			r.advance()
			r.relation()
			r.punct(')')
		} else {
			r.relation()
		}
	case r.Dialect == Postgres && r.accept("lateral"):
		if r.is('(') {
			r.advance()
			r.query()
			r.punct(')')
		} else {
			r.relation()
		}
	default:
		r.relation()
	}
	r.alias(r.functions[before:])
}

// parenthesised reads a query or joins in parentheses. It reports whether it was a
// query.
func (r *reader) parenthesised() (query bool) {
	r.enter()
	defer r.leave()
	r.advance()
	switch {
	case r.beginsQuery():
		r.query()
		query = true
	case r.is('('):
		query = r.parenthesised()
		switch {
		case query && r.isSetOperation():
			r.setOperations()
			r.tail()
		case !r.is(')'):
			query = false
			r.alias(nil)
			r.joins()
		}
	default:
		r.joined()
	}
	r.punct(')')
	return query
}

// relation reads a table's name, or a function.
func (r *reader) relation() {
	schema, name := r.qualified()
	if r.is('(') {
		r.functions = append(r.functions, Ref{Function: true, Qualifier: name})
		if schema != "" && schema != "pg_catalog" {
			name = schema + "." + name
		}
		if !r.allow(name) && !SafeFunction(name) {
			r.unsure(reasonFunction)
		}
		r.arguments("")
		if r.accept("with") {
			r.expect("ordinality")
		}
		return
	}
	if name != "" {
		r.found(schema, name, schema == "" && slices.Contains(r.ctes, name))
	}
}

// alias reads [AS] name [( column [type], … )], of a function where there is one.
func (r *reader) alias(function []Ref) {
	if !r.accept("as") && !r.isName() {
		return
	}
	name := r.name()
	var columns []string
	if r.is('(') {
		r.advance()
		r.list(func() {
			if columns = append(columns, r.name()); r.isName() {
				r.typeName()
			}
		})
		r.punct(')')
	}
	if len(function) > 0 {
		function[0].Qualifier, function[0].Columns = name, columns
	}
}

// fields judges what is selected from functions in FROM; see [CallsField].
func (r *reader) fields() {
	for _, f := range r.functions {
		for _, field := range r.selected {
			if name := field[1]; field[0] == f.Qualifier && name != f.Qualifier && !slices.Contains(f.Columns, name) &&
				!fieldNames[name] && !SafeFunction(name) && !r.allow(name) {
				r.unsure(reasonFunction)
			}
		}
	}
}
