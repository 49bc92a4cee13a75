package tenancytest

import (
	"context"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// handle is a way to begin a subquery.
type handle struct {
	name string
	open func(tx *gorm.DB) *gorm.DB
}

var handles = []handle{
	{"same handle", func(tx *gorm.DB) *gorm.DB { return tx }},
	{"new session", func(tx *gorm.DB) *gorm.DB { return tx.Session(&gorm.Session{NewDB: true}) }},
	{"no context", func(tx *gorm.DB) *gorm.DB {
		return tx.Session(&gorm.Session{NewDB: true, Context: context.Background()})
	}},
}

// subquery is a place for a subquery; sub begins one.
type subquery struct {
	name  string
	flags flags
	run   func(tx, sub *gorm.DB, m *model) answer
}

// subqueryOperations tries each place with each handle.
var subqueryOperations = func() (operations []operation) {
	for _, h := range handles {
		for _, s := range subqueries {
			operations = append(operations, operation{"Subquery " + s.name + " " + h.name, s.flags | oneByOne,
				func(tx *gorm.DB, m *model) answer { return s.run(tx, h.open(tx), m) }})
		}
	}
	return operations
}()

// keys selects the keys of all rows.
func keys(sub *gorm.DB, m *model) *gorm.DB { return sub.Model(m.new()).Select(m.key().DBName) }

var subqueries = []subquery{
	{"in IN", union, func(tx, sub *gorm.DB, m *model) answer {
		out := m.slice()
		return got(tx.Where(m.c(m.key())+" IN (?)", keys(sub, m)).Find(out), out)
	}},
	{"in IN or", 0, func(tx, sub *gorm.DB, m *model) answer {
		out := m.slice()
		return got(tx.Where(m.c(m.key())+" IN (?)\tor\t1 = 0", keys(sub, m).Where("1 = 1").Or("1 = 1")).Find(out), out)
	}},
	{"in NOT IN", 0, func(tx, sub *gorm.DB, m *model) answer {
		out := m.slice()
		text, args := m.is(0)
		return got(tx.Where(m.c(m.key())+" NOT IN (?)", keys(sub, m).Where(text, args...)).Find(out), out)
	}},
	{"in Not", 0, func(tx, sub *gorm.DB, m *model) answer {
		out := m.slice()
		text, args := m.is(0)
		return got(tx.Not(m.c(m.key())+" IN (?)", keys(sub, m).Where(text, args...)).Find(out), out)
	}},
	{"in EXISTS", 0, func(tx, sub *gorm.DB, m *model) answer {
		out := m.slice()
		text := "y." + m.c(m.key()) + " = " + m.q(m.key())
		return got(tx.Where("EXISTS (?)", sub.Table(m.f.name(m.table)+" AS y").Select("1").Where(text)).Find(out), out)
	}},
	{"in equals", 0, func(tx, sub *gorm.DB, m *model) answer {
		out := m.slice()
		return got(tx.Where(m.c(m.count())+" >= (?)", sub.Model(m.new()).Select("AVG("+m.c(m.count())+")")).Find(out), out)
	}},
	{"in greatest", 0, func(tx, sub *gorm.DB, m *model) answer {
		out := m.slice()
		return got(tx.Where(m.c(m.count())+" = (?)", sub.Model(m.new()).Select("MAX("+m.c(m.count())+")")).Find(out), out)
	}},
	{"in Expr", 0, func(tx, sub *gorm.DB, m *model) answer {
		out := m.slice()
		return got(tx.Where(gorm.Expr(m.c(m.key())+" IN (?)", keys(sub, m))).Find(out), out)
	}},
	{"nested", 0, func(tx, sub *gorm.DB, m *model) answer {
		out := m.slice()
		inner := keys(sub, m).Where(m.c(m.key())+" IN (?)", keys(sub, m))
		return got(tx.Where(m.c(m.key())+" IN (?)", inner).Find(out), out)
	}},
	{"of a table", 0, func(tx, sub *gorm.DB, m *model) answer {
		out := m.slice()
		return got(tx.Where(m.c(m.key())+" IN (?)", sub.Table(m.table).Select(m.key().DBName)).Find(out), out)
	}},
	{"of rows deleted", 0, func(tx, sub *gorm.DB, m *model) answer {
		out := m.slice()
		m.deletedAt()
		return got(tx.Unscoped().Where(m.c(m.key())+" IN (?)", keys(sub, m).Unscoped()).Find(out), out)
	}},
	{"in Select", 0, func(tx, sub *gorm.DB, m *model) answer {
		return intoMaps(tx.Model(m.new()).Select(m.order()+", (?) AS n", sub.Model(m.new()).Select("COUNT(*)")))
	}},
	{"in Select greatest", 0, func(tx, sub *gorm.DB, m *model) answer {
		inner := sub.Model(m.new()).Where("1 = 1").Or("1 = 1").Select("MAX(" + m.c(m.count()) + ")")
		return intoMaps(tx.Model(m.new()).Select(m.order()+", (?) AS n", inner))
	}},
	{"in From", union, func(tx, sub *gorm.DB, m *model) answer {
		return intoMaps(tx.Table("(?) AS x", sub.Model(m.new()).Select(m.key().DBName, m.any().DBName)))
	}},
	{"in From Count", union, func(tx, sub *gorm.DB, m *model) answer {
		var n int64
		return got(tx.Table("(?) AS x", sub.Model(m.new()).Select(m.key().DBName)).Count(&n), n)
	}},
	{"in From grouped", 0, func(tx, sub *gorm.DB, m *model) answer {
		var n int64
		inner := sub.Model(m.new()).Select(m.c(m.any()) + " AS g, COUNT(*) AS n").Group(m.c(m.any()))
		return got(tx.Table("(?) AS x", inner).Where("x.n > ?", 0).Select("SUM(x.n)").Scan(&n), n)
	}},
	{"in Having", 0, func(tx, sub *gorm.DB, m *model) answer {
		c := m.c(m.any())
		return intoMaps(tx.Model(m.new()).Select(c+", COUNT(*) AS n").Group(c).
			Having("COUNT(*) < (?)", sub.Model(m.new()).Select("COUNT(*)")))
	}},
	{"in Order", inOrder, func(tx, sub *gorm.DB, m *model) answer {
		out := m.slice()
		text, args := m.is(1)
		order := clause.OrderBy{Expression: clause.Expr{
			SQL: m.c(m.key()) + " IN (?), " + m.order(), Vars: []any{keys(sub, m).Where(text, args...)},
		}}
		return got(tx.Clauses(order).Find(out), out)
	}},
	{"in Joins", 0, func(tx, sub *gorm.DB, m *model) answer {
		return intoMaps(tx.Model(m.new()).Select(m.q(m.key())+" AS a, y."+m.c(m.any())+" AS b").
			Joins("JOIN (?) AS y ON y."+m.c(m.key())+" = "+m.q(m.key()),
				sub.Model(m.new()).Select(m.key().DBName, m.any().DBName)))
	}},
	{"in Updates", changes, func(tx, sub *gorm.DB, m *model) answer {
		c := m.count()
		inner := sub.Model(m.new()).Select("MIN(" + m.c(c) + ") + 1")
		return got(row(where, tx.Model(m.new()), m, 0).Update(c.DBName, gorm.Expr("(?)", inner)))
	}},
	{"as Update's value", changes, func(tx, sub *gorm.DB, m *model) answer {
		c := m.count()
		inner := sub.Model(m.new()).Select("COUNT(*)")
		return got(row(where, tx.Model(m.new()), m, 0).Updates(map[string]any{c.DBName: inner}))
	}},
	{"in Update's condition", changes, func(tx, sub *gorm.DB, m *model) answer {
		f := m.any()
		text, args := m.either("\tor\t", 0, 1)
		return got(tx.Model(m.new()).Where(m.c(m.key())+" IN (?)", keys(sub, m).Where(text, args...)).Update(f.DBName, m.next(f)))
	}},
	{"in Delete's condition", changes, func(tx, sub *gorm.DB, m *model) answer {
		text, args := m.is(1)
		return got(tx.Where(m.c(m.key())+" IN (?)", keys(sub, m).Where(text, args...)).Delete(m.new()))
	}},
	{"in Create's map", creates | inInsert, func(tx, sub *gorm.DB, m *model) answer {
		columns, c := m.columns(m.made(0)), m.count()
		columns[c.DBName] = gorm.Expr("(?)", sub.Model(m.new()).Select("COUNT(*)"))
		return got(tx.Model(m.new()).Create(columns))
	}},
}
