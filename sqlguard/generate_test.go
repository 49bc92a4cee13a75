//go:build cgo

package sqlguard

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// generator makes statements by chance.
type generator struct {
	*rand.Rand
	depth   int
	aliases int
	ctes    []string // with the columns id and n
}

// source is a table of a query, with its integer columns.
type source struct {
	alias   string
	columns []string
}

func (g *generator) pick(list ...string) string { return list[g.IntN(len(list))] }

func (g *generator) chance(percent int) bool { return g.IntN(100) < percent }

func (g *generator) alias() string {
	g.aliases++
	return fmt.Sprintf("t%d", g.aliases)
}

var generatedTables = map[string][]string{
	"users": {"id", "age", "manager_id"}, "orders": {"id", "user_id", "amount"}, "items": {"id", "order_id", "qty"},
	"nodes": {"id", "parent_id"}, "archive": {"id", "amount"}, "votes": {"id", "n"}, "app.bills": {"id", "user_id", "total"},
	`"Odd Table"`: {`"Id"`},
}

func (g *generator) table() (string, []string) {
	name := g.pick("users", "orders", "items", "nodes", "archive", "votes", "app.bills", `"Odd Table"`, "users", "orders")
	return name, generatedTables[name]
}

func (g *generator) statement() string {
	switch g.IntN(10) {
	case 0:
		return g.with() + g.update()
	case 1:
		return g.with() + g.delete()
	case 2:
		return g.with() + g.insert()
	default:
		return g.with() + g.query([]string{"id", "n"}, nil)
	}
}

func (g *generator) with() string {
	if !g.chance(25) {
		return ""
	}
	var parts []string
	for range 1 + g.IntN(2) {
		name := g.pick("users", "orders", "c1", "c2")
		if strings.Contains(strings.Join(g.ctes, " "), name) {
			continue
		}
		body := g.query([]string{"id", "n"}, nil)
		switch g.IntN(5) {
		case 0:
			body = "DELETE FROM items WHERE " + g.condition([]source{{"items", generatedTables["items"]}}) + " RETURNING id, qty AS n"
		case 1:
			body = "UPDATE nodes SET parent_id = 1 WHERE " + g.condition([]source{{"nodes", generatedTables["nodes"]}}) + " RETURNING id, parent_id AS n"
		}
		g.ctes = append(g.ctes, name)
		parts = append(parts, name+" AS ("+body+")")
	}
	return "WITH " + strings.Join(parts, ", ") + " "
}

// query selects two integers.
func (g *generator) query(names []string, outer []source) string {
	g.depth++
	defer func() { g.depth-- }()
	if g.depth < 3 && g.chance(15) {
		return "(" + g.query(names, outer) + ") " + g.pick("UNION", "UNION ALL", "INTERSECT", "EXCEPT", "EXCEPT ALL") +
			" (" + g.query(names, outer) + ")"
	}
	from, sources := g.from(outer)
	visible := append(append([]source{}, sources...), outer...)
	if g.chance(10) {
		return fmt.Sprintf("SELECT count(*) AS %s, max(%s) AS %s FROM %s WHERE %s", names[0], g.column(sources), names[1], from, g.condition(visible))
	}
	if g.chance(10) {
		c := g.column(sources)
		return fmt.Sprintf("SELECT %s AS %s, count(*)::int AS %s FROM %s WHERE %s GROUP BY %s HAVING %s", c, names[0], names[1], from,
			g.condition(visible), c, g.pick("true", "count(*) > 1", "count(*) > 0 OR true"))
	}
	where := ""
	if g.chance(70) {
		where = " WHERE " + g.condition(visible)
	}
	return fmt.Sprintf("SELECT %s%s AS %s, %s AS %s FROM %s%s", g.pick("", "", "DISTINCT "), g.value(visible), names[0], g.value(visible), names[1], from, where)
}

func (g *generator) from(outer []source) (string, []source) {
	text, sources := g.join(outer, 0)
	if g.depth < 2 && g.chance(15) {
		more, others := g.join(outer, 1)
		text, sources = text+", "+more, append(sources, others...)
	}
	return text, sources
}

func (g *generator) join(outer []source, nesting int) (string, []source) {
	text, sources := g.item(outer, nil, nesting)
	for range min(g.IntN(3), 3-g.depth) {
		kind := g.pick("JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "CROSS JOIN", "LEFT JOIN")
		other, others := g.item(outer, sources, nesting)
		lateral := strings.HasPrefix(other, "LATERAL")
		if lateral && (kind == "RIGHT JOIN" || kind == "FULL JOIN") {
			kind = "LEFT JOIN"
		}
		both := append(append([]source{}, sources...), others...)
		switch kind {
		case "CROSS JOIN":
			text = text + " CROSS JOIN " + other
		case "FULL JOIN":
			text = fmt.Sprintf("%s FULL JOIN %s ON %s = %s", text, other, g.column(sources), g.column(others))
		default:
			text = fmt.Sprintf("%s %s %s ON %s", text, kind, other, g.condition(both))
		}
		sources = both
	}
	return text, sources
}

// item is one of a FROM list, with the left ones that a LATERAL query sees.
func (g *generator) item(outer, left []source, nesting int) (string, []source) {
	alias := g.alias()
	switch kind := g.IntN(12); {
	case kind == 0 && g.depth < 3:
		return "(" + g.query([]string{"id", "n"}, outer) + ") " + alias, []source{{alias, []string{"id", "n"}}}
	case kind == 1 && g.depth < 3:
		return "LATERAL (" + g.query([]string{"id", "n"}, append(append([]source{}, left...), outer...)) + ") AS " + alias, []source{{alias, []string{"id", "n"}}}
	case kind == 2 && nesting < 2:
		text, sources := g.join(outer, nesting+1)
		if len(sources) == 1 {
			return text, sources
		}
		return "(" + text + ")", sources
	case kind == 3 && len(g.ctes) > 0:
		return g.ctes[g.IntN(len(g.ctes))] + " AS " + alias, []source{{alias, []string{"id", "n"}}}
	case kind == 4:
		return "generate_series(1, 3) AS " + alias + " (id)", []source{{alias, []string{"id"}}}
	case kind == 5:
		return "public.users AS " + alias + " (tid, id, x)", []source{{alias, []string{"id"}}}
	}
	name, columns := g.table()
	for _, cte := range g.ctes {
		if cte == name {
			columns = []string{"id", "n"}
		}
	}
	return g.pick("", "", "", "ONLY ") + name + g.pick(" ", " AS ") + alias, []source{{alias, columns}}
}

func (g *generator) column(sources []source) string {
	s := sources[g.IntN(len(sources))]
	return s.alias + "." + s.columns[g.IntN(len(s.columns))]
}

func (g *generator) value(sources []source) string {
	switch kind := g.IntN(12); {
	case kind == 0:
		return "1"
	case kind == 1 && g.depth < 3:
		return "(SELECT max(q.n) FROM (" + g.query([]string{"id", "n"}, sources) + ") q)"
	case kind == 2 && g.depth < 3:
		return "(SELECT count(*)::int FROM (" + g.query([]string{"id", "n"}, sources) + ") q)"
	case kind == 3:
		return "coalesce(" + g.column(sources) + ", " + g.column(sources) + ")"
	case kind == 4:
		return "CASE WHEN " + g.column(sources) + " > 2 THEN " + g.column(sources) + " ELSE 0 END"
	}
	return g.column(sources)
}

func (g *generator) condition(sources []source) string {
	one := func() string {
		switch kind := g.IntN(10); {
		case kind == 0:
			return "true"
		case kind == 1 && g.depth < 3:
			return g.pick("", "NOT ") + "EXISTS (" + g.query([]string{"id", "n"}, sources) + ")"
		case kind == 2 && g.depth < 3:
			return "(" + g.value(sources) + ", 1) IN (" + g.query([]string{"id", "n"}, sources) + ")"
		case kind == 3:
			return g.column(sources) + " IS NULL"
		case kind == 4:
			return g.column(sources) + " IS DISTINCT FROM " + g.column(sources)
		case kind < 7:
			return g.column(sources) + " = " + g.value(sources)
		}
		return g.column(sources) + g.pick(" > ", " < ", " <> ", " = ") + g.pick("1", "2", "25", "30")
	}
	text := one()
	for range g.IntN(3) {
		text += g.pick(" AND ", " OR ", "\nor\n", "/**/AND/**/") + one()
	}
	return text
}

func (g *generator) update() string {
	target := source{"orders", generatedTables["orders"]}
	sources, from := []source{target}, ""
	if g.chance(40) {
		text, others := g.item(nil, nil, 2)
		if !strings.HasPrefix(text, "LATERAL") {
			from, sources = " FROM "+text, append(sources, others...)
		}
	}
	// One row may meet several: which of them it takes is the database's affair.
	set := "status = 'u'"
	if from == "" {
		set = "amount = " + g.value(sources)
	}
	return "UPDATE orders SET " + set + from + " WHERE " + g.condition(sources) + g.pick("", " RETURNING orders.id")
}

func (g *generator) delete() string {
	sources, using := []source{{"orders", generatedTables["orders"]}}, ""
	if g.chance(40) {
		text, others := g.item(nil, nil, 2)
		if !strings.HasPrefix(text, "LATERAL") {
			using, sources = " USING "+text, append(sources, others...)
		}
	}
	return "DELETE FROM orders" + using + " WHERE " + g.condition(sources) + g.pick("", " RETURNING orders.id")
}

func (g *generator) insert() string {
	conflict := g.pick("", " ON CONFLICT DO NOTHING", " ON CONFLICT (tenant_id, id) DO NOTHING")
	return "INSERT INTO archive (id, amount) SELECT DISTINCT q.id + 100, q.id FROM (" + g.query([]string{"id", "n"}, nil) +
		") q WHERE q.id IS NOT NULL" + conflict + g.pick("", " RETURNING id")
}
