//go:build cgo

package sqlguard

import (
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/internal/sqltext"
)

// linked returns the predicate of a linked table: one of the scope's own rows names
// the row.
func (c *compiler) linked(leaf *leaf) string {
	link, slot := leaf.link, c.plan.tables[leaf.table].slot
	alias := sqltext.Quote(link.Alias)
	text := "EXISTS (SELECT 1 FROM " + quoteName(link.Via.Name) + " AS " + alias + " WHERE " + alias + "." + sqltext.Quote(link.ForeignKey) +
		" = " + leaf.column + " AND " + c.compared(alias+"."+sqltext.Quote(link.Via.Column), slot)
	if link.Where != "" {
		text += " AND (" + link.Where + ")"
	}
	return text + ")"
}

// linkedBy refuses a text if a name in the predicate of a linked table would mean
// something else in it.
func (c *compiler) linkedBy(link *tenancy.TableLink, rv *pg.RangeVar, in *names) {
	switch name := rv.GetAlias().GetAliasname(); {
	case name == link.Alias:
		c.refuse(RuleTable, rv.GetLocation(), "the alias "+name+" is taken; use another one")
	case !strings.Contains(link.Via.Name, ".") && in.find(link.Via.Name) != nil:
		c.refuse(RuleTable, rv.GetLocation(), "a WITH query has the name of the table that links, "+link.Via.Name+"; use another one")
	}
}

// quoteName writes a table's name, which may have a schema before a dot.
func quoteName(name string) string {
	if schema, table, ok := strings.Cut(name, "."); ok {
		return sqltext.Quote(schema) + "." + sqltext.Quote(table)
	}
	return sqltext.Quote(name)
}
