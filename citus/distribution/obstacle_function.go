package distribution

import (
	"slices"
	"strings"

	"github.com/gorm-tenancy/tenancy/catalog"
	"github.com/gorm-tenancy/tenancy/internal/sqltext"
)

// findReading finds expressions that shards compute and whose functions read tables:
// a worker does not find the tables, or refuses to query the cluster on behalf of a
// shard.
func (a *Analysis) findReading(t *Table) {
	for i := range t.after.Constraints {
		if c := &t.after.Constraints[i]; c.Kind == catalog.Check && !c.Inherited {
			a.findReader(t, c.Name, "check it in the application, or by a foreign key; then "+dropOrName, c.Text)
		}
	}
	for i := range t.after.Indexes {
		index := &t.after.Indexes[i]
		text := []string{index.Predicate}
		for _, part := range index.Parts {
			text = append(text, part.SQL)
		}
		if !index.Inherited {
			a.findReader(t, index.Name, dropOrName, text...)
		}
	}
	for _, policy := range t.live.Policies {
		a.findReader(t, policy.Name, "compare columns with settings instead: current_setting(…)", policy.Using, policy.WithCheck)
	}
	for _, column := range t.live.Columns {
		if column.Generated {
			a.findReader(t, column.Name, "fill it in the application", column.Default)
		}
	}
}

func (a *Analysis) findReader(t *Table, object, remedy string, expressions ...string) {
	if function, table := a.reader(strings.Join(expressions, " ; "), nil); function != nil {
		a.block(t.Name, object, remedy, "its function %s reads %s, which it cannot do in a shard", function, table)
	}
}

// reader finds a function that reads a table and that a text calls, directly or
// through another function. It returns the function and the table.
func (a *Analysis) reader(text string, seen []*catalog.Function) (*catalog.Function, catalog.Name) {
	called := calls(text)
	for _, f := range a.live.Functions {
		if !slices.Contains(called, f.Name.Name) || slices.Contains(seen, f) {
			continue
		}
		seen = append(seen, f)
		if table := a.readIn(f.Body); table != (catalog.Name{}) {
			return f, table
		}
		if inner, table := a.reader(f.Body, seen); inner != nil {
			return inner, table
		}
	}
	return nil, catalog.Name{}
}

// readIn returns a table that a body reads or writes.
func (a *Analysis) readIn(body string) catalog.Name {
	words := wordsOf(body)
	for i, word := range words[:max(0, len(words)-1)] {
		if !slices.Contains([]string{"from", "join", "into", "update", "only"}, word) {
			continue
		}
		name := words[i+1]
		if i+3 < len(words) && words[i+2] == "." {
			name = words[i+3]
		}
		for _, table := range a.live.Tables {
			if table.Name.Name == name {
				return table.Name
			}
		}
		for _, view := range a.live.Views {
			if view.Name.Name == name {
				return view.Name
			}
		}
	}
	return catalog.Name{}
}

// calls returns the names that stand before a parenthesis.
func calls(text string) (names []string) {
	words := wordsOf(text)
	for i, word := range words {
		if word == "(" && i > 0 {
			names = append(names, words[i-1])
		}
	}
	return names
}

// wordsOf returns a text's words in lower case, quoted names without their quotes,
// and other characters.
func wordsOf(text string) (words []string) {
	lexer := &sqltext.Lexer{Text: text}
	for {
		token := lexer.Next()
		raw := lexer.Raw(token)
		switch token.Kind {
		case sqltext.End, sqltext.Bad:
			return words
		case sqltext.Word:
			raw = strings.ToLower(raw)
		case sqltext.Quoted:
			raw = strings.ReplaceAll(raw[1:len(raw)-1], `""`, `"`)
		}
		words = append(words, raw)
	}
}
