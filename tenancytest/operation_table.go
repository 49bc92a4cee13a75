package tenancytest

import (
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// tableOperations name the table themselves, under all the ways that GORM has
// for it.
var tableOperations = []operation{
	{"Table", union, func(tx *gorm.DB, m *model) answer { return intoMaps(tx.Table(m.table)) }},
	{"Table into values", union, func(tx *gorm.DB, m *model) answer {
		out := m.slice()
		return got(tx.Table(m.table).Find(out), out)
	}},
	{"Table into DTO", union, func(tx *gorm.DB, m *model) answer {
		out := m.dto(m.any())
		return got(tx.Table(m.table).Find(out), out)
	}},
	{"Table into DTO or", union, func(tx *gorm.DB, m *model) answer {
		out := m.dto(m.any())
		return got(tx.Table(m.table).Where("1 = 1").Or("1 = 1").Find(out), out)
	}},
	{"Table or tabs", union, func(tx *gorm.DB, m *model) answer { return intoMaps(tx.Table(m.table).Where("1 = 1\tor\t1 = 1")) }},
	{"Table and Model", union, func(tx *gorm.DB, m *model) answer {
		out := m.slice()
		return got(tx.Model(m.new()).Table(m.table).Find(out), out)
	}},
	{"Table alias", union, func(tx *gorm.DB, m *model) answer { return intoMaps(tx.Table(m.f.name(m.table) + " x")) }},
	{"Table alias AS", union, func(tx *gorm.DB, m *model) answer { return intoMaps(tx.Table(m.f.name(m.table) + " AS x")) }},
	{"Table alias into values", union, func(tx *gorm.DB, m *model) answer {
		out := m.slice()
		return got(tx.Table(m.f.name(m.table)+" AS x").Where("x."+m.c(m.key())+" = ?\tor\t1 = 1", m.id(0)).Find(out), out)
	}},
	{"Table alias quoted", union, func(tx *gorm.DB, m *model) answer {
		return intoMaps(tx.Table(m.f.quote(m.table) + " AS " + m.f.quote("x")))
	}},
	{"Table quoted", union, func(tx *gorm.DB, m *model) answer { return intoMaps(tx.Table(m.f.quote(m.table))) }},
	{"Table argument", union, func(tx *gorm.DB, m *model) answer {
		return intoMaps(tx.Table("? AS x", clause.Table{Name: m.table}))
	}},
	{"Table Count", union, func(tx *gorm.DB, m *model) answer {
		var n int64
		return got(tx.Table(m.table).Count(&n), n)
	}},
	{"Table alias Count", union, func(tx *gorm.DB, m *model) answer {
		var n int64
		return got(tx.Table(m.f.name(m.table)+" AS x").Where("1 = 1").Or("1 = 1").Count(&n), n)
	}},
	{"Table Pluck", union, func(tx *gorm.DB, m *model) answer {
		out := []any{}
		return got(tx.Table(m.table).Pluck(m.c(m.any()), &out), &out)
	}},
	{"Table Scan", union, func(tx *gorm.DB, m *model) answer {
		out := m.dto(m.any())
		return got(tx.Table(m.table).Select(m.key().DBName, m.any().DBName).Scan(out), out)
	}},
	{"Table Take", 0, func(tx *gorm.DB, m *model) answer {
		out := map[string]any{}
		return got(tx.Table(m.table).Order(m.order()).Take(&out), &out)
	}},
	{"Table Row", 0, func(tx *gorm.DB, m *model) answer {
		var n int64
		return gave(tx.Table(m.table).Select("COUNT(*)").Row().Scan(&n), n)
	}},
	{"Table Rows", union, func(tx *gorm.DB, m *model) answer { return m.scanRows(tx.Table(m.table)) }},
	{"Table of a subquery", union, func(tx *gorm.DB, m *model) answer {
		return intoMaps(tx.Table("(?) AS x", tx.Model(m.new())))
	}},
	{"Table of a subquery or", union, func(tx *gorm.DB, m *model) answer {
		return intoMaps(tx.Table("(?) AS x", tx.Model(m.new()).Where("1 = 1").Or("1 = 1")).Where("1 = 1").Or("1 = 1"))
	}},
	{"Table of a subquery Count", union, func(tx *gorm.DB, m *model) answer {
		var n int64
		return got(tx.Table("(?) AS x", tx.Model(m.new()).Select(m.order())).Count(&n), n)
	}},
	{"Table of a subquery of a table", union, func(tx *gorm.DB, m *model) answer {
		return intoMaps(tx.Table("(?) AS x", tx.Table(m.table).Select(m.order())))
	}},
	{"Table of two subqueries", oneByOne, func(tx *gorm.DB, m *model) answer {
		c := m.c(m.key())
		return intoMaps(tx.Table("(?) AS x, (?) AS y", tx.Model(m.new()).Select(c), tx.Model(m.new()).Select(c)).
			Select("x." + c + " AS a, y." + c + " AS b"))
	}},
	{"Table twice", 0, func(tx *gorm.DB, m *model) answer {
		name, c := m.f.name(m.table), m.c(m.key())
		return intoMaps(tx.Table(name + " a, " + name + " b").Select("a." + c + " AS a, b." + c + " AS b"))
	}},
	{"Table twice and condition", union, func(tx *gorm.DB, m *model) answer {
		name, c := m.f.name(m.table), m.c(m.key())
		return intoMaps(tx.Table(name + " AS a, " + name + " AS b").Where("a." + c + " = b." + c).
			Select("a." + c + " AS a, b." + m.c(m.any()) + " AS b"))
	}},
	{"From", union, func(tx *gorm.DB, m *model) answer {
		out := m.slice()
		return got(tx.Clauses(clause.From{Tables: []clause.Table{{Name: m.table}}}).Find(out), out)
	}},
	{"From alias", union, func(tx *gorm.DB, m *model) answer {
		return intoMaps(tx.Model(m.new()).Clauses(clause.From{Tables: []clause.Table{{Name: m.table, Alias: "x"}}}).
			Select("x." + m.c(m.any())).Unscoped())
	}},
	{"From twice", 0, func(tx *gorm.DB, m *model) answer {
		c := m.c(m.key())
		return intoMaps(tx.Model(m.new()).Unscoped().Clauses(clause.From{Tables: []clause.Table{
			{Name: m.table}, {Name: m.table, Alias: "y"},
		}}).Select(m.q(m.key()) + " AS a, y." + c + " AS b"))
	}},
	{"From join", union, func(tx *gorm.DB, m *model) answer {
		return intoMaps(tx.Model(m.new()).Clauses(clause.From{Joins: []clause.Join{{
			Type:  clause.LeftJoin,
			Table: clause.Table{Name: m.table, Alias: "y"},
			ON: clause.Where{Exprs: []clause.Expression{clause.Eq{
				Column: clause.Column{Table: clause.CurrentTable, Name: m.key().DBName},
				Value:  clause.Column{Table: "y", Name: m.key().DBName},
			}}},
		}}}).Select("y." + m.c(m.any())))
	}},
	{"From join any", 0, func(tx *gorm.DB, m *model) answer {
		return intoMaps(tx.Model(m.new()).Clauses(clause.From{Joins: []clause.Join{{
			Type:  clause.InnerJoin,
			Table: clause.Table{Name: m.table, Alias: "y"},
			ON:    clause.Where{Exprs: []clause.Expression{clause.Expr{SQL: "1 = 1\tor\t1 = 1"}}},
		}}}).Select(m.q(m.key()) + " AS a, y." + m.c(m.key()) + " AS b"))
	}},
	{"Join itself USING", union | oneByOne, func(tx *gorm.DB, m *model) answer {
		return intoMaps(tx.Model(m.new()).Select("y." + m.c(m.any())).Unscoped().
			Joins("JOIN " + m.f.name(m.table) + " AS y USING (" + m.c(m.key()) + ")"))
	}},
	{"Join itself NATURAL", union | oneByOne | textual, func(tx *gorm.DB, m *model) answer {
		return intoMaps(tx.Model(m.new()).Select("y." + m.c(m.any())).Unscoped().
			Joins("NATURAL JOIN " + m.f.name(m.table) + " AS y"))
	}},
	{"Join itself LATERAL", oneByOne | textual, func(tx *gorm.DB, m *model) answer {
		return intoMaps(tx.Model(m.new()).Select("y.n").Unscoped().
			Joins("CROSS JOIN LATERAL (SELECT COUNT(*) AS n FROM " + m.f.name(m.table) + ") AS y"))
	}},
	{"Table update", changes, func(tx *gorm.DB, m *model) answer {
		f := m.any()
		return got(row(where, tx.Table(m.table), m, 0).Update(f.DBName, m.next(f)))
	}},
	{"Table updates map or", changes, func(tx *gorm.DB, m *model) answer {
		f := m.any()
		return got(row(or, row(where, tx.Table(m.table), m, 0), m, 1).Updates(map[string]any{f.DBName: m.next(f)}))
	}},
	{"Table delete", changes, func(tx *gorm.DB, m *model) answer {
		return got(row(where, tx.Table(m.table), m, 0).Delete(m.new()))
	}},
	{"Table without condition update", changes, func(tx *gorm.DB, m *model) answer {
		f := m.any()
		return got(tx.Table(m.table).Update(f.DBName, m.next(f)))
	}},
	{"Table create map", creates, func(tx *gorm.DB, m *model) answer {
		return got(tx.Table(m.table).Create(m.columns(m.made(0))))
	}},
	{"Table create maps", creates, func(tx *gorm.DB, m *model) answer {
		return got(tx.Table(m.table).Create([]map[string]any{m.columns(m.made(0)), m.columns(m.made(1))}))
	}},
	{"Table create value", creates | inOrder, func(tx *gorm.DB, m *model) answer {
		value := m.fresh(0)
		return got(tx.Table(m.table).Create(value), value)
	}},
}

// intoMaps reads a chain into maps.
func intoMaps(chain *gorm.DB) answer {
	out := []map[string]any{}
	return got(chain.Find(&out), &out)
}
