package tenancytest

import (
	"database/sql"
	"reflect"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// condition is one way of saying which rows a statement is for. Every condition
// is tried with every finisher.
type condition struct {
	name  string
	flags flags
	add   func(tx *gorm.DB, m *model) *gorm.DB
}

// finisher is one way of ending a chain.
type finisher struct {
	name  string
	flags flags
	run   func(tx *gorm.DB, m *model) answer
}

var finishers = []finisher{
	{"Find", union, func(tx *gorm.DB, m *model) answer { out := m.slice(); return got(tx.Find(out), out) }},
	{"First", 0, func(tx *gorm.DB, m *model) answer { out := m.new(); return got(m.sorted(tx).First(out), out) }},
	{"Count", union, func(tx *gorm.DB, m *model) answer {
		var n int64
		return got(tx.Model(m.new()).Count(&n), n)
	}},
	{"Updates", changes, func(tx *gorm.DB, m *model) answer {
		f := m.any()
		return got(tx.Model(m.new()).Updates(map[string]any{f.DBName: m.next(f)}))
	}},
	{"Delete", changes, func(tx *gorm.DB, m *model) answer { return got(tx.Delete(m.new())) }},
}

// conditionOperations crosses conditions with finishers.
func conditionOperations() (operations []operation) {
	for _, f := range finishers {
		for i, c := range conditions {
			flags := f.flags | c.flags
			if i > 1 {
				flags |= variant
			}
			operations = append(operations, operation{f.name + " " + c.name, flags,
				func(tx *gorm.DB, m *model) answer { return f.run(c.add(tx, m), m) }})
		}
	}
	return operations
}

// joined is a condition in text: two rows, with this word between them.
func joined(word string) func(tx *gorm.DB, m *model) *gorm.DB {
	return func(tx *gorm.DB, m *model) *gorm.DB {
		text, args := m.either(word, 0, 2)
		return tx.Where(text, args...)
	}
}

// row adds the condition that a row is meant with one of GORM's methods.
func row(method func(tx *gorm.DB, query any, args ...any) *gorm.DB, tx *gorm.DB, m *model, n int) *gorm.DB {
	text, args := m.is(n)
	return method(tx, text, args...)
}

var (
	where = (*gorm.DB).Where
	or    = (*gorm.DB).Or
	not   = (*gorm.DB).Not
)

var conditions = []condition{
	{"none", 0, func(tx *gorm.DB, m *model) *gorm.DB { return tx }},
	{"text", 0, func(tx *gorm.DB, m *model) *gorm.DB { return row(where, tx, m, 1) }},
	{"text true", 0, func(tx *gorm.DB, m *model) *gorm.DB { return tx.Where("1 = 1") }},
	{"text or true", 0, func(tx *gorm.DB, m *model) *gorm.DB {
		text, args := m.is(0)
		return tx.Where(text+" OR 1 = 1", args...)
	}},
	{"text OR", 0, joined(" OR ")},
	{"text or lower", 0, joined(" or ")},
	{"text tabs", 0, joined("\tor\t")},
	{"text newlines", 0, joined("\nOR\n")},
	{"text no-break lines", 0, joined("\r\n  Or\r\n  ")},
	{"text comments for spaces", refusable, joined("/**/or/**/")},
	{"text comment inside", refusable, joined(" /* either */ OR /* or */ ")},
	{"text line comment inside", refusable, joined(" OR -- either\n")},
	{"text trailing comment", refusable, func(tx *gorm.DB, m *model) *gorm.DB {
		text, args := m.is(0)
		return tx.Where(text+" -- no more", args...)
	}},
	{"text trailing block comment", refusable, func(tx *gorm.DB, m *model) *gorm.DB {
		text, args := m.is(0)
		return tx.Where(text+" /* no more */", args...)
	}},
	{"text open comment", refusable, func(tx *gorm.DB, m *model) *gorm.DB { return tx.Where("1 = 1 /*") }},
	{"text escaping parentheses", refusable, func(tx *gorm.DB, m *model) *gorm.DB { return tx.Where("1 = 1) OR (1 = 1") }},
	{"text escaping parentheses bare", refusable, func(tx *gorm.DB, m *model) *gorm.DB {
		return tx.Where("1 = 1)\tOR\t(1 = 1")
	}},
	{"text parenthesised", 0, func(tx *gorm.DB, m *model) *gorm.DB {
		text, args := m.either(" OR ", 0, 1)
		return tx.Where("("+text+")", args...)
	}},
	{"text padded", 0, func(tx *gorm.DB, m *model) *gorm.DB {
		text, args := m.either(" OR ", 0, 1)
		return tx.Where(" \n "+text+" \t ", args...)
	}},
	{"text quoted", 0, func(tx *gorm.DB, m *model) *gorm.DB {
		return tx.Where(m.f.quote(m.table)+"."+m.f.quote(m.key().DBName)+" = ?", m.id(0))
	}},
	{"text qualified", 0, func(tx *gorm.DB, m *model) *gorm.DB {
		return tx.Where(m.q(m.key())+" IN (?, ?) or "+m.q(m.key())+" = ?", m.id(0), m.id(1), m.id(2))
	}},
	{"text common", 0, func(tx *gorm.DB, m *model) *gorm.DB {
		return tx.Where(m.c(m.any())+" = ?", m.of(m.any(), 0))
	}},
	{"text like", 0, func(tx *gorm.DB, m *model) *gorm.DB { return tx.Where(m.c(m.text())+" LIKE ?", "%o%") }},
	{"text null", 0, func(tx *gorm.DB, m *model) *gorm.DB { return tx.Where(m.c(m.any()) + " IS NOT NULL") }},
	{"text between", 0, func(tx *gorm.DB, m *model) *gorm.DB {
		return tx.Where(m.c(m.key())+" BETWEEN ? AND ?", m.id(0), m.id(2))
	}},
	{"text case", 0, func(tx *gorm.DB, m *model) *gorm.DB {
		return tx.Where("CASE WHEN "+m.c(m.key())+" = ? THEN 1 ELSE 0 END = 1 OR 1 = 0", m.id(0))
	}},
	{"text function", 0, func(tx *gorm.DB, m *model) *gorm.DB {
		return tx.Where("lower("+m.c(m.text())+") = ? OR coalesce("+m.c(m.text())+", '') = ?", "common", "x")
	}},
	{"text or in a string", 0, func(tx *gorm.DB, m *model) *gorm.DB {
		return tx.Where(m.c(m.text()) + " <> ') OR (1 = 1 --'")
	}},
	{"text IN both tenants' ids", 0, func(tx *gorm.DB, m *model) *gorm.DB {
		return tx.Where(m.c(m.key())+" IN ?", []any{m.id(0), m.id(1), m.foreignID()})
	}},
	{"text NOT IN", 0, func(tx *gorm.DB, m *model) *gorm.DB {
		return tx.Where(m.c(m.key())+" NOT IN ?", []any{m.id(0), m.foreignID()})
	}},
	{"text the other's id", 0, func(tx *gorm.DB, m *model) *gorm.DB { return tx.Where(m.c(m.key())+" = ?", m.foreignID()) }},
	{"text the other tenant", 0, func(tx *gorm.DB, m *model) *gorm.DB { return tx.Where(m.tenantColumn()+" = ?", m.f.tenants[1]) }},
	{"text the other tenant or true", 0, func(tx *gorm.DB, m *model) *gorm.DB {
		return tx.Where(m.tenantColumn()+" = ? OR 1 = 1", m.f.tenants[1])
	}},
	{"text not the own tenant", 0, func(tx *gorm.DB, m *model) *gorm.DB { return tx.Where(m.tenantColumn()+" <> ?", m.f.tenants[0]) }},
	{"text the own tenant", 0, func(tx *gorm.DB, m *model) *gorm.DB { return tx.Where(m.tenantColumn()+" = ?", m.f.tenants[0]) }},
	{"map the other tenant", 0, func(tx *gorm.DB, m *model) *gorm.DB {
		return tx.Where(map[string]any{m.tenantField().DBName: m.f.tenants[1]})
	}},
	{"text named", 0, func(tx *gorm.DB, m *model) *gorm.DB {
		c := m.c(m.key())
		return tx.Where(c+" = @id\tor\t"+c+" = @other", sql.Named("id", m.id(0)), sql.Named("other", m.foreignID()))
	}},
	{"text named map", 0, func(tx *gorm.DB, m *model) *gorm.DB {
		c := m.c(m.key())
		return tx.Where(c+" = @id OR "+c+" = @other", map[string]any{"id": m.id(0), "other": m.id(2)})
	}},
	{"text empty", 0, func(tx *gorm.DB, m *model) *gorm.DB { return tx.Where("") }},
	{"two texts", 0, func(tx *gorm.DB, m *model) *gorm.DB { return row(where, tx.Where("1 = 1"), m, 0) }},
	{"Or", 0, func(tx *gorm.DB, m *model) *gorm.DB { return row(or, row(where, tx, m, 0), m, 1) }},
	{"Or true", 0, func(tx *gorm.DB, m *model) *gorm.DB { return row(where, tx, m, 0).Or("1 = 1") }},
	{"Or alone", 0, func(tx *gorm.DB, m *model) *gorm.DB { return row(or, tx, m, 0) }},
	{"Or first", 0, func(tx *gorm.DB, m *model) *gorm.DB { return row(where, row(or, tx, m, 0), m, 1) }},
	{"Or thrice", 0, func(tx *gorm.DB, m *model) *gorm.DB { return row(or, row(or, row(or, tx, m, 0), m, 1), m, 2) }},
	{"Or struct", 0, func(tx *gorm.DB, m *model) *gorm.DB { return row(where, tx, m, 2).Or(m.holding(m.any(), 0)) }},
	{"Or map", 0, func(tx *gorm.DB, m *model) *gorm.DB {
		return row(where, tx, m, 2).Or(map[string]any{m.any().DBName: m.of(m.any(), 0)})
	}},
	{"Or tabs", 0, func(tx *gorm.DB, m *model) *gorm.DB {
		text, args := m.either("\tor\t", 0, 1)
		return row(where, tx, m, 2).Or(text, args...)
	}},
	{"Not", 0, func(tx *gorm.DB, m *model) *gorm.DB { return row(not, tx, m, 0) }},
	{"Not tabs", 0, func(tx *gorm.DB, m *model) *gorm.DB {
		text, args := m.either("\tor\t", 0, 1)
		return tx.Not(text, args...)
	}},
	{"Not struct", 0, func(tx *gorm.DB, m *model) *gorm.DB { return tx.Not(m.holding(m.any(), 0)) }},
	{"Not map of ids", 0, func(tx *gorm.DB, m *model) *gorm.DB {
		return tx.Not(map[string]any{m.key().DBName: []any{m.id(0), m.foreignID()}})
	}},
	{"Not then Or", 0, func(tx *gorm.DB, m *model) *gorm.DB { return row(not, tx, m, 0).Or("1 = 1") }},
	{"group", 0, func(tx *gorm.DB, m *model) *gorm.DB {
		return tx.Where(row(or, row(where, tx, m, 0), m, 1)).Where("1 = 1")
	}},
	{"groups", 0, func(tx *gorm.DB, m *model) *gorm.DB {
		return tx.Where(row(where, tx, m, 0).Where("1 = 1")).Or(tx.Where(row(or, tx, m, 1)).Or("1 = 0"))
	}},
	{"Not group", 0, func(tx *gorm.DB, m *model) *gorm.DB { return tx.Not(row(or, row(where, tx, m, 0), m, 1)) }},
	{"struct", 0, func(tx *gorm.DB, m *model) *gorm.DB { return tx.Where(m.holding(m.any(), 0)) }},
	{"struct columns", 0, func(tx *gorm.DB, m *model) *gorm.DB { return tx.Where(m.holding(m.any(), 0), m.any().Name) }},
	{"struct zero", 0, func(tx *gorm.DB, m *model) *gorm.DB { return tx.Where(m.new()) }},
	{"struct of a row", 0, func(tx *gorm.DB, m *model) *gorm.DB { return tx.Where(m.row(0), m.key().Name) }},
	{"map", 0, func(tx *gorm.DB, m *model) *gorm.DB {
		return tx.Where(map[string]any{m.any().DBName: m.of(m.any(), 0)})
	}},
	{"map of a list", 0, func(tx *gorm.DB, m *model) *gorm.DB {
		return tx.Where(map[string]any{m.any().DBName: []any{m.of(m.any(), 0), m.of(m.any(), 2)}})
	}},
	{"map empty list", 0, func(tx *gorm.DB, m *model) *gorm.DB {
		return tx.Where(map[string]any{m.key().DBName: []any{}})
	}},
	{"key", 0, func(tx *gorm.DB, m *model) *gorm.DB { return tx.Where(m.key().DBName, m.id(1)) }},
	{"list of ids", 0, func(tx *gorm.DB, m *model) *gorm.DB { return tx.Where(m.ids(0, 1)) }},
	{"list of ids of both", 0, func(tx *gorm.DB, m *model) *gorm.DB {
		ids := reflect.ValueOf(m.ids(0, 1))
		return tx.Where(reflect.Append(ids, reflect.ValueOf(m.foreignID())).Interface())
	}},
	{"clause Eq", 0, func(tx *gorm.DB, m *model) *gorm.DB {
		return tx.Where(clause.Eq{Column: clause.PrimaryColumn, Value: m.id(0)})
	}},
	{"clause IN", 0, func(tx *gorm.DB, m *model) *gorm.DB {
		return tx.Where(clause.IN{Column: clause.PrimaryColumn, Values: []any{m.id(0), m.foreignID()}})
	}},
	{"clause Neq", 0, func(tx *gorm.DB, m *model) *gorm.DB {
		return tx.Where(clause.Neq{Column: clause.PrimaryColumn, Value: m.id(0)})
	}},
	{"clause Or", 0, func(tx *gorm.DB, m *model) *gorm.DB {
		return tx.Clauses(clause.Or(clause.Eq{Column: m.key().DBName, Value: m.id(0)}, clause.Expr{SQL: "1 = 1"}))
	}},
	{"clause Or of Ors", 0, func(tx *gorm.DB, m *model) *gorm.DB {
		return tx.Where(clause.Or(clause.Or(clause.Eq{Column: m.key().DBName, Value: m.id(0)}), clause.Or(clause.Expr{SQL: "1 = 1"})))
	}},
	{"clause Not", 0, func(tx *gorm.DB, m *model) *gorm.DB {
		return tx.Clauses(clause.Not(clause.Eq{Column: m.key().DBName, Value: m.id(0)}))
	}},
	{"clause Where", 0, func(tx *gorm.DB, m *model) *gorm.DB {
		return tx.Clauses(clause.Where{Exprs: []clause.Expression{
			clause.Eq{Column: m.key().DBName, Value: m.id(0)}, clause.Or(clause.Expr{SQL: "1 = 1"}),
		}})
	}},
	{"clause Expr", 0, func(tx *gorm.DB, m *model) *gorm.DB {
		return tx.Where(clause.Expr{SQL: m.c(m.key()) + " = ?\nOR\n1 = 1", Vars: []any{m.id(0)}})
	}},
	{"clause Expr as clause", 0, func(tx *gorm.DB, m *model) *gorm.DB {
		return tx.Clauses(clause.Expr{SQL: m.c(m.key()) + " = ?\tOR\t1 = 1", Vars: []any{m.id(0)}})
	}},
	{"clause NamedExpr", 0, func(tx *gorm.DB, m *model) *gorm.DB {
		return tx.Where(clause.NamedExpr{SQL: m.c(m.key()) + " = @id\tOR\t1 = 1", Vars: []any{sql.Named("id", m.id(0))}})
	}},
	{"gorm.Expr value", 0, func(tx *gorm.DB, m *model) *gorm.DB {
		return tx.Where(m.c(m.key())+" = ?", gorm.Expr(m.c(m.key())))
	}},
	{"tuple IN", 0, func(tx *gorm.DB, m *model) *gorm.DB {
		c := m.c(m.key())
		return tx.Where("("+c+", "+c+") IN ?", [][]any{{m.id(0), m.id(0)}, {m.foreignID(), m.foreignID()}})
	}},
	{"scope", 0, func(tx *gorm.DB, m *model) *gorm.DB {
		return tx.Scopes(func(tx *gorm.DB) *gorm.DB { return row(or, row(where, tx, m, 0), m, 1) })
	}},
	{"scopes", 0, func(tx *gorm.DB, m *model) *gorm.DB {
		return row(where, tx, m, 2).Scopes(func(tx *gorm.DB) *gorm.DB { return tx.Or("1 = 1") })
	}},
	{"deleted rows", 0, func(tx *gorm.DB, m *model) *gorm.DB { return tx.Unscoped() }},
	{"deleted rows Or", 0, func(tx *gorm.DB, m *model) *gorm.DB {
		return row(where, tx, m, deletedRow).Or("1 = 1").Unscoped()
	}},
	{"deleted rows text", 0, func(tx *gorm.DB, m *model) *gorm.DB { return tx.Unscoped().Where(m.c(m.deletedAt()) + " IS NOT NULL") }},
	{"deleted rows tabs", 0, func(tx *gorm.DB, m *model) *gorm.DB {
		text, args := m.either("\tor\t", deletedRow, 0)
		return tx.Unscoped().Where(text, args...)
	}},
}
