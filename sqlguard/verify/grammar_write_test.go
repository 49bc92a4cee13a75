//go:build cgo

package verify_test

import (
	"slices"
	"strings"
)

// statement draws a statement.
func (g *grammar) statement() string {
	with := ""
	switch {
	case g.chance(15):
		with = g.with(nil)
	case g.chance(6):
		with = "WITH w AS (" + g.write(true) + ") "
		g.ctes = append(g.ctes, "w")
	}
	if g.chance(35) {
		return with + g.write(false)
	}
	return with + g.query(nil)
}

// write draws a statement that writes; returning demands the four columns.
func (g *grammar) write(returning bool) string {
	table := pick(g, "t4", "t1", "t3", "t5", "t2")
	alias := pick(g, table, "a")
	target := table
	if alias != table {
		target += " AS a"
	}
	var text string
	switch pick(g, "update", "delete", "insert", "insert", "merge") {
	case "update":
		from, aliases := g.beside(" FROM ", alias)
		value := pick(g, "'u'", "name || 'u'", alias+".name || 'u'")
		if g.less(25) {
			value = "(SELECT max(q.name) FROM (" + g.query([]string{alias}) + ") q)"
		}
		text = "UPDATE " + target + " SET name = " + value + from + " WHERE " + g.cond(aliases, aliases, nil, 90)
	case "delete":
		using, aliases := g.beside(" USING ", alias)
		text = "DELETE FROM " + target + using + " WHERE " + g.cond(aliases, aliases, nil, 90)
	case "insert":
		text = g.insert(table, target, alias)
	default:
		if !returning {
			return g.merge(table)
		}
		text = "DELETE FROM " + target + " WHERE " + g.cond([]string{alias}, []string{alias}, nil, 95)
	}
	if returning || g.chance(40) {
		text += " RETURNING " + alias + ".tenant_id, " + alias + ".id, " + alias + ".ref, " + alias + ".name"
	}
	return text
}

// beside draws further tables of an UPDATE or DELETE.
func (g *grammar) beside(word, alias string) (text string, aliases []string) {
	if !g.chance(40) {
		return "", []string{alias}
	}
	taken := []string{alias}
	text, aliases = g.tree(pick(g, 1, 1, 2), &taken, nil, nil)
	return word + text, append(aliases, alias)
}

// insert draws an INSERT of rows that differ in their key.
func (g *grammar) insert(table, target, alias string) string {
	text := "INSERT INTO " + target + " (" + pick(g, "tenant_id, id", "tenant_id, id", "id, tenant_id") + ", ref, name) "
	if g.chance(50) {
		rows := []string{"(" + g.writtenTenant() + ", 1, 5, 'i')"}
		if g.chance(50) {
			rows = append(rows, "("+g.writtenTenant()+", 60, 5, 'i')")
		}
		text += "VALUES " + strings.Join(rows, ", ")
	} else {
		text += "SELECT q.tenant_id, q.id, min(q.ref), min(q.name) FROM (" + g.query(nil) + ") q GROUP BY 1, 2"
		if g.chance(30) {
			text = strings.Replace(text, "GROUP BY 1, 2", "WHERE "+g.cond([]string{"q"}, nil, nil, 0)+" GROUP BY 1, 2", 1)
		}
	}
	if table != "t4" && table != "t5" || g.chance(20) {
		return text
	}
	key := "(id)"
	if table == "t4" {
		key = "(tenant_id, id)"
	}
	if g.chance(20) {
		return text + " ON CONFLICT " + key + " DO NOTHING"
	}
	set := "name = excluded.name || '!'"
	if g.less(20) {
		set += ", ref = (SELECT count(*) FROM (" + g.query([]string{alias, "excluded"}) + ") q)"
	}
	text += " ON CONFLICT " + key + " DO UPDATE SET " + set
	if !g.chance(20) {
		text += " WHERE " + pick(g, alias+".tenant_id = excluded.tenant_id", alias+".tenant_id = $1", "excluded.tenant_id = $1", "tenant_id = $1", alias+".tenant_id = excluded.tenant_id OR excluded.ref = 1")
	}
	return text
}

func (g *grammar) writtenTenant() string {
	return pick(g, "$1", "$1", "$1", "$1", "$1::uuid", "'aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa'", "$2", "NULL", "DEFAULT")
}

// merge draws a MERGE of rows that differ in their key.
func (g *grammar) merge(table string) string {
	source := "(SELECT q.tenant_id, q.id, min(q.ref) AS ref, min(q.name) AS name FROM (" + g.query(nil) + ") q GROUP BY 1, 2) s"
	if g.chance(15) {
		source = pick(g, "t4 s", "s1 s", "t5 s")
	}
	text := "MERGE INTO " + table + " a USING " + source + " ON a.id = s.id AND " + g.cond([]string{"a", "s"}, []string{"a"}, nil, 95)
	matched, missing := "", ""
	if g.chance(70) {
		extra := ""
		if g.chance(40) {
			extra = " AND " + g.cond([]string{"a", "s"}, []string{"a"}, nil, 50)
		}
		matched = " WHEN MATCHED" + extra + " THEN " + pick(g, "UPDATE SET name = a.name || 'm'", "DELETE", "DO NOTHING")
	}
	if matched == "" || g.chance(50) {
		missing = " WHEN NOT MATCHED THEN " + pick(g, "INSERT (tenant_id, id, ref, name) VALUES ("+pick(g, "$1", "s.tenant_id", "tenant_id", "$2")+", s.id, s.ref, s.name)", "DO NOTHING")
	}
	parts := []string{matched, missing}
	if g.chance(30) {
		slices.Reverse(parts)
	}
	return text + strings.Join(parts, "")
}
