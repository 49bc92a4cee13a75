package tenancytest

import (
	"path"
	"strings"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
	"gorm.io/gorm/schema"
)

// textCount counts what became of operations whose text needs Config.RawSQL.
type textCount struct {
	answered, refused int
	excused           map[string]bool // the patterns of Suite.MayRefuse that were needed
}

func (c *textCount) excuse(pattern string) {
	if c.excused == nil {
		c.excused = map[string]bool{}
	}
	c.excused[pattern] = true
}

// asText is the task as it is judged after it ran: one with text may be refused
// unless Suite.AnswersText says otherwise.
func (f *Fixture) asText(scope string, t *task, shared *outcome) *task {
	if t.flags&textual == 0 {
		return t
	}
	may := !f.suite.AnswersText
	if scope == "none" {
		may = true // where it must be
	} else if !isTenancyError(shared.err) {
		f.texts.answered++
	} else {
		f.texts.refused++
		for pattern := range f.suite.MayRefuse {
			if matches, _ := path.Match(pattern, scope+"/"+t.name); matches {
				f.texts.excuse(pattern)
				may = true
			}
		}
	}
	judged := *t
	if may {
		judged.flags |= refusable
	}
	return &judged
}

// scanned reads raw SQL into maps.
func scanned(tx *gorm.DB, text string, args ...any) answer {
	out := []map[string]any{}
	return got(tx.Raw(text, args...).Scan(&out), &out)
}

func (m *model) name() string { return m.f.name(m.table) }

// values is the text of an INSERT of new rows with its arguments.
func (m *model) values(numbers ...int) (text string, args []any) {
	var names []string
	for _, n := range numbers {
		value := m.made(n)
		columns := m.columns(value)
		if names == nil {
			for _, field := range m.stored() {
				if _, ok := columns[field.DBName]; ok {
					names = append(names, field.DBName)
				}
			}
			text = "INSERT INTO " + m.name() + " ("
			for i, name := range names {
				text += []string{"", ", "}[min(i, 1)] + m.f.name(name)
			}
			text += ") VALUES "
		} else {
			text += ", "
		}
		text += "(" + strings.TrimSuffix(strings.Repeat("?, ", len(names)), ", ") + ")"
		for _, name := range names {
			args = append(args, m.in(m.schema.FieldsByDBName[name], value))
		}
	}
	return text, args
}

// textOperations are queries and statements as text.
var textOperations = []operation{
	{"Text Raw condition", union | textual, func(tx *gorm.DB, m *model) answer {
		text, args := m.either("\tor\t", 0, 1)
		out := m.slice()
		return got(tx.Raw("SELECT * FROM "+m.name()+" WHERE "+text, args...).Scan(out), out)
	}},
	{"Text Raw named", union | textual, func(tx *gorm.DB, m *model) answer {
		f := m.any()
		return scanned(tx, "SELECT "+m.c(f)+" FROM "+m.name()+" x WHERE x."+m.c(f)+" = @value OR 1 = 0", map[string]any{"value": m.of(f, 0)})
	}},
	{"Text Raw Rows", union | textual, func(tx *gorm.DB, m *model) answer {
		return m.scanRows(tx.Raw("SELECT * FROM " + m.name()))
	}},
	{"Text Raw First", textual, func(tx *gorm.DB, m *model) answer {
		out := m.new()
		return got(tx.Raw("SELECT * FROM "+m.name()+" ORDER BY "+m.order()+" LIMIT 1").First(out), out)
	}},
	{"Text WITH", union | textual, func(tx *gorm.DB, m *model) answer {
		return scanned(tx, "WITH x AS (SELECT * FROM "+m.name()+") SELECT "+m.c(m.any())+" FROM x WHERE 1 = 1 OR 1 = 1")
	}},
	{"Text WITH of the table's name", union | textual, func(tx *gorm.DB, m *model) answer {
		return scanned(tx, "WITH "+m.name()+" AS (SELECT "+m.c(m.any())+" FROM "+m.name()+") SELECT * FROM "+m.name())
	}},
	{"Text UNION", union | textual, func(tx *gorm.DB, m *model) answer {
		one := "SELECT " + m.c(m.any()) + " FROM " + m.name()
		return scanned(tx, one+" UNION ALL "+one)
	}},
	{"Text EXCEPT", textual, func(tx *gorm.DB, m *model) answer {
		text, args := m.is(0)
		one := "SELECT " + m.c(m.any()) + " FROM " + m.name()
		return scanned(tx, one+" EXCEPT "+one+" WHERE "+text, args...)
	}},
	{"Text GROUP BY", textual, func(tx *gorm.DB, m *model) answer {
		c := m.c(m.any())
		return scanned(tx, "SELECT "+c+", COUNT(*) AS n FROM "+m.name()+" GROUP BY "+c+" HAVING COUNT(*) > 0 OR 1 = 1")
	}},
	{"Text window", textual, func(tx *gorm.DB, m *model) answer {
		return scanned(tx, "SELECT "+m.c(m.any())+", COUNT(*) OVER () AS n FROM "+m.name())
	}},
	{"Text EXISTS", union | asWritten | textual, func(tx *gorm.DB, m *model) answer {
		c := m.c(m.any())
		return scanned(tx, "SELECT x."+c+" FROM "+m.name()+" x WHERE EXISTS (SELECT 1 FROM "+m.name()+" y WHERE y."+c+" = x."+c+" OR 1 = 0)")
	}},
	{"Text FROM twice", textual, func(tx *gorm.DB, m *model) answer {
		c := m.c(m.any())
		return scanned(tx, "SELECT x."+c+" AS a, y."+c+" AS b FROM "+m.name()+" x, "+m.name()+" AS y")
	}},
	{"Text FROM query", union | textual, func(tx *gorm.DB, m *model) answer {
		return scanned(tx, "SELECT x.* FROM (SELECT "+m.c(m.any())+" FROM "+m.name()+") x")
	}},
	{"Text FULL JOIN", textual, func(tx *gorm.DB, m *model) answer {
		c := m.c(m.any())
		return scanned(tx, "SELECT x."+c+" AS a, y."+c+" AS b FROM "+m.name()+" x FULL JOIN "+m.name()+" y ON x."+c+" = y."+c)
	}},
	{"Text scalar", textual, func(tx *gorm.DB, m *model) answer {
		return scanned(tx, "SELECT (SELECT COUNT(*) FROM "+m.name()+") AS n")
	}},
	{"Text Table query", union | textual, func(tx *gorm.DB, m *model) answer {
		return intoMaps(tx.Table("(SELECT " + m.c(m.any()) + " FROM " + m.name() + ") AS x").Where("1 = 1").Or("1 = 1"))
	}},
	{"Text Where EXISTS", union | asWritten | textual, func(tx *gorm.DB, m *model) answer {
		c, out := m.c(m.any()), m.slice()
		return got(tx.Where("EXISTS (SELECT 1 FROM "+m.name()+" y WHERE y."+c+" = "+m.q(m.any())+")").Or("1 = 0").Find(out), out)
	}},
	{"Text Where of WITH", union | textual, func(tx *gorm.DB, m *model) answer {
		c, out := m.c(m.any()), m.slice()
		return got(tx.Where(c+" IN (WITH x AS (SELECT "+c+" FROM "+m.name()+" y) SELECT "+c+" FROM x)").Find(out), out)
	}},
	{"Text Count", textual, func(tx *gorm.DB, m *model) answer {
		var n int64
		c := m.c(m.any())
		return got(tx.Model(m.new()).Where(c+" IN (SELECT "+c+" FROM "+m.name()+" y)").Count(&n), n)
	}},
	{"Text Having query", textual, func(tx *gorm.DB, m *model) answer {
		c := m.c(m.any())
		return intoMaps(tx.Model(m.new()).Select(c).Group(c).Having("COUNT(*) <= (SELECT COUNT(*) FROM " + m.name() + ")"))
	}},
	{"Text Order query", textual, func(tx *gorm.DB, m *model) answer {
		out := m.slice()
		return got(tx.Order("(SELECT COUNT(*) FROM "+m.name()+"), "+m.order()).Find(out), out)
	}},
	{"Text Joins query", textual, func(tx *gorm.DB, m *model) answer {
		c := m.c(m.any())
		return intoMaps(tx.Model(m.new()).Select(m.q(m.any()) + " AS a, y.c AS b").Unscoped().
			Joins("LEFT JOIN (SELECT " + c + " AS c FROM " + m.name() + ") AS y ON y.c = " + m.q(m.any())))
	}},
	{"Text Clauses where", union | textual, func(tx *gorm.DB, m *model) answer {
		c, out := m.c(m.any()), m.slice()
		in := clause.Expr{SQL: c + " IN (SELECT " + c + " FROM " + m.name() + " y WHERE 1 = ?)", Vars: []any{1}}
		return got(tx.Clauses(clause.Where{Exprs: []clause.Expression{clause.Or(in, clause.Expr{SQL: "1 = 0"})}}).Find(out), out)
	}},
	{"Text Clauses order", textual, func(tx *gorm.DB, m *model) answer {
		out := m.slice()
		by := clause.OrderBy{Expression: clause.Expr{SQL: "(SELECT COUNT(*) FROM " + m.name() + "), " + m.order()}}
		return got(tx.Clauses(by).Find(out), out)
	}},
	{"Text Clauses select", textual, func(tx *gorm.DB, m *model) answer {
		return intoMaps(tx.Model(m.new()).Clauses(clause.Select{Expression: clause.Expr{SQL: "(SELECT COUNT(*) FROM " + m.name() + ") AS n"}}))
	}},
	{"Text Raw subquery of WITH", union | textual, func(tx *gorm.DB, m *model) answer {
		c, out := m.c(m.any()), m.slice()
		return got(tx.Where(c+" IN (?)", tx.Raw("WITH x AS (SELECT * FROM "+m.name()+" y) SELECT "+c+" FROM x WHERE 1 = ?", 1)).Find(out), out)
	}},
	{"Text Updates value", changes | asWritten | textual, func(tx *gorm.DB, m *model) answer {
		c := m.count()
		return got(row(where, tx.Model(m.new()), m, 0).Update(c.DBName, gorm.Expr("(SELECT COUNT(*) FROM "+m.name()+" y)")))
	}},
	{"Text Updates condition", changes | textual, func(tx *gorm.DB, m *model) answer {
		f := m.any()
		return got(tx.Model(m.new()).Where(m.c(f)+" IN (SELECT "+m.c(f)+" FROM "+m.name()+" y)").Or("1 = 0").Update(f.DBName, m.next(f)))
	}},
	{"Text Delete condition", changes | textual, func(tx *gorm.DB, m *model) answer {
		text, args := m.is(orphanRow)
		key := m.c(m.key())
		return got(tx.Where(key+" IN (SELECT "+key+" FROM "+m.name()+" y WHERE "+text+" OR 1 = 0)", args...).Delete(m.new()))
	}},
	{"Text Exec update", changes | textual, func(tx *gorm.DB, m *model) answer {
		text, args := m.either("\nor\n", 0, 1)
		f := m.any()
		return got(tx.Exec("UPDATE "+m.name()+" SET "+m.c(f)+" = ? WHERE "+text, append([]any{m.next(f)}, args...)...))
	}},
	{"Text Exec update from", changes | textual, func(tx *gorm.DB, m *model) answer {
		text, args := m.is(1)
		c, key := m.c(m.any()), m.c(m.key())
		return got(tx.Exec("UPDATE "+m.name()+" AS x SET "+c+" = y."+c+" FROM "+m.name()+" AS y WHERE x."+key+" = y."+key+
			" AND y."+key+" IN (SELECT "+key+" FROM "+m.name()+" z WHERE "+text+")", args...))
	}},
	{"Text Exec delete by query", changes | textual, func(tx *gorm.DB, m *model) answer {
		text, args := m.is(orphanRow)
		key := m.c(m.key())
		return got(tx.Exec("DELETE FROM "+m.name()+" WHERE "+key+" IN (SELECT "+key+" FROM "+m.name()+" z WHERE "+text+")", args...))
	}},
	{"Text Raw delete returning", changes | textual, func(tx *gorm.DB, m *model) answer {
		text, args := m.is(orphanRow)
		return scanned(tx, "DELETE FROM "+m.name()+" WHERE "+text+" RETURNING "+m.order(), args...)
	}},
	{"Text WITH of a delete", changes | textual, func(tx *gorm.DB, m *model) answer {
		text, args := m.is(orphanRow)
		return scanned(tx, "WITH gone AS (DELETE FROM "+m.name()+" WHERE "+text+" RETURNING *) SELECT "+m.order()+" FROM gone", args...)
	}},
	{"Text Exec insert", creates | textual, func(tx *gorm.DB, m *model) answer {
		text, args := m.values(0, 1)
		return got(tx.Exec(text, args...))
	}},
	{"Text Exec insert or nothing", creates | textual, func(tx *gorm.DB, m *model) answer {
		text, args := m.values(0)
		return got(tx.Exec(text+" ON CONFLICT DO NOTHING", args...))
	}},
	{"Text Raw insert returning", creates | textual, func(tx *gorm.DB, m *model) answer {
		text, args := m.values(0)
		return scanned(tx, text+" RETURNING "+m.order(), args...)
	}},
}

// textJoinOperations join related tables in whole statements of text.
var textJoinOperations = []relationOperation{
	{"Text JOIN", union | asWritten | textual, textJoin("JOIN")},
	{"Text LEFT JOIN", union | asWritten | textual, textJoin("LEFT JOIN")},
	{"Text RIGHT JOIN", textual, textJoin("RIGHT JOIN")},
	{"Text FULL JOIN", textual, textJoin("FULL JOIN")},
	{"Text join with or", textual, func(tx *gorm.DB, r *relation) answer {
		r.direct()
		return scanned(tx, "SELECT "+r.columns("rel")+" FROM "+r.m.name()+" "+r.join("LEFT JOIN", "rel")+" OR 1 = 1")
	}},
	{"Text IN related", union | asWritten | textual, func(tx *gorm.DB, r *relation) answer {
		r.direct()
		out := r.m.slice()
		return got(tx.Where("EXISTS (SELECT 1 FROM "+r.target.name()+" rel WHERE "+r.on(r.m.name(), "rel")+")").Or("1 = 0").Find(out), out)
	}},
	{"Text Exec delete using related", changes | textual, func(tx *gorm.DB, r *relation) answer {
		r.only(schema.BelongsTo)
		if r.m.table == r.target.table {
			panic(inapplicable{}) // the name stands for two tables
		}
		_, args := r.m.is(orphanRow)
		text := "DELETE FROM " + r.m.name() + " USING " + r.target.name() + " rel WHERE (" + r.on(r.m.name(), "rel") + " OR 1 = 1)"
		for _, field := range r.m.schema.PrimaryFields {
			text += " AND " + r.m.q(field) + " = ?"
		}
		return got(tx.Exec(text, args...))
	}},
}

func textJoin(kind string) func(tx *gorm.DB, r *relation) answer {
	return func(tx *gorm.DB, r *relation) answer {
		return scanned(tx, "SELECT "+r.columns("rel")+" FROM "+r.m.name()+" "+r.join(kind, "rel"))
	}
}
