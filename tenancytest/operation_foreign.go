package tenancytest

import (
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/gorm-tenancy/tenancy"
)

// foreignOperations name the other tenant. They are mistakes or attacks, and
// must be refused before anything is written.
var foreignOperations = []operation{
	{"Foreign Create", creates | naming | mismatch, func(tx *gorm.DB, m *model) answer {
		return got(tx.Create(m.madeFor(1, 0)))
	}},
	{"Foreign Create in a slice", creates | naming | mismatch, func(tx *gorm.DB, m *model) answer {
		return got(tx.Create(m.sliceOf(m.made(0), m.madeFor(1, 1))))
	}},
	{"Foreign Create in pointers", creates | naming | mismatch, func(tx *gorm.DB, m *model) answer {
		return got(tx.Create(m.pointersOf(m.madeFor(0, 0), m.madeFor(1, 1))))
	}},
	{"Foreign Create in the second batch", creates | naming | mismatch, func(tx *gorm.DB, m *model) answer {
		return got(tx.CreateInBatches(m.sliceOf(m.madeFor(1, 1)), 1))
	}},
	{"Foreign Create a map", creates | naming | mismatch, func(tx *gorm.DB, m *model) answer {
		return got(tx.Model(m.new()).Create(m.foreignColumns(0, m.tenantField().DBName)))
	}},
	{"Foreign Create a map of fields", creates | naming | mismatch, func(tx *gorm.DB, m *model) answer {
		return got(tx.Model(m.new()).Create(m.foreignColumns(0, m.tenantField().Name)))
	}},
	{"Foreign Create maps", creates | naming | mismatch, func(tx *gorm.DB, m *model) answer {
		return got(tx.Model(m.new()).Create([]map[string]any{m.columns(m.made(0)), m.foreignColumns(1, m.tenantField().DBName)}))
	}},
	{"Foreign Create Omit the tenant", creates | naming | mismatch, func(tx *gorm.DB, m *model) answer {
		return got(tx.Omit(m.tenantField().DBName).Create(m.madeFor(1, 0)))
	}},
	{"Foreign Create Select", creates | naming | mismatch, func(tx *gorm.DB, m *model) answer {
		return got(tx.Select(append(m.writtenNames(), m.tenantField().DBName)).Create(m.madeFor(1, 0)))
	}},
	{"Foreign Create without hooks", creates | naming | mismatch, func(tx *gorm.DB, m *model) answer {
		return got(tx.Session(&gorm.Session{SkipHooks: true}).Create(m.madeFor(1, 0)))
	}},
	{"Foreign Create without a transaction", creates | naming | mismatch, func(tx *gorm.DB, m *model) answer {
		return got(tx.Session(&gorm.Session{SkipDefaultTransaction: true}).Create(m.sliceOf(m.made(0), m.madeFor(1, 1))))
	}},
	{"Foreign OnConflict UpdateAll", creates | naming | mismatch, func(tx *gorm.DB, m *model) answer {
		return got(tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(m.foreign(0)))
	}},
	{"Foreign OnConflict DoNothing", creates | naming | mismatch, func(tx *gorm.DB, m *model) answer {
		return got(tx.Clauses(clause.OnConflict{DoNothing: true}).Create(m.foreign(0)))
	}},
	{"Foreign Save", creates | naming | mismatch, func(tx *gorm.DB, m *model) answer { return got(tx.Save(m.foreign(0))) }},
	{"Foreign Save a slice", creates | naming | mismatch, func(tx *gorm.DB, m *model) answer {
		return got(tx.Save(m.sliceOf(m.row(0), m.foreign(1))))
	}},
	{"Foreign Save only theirs", creates | naming | mismatch, func(tx *gorm.DB, m *model) answer {
		return got(tx.Save(m.foreign(foreignRow)))
	}},
	{"Foreign FirstOrCreate Attrs", creates | naming | mismatch, func(tx *gorm.DB, m *model) answer {
		return got(tx.Where(m.keyed(m.made(0))).Attrs(m.madeFor(1, 0)).FirstOrCreate(m.new()))
	}},
	{"Foreign OnConflict takes the tenant", creates | naming | immutable, func(tx *gorm.DB, m *model) answer {
		return got(tx.Clauses(m.conflict(clause.OnConflict{
			DoUpdates: clause.Assignments(map[string]any{m.tenantField().DBName: m.f.tenants[1]}),
		})).Create(m.row(0)))
	}},
	{"Foreign Update the tenant", changes | naming | immutable, func(tx *gorm.DB, m *model) answer {
		return got(row(where, tx.Model(m.new()), m, 0).Update(m.tenantField().DBName, m.f.tenants[1]))
	}},
	{"Foreign Update the tenant's field", changes | naming | immutable, func(tx *gorm.DB, m *model) answer {
		return got(row(where, tx.Model(m.new()), m, 0).Update(m.tenantField().Name, m.f.tenants[1]))
	}},
	{"Foreign Updates map", changes | naming | immutable, func(tx *gorm.DB, m *model) answer {
		f := m.any()
		return got(tx.Model(m.row(0)).Updates(map[string]any{f.DBName: m.next(f), m.tenantField().DBName: m.f.tenants[1]}))
	}},
	{"Foreign Updates struct", changes | naming | immutable, func(tx *gorm.DB, m *model) answer {
		return got(row(where, tx.Model(m.new()), m, 0).Updates(m.with(m.holding(m.any(), 0), m.tenantField(), m.f.tenants[1])))
	}},
	{"Foreign UpdateColumn", changes | naming | immutable, func(tx *gorm.DB, m *model) answer {
		return got(row(where, tx.Model(m.new()), m, 0).UpdateColumn(m.tenantField().DBName, m.f.tenants[1]))
	}},
	{"Foreign UpdateColumns", changes | naming | immutable, func(tx *gorm.DB, m *model) answer {
		return got(row(where, tx.Model(m.new()), m, 0).UpdateColumns(map[string]any{m.tenantField().Name: m.f.tenants[1]}))
	}},
	{"Foreign Update to an expression", changes | naming | immutable, func(tx *gorm.DB, m *model) answer {
		return got(row(where, tx.Model(m.new()), m, 0).Update(m.tenantField().DBName, gorm.Expr("?", m.f.tenants[1])))
	}},
	{"Foreign Update to nothing", changes | naming | immutable | refusable, func(tx *gorm.DB, m *model) answer {
		return got(row(where, tx.Model(m.new()), m, 0).Update(m.tenantField().DBName, nil))
	}},
	{"Foreign clause Set", changes | naming | immutable, func(tx *gorm.DB, m *model) answer {
		set := clause.Set{{Column: clause.Column{Name: m.tenantField().DBName}, Value: m.f.tenants[1]}}
		return got(row(where, tx.Model(m.new()), m, 0).Clauses(set).Updates(map[string]any{}))
	}},
	{"Foreign Table update", changes | naming | immutable, func(tx *gorm.DB, m *model) answer {
		return got(row(where, tx.Table(m.table), m, 0).Update(m.tenantField().DBName, m.f.tenants[1]))
	}},
	{"Foreign Update their value", changes | naming | mismatch, func(tx *gorm.DB, m *model) answer {
		f := m.any()
		return got(tx.Model(m.foreign(0)).Update(f.DBName, m.next(f)))
	}},
	{"Foreign Updates their value", changes | naming | mismatch, func(tx *gorm.DB, m *model) answer {
		return got(tx.Updates(m.foreign(0)))
	}},
	{"Foreign Delete their value", changes | naming | mismatch, func(tx *gorm.DB, m *model) answer {
		return got(tx.Delete(m.foreign(0)))
	}},
	{"Foreign Delete values", changes | naming | mismatch, func(tx *gorm.DB, m *model) answer {
		return got(tx.Delete(m.sliceOf(m.row(0), m.foreign(1))))
	}},
	{"Foreign subquery", naming | mismatch, func(tx *gorm.DB, m *model) answer {
		sub := tx.Session(&gorm.Session{NewDB: true, Context: m.f.as(1)})
		return got(tx.Where(m.c(m.key())+" IN (?)", keys(sub, m)).Find(m.slice()))
	}},
	{"Foreign subquery in From", naming | mismatch, func(tx *gorm.DB, m *model) answer {
		sub := tx.Session(&gorm.Session{NewDB: true, Context: m.f.as(1)})
		return got(tx.Table("(?) AS x", sub.Model(m.new())).Find(&[]map[string]any{}))
	}},
	{"Foreign subquery in Update", changes | naming | mismatch, func(tx *gorm.DB, m *model) answer {
		sub := tx.Session(&gorm.Session{NewDB: true, Context: m.f.as(1)})
		return got(row(where, tx.Model(m.new()), m, 0).
			Update(m.count().DBName, gorm.Expr("(?)", sub.Model(m.new()).Select("COUNT(*)"))))
	}},
	{"Foreign context inside", inTenant | naming | mismatch, func(tx *gorm.DB, m *model) answer {
		inner := tenancy.With(tx.Statement.Context, m.f.tenants[1])
		out := m.slice()
		return got(tx.WithContext(inner).Find(out), out)
	}},
	{"Foreign set inside", inTenant | naming | mismatch, func(tx *gorm.DB, m *model) answer {
		inner := tenancy.WithSet(tx.Statement.Context, m.f.tenants[0], m.f.tenants[1])
		out := m.slice()
		return got(tx.WithContext(inner).Find(out), out)
	}},
	{"Without a context inside", naming | noTenant, func(tx *gorm.DB, m *model) answer {
		out := m.slice()
		return got(tx.WithContext(m.f.context()).Find(out), out)
	}},
}

// foreignColumns is a map to create that names the other tenant.
func (m *model) foreignColumns(n int, name string) map[string]any {
	columns := m.columns(m.made(n))
	columns[name] = m.f.tenants[1]
	return columns
}
