package sqltext

import "slices"

// A Reach is what a whole statement may touch, as far as its text tells.
type Reach struct {
	// Reads says that the text changes nothing by itself: a function that it calls
	// may.
	Reads bool
	// Unsure is why it may touch more than the relations that were reported: text
	// that is not understood, or a function that is not known. Empty where it may
	// not.
	Unsure string
}

// Relations calls f with each relation that a statement names: its schema, which
// may be empty, and its name, both folded. It is no parser of SQL. It finds each
// place where a relation may stand and reports what stands there: rather too much
// than too little, and what it does not understand makes it unsure. Whether the
// statement is valid is the database's to say. Names of its own WITH are reported
// with cte set. Functions that are not safe are asked for with allow; see
// [Judge].
func Relations(l *Lexer, allow func(string) bool, f func(schema, name string, cte bool)) Reach {
	s := scanner{Lexer: l, allow: allow, found: f, reach: Reach{Reads: true}}
	s.window.next = l.Next()
	s.frames = append(s.frames, frame{})
	s.shift(l)
	if !s.isVerb() && !l.Is(s.cur, '(') {
		return Reach{Unsure: "it is no statement that is known"}
	}
	for s.cur.Kind != End {
		word := s.keywordHere()
		s.token(word)
		if s.cur.Kind == Bad {
			return Reach{Unsure: l.Reason}
		}
		s.distinct = word == "distinct" && (s.last == "is" || s.last == "not")
		s.last = word
		s.shift(l)
	}
	return s.reach
}

// scanner goes through a statement, with a frame for each open parenthesis.
type scanner struct {
	*Lexer
	window
	allow  func(string) bool
	found  func(schema, name string, cte bool)
	frames []frame
	last   string // the keyword before the current token
	// distinct says that the keyword before is that of IS [NOT] DISTINCT FROM.
	distinct bool
	reach    Reach
}

type frame struct {
	query   bool   // a verb stood in it: FROM is a clause, not a word of a function's
	list    bool   // a comma is followed by a relation
	expect  bool   // a relation is next
	columns bool   // USING ( … ), which are columns, or a join in parentheses
	with    bool   // between WITH and its query
	expects bool   // a name of WITH is next
	pending string // a name of WITH that is known behind its query
	every   bool   // of WITH RECURSIVE, whose names are known before
	names   []string
}

func (s *scanner) top() *frame { return &s.frames[len(s.frames)-1] }

func (s *scanner) unsure(reason string) {
	if s.reach.Unsure == "" {
		s.reach.Unsure = reason
	}
}

// word is a token as a keyword might be written; empty for others.
func (s *scanner) word(t Token) string {
	if t.Kind != Word {
		return ""
	}
	return Lower(s.Raw(t))
}

// keywordHere is the current token where a keyword may stand: not behind a dot,
// nor behind AS.
func (s *scanner) keywordHere() string {
	if s.Is(s.prev, '.') || s.last == "as" {
		return ""
	}
	return s.word(s.cur)
}

func (s *scanner) isVerb() bool {
	switch s.word(s.cur) {
	case "select", "values", "with", "table", "insert", "replace", "update", "delete", "merge":
		return true
	}
	return false
}

func (s *scanner) token(word string) {
	top := s.top()
	switch s.cur.Kind {
	case Bad:
	case Word, Quoted:
		s.name(word)
	case Punct:
		s.punctuation()
	case Query:
		s.unsure("it holds a query that is not read")
	default:
		if top.expect || top.expects {
			s.unsure(reasonTable)
		}
		top.expect, top.expects = false, false
	}
}

func (s *scanner) punctuation() {
	top := s.top()
	switch s.Text[s.cur.Start] {
	case '(':
		inner := frame{expect: top.expect, list: top.expect, columns: top.columns || s.last == "using"}
		top.expect = false
		s.frames = append(s.frames, inner)
	case ')':
		if len(s.frames) == 1 {
			s.unsure("a parenthesis is closed that was not opened")
			return
		}
		closed := *top
		s.frames = s.frames[:len(s.frames)-1]
		if top = s.top(); top.pending != "" && closed.query {
			top.names = append(top.names, top.pending)
			top.pending = ""
		}
	case ',':
		switch {
		case top.with:
			top.expects = true
		case top.list:
			top.expect = true
		}
	case ';':
		if s.next.Kind != End {
			s.unsure("a semicolon ends the statement")
			s.reach.Reads = false
		}
	}
}

// name reads a name or a keyword.
func (s *scanner) name(word string) {
	top := s.top()
	switch {
	case top.expects && word == "recursive":
		top.every = true
	case top.expects:
		top.expects = false
		if top.pending = s.Folded(s.cur); top.every {
			top.names = append(top.names, top.pending)
		}
	case top.expect && (word == "only" || word == "lateral"):
	case top.expect && word == "or": // UPDATE OR IGNORE
		s.shift(s.Lexer)
	case top.expect && !beginsQuery(word):
		s.relation()
	case top.columns && !beginsQuery(word) && !s.Is(s.next, ',') && !s.Is(s.next, ')'):
		top.columns, top.list = false, true
		s.relation()
	case word == "" || !s.keyword(word):
		s.function()
	}
}

func beginsQuery(word string) bool {
	switch word {
	case "select", "values", "with", "table", "insert", "update", "delete", "merge":
		return true
	}
	return false
}

// relation reads a name with its schema where a relation stands.
func (s *scanner) relation() {
	top := s.top()
	into := s.last == "into"
	top.expect = false
	if neverNamed(s.word(s.cur)) {
		s.unsure(reasonTable) // a keyword that stood for a name has misled
		return
	}
	schema, name := "", s.Folded(s.cur)
	for s.Is(s.next, '.') {
		s.shift(s.Lexer)
		s.shift(s.Lexer)
		if s.cur.Kind != Word && s.cur.Kind != Quoted {
			s.unsure(reasonTable)
			return
		}
		schema, name = name, s.Folded(s.cur)
	}
	if s.Is(s.next, '(') && !into {
		called := name
		if schema != "" {
			called = schema + "." + name
		}
		if !s.allow(called) && (schema != "" && schema != "pg_catalog" || !SafeFunction(name)) {
			s.unsure(reasonFunction)
		}
		return
	}
	s.found(schema, name, schema == "" && s.isCTE(name))
}

// neverNamed reports whether both dialects refuse a word as a table's name.
func neverNamed(word string) bool {
	switch word {
	case "from", "join", "where", "on", "using", "group", "order", "having", "limit", "union", "set", "as", "and", "or":
		return true
	}
	return false
}

// isCTE reports whether a name is one of a WITH around it.
func (s *scanner) isCTE(name string) bool {
	return slices.ContainsFunc(s.frames, func(f frame) bool { return slices.Contains(f.names, name) })
}

// keyword acts on a keyword; false for a word that is none.
func (s *scanner) keyword(word string) bool {
	top := s.top()
	called := s.Is(s.next, '(')
	switch word {
	case "select", "values":
		top.query, top.list, top.expect, top.with, top.columns = true, false, false, false, false
	case "with":
		if s.next.Kind == Quoted || s.next.Kind == Word && !withEnds(s.word(s.next)) {
			top.query, top.with, top.expects, top.expect = true, true, true, false
		}
	case "from":
		if top.query && !s.distinct {
			top.list, top.expect = true, true
		}
	case "join":
		top.list, top.expect = true, true
	case "using":
		if !called {
			top.list, top.expect = true, true
		}
	case "in":
		if s.Dialect == SQLite && !called {
			top.expect = true
		}
	case "table":
		top.query, top.with, top.expect = true, false, true
	case "into":
		s.reach.Reads = false
		top.list, top.expect = false, true
	case "insert", "update", "delete", "merge", "truncate", "replace":
		if called {
			return false
		}
		s.verb(word, s.last)
	case "where", "group", "having", "order", "limit", "union", "intersect", "except", "set", "returning":
		top.list, top.expect = false, false
	case "window", "offset", "fetch", "for":
		if s.Dialect == Postgres { // names in SQLite
			top.list, top.expect = false, false
		}
	default:
		return false
	}
	return true
}

// verb acts on a verb that writes.
func (s *scanner) verb(word, before string) {
	if word == "update" && (before == "for" || before == "key") { // FOR UPDATE
		return
	}
	top := s.top()
	s.reach.Reads = false
	top.query, top.with, top.list, top.expect = true, false, false, false
	if word == "update" && before != "do" && before != "then" {
		top.expect, top.list = true, true
	}
}

// withEnds reports whether a word behind WITH says that it names no queries.
func withEnds(word string) bool {
	switch word {
	case "time", "ties", "ordinality", "unique", "wrapper", "conditional", "unconditional", "check", "local", "cascaded":
		return true
	}
	return false
}

// function judges a name that may be called.
func (s *scanner) function() {
	called := s.Is(s.next, '(') && s.cur.kw != kwLeft && s.cur.kw != kwRight
	if !called && !s.isAttribute(&s.window) || s.last == "as" {
		return
	}
	if top := s.top(); top.with && top.pending != "" { // WITH name ( … ) AS NOT MATERIALIZED ( … )
		return
	}
	switch s.word(s.cur) {
	case "conflict", "materialized", "lateral", "values", "only":
		return
	}
	if reason := s.call(&s.window, s.allow); reason != "" {
		s.unsure(reason)
	}
}
