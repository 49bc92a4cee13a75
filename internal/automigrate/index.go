package automigrate

import (
	"slices"
	"strings"

	"github.com/gorm-tenancy/tenancy/internal/columnset"
	"github.com/gorm-tenancy/tenancy/internal/sqltext"
)

// keyKind says what an index is for.
type keyKind uint8

const (
	plainIndex keyKind = iota
	uniqueIndex
	uniqueConstraint
	primaryKey
)

// object is the kind's name in a [Change].
func (k keyKind) object() string {
	switch k {
	case primaryKey:
		return "primary key"
	case uniqueConstraint:
		return "unique constraint"
	case uniqueIndex:
		return "unique index"
	default:
		return "index"
	}
}

// tableIndex is a primary key, a unique constraint or an index that a model
// wants or that a table has.
type tableIndex struct {
	name    string
	kind    keyKind
	method  string // empty for btree
	parts   []indexPart
	where   condition
	options string // what stands between the parts and WHERE

	// Of one that a model wants:
	added bool // the tenant column is not the model's but was put in front
	typed bool // a primary key that the type of its column makes

	class        string // UNIQUE, or one that another database has
	concurrently bool   // the model's tag says so; AutoMigrate decides by itself

	// Of one that a table has:
	invalid    bool // a concurrent build has not come to its end
	deferrable bool // no foreign key can refer to it
}

// indexPart is a column or an expression of an index.
type indexPart struct {
	column string // empty for an expression
	sql    string // as CREATE INDEX has it
	suffix string // its collation, operator class and order, in one spelling
	expr   condition
}

// condition is an expression, and the spelling that it is compared in.
type condition struct{ sql, same string }

func newCondition(sql string) condition { return condition{sql, normalText(sql)} }

func columnPart(column string) indexPart { return indexPart{column: column} }

// writtenPart is a part as SQL has it.
func writtenPart(column, sql, suffix string) indexPart {
	part := indexPart{column: column, sql: sql, suffix: normalSuffix(suffix)}
	if column == "" {
		text, rest := splitExpression(sql)
		part.expr, part.suffix = newCondition(text), normalSuffix(rest)
	}
	return part
}

func (p indexPart) same(has indexPart) bool {
	return p.column == has.column && p.suffix == has.suffix && p.expr.same == has.expr.same
}

func (i *tableIndex) isUnique() bool { return i.kind != plainIndex }

// columns returns the columns of an index; ok is false if it has anything else.
func (i *tableIndex) columns() (names []string, ok bool) {
	if i.where.sql != "" || i.method != "" || i.options != "" && i.kind != primaryKey {
		return nil, false
	}
	for _, part := range i.parts {
		if part.column == "" || part.suffix != "" {
			return nil, false
		}
		names = append(names, part.column)
	}
	return names, true
}

// describe names an index and its columns for people.
func (i *tableIndex) describe() string {
	parts := make([]string, len(i.parts))
	for n, part := range i.parts {
		if parts[n] = part.column; part.column == "" {
			parts[n] = part.sql
		}
	}
	return strings.TrimSpace(i.kind.object()+" "+i.name) + " (" + strings.Join(parts, ", ") + ")"
}

// allowsForeignKey reports whether a foreign key may refer to these columns.
func (i *tableIndex) allowsForeignKey(refs []string) bool {
	columns, ok := i.columns()
	return ok && i.isUnique() && !i.invalid && !i.deferrable && columnset.Same(columns, refs)
}

// isLedBy reports whether the index begins with the column, so that it finds the
// rows of one tenant.
func (i *tableIndex) isLedBy(column string) bool {
	return i.method == "" && i.where.sql == "" && !i.invalid && len(i.parts) > 0 && i.parts[0].column == column
}

// same reports whether an index that a table has is the wanted one. For a key the
// order of the columns does not matter, nor whether a constraint makes it.
func (i *tableIndex) same(has *tableIndex) bool {
	if has.invalid || i.isUnique() != has.isUnique() || i.kind == primaryKey && has.kind != primaryKey {
		return false
	}
	if i.isUnique() {
		a, ok := i.columns()
		b, hasOk := has.columns()
		if ok || hasOk {
			return ok && hasOk && columnset.Same(a, b)
		}
	}
	return i.method == has.method && i.where.same == has.where.same &&
		normalText(i.options) == normalText(has.options) && slices.EqualFunc(i.parts, has.parts, indexPart.same)
}

// without returns the index as it was before the tenant column was put in front.
func (i *tableIndex) without(tenant string) *tableIndex {
	narrow := *i
	narrow.kind = uniqueIndex
	narrow.parts = slices.DeleteFunc(slices.Clone(i.parts), func(p indexPart) bool { return p.column == tenant })
	return &narrow
}

// normalText returns SQL in one spelling, as far as that is possible without the
// database: outside strings it ignores spaces, quotes, case, and parentheses
// around the whole.
func normalText(sql string) string {
	var b strings.Builder
	for i := 0; i < len(sql); i++ {
		switch c := sql[i]; c {
		case '\'':
			end := strings.IndexByte(sql[i+1:], '\'')
			if end < 0 {
				end = len(sql) - i - 2
			}
			b.WriteString(sql[i : i+end+2])
			i += end + 1
		case ' ', '\t', '\r', '\n', '"', '`':
		default:
			b.WriteString(strings.ToLower(sql[i : i+1]))
		}
	}
	text := b.String()
	for strings.HasPrefix(text, "(") && sqltext.Closing(text) == len(text)-1 {
		text = text[1 : len(text)-1]
	}
	return text
}

// splitExpression splits a part of an index after its expression, which is a
// call or stands in parentheses.
func splitExpression(sql string) (expression, rest string) {
	if end := sqltext.Closing(sql); end >= 0 {
		return sql[:end+1], sql[end+1:]
	}
	expression, rest, _ = strings.Cut(strings.TrimSpace(sql), " ")
	return expression, rest
}

// normalSuffix returns a collation, an operator class and an order in one
// spelling, the default order left out.
func normalSuffix(sql string) string {
	words := strings.Fields(strings.ToLower(strings.NewReplacer(`"`, "", "`", "").Replace(sql)))
	text := strings.Join(slices.DeleteFunc(words, func(w string) bool { return w == "asc" }), " ")
	if desc := strings.TrimSuffix(text, " nulls first"); strings.HasSuffix(desc, "desc") {
		return desc
	}
	return strings.TrimSpace(strings.TrimSuffix(text, "nulls last"))
}

func columnParts(columns []string) []indexPart {
	parts := make([]indexPart, len(columns))
	for i, column := range columns {
		parts[i] = columnPart(column)
	}
	return parts
}
