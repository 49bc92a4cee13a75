package sqltext

import "slices"

// CallsField reports whether a statement selects a name, which may not be a
// column, from a function of its FROM list. PostgreSQL reads alias.name as
// name(alias) if there is no such column, and a function with such an argument
// can run it as SQL. Columns are those that the alias lists, the alias itself,
// and the usual columns of PostgreSQL's own functions. Names of safe or allowed
// functions are accepted as well.
func CallsField(l *Lexer, functions []Ref, allow func(string) bool) bool {
	if l.Dialect != Postgres {
		return false
	}
	w := window{next: l.Next()}
	for w.shift(l); w.cur.Kind != End; w.shift(l) {
		if w.cur.Kind == Bad {
			return true
		}
		if !l.Is(w.prev, '.') || w.cur.Kind != Word && w.cur.Kind != Quoted || w.before.Kind != Word && w.before.Kind != Quoted {
			continue
		}
		alias, name := l.Folded(w.before), l.Folded(w.cur)
		for i := range functions {
			known := Lexer{Text: functions[i].Qualifier, Dialect: l.Dialect}
			if !sameName(known.Folded(known.Next()), alias) || name == alias || slices.Contains(functions[i].Columns, name) {
				continue
			}
			if !fieldNames[name] && !SafeFunction(name) && !allow(name) {
				return true
			}
		}
	}
	return false
}

// sameName reports whether PostgreSQL may take two names for one: it cuts them
// after 63 bytes, at the end of a character.
func sameName(a, b string) bool {
	const certain = 60
	return a == b || len(a) >= certain && len(b) >= certain && a[:certain] == b[:certain]
}

// fieldNames are the columns of PostgreSQL's own functions, and no functions that
// read anything.
var fieldNames = map[string]bool{"key": true, "value": true, "ordinality": true, "lexeme": true, "positions": true, "weights": true}
