// Package sqliteddl reads a CREATE TABLE from SQLite's catalogue and changes its
// keys. It keeps everything else as it is, except for comments between commas.
package sqliteddl

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gorm-tenancy/tenancy/internal/sqltext"
)

// Table is a CREATE TABLE.
type Table struct {
	head, tail string // up to the first parenthesis, and after the last one
	items      []*item
}

// item is what stands between two commas: a column, or constraints of the table.
type item struct {
	column string // its name; empty for constraints
	parts  []*Constraint
}

// A Kind is what a [Constraint] is.
type Kind uint8

// The kinds of constraints.
const (
	Other      Kind = iota // DEFAULT, CHECK, COLLATE, GENERATED and so on; also a column's name and type
	PrimaryKey             // PRIMARY KEY
	Unique                 // UNIQUE
	Foreign                // REFERENCES
	NotNull                // NOT NULL
)

// Constraint is a constraint of a column or of the table.
type Constraint struct {
	Kind    Kind
	Columns []string // of a key; nil where they are more than names
	Parent  string   // of a foreign key: the table that it refers to
	// Deferral says when a foreign key is checked.
	Deferral string
	// More is set if a key has something that a changed key could not keep:
	// AUTOINCREMENT, ON CONFLICT, an order or a collation.
	More bool

	text string
}

// Parse reads a CREATE TABLE. It returns an error for text that it does not
// understand.
func Parse(sql string) (*Table, error) {
	tokens, err := tokensOf(sql)
	if err != nil {
		return nil, err
	}
	if len(tokens) < 4 || !tokens[0].is("CREATE") || !tokens[1].is("TABLE") {
		return nil, errors.New("it is not an ordinary table")
	}
	open := slices.IndexFunc(tokens, func(t token) bool { return t.text == "(" })
	if open < 0 {
		return nil, errors.New("its text has no columns")
	}
	table := &Table{head: sql[:tokens[open].end]}
	depth, from := 1, open+1
	for i := open + 1; i < len(tokens); i++ {
		switch tokens[i].text {
		case "(":
			depth++
		case ")":
			depth--
		}
		if depth > 1 || depth == 1 && tokens[i].text != "," {
			continue
		}
		it, err := itemOf(sql, tokens[from:i])
		if err != nil {
			return nil, err
		}
		table.items = append(table.items, it)
		from = i + 1
		if depth == 0 {
			table.tail = sql[tokens[i].start:]
			return table, nil
		}
	}
	return nil, errors.New("its text has no end")
}

// String returns the CREATE TABLE.
func (t *Table) String() string {
	items := make([]string, 0, len(t.items))
	for _, it := range t.items {
		texts := make([]string, 0, len(it.parts))
		for _, part := range it.parts {
			texts = append(texts, part.text)
		}
		if len(texts) > 0 {
			items = append(items, strings.Join(texts, " "))
		}
	}
	return t.head + strings.Join(items, ",") + t.tail
}

// Constraints returns the constraints of a kind, in their order.
func (t *Table) Constraints(kind Kind) (found []*Constraint) {
	for _, it := range t.items {
		for _, part := range it.parts {
			if part.Kind == kind {
				found = append(found, part)
			}
		}
	}
	return found
}

// Drop removes constraints.
func (t *Table) Drop(drop ...*Constraint) {
	for _, it := range t.items {
		it.parts = slices.DeleteFunc(it.parts, func(part *Constraint) bool { return slices.Contains(drop, part) })
	}
}

// Add adds a constraint to the table.
func (t *Table) Add(sql string) {
	t.items = append(t.items, &item{parts: []*Constraint{{text: sql}}})
}

// SetNotNull makes a column NOT NULL.
func (t *Table) SetNotNull(column string) {
	for _, it := range t.items {
		isSet := func(part *Constraint) bool { return part.Kind == NotNull }
		if strings.EqualFold(it.column, column) && column != "" && !slices.ContainsFunc(it.parts, isSet) {
			it.parts = append(it.parts, &Constraint{Kind: NotNull, text: "NOT NULL"})
		}
	}
}

// itemOf reads what stands between two commas.
func itemOf(sql string, tokens []token) (*item, error) {
	if len(tokens) == 0 {
		return nil, errors.New("its text has an empty column")
	}
	it := &item{}
	starts := []int{0}
	if !tokens[0].isOneOf("CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN") {
		it.column = tokens[0].name()
	}
	depth := 0
	for i := 1; i < len(tokens); i++ {
		switch {
		case tokens[i].text == "(":
			depth++
		case tokens[i].text == ")":
			depth--
		case depth == 0 && begins(tokens, i, it.column != "") && !isNamed(tokens, i, starts[len(starts)-1]):
			starts = append(starts, i)
		}
	}
	for n, start := range starts {
		end := len(tokens)
		if n+1 < len(starts) {
			end = starts[n+1]
		}
		part := &Constraint{text: sql[tokens[start].start:tokens[end-1].end]}
		if it.column == "" || n > 0 {
			if err := part.read(tokens[start:end], it.column); err != nil {
				return nil, err
			}
		}
		it.parts = append(it.parts, part)
	}
	return it, nil
}

// begins reports whether a token begins a constraint.
func begins(tokens []token, i int, ofColumn bool) bool {
	before := tokens[i-1]
	next := token{}
	if i+1 < len(tokens) {
		next = tokens[i+1]
	}
	switch {
	case tokens[i].isOneOf("CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK"):
		return true
	case !ofColumn:
		return tokens[i].is("FOREIGN")
	case tokens[i].is("NOT"):
		return !next.is("DEFERRABLE")
	case tokens[i].is("NULL"):
		return !before.isOneOf("NOT", "SET", "DEFAULT")
	case tokens[i].is("DEFAULT"):
		return !before.is("SET")
	case tokens[i].is("AS"):
		return !before.is("ALWAYS")
	}
	return tokens[i].isOneOf("COLLATE", "REFERENCES", "GENERATED")
}

// read reads a constraint; column is whose it is.
func (c *Constraint) read(tokens []token, column string) error {
	rest := tokens
	if rest[0].is("CONSTRAINT") {
		if len(rest) < 3 {
			return errors.New("its text has a constraint without an end")
		}
		rest = rest[2:]
	}
	word := rest[0]
	rest = rest[1:]
	switch {
	case word.is("NOT"):
		c.Kind = NotNull
		return nil
	case word.is("PRIMARY"):
		c.Kind, rest = PrimaryKey, rest[min(1, len(rest)):]
	case word.is("UNIQUE"):
		c.Kind = Unique
	case word.is("FOREIGN"):
		c.Kind, rest = Foreign, rest[min(1, len(rest)):]
	case word.is("REFERENCES"):
		c.Kind, rest = Foreign, append([]token{word}, rest...)
	default:
		return nil
	}
	c.Columns = []string{column}
	if column == "" {
		var ok bool
		if c.Columns, rest, ok = listOf(rest); !ok {
			c.More = true
		}
	}
	if c.Kind != Foreign {
		c.More = c.More || len(rest) > 0
		return nil
	}
	if len(rest) < 2 || !rest[0].is("REFERENCES") {
		return errors.New("its text has a foreign key that refers to nothing")
	}
	c.Parent = rest[1].name()
	for i, t := range rest {
		if t.is("DEFERRABLE") {
			var words []string
			if rest[i-1].is("NOT") {
				words = []string{"NOT"}
			}
			for _, t := range rest[i:] {
				words = append(words, t.text)
			}
			c.Deferral = strings.Join(words, " ")
			break
		}
	}
	return nil
}

// listOf reads a list of names in parentheses; ok is false if it holds anything
// else.
func listOf(tokens []token) (names []string, rest []token, ok bool) {
	if len(tokens) == 0 || tokens[0].text != "(" {
		return nil, tokens, false
	}
	for i := 1; i+1 < len(tokens); i += 2 {
		names = append(names, tokens[i].name())
		switch tokens[i+1].text {
		case ",":
		case ")":
			return names, tokens[i+2:], true
		default:
			return nil, tokens, false
		}
	}
	return nil, tokens, false
}

// token is a token of the text.
type token struct {
	kind       sqltext.Kind
	start, end int
	text       string
}

func (t token) is(word string) bool {
	return t.kind == sqltext.Word && strings.EqualFold(t.text, word)
}

func (t token) isOneOf(words ...string) bool { return slices.ContainsFunc(words, t.is) }

// isNamed reports whether a token is the name after CONSTRAINT, or begins the
// constraint that has the name.
func isNamed(tokens []token, i, start int) bool {
	return tokens[start].is("CONSTRAINT") && i <= start+2
}

// name returns an identifier without its quotes.
func (t token) name() string {
	if t.kind != sqltext.Quoted && t.kind != sqltext.Literal || len(t.text) < 2 {
		return t.text
	}
	quote := t.text[len(t.text)-1:]
	return strings.ReplaceAll(t.text[1:len(t.text)-1], quote+quote, quote)
}

func tokensOf(sql string) (tokens []token, err error) {
	lexer := sqltext.Lexer{Text: sql, Dialect: sqltext.SQLite}
	for {
		next := lexer.Next()
		switch next.Kind {
		case sqltext.End:
			return tokens, nil
		case sqltext.Bad:
			return nil, fmt.Errorf("its text cannot be read: %s", lexer.Reason)
		}
		tokens = append(tokens, token{next.Kind, next.Start, next.End, lexer.Raw(next)})
	}
}
