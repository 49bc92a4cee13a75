//go:build cgo

package sqlguard

import (
	"strconv"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/internal/sqltext"
)

// level is one FROM list with what is evaluated over it.
type level struct {
	frame
	leaves   []*leaf
	joins    []*join // with a condition or USING, in the order in which those stand in the text
	aliases  []string
	derived  int // queries and names in FROM that hold tenants' rows
	sublinks int // subqueries in expressions that hold tenants' rows of any tenant
	items    int // tables, queries and functions in FROM
	rowsFrom bool
	anchor   *leaf // whose tenant the others must have, under a set
	where    []string
}

// leaf is one reference to a tenant's table.
type leaf struct {
	rv      *pg.RangeVar
	table   int
	token   int // the first of its name
	name    string
	column  string // the tenant column, qualified; of a linked table the key
	link    *tenancy.TableLink
	place   placement
	sampled bool
	mixed   bool // its rows without a tenant are read as well
	nulled  int  // the depth of the deepest join that makes its rows null, or -1
	hidden  int  // the depth of the deepest join with an alias around it, or -1
}

// placement is where a leaf's predicate may stand so that it filters only the
// leaf: in WHERE, in the condition of a join, or around the table itself.
type placement struct {
	where bool
	join  *join
}

// join is a join expression of the list.
type join struct {
	expr               *pg.JoinExpr
	depth              int
	left, right, after int // its leaves: [left, right) and [right, after)
	token              int // ON or USING
	predicates         []string
}

// inner is the frame of the level's expressions.
func (l *level) inner() frame {
	f := l.frame.behold(l)
	f.level = l
	if f.pin == nil && l.anchor != nil {
		f.pin = &pin{qualifier: l.anchor.name, column: l.anchor.column}
	}
	return f
}

// holdsRows reports whether the level's rows belong to tenants, to any tenant of
// the scope.
func (l *level) holdsRows() bool {
	return l.pin == nil && len(l.leaves) > 0 || l.derived > 0 || l.sublinks > 0
}

// conditions walks the conditions of the joins.
func (c *compiler) conditions(l *level) {
	for _, j := range l.joins {
		c.expr(j.expr.GetQuals(), l.inner())
	}
}

// place puts the predicates of a level's tables into the text.
func (c *compiler) place(l *level, where *pg.Node, r region) {
	if r.end < 0 {
		c.lost(l.leaves[0].rv.GetLocation())
		return
	}
	if r.from >= 0 {
		c.findConditions(l, r)
	}
	if c.err != nil {
		return
	}
	for _, leaf := range l.leaves {
		switch at := leaf.place; {
		case at.where:
			if !c.said(l, leaf, where) {
				l.where = append(l.where, c.predicate(l, leaf))
			}
		case at.join != nil:
			if !c.said(l, leaf, at.join.expr.GetQuals()) {
				at.join.predicates = append(at.join.predicates, c.predicate(l, leaf))
			}
		default:
			c.around(l, leaf)
		}
	}
	for _, j := range l.joins {
		if len(j.predicates) > 0 {
			c.conjoin(j.token+1, c.conditionEnd(j.token+1), orderJoin, strings.Join(j.predicates, " AND "))
		}
	}
	c.placeWhere(l, where != nil, r)
}

// placeWhere writes the predicates of the WHERE clause.
func (c *compiler) placeWhere(l *level, has bool, r region) {
	predicates := strings.Join(l.where, " AND ")
	switch {
	case r.table >= 0:
		c.replace(c.start(r.table), c.end(r.table), "SELECT * FROM")
		c.insert(c.end(r.end-1), orderWhere, " WHERE "+predicates)
	case has != (c.keyword(r.end) == pg.Token_WHERE):
		c.lost(-1)
	case predicates == "":
	case has:
		c.conjoin(r.end+1, c.clauseEnd(r.end+1), orderWhere, predicates)
	default:
		c.insert(c.end(r.end-1), orderWhere, " WHERE "+predicates)
	}
}

// conjoin puts a predicate before the condition that stands in [from, to), which
// becomes one group.
func (c *compiler) conjoin(from, to, order int, predicates string) {
	if to <= from {
		c.lost(-1)
		return
	}
	c.insert(c.start(from), orderOpen, c.space(c.start(from))+predicates+" AND (")
	c.insert(c.end(to-1), order, ")")
}

// space is what separates an insertion from the text before it.
func (c *compiler) space(offset int) string {
	if offset > 0 && strings.IndexByte(" \t\n\r\f\v", c.text[offset-1]) < 0 {
		return " "
	}
	return ""
}

// around limits a table reference where it stands.
func (c *compiler) around(l *level, leaf *leaf) {
	if leaf.sampled {
		c.refuse(RuleNode, leaf.rv.GetLocation(), "TABLESAMPLE beside an outer join; sample in a subquery")
		return
	}
	if c.multi() && l.pin == nil && len(l.leaves) > 1 || c.meetsSeveral(l, leaf) {
		c.refuse(RuleSet, leaf.rv.GetLocation(), reasonMeet)
		return
	}
	if len(leaf.rv.GetAlias().GetColnames()) > 0 {
		c.inQuery(l, leaf)
		return
	}
	predicate := c.bound(leaf)
	if c.multi() && l.pin != nil {
		c.pinned++
		predicate = leaf.column + " = " + l.pin.column
	}
	start, end := c.tableStart(leaf.token), c.aliasEnd(leaf)
	c.insert(c.start(start), orderOpen, "(")
	c.insert(c.end(end-1), orderTable, " JOIN (SELECT) AS sqlguard_"+strconv.Itoa(leaf.token)+" ON "+predicate+")")
}

// inQuery replaces a table whose alias renames its columns by a query of the table.
func (c *compiler) inQuery(l *level, leaf *leaf) {
	inside := *leaf // where the table has no alias
	inside.column = sqltext.Quote(leaf.rv.GetRelname()) + "." + sqltext.Quote(key(&c.plan.tables[leaf.table].known))
	if schema := leaf.rv.GetSchemaname(); schema != "" {
		inside.column = sqltext.Quote(schema) + "." + inside.column
	}
	predicate := c.bound(&inside)
	if c.multi() && l.pin != nil {
		if l.pin.qualifier == leaf.rv.GetRelname() {
			c.refuse(RuleSet, leaf.rv.GetLocation(), reasonShadow)
		}
		c.pinned++
		predicate = inside.column + " = " + l.pin.column
	}
	start, end := c.tableStart(leaf.token), c.tableEnd(leaf.token)
	c.insert(c.start(start), orderOpen, "(SELECT * FROM ")
	c.insert(c.end(end-1), orderTable, " WHERE "+predicate+")")
}

// tableStart returns the first token of a reference whose name begins at i: ONLY
// may stand before it, with parentheses or without.
func (c *compiler) tableStart(i int) int {
	switch {
	case c.keyword(i-1) == pg.Token_ONLY:
		return i - 1
	case c.kind(i-1) == open && c.keyword(i-2) == pg.Token_ONLY:
		return i - 2
	}
	return i
}

// tableEnd returns the index after such a reference, without its alias.
func (c *compiler) tableEnd(i int) int {
	end := c.name(i)
	switch {
	case c.kind(i-1) == open && c.keyword(i-2) == pg.Token_ONLY:
		return end + 1
	case c.kind(end) == star:
		return end + 1
	}
	return end
}

// aliasEnd returns the index after a reference with its alias.
func (c *compiler) aliasEnd(leaf *leaf) int {
	end := c.tableEnd(leaf.token)
	if leaf.rv.GetAlias() == nil {
		return end
	}
	if c.keyword(end) == pg.Token_AS {
		end++
	}
	return c.name(end)
}
