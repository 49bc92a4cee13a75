package sqltext

import "slices"

// A Reach says what a whole statement may touch, judging by its text.
type Reach struct {
	// Reads says that the text itself changes nothing; a function that it calls
	// may.
	Reads bool
	// Unsure is why the statement may touch more than the reported relations: text
	// that is not understood, or a function that is not known. Empty if it may
	// not.
	Unsure string
}

// Relations calls f with each relation that a statement names: its schema, which
// may be empty, and its name, both folded. It reads a grammar that is smaller than
// SQL on purpose:
//
//	statement = [ WITH … ] ( query | INSERT … | REPLACE … | UPDATE … | DELETE … )
//	query     = [ WITH … ] term { UNION … term } [ ORDER BY … ] [ LIMIT … ] [ FOR … ]
//	term      = SELECT … | VALUES … | TABLE name | ( query )
//
// Each token has one place in this grammar, and a keyword of the grammar is a name
// only in quotes. Text with anything else in it is not understood: the reach then
// says why, and counts as writing. Whether the statement is valid is up to the
// database. A reference to a name of a WITH around it is reported with cte set;
// the target of a write never is. Relations asks allow about functions that are
// not known to be safe; see [Judge].
func Relations(l *Lexer, allow func(string) bool, f func(schema, name string, cte bool)) Reach {
	r := reader{Lexer: l, allow: allow, found: f, reach: Reach{Reads: true}}
	r.next = l.Next()
	r.advance()
	r.statement()
	if r.is(';') {
		r.advance()
	}
	if r.cur.Kind != End {
		r.fail(reasonUnread)
	}
	r.fields()
	return r.reach
}

const (
	reasonUnread = "the core does not read this SQL: set Config.RawSQL, or use Trust"
	reasonDeep   = "it is nested too deeply: split it"
)

// maxDepth bounds how deep a text may nest: each level is one of the stack.
const maxDepth = 400

// reader reads one statement.
type reader struct {
	*Lexer
	window
	word  string // the current token if it is a bare word, folded
	allow func(string) bool
	found func(schema, name string, cte bool)
	ctes  []string // the names of WITH that can be seen
	depth int
	reach Reach

	failed    bool
	functions []Ref       // in FROM, with their aliases
	selected  [][2]string // alias.name, wherever it stands
}

func (r *reader) advance() {
	r.shift(r.Lexer)
	r.word = ""
	switch r.cur.Kind {
	case Bad:
		r.fail(r.Reason)
	case Query:
		r.fail("it holds a query that the core does not read: set Config.RawSQL, or use Trust")
	case Word:
		r.word = Lower(r.Raw(r.cur))
	}
}

// fail ends the reading.
func (r *reader) fail(reason string) {
	if !r.failed {
		r.reach, r.failed = Reach{Unsure: reason}, true
	}
	r.cur, r.next, r.word = Token{Kind: End}, Token{Kind: End}, ""
}

// enter counts a level; leave ends it.
func (r *reader) enter() {
	if r.depth++; r.depth > maxDepth {
		r.fail(reasonDeep)
	}
}

func (r *reader) leave() { r.depth-- }

func (r *reader) is(c byte) bool { return r.Is(r.cur, c) }

func (r *reader) isOperator(raw string) bool {
	return r.cur.Kind == Operator && r.Raw(r.cur) == raw
}

// accept passes over one of some words, if it is there.
func (r *reader) accept(words ...string) bool {
	if r.word == "" || !slices.Contains(words, r.word) {
		return false
	}
	r.advance()
	return true
}

// expect passes over words that must be there.
func (r *reader) expect(words ...string) {
	for _, word := range words {
		if !r.accept(word) {
			r.fail(reasonUnread)
		}
	}
}

func (r *reader) punct(c byte) {
	if !r.is(c) {
		r.fail(reasonUnread)
		return
	}
	r.advance()
}

// list reads what a comma separates.
func (r *reader) list(item func()) {
	for item(); r.is(','); item() {
		r.advance()
	}
}

// isName reports whether the current token can only be a name.
func (r *reader) isName() bool {
	return r.cur.Kind == Quoted || r.cur.Kind == Word && !keywords[r.word]
}

// isLabel reports whether the current token can be a name where nothing else may
// stand.
func (r *reader) isLabel() bool {
	return r.cur.Kind == Quoted || r.cur.Kind == Word && !structural[r.word]
}

// label reads a name where nothing else may stand.
func (r *reader) label() {
	if !r.isLabel() {
		r.fail(reasonUnread)
	}
	r.advance()
}

// name reads a name that stands beside keywords.
func (r *reader) name() string {
	if !r.isName() {
		r.fail(reasonUnread)
		return ""
	}
	name := r.Folded(r.cur)
	r.advance()
	return name
}

// names reads ( name, … ).
func (r *reader) names() {
	r.punct('(')
	r.list(r.label)
	r.punct(')')
}

// qualified reads a relation's name with its schema.
func (r *reader) qualified() (schema, name string) {
	name = r.name()
	for parts := 1; r.is('.'); parts++ {
		r.advance()
		if parts == 3 {
			r.fail(reasonUnread)
		}
		schema, name = name, r.name()
	}
	return schema, name
}

// target reads the table that is written, with its alias.
func (r *reader) target(bareAlias bool) {
	r.reach.Reads = false
	if schema, name := r.qualified(); name != "" {
		r.found(schema, name, false)
	}
	if r.accept("as") || bareAlias && r.isName() {
		r.name()
	}
}

func (r *reader) statement() {
	seen := len(r.ctes)
	if r.word == "with" {
		r.with()
	}
	switch r.word {
	case "insert", "replace":
		r.insert()
	case "update":
		r.update()
	case "delete":
		r.delete()
	default:
		r.query()
	}
	r.ctes = r.ctes[:seen]
}

// with reads WITH up to its statement.
func (r *reader) with() {
	r.advance()
	recursive := r.accept("recursive")
	r.list(func() {
		name := r.name()
		if r.is('(') {
			r.names()
		}
		r.expect("as")
		if r.accept("not") {
			r.expect("materialized")
		} else {
			r.accept("materialized")
		}
		if recursive {
			r.ctes = append(r.ctes, name)
		}
		r.punct('(')
		r.enter()
		r.statement()
		r.leave()
		r.punct(')')
		if !recursive {
			r.ctes = append(r.ctes, name)
		}
	})
}

func (r *reader) insert() {
	if r.word == "insert" {
		r.advance()
		r.orElse()
	} else {
		r.advance()
	}
	r.expect("into")
	r.target(false)
	if r.is('(') && !r.queryNext() {
		r.punct('(')
		r.list(r.column)
		r.punct(')')
	}
	switch {
	case r.accept("default"):
		r.expect("values")
	default:
		r.query()
	}
	for r.accept("on") {
		r.conflict()
	}
	r.returning()
}

// orElse reads what SQLite does about a conflict.
func (r *reader) orElse() {
	if r.accept("or") && !r.accept("replace", "rollback", "abort", "fail", "ignore") {
		r.fail(reasonUnread)
	}
}

// column reads a column that is written: name[1].part.
func (r *reader) column() {
	for r.label(); ; {
		switch {
		case r.is('.'):
			r.advance()
			r.label()
		case r.isOperator("["):
			r.subscript()
		default:
			return
		}
	}
}

func (r *reader) conflict() {
	r.expect("conflict")
	switch {
	case r.is('('):
		r.advance()
		r.list(r.expr)
		r.punct(')')
		r.where()
	case r.accept("on"):
		r.expect("constraint")
		r.name()
	}
	r.expect("do")
	if r.accept("nothing") {
		return
	}
	r.expect("update", "set")
	r.list(r.assignment)
	r.where()
}

// assignment reads one of SET.
func (r *reader) assignment() {
	if r.is('(') {
		r.advance()
		r.list(r.column)
		r.punct(')')
	} else {
		r.column()
	}
	if !r.isOperator("=") {
		r.fail(reasonUnread)
	}
	r.advance()
	r.expr()
}

func (r *reader) update() {
	r.advance()
	r.orElse()
	r.only()
	r.target(true)
	r.expect("set")
	r.list(r.assignment)
	if r.accept("from") {
		r.list(r.joined)
	}
	r.where()
	r.returning()
}

func (r *reader) delete() {
	r.advance()
	r.expect("from")
	r.only()
	r.target(true)
	if r.accept("using") {
		r.list(r.joined)
	}
	r.where()
	r.returning()
}

func (r *reader) only() bool { return r.Dialect == Postgres && r.accept("only") }

func (r *reader) where() {
	if r.accept("where") {
		r.expr()
	}
}

func (r *reader) returning() {
	if r.accept("returning") {
		r.list(r.item)
	}
}
