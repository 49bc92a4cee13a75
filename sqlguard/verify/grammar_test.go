//go:build cgo

package verify_test

import (
	"fmt"
	"slices"
	"strings"

	"pgregory.net/rapid"
)

// A grammar draws statements. All tables and queries have the columns
// tenant_id, id, ref and name, and names are few, so that they hide one another.
// Most references are bound where they should be; some are not, some in the
// wrong place, and some conditions are spoilt. $1 and $5 are the tenant's, $2 is
// another's.
type grammar struct {
	t    *rapid.T
	ctes []string
	size int      // subqueries that may still be drawn
	tied []string // aliases that an ON is about
}

// chance is true in so many percent; it shrinks to false.
func (g *grammar) chance(percent int) bool {
	return rapid.IntRange(0, 99).Draw(g.t, "chance") >= 100-percent
}

// pick shrinks to the first.
func pick[T any](g *grammar, list ...T) T {
	return list[rapid.IntRange(0, len(list)-1).Draw(g.t, "pick")]
}

// less reports whether a subquery may be drawn.
func (g *grammar) less(percent int) bool {
	if g.size <= 0 || !g.chance(percent) {
		return false
	}
	g.size--
	return true
}

var tenantTables = []string{"t1", "t2", "t3", "t4", "t5"}

// item draws one item of FROM; left is what LATERAL can name.
func (g *grammar) item(taken *[]string, left, outer []string) (text, alias string) {
	free := func() string {
		names := slices.DeleteFunc([]string{"a", "b", "c", "d", "t1", "e"}, func(n string) bool { return slices.Contains(*taken, n) })
		alias := pick(g, names...)
		*taken = append(*taken, alias)
		return alias
	}
	switch {
	case g.less(20):
		lateral := len(left) > 0 && g.chance(50)
		visible := outer
		if lateral {
			visible = slices.Concat(left, outer)
		}
		text := "(" + g.query(visible) + ") "
		if lateral {
			text = "LATERAL " + text
		}
		alias = free()
		return text + alias, alias
	case len(g.ctes) > 0 && g.chance(30):
		name := pick(g, g.ctes...)
		alias = free()
		return name + " " + alias, alias
	case g.chance(8):
		alias = free()
		return "(VALUES ($1::uuid, 1, 2, 'v'), (" + pick(g, "$1", "NULL", "$2") + ", 2, 1, 'w')) AS " + alias + " (tenant_id, id, ref, name)", alias
	case g.chance(8):
		alias = free()
		return "s1 " + alias, alias
	}
	table := pick(g, tenantTables...)
	if g.chance(25) && !slices.Contains(*taken, table) {
		*taken = append(*taken, table)
		return table, table
	}
	alias = free()
	return table + pick(g, " ", " AS ") + alias, alias
}

// tree draws a join of n items.
func (g *grammar) tree(n int, taken *[]string, left, outer []string) (text string, aliases []string) {
	text, alias := g.item(taken, left, outer)
	aliases = []string{alias}
	for i := 1; i < n; i++ {
		op := pick(g, "JOIN", "LEFT JOIN", "INNER JOIN", "RIGHT JOIN", "FULL JOIN", "CROSS JOIN", "NATURAL JOIN", "NATURAL LEFT JOIN", "NATURAL RIGHT JOIN")
		var right string
		var added []string
		if i+1 < n && g.chance(25) {
			right, added = g.tree(2, taken, slices.Concat(aliases, left), outer)
			right = "(" + right + ")"
			i++
		} else {
			var alias string
			right, alias = g.item(taken, slices.Concat(aliases, left), outer)
			added = []string{alias}
		}
		text += " " + op + " " + right
		all := slices.Concat(aliases, added)
		switch {
		case strings.HasPrefix(op, "NATURAL"), op == "CROSS JOIN":
		case g.chance(15):
			text += " USING (" + pick(g, "tenant_id", "tenant_id, id", "id") + ")"
		default:
			bind := added
			switch {
			case g.chance(25):
				bind = all
			case op == "RIGHT JOIN":
				bind = aliases
			}
			g.tied = append(g.tied, bind...)
			text += " ON " + g.cond(all, bind, outer, 80)
		}
		aliases = all
		if g.chance(4) {
			name := fmt.Sprintf("j%d", len(*taken))
			*taken = append(*taken, name)
			text, aliases = "("+text+") AS "+name, []string{name}
		}
	}
	return text, aliases
}

func (g *grammar) from(outer []string) (text string, aliases []string) {
	var taken, parts []string
	for range pick(g, 1, 1, 1, 2) {
		part, added := g.tree(pick(g, 1, 1, 2, 2, 3), &taken, aliases, outer)
		parts, aliases = append(parts, part), append(aliases, added...)
	}
	return strings.Join(parts, ", "), aliases
}

// bind draws a condition that ties an alias to the tenant, if all goes well.
func (g *grammar) bind(alias string, peers, outer []string) string {
	column := alias + ".tenant_id"
	peer := pick(g, peers...)
	around := peer
	if len(outer) > 0 {
		around = pick(g, outer...)
	}
	if g.less(5) {
		return column + pick(g, " IN ", " = ANY ") + "(SELECT " + pick(g, "q", "a") + ".tenant_id FROM (" + g.query(slices.Concat(peers, outer)) + ") q)"
	}
	return pick(g,
		column+" = $1",
		column+" = $1",
		column+" = $1",
		column+" = "+peer+".tenant_id",
		column+" = "+peer+".tenant_id",
		"$1 = "+column,
		column+" = "+around+".tenant_id",
		around+".tenant_id = "+column,
		column+" IN ($1)",
		column+" = ANY($5)",
		column+" = $1::uuid",
		"("+column+", "+alias+".id) = ("+peer+".tenant_id, "+peer+".id)",
		"("+column+", "+alias+".id) IN (($1, 1), ($1, 2))",
		column+" IS NOT DISTINCT FROM $1",
		column+" IS NOT DISTINCT FROM "+peer+".tenant_id",
		"tenant_id = $1",
		column+" IN ($1, $2)",
		column+" = $2",
		"("+column+" = $1) IS TRUE",
	)
}

// link draws a condition that is about anything else.
func (g *grammar) link(aliases, outer []string) string {
	visible := slices.Concat(aliases, outer)
	a, b := pick(g, aliases...), pick(g, visible...)
	switch {
	case g.less(20):
		not := pick(g, "", "NOT ")
		return not + "EXISTS (" + g.query(visible) + ")"
	case g.less(12):
		return a + ".id IN (SELECT q.id FROM (" + g.query(visible) + ") q)"
	case g.less(12):
		return a + ".id >= (SELECT coalesce(max(q.ref), 1) FROM (" + g.query(visible) + ") q)"
	}
	return pick(g, "true", a+".id = "+b+".id", a+".ref = "+b+".id", a+".id < 3", a+".name <> 'x'", a+".ref IS NULL", b+".tenant_id IS NOT NULL", b+".tenant_id IS NULL", a+".id = "+b+".id + 1")
}

// cond draws a condition that binds some of the aliases.
func (g *grammar) cond(aliases, bind, outer []string, percent int) string {
	var atoms []string
	for _, alias := range bind {
		if !g.chance(100 - percent) {
			atoms = append(atoms, g.bind(alias, aliases, outer))
		}
	}
	for range pick(g, 0, 0, 1, 2) {
		atoms = append(atoms, g.link(aliases, outer))
	}
	if len(atoms) == 0 {
		return "true"
	}
	if g.chance(12) {
		i := rapid.IntRange(0, len(atoms)-1).Draw(g.t, "spoilt")
		atoms[i] = g.spoil(atoms[i], aliases, outer)
	}
	text := strings.Join(atoms, " AND ")
	if g.chance(5) {
		return "(" + text + " AND " + g.link(aliases, outer) + ") OR (" + text + ")"
	}
	return text
}

func (g *grammar) spoil(atom string, aliases, outer []string) string {
	other := g.link(aliases, outer)
	return pick(g,
		"("+atom+" OR "+other+")",
		"NOT ("+atom+")",
		"("+other+" OR "+atom+" AND "+other+")",
		"CASE WHEN "+atom+" THEN true ELSE "+other+" END",
		"coalesce("+atom+", true)",
		"("+atom+") IS NOT FALSE",
		"("+atom+" OR "+atom+")",
	)
}

// query draws a query of the four columns.
func (g *grammar) query(outer []string) string {
	if g.less(8) {
		left, right := g.core(outer), g.core(outer)
		return left + pick(g, " UNION ALL ", " UNION ", " EXCEPT ", " INTERSECT ") + right
	}
	if g.less(8) {
		kept := g.ctes
		defer func() { g.ctes = kept }()
		return g.with(outer) + g.core(outer)
	}
	return g.core(outer)
}

// untied draws the aliases that WHERE is to bind: those that no ON is about, and
// some others.
func (g *grammar) untied(aliases []string) []string {
	if g.chance(35) {
		return aliases
	}
	tied := slices.Clone(g.tied)
	return slices.DeleteFunc(slices.Clone(aliases), func(alias string) bool { return slices.Contains(tied, alias) })
}

func (g *grammar) core(outer []string) string {
	kept := g.tied
	g.tied = nil
	from, aliases := g.from(outer)
	bind := g.untied(aliases)
	g.tied = kept
	where := " FROM " + from + " WHERE " + g.cond(aliases, bind, outer, 90)
	visible := slices.Concat(aliases, aliases, outer)
	tenant := pick(g, visible...) + ".tenant_id"
	if g.chance(12) {
		tenant = pick(g, "$1::uuid", "NULL::uuid", "tenant_id", "$2::uuid") + " AS tenant_id"
	}
	id, ref, name := pick(g, visible...)+".id", pick(g, visible...)+".ref", pick(g, visible...)+".name"
	if g.less(10) {
		id = "(SELECT count(*)::int FROM (" + g.query(slices.Concat(aliases, outer)) + ") q) AS id"
	}
	list := tenant + ", " + id + ", " + ref + ", " + name
	switch pick(g, "plain", "plain", "group", "star", "limit", "window", "lock") {
	case "group":
		a := pick(g, aliases...)
		return "SELECT " + a + ".tenant_id, count(*)::int AS id, sum(" + ref + ")::int AS ref, min(" + name + ") AS name" + where + " GROUP BY " + pick(g, "", "ROLLUP ") + "(" + a + ".tenant_id)"
	case "star":
		return "SELECT " + pick(g, aliases[0]+".*", "*") + where
	case "limit":
		return "(SELECT DISTINCT " + list + where + " ORDER BY 1, 2, 3, 4 LIMIT 2)"
	case "window":
		return "SELECT " + tenant + ", (count(*) OVER (PARTITION BY " + name + "))::int AS id, " + ref + ", " + name + where
	case "lock":
		if len(outer) == 0 {
			return "SELECT " + list + where
		}
	}
	return "SELECT " + list + where
}

// with draws WITH queries.
func (g *grammar) with(outer []string) string {
	name := pick(g, "c1", "t1", "t2")
	if g.chance(30) {
		own := *g
		own.ctes = append(slices.Clone(g.ctes), name)
		first := "SELECT a.tenant_id, a.id, a.ref, a.name FROM t1 a WHERE " + g.cond([]string{"a"}, []string{"a"}, outer, 90)
		second := "SELECT b.tenant_id, " + pick(g, "b", "r") + ".id, b.ref, r.name FROM " + name + " r " + pick(g, "JOIN", "LEFT JOIN") + " " + pick(g, "t3", "t2") + " b ON " + own.cond([]string{"b", "r"}, []string{"b"}, outer, 90)
		g.size, g.ctes = own.size, own.ctes
		return "WITH RECURSIVE " + name + pick(g, "", " (tenant_id, id, ref, name)") + " AS (" + first + " UNION " + second + ") "
	}
	query := g.query(outer)
	g.ctes = append(slices.Clone(g.ctes), name)
	return "WITH " + name + " AS (" + query + ") "
}
