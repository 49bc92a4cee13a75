package keys

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/gorm-tenancy/tenancy/catalog"
	"github.com/gorm-tenancy/tenancy/internal/sqltext"
)

// findInBodies searches the database's functions, including trigger functions, for
// statements that fail once the plan is carried out. It reads bodies as text: it finds
// what they name, and misses SQL that they put together when they run.
func (a *Analysis) findInBodies() {
	for _, f := range a.live.Functions {
		b := &body{Analysis: a, of: f}
		b.read(f.Body, 1)
	}
}

// A body is the text of a function.
type body struct {
	*Analysis
	of *catalog.Function
}

// A word is a token of a body.
type word struct {
	text string // of a word without quotes in lower case, of a quoted one without them
	kind sqltext.Kind
	line int
}

// read judges each statement of a text. A string in it may be a statement that is
// executed, so strings are read as well.
func (b *body) read(text string, line int) {
	lexer := &sqltext.Lexer{Text: text}
	var statement []word
	at := 0
	for {
		token := lexer.Next()
		line += strings.Count(text[at:token.Start], "\n")
		at = token.Start
		raw := lexer.Raw(token)
		switch {
		case token.Kind == sqltext.End || token.Kind == sqltext.Bad:
			b.statement(statement)
			return
		case lexer.Is(token, ';'):
			b.statement(statement)
			statement = nil
			continue
		case token.Kind == sqltext.Word:
			raw = strings.ToLower(raw)
		case token.Kind == sqltext.Quoted:
			raw = strings.ReplaceAll(raw[1:len(raw)-1], `""`, `"`)
		case token.Kind == sqltext.Literal && len(raw) > 20 && raw[0] == '\'':
			b.read(strings.ReplaceAll(raw[1:len(raw)-1], "''", "'"), line)
		}
		statement = append(statement, word{raw, token.Kind, line})
	}
}

// statement judges one statement, which may stand after IF … THEN and the like.
func (b *body) statement(words []word) {
	for i := range words {
		switch {
		case are(words[i:], "insert", "into"):
			b.insert(words[i+2:])
		case are(words[i:], "group", "by") && !b.of.Parsed: // of those the catalogue says which keys they rely on
			b.group(words[i].line, words[:i], listOf(words[i+2:]))
		}
	}
}

func are(words []word, texts ...string) bool {
	if len(words) < len(texts) {
		return false
	}
	for i, text := range texts {
		if words[i].kind != sqltext.Word || words[i].text != text {
			return false
		}
	}
	return true
}

// insert judges an INSERT, from the table's name on.
func (b *body) insert(words []word) {
	t, rest := b.tableAt(words)
	if t == nil {
		return
	}
	line := words[0].line
	columns, values := columnsAt(rest)
	missing := t.Role == Reaching && (columns == nil || !slices.Contains(columns, t.Column))
	if missing || t.fills() && columns != nil && !slices.Contains(columns, t.Column) {
		b.fails(t, line, Backfill, "write "+catalog.Quote(t.Column)+" with each row, and name the columns",
			"inserts into %s without %s, which may no longer be null", t.Name, catalog.Quote(t.Column))
	}
	for i := range values {
		if are(values[i:], "insert", "into") {
			return
		}
		if !are(values[i:], "on", "conflict") {
			continue
		}
		b.conflict(t, values[i].line, values[i+2:])
		return
	}
}

// conflict judges a conflict target.
func (b *body) conflict(t *Table, line int, words []word) {
	if are(words, "on", "constraint") && len(words) > 2 {
		for _, r := range t.replaced {
			if r.constraint != nil && r.constraint.Name == words[2].text {
				b.fails(t, line, r.phase(), "name the columns: ON CONFLICT ("+strings.Join(r.columns(), ", ")+")",
					"conflicts on the constraint %s, which then holds within a tenant, or is an index", catalog.Quote(words[2].text))
			}
		}
		return
	}
	target, _ := columnsAt(words)
	for _, r := range t.replaced {
		if r.old != nil && len(target) > 0 && sameColumns(r.old, target) {
			b.fails(t, line, r.phase(), "name the tenant, too: ON CONFLICT ("+strings.Join(r.columns(), ", ")+"); both uniques are there between the phases "+Build+" and "+r.phase(),
				"conflicts on (%s), a unique that the plan replaces", strings.Join(target, ", "))
			return
		}
	}
}

// group judges a GROUP BY: PostgreSQL lets columns out that depend on a primary key.
func (b *body) group(line int, words []word, columns []string) {
	for i := range words {
		t, _ := b.tableAt(words[i:])
		if t == nil || i == 0 || words[i-1].kind == sqltext.Punct && words[i-1].text != "," {
			continue
		}
		for _, r := range t.replaced {
			if r.isPrimary() && !slices.ContainsFunc(r.constraint.Columns, func(c string) bool { return !slices.Contains(columns, c) }) &&
				!slices.Contains(columns, t.Column) {
				b.fails(t, line, Swap, "group by "+catalog.Quote(t.Column)+" as well", "groups by the primary key of %s alone, on which other columns may rely", t.Name)
				return
			}
		}
	}
}

// fails adds a finding about the function.
func (b *body) fails(t *Table, line int, phase, remedy, problem string, args ...any) {
	f := Finding{Severity: Warning, Table: t.Name, Object: "function " + b.of.String(),
		Problem: fmt.Sprintf("line %d ", line) + fmt.Sprintf(problem, args...) + ": it fails from phase " + phase + " on", Remedy: remedy}
	if !slices.ContainsFunc(b.Findings, func(other Finding) bool { return other.String() == f.String() }) {
		b.Findings = append(b.Findings, f)
		b.broken = append(b.broken, broken{b.of.String(), phase})
	}
}

// phase is the phase that drops the old unique.
func (r *replacement) phase() string {
	if r.isPrimary() {
		return Swap
	}
	return Contract
}

// columns returns the columns of the new unique, as SQL.
func (r *replacement) columns() (columns []string) {
	for _, part := range r.new.Parts {
		columns = append(columns, cmp.Or(part.SQL, catalog.Quote(part.Column)))
	}
	return columns
}

// tableAt is the table whose name words begin with, and what follows it.
func (b *body) tableAt(words []word) (*Table, []word) {
	if len(words) == 0 || words[0].kind != sqltext.Word && words[0].kind != sqltext.Quoted {
		return nil, nil
	}
	name, rest := catalog.Name{Name: words[0].text}, words[1:]
	if len(rest) > 1 && rest[0].text == "." {
		name, rest = catalog.Name{Schema: name.Name, Name: rest[1].text}, rest[2:]
	}
	for _, t := range b.Tables {
		if t.Name.Name == name.Name && (name.Schema == "" || name.Schema == t.Schema) && t.owned() {
			return t, rest
		}
	}
	return nil, nil
}

// columnsAt returns the names of a list in parentheses at the beginning, after an alias;
// nil if there is no list. An expression stands in it by its first word.
func columnsAt(words []word) (list []string, rest []word) {
	if are(words, "as") && len(words) > 1 {
		words = words[2:]
	}
	if len(words) == 0 || words[0].text != "(" || words[0].kind != sqltext.Punct {
		return nil, words
	}
	depth := 0
	for i, w := range words {
		switch {
		case w.kind == sqltext.Punct && w.text == "(":
			depth++
		case w.kind == sqltext.Punct && w.text == ")":
			if depth--; depth == 0 {
				return list, words[i+1:]
			}
		case depth == 1 && (w.kind == sqltext.Word || w.kind == sqltext.Quoted) && (words[i-1].text == "(" || words[i-1].text == ","):
			if w.text == "select" || w.text == "values" {
				return nil, words
			}
			list = append(list, w.text)
		}
	}
	return list, nil
}

// listOf returns the last word of each name in a list without parentheses.
func listOf(words []word) (list []string) {
	for i, w := range words {
		if w.kind != sqltext.Word && w.kind != sqltext.Quoted {
			if w.kind == sqltext.Punct && (w.text == "," || w.text == ".") {
				continue
			}
			return list
		}
		if i+1 < len(words) && words[i+1].text == "." {
			continue
		}
		if i > 0 && words[i-1].text != "," && words[i-1].text != "." {
			return list
		}
		list = append(list, w.text)
	}
	return list
}

// sameColumns reports whether an index is on these columns in any order, which is what
// ON CONFLICT requires.
func sameColumns(index *catalog.Index, columns []string) bool {
	if len(index.Parts) != len(columns) {
		return false
	}
	return !slices.ContainsFunc(index.Parts, func(p catalog.Part) bool {
		first, _, _ := strings.Cut(p.SQL, "(")
		return !slices.Contains(columns, cmp.Or(p.Column, first))
	})
}
