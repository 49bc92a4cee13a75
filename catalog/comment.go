package catalog

import (
	"fmt"
	"strings"
)

// Comments and statistics targets are lost when an object is replaced. The methods
// of this file return the SQL that puts them on the object that takes its place.

// CommentSQL returns the statement that comments on the constraint, which may have
// another name; empty if it has no comment.
func (c *Constraint) CommentSQL(name string, table Name) string {
	return commentOn("CONSTRAINT "+Quote(name)+" ON "+table.String(), c.Comment)
}

// MarkSQL returns the statements that comment on the index, under that name in the
// table's schema, and set the statistics of its expressions. It returns no
// statement if the index has neither.
func (i *Index) MarkSQL(name string, table Name) (sql []string) {
	index := Name{table.Schema, name}.String()
	if comment := commentOn("INDEX "+index, i.Comment); comment != "" {
		sql = append(sql, comment)
	}
	for n, part := range i.Parts {
		if part.Statistics != "" && part.Column == "" {
			sql = append(sql, fmt.Sprintf("ALTER INDEX %s ALTER COLUMN %d SET STATISTICS %s", index, n+1, part.Statistics))
		}
	}
	return sql
}

// CommentSQL returns the statement that comments on the trigger; empty if it has
// no comment.
func (t *Trigger) CommentSQL(table Name) string {
	return commentOn("TRIGGER "+Quote(t.Name)+" ON "+table.String(), t.Comment)
}

// CommentSQL returns the statement that comments on the policy; empty if it has
// no comment.
func (p *Policy) CommentSQL(table Name) string {
	return commentOn("POLICY "+Quote(p.Name)+" ON "+table.String(), p.Comment)
}

func commentOn(object, comment string) string {
	if comment == "" {
		return ""
	}
	return "COMMENT ON " + object + " IS " + Literal(comment)
}

// Literal returns the text as a string constant, whatever
// standard_conforming_strings says.
func Literal(text string) string {
	literal := "'" + strings.ReplaceAll(text, "'", "''") + "'"
	if strings.Contains(text, `\`) {
		return " E" + strings.ReplaceAll(literal, `\`, `\\`)
	}
	return literal
}

// Atomic returns the statements as one statement that either succeeds as a whole
// or changes nothing, even outside a transaction. Several statements become a DO
// block. Empty ones are left out.
func Atomic(statements ...string) string {
	var body []string
	for _, statement := range statements {
		if statement != "" {
			body = append(body, statement+";")
		}
	}
	if len(body) == 1 {
		return strings.TrimSuffix(body[0], ";")
	}
	return "DO " + Dollars("atomic", "\nBEGIN\n\t"+strings.Join(body, "\n\t")+"\nEND\n")
}

// Dollars returns the text as a literal that needs no escapes.
func Dollars(tag, text string) string {
	for strings.Contains(text+"$", "$"+tag+"$") {
		tag += "_"
	}
	return "$" + tag + "$" + text + "$" + tag + "$"
}
