package sqltext

// A Join says how a table reference is joined to what stands before it.
type Join uint8

// The joins.
const (
	JoinNone  Join = iota // the first of an item of the FROM list
	JoinInner             // with ON or USING
	JoinCross             // without a condition
	JoinLeft
	JoinRight
	JoinFull
)

// A Ref is one reference of a FROM list: a table, a query that is scoped
// already, or a function.
type Ref struct {
	// Schema and Table are the folded name; empty for a query or a function.
	Schema, Table string
	// Qualifier is what columns are qualified with, as it is written.
	Qualifier string
	// Span is the reference with its alias.
	Span
	// Name is the table's name alone, without the alias.
	Name Span
	// Join is how it is joined; Merged says NATURAL or USING, which merge
	// columns and have no condition to add to.
	Join   Join
	Merged bool
	// On is the condition; empty if there is none.
	On Span
	// Item is the index of the item in the comma-separated list.
	Item int
	// Query says that the reference is a query in parentheses, and Function that
	// it is a function, whose alias may name its Columns.
	Query, Function bool
	Columns         []string
}

// IsTable reports whether the reference names a table.
func (r *Ref) IsTable() bool { return r.Table != "" }

// fromParser reads a FROM list:
//
//	item  = ref { join }      list = item { "," item }
//	ref   = [ONLY] name [alias] | [LATERAL] ( query ) alias | function ( … ) alias
//	join  = [NATURAL] [INNER|LEFT|RIGHT|FULL|CROSS] JOIN ref [ON condition | USING ( … )]
//
// Everything else is refused, including parenthesised joins and TABLESAMPLE.
type fromParser struct {
	*Lexer
	window
	allow   func(string) bool
	refs    []Ref
	verdict Verdict
}

// ParseFrom appends the references of a list after FROM, INTO or UPDATE to
// refs. The verdict's reason is empty if all of the list was understood.
func ParseFrom(l *Lexer, refs []Ref, allow func(string) bool) ([]Ref, Verdict) {
	p := fromParser{Lexer: l, window: window{next: l.Next()}, allow: allow, refs: refs}
	p.advance()
	p.ref(JoinNone, false, 0)
	for item := 0; p.verdict.Reason == "" && p.cur.Kind != End; {
		if p.Is(p.cur, ',') {
			p.advance()
			item++
			p.ref(JoinNone, false, item)
			continue
		}
		p.join(item)
	}
	p.verdict.OpenComment = l.OpenComment
	return p.refs, p.verdict
}

func (p *fromParser) advance() {
	p.shift(p.Lexer)
	if p.cur.Kind == Bad {
		p.fail(p.Reason)
		p.cur.Kind = End
	}
}

func (p *fromParser) fail(reason string) {
	if p.verdict.Reason == "" {
		p.verdict.Reason = reason
	}
}

const reasonTable = "its tables are not clear: write plain names, joined by JOIN … ON"

// join reads the join that the current token begins.
func (p *fromParser) join(item int) {
	natural := p.cur.kw == kwNatural
	if natural {
		p.advance()
	}
	kind := JoinInner
	switch p.cur.kw {
	case kwCross:
		kind = JoinCross
	case kwLeft:
		kind = JoinLeft
	case kwRight:
		kind = JoinRight
	case kwFull:
		kind = JoinFull
	}
	switch kw := p.cur.kw; {
	case kw == kwInner || kind == JoinCross:
		p.advance()
	case kind != JoinInner:
		p.advance()
		if p.cur.kw == kwOuter {
			p.advance()
		}
	}
	if p.cur.kw != kwJoin {
		p.fail(reasonTable)
		return
	}
	p.advance()
	p.ref(kind, natural, item)
	if p.verdict.Reason != "" {
		return
	}
	ref := &p.refs[len(p.refs)-1]
	switch p.cur.kw {
	case kwOn:
		p.advance()
		p.condition(ref)
	case kwUsing:
		p.advance()
		ref.Merged = true
		p.parenthesised()
	default:
		if kind == JoinInner && !natural {
			ref.Join = JoinCross // SQLite takes a JOIN without a condition
		}
	}
}

// ref reads one reference with its alias.
func (p *fromParser) ref(join Join, natural bool, item int) {
	if p.cur.kw == kwOnly || p.cur.kw == kwLateral {
		p.advance()
	}
	r := Ref{Join: join, Merged: natural, Item: item, Span: p.cur.Span}
	switch {
	case p.Is(p.cur, '(') && p.next.Kind == Query:
		p.advance()
		p.advance()
		if !p.tail() {
			p.fail(reasonTable)
			return
		}
		r.End, r.Query = p.cur.End, true
		p.advance()
	case p.isName():
		p.name(&r)
	default:
		p.fail(reasonTable)
		return
	}
	p.alias(&r)
	p.refs = append(p.refs, r)
}

// tail passes over what orders and limits a query, up to the parenthesis that
// closes it.
func (p *fromParser) tail() bool {
	if !p.isTail(p.cur) {
		return p.Is(p.cur, ')')
	}
	p.verdict.Tail = true
	for depth := 0; p.verdict.Reason == "" && p.cur.Kind != End; p.advance() {
		if depth == 0 && p.Is(p.cur, ')') {
			break
		}
		if p.cur.Kind == Param {
			p.verdict.count(p.Lexer, p.cur)
		}
		var reason string
		if depth, reason = p.Lexer.token(&p.window, List, depth, p.allow); reason != "" {
			p.fail(reason)
		}
	}
	return p.Is(p.cur, ')')
}

// isName reports whether the current token can be a name, not a keyword.
func (p *fromParser) isName() bool {
	return p.cur.Kind == Quoted || p.cur.Kind == Word && p.cur.kw == noKeyword
}

// name reads schema.table, or a function with its arguments.
func (p *fromParser) name(r *Ref) {
	table := p.cur
	r.Name = p.cur.Span
	for p.advance(); p.Is(p.cur, '.'); p.advance() {
		if r.Schema != "" {
			p.fail(reasonTable) // a catalogue before the schema
			return
		}
		r.Schema = p.Folded(table)
		p.advance()
		if p.cur.Kind != Word && p.cur.Kind != Quoted {
			p.fail(reasonTable)
			return
		}
		table = p.cur
	}
	r.Name.End, r.End = table.End, table.End
	r.Qualifier = p.Raw(table)
	if !p.Is(p.cur, '(') {
		r.Table = p.Folded(table)
		return
	}
	name := p.Folded(table)
	if r.Schema != "" && r.Schema != "pg_catalog" {
		name = r.Schema + "." + name
	}
	if !p.allow(name) {
		// Even a harmless function: PostgreSQL reads alias.name as name(alias).
		p.fail("a function stands among the tables: list it in Config.Functions if it touches no table")
		return
	}
	p.parenthesised()
	r.Schema, r.Name, r.Function = "", Span{}, true
	if p.cur.kw == kwWith && p.next.kw == kwOrdinality {
		p.advance()
		p.advance()
	}
	r.End = p.prev.End
}

// alias reads [AS] alias [(columns)].
func (p *fromParser) alias(r *Ref) {
	as := p.cur.kw == kwAs
	if as {
		p.advance()
	}
	if !p.isName() {
		if as {
			p.fail(reasonTable)
		}
		return
	}
	r.Qualifier = p.Raw(p.cur)
	r.End = p.cur.End
	p.advance()
	if p.Is(p.cur, '(') {
		if r.IsTable() {
			p.fail("an alias renames the columns") // the tenant column among them
			return
		}
		p.columns(r)
		r.End = p.prev.End
	}
}

// columns reads ( name [type], … ).
func (p *fromParser) columns(r *Ref) {
	for depth := 0; p.verdict.Reason == "" && p.cur.Kind != End; {
		if depth == 1 && (p.Is(p.prev, '(') || p.Is(p.prev, ',')) && r.Function {
			r.Columns = append(r.Columns, p.Folded(p.cur))
		}
		depth = p.token(depth)
		p.advance()
		if depth == 0 {
			return
		}
	}
	p.fail("a parenthesis is not closed")
}

// condition reads an ON condition up to the next join, comma or the end.
func (p *fromParser) condition(r *Ref) {
	r.On = Span{p.cur.Start, p.cur.Start}
	depth := 0
	for ; p.verdict.Reason == "" && p.cur.Kind != End; p.advance() {
		if depth == 0 && (p.Is(p.cur, ',') || p.beginsJoin()) {
			break
		}
		depth = p.token(depth)
		r.On.End = p.cur.End
	}
	if r.On.Start == r.On.End || depth != 0 {
		p.fail(reasonTable)
	}
}

// beginsJoin reports whether the current word begins a join; LEFT and RIGHT are
// functions, too.
func (p *fromParser) beginsJoin() bool {
	switch p.cur.kw {
	case kwJoin, kwInner, kwCross, kwNatural:
		return true
	case kwLeft, kwRight, kwFull:
		after := p.next.kw
		return after == kwJoin || after == kwOuter
	}
	return false
}

// parenthesised passes over ( … ), judged as a condition is.
func (p *fromParser) parenthesised() {
	if !p.Is(p.cur, '(') {
		p.fail(reasonTable)
		return
	}
	for depth := 0; p.verdict.Reason == "" && p.cur.Kind != End; {
		depth = p.token(depth)
		p.advance()
		if depth == 0 {
			return
		}
	}
	p.fail("a parenthesis is not closed")
}

// token judges one token inside a condition and returns the depth after it.
func (p *fromParser) token(depth int) int {
	if p.cur.Kind == Param {
		p.verdict.count(p.Lexer, p.cur)
	}
	kw := p.cur.kw
	depth, reason := p.Lexer.token(&p.window, Group, depth, p.allow)
	if depth == 0 && (kw == kwEndsValue || kw == kwInto || kw == kwFrom && p.prev.kw != kwDistinct) {
		p.fail("a keyword ends the condition: give the clause to its own method")
	}
	if reason != "" {
		p.fail(reason)
	}
	return depth
}
