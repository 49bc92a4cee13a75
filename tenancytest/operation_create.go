package tenancytest

import (
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

var createOperations = []operation{
	{"Create", creates | inOrder, func(tx *gorm.DB, m *model) answer { v := m.made(0); return got(tx.Create(v), v) }},
	{"Create without a key", creates | inOrder, func(tx *gorm.DB, m *model) answer { v := m.fresh(0); return got(tx.Create(v), v) }},
	{"Create naming the own tenant", creates | inOrder, func(tx *gorm.DB, m *model) answer {
		v := m.madeFor(0, 0)
		return got(tx.Create(v), v)
	}},
	{"Create a slice", creates | inOrder, func(tx *gorm.DB, m *model) answer {
		v := m.sliceOf(m.fresh(0), m.fresh(1), m.fresh(2))
		return got(tx.Create(v), v)
	}},
	{"Create pointers", creates | inOrder, func(tx *gorm.DB, m *model) answer {
		v := m.pointersOf(m.fresh(0), m.fresh(1))
		return got(tx.Create(v), v)
	}},
	{"Create an empty slice", creates | silent, func(tx *gorm.DB, m *model) answer { return got(tx.Create(m.slice())) }},
	{"Create in batches", creates | inOrder, func(tx *gorm.DB, m *model) answer {
		v := m.sliceOf(m.fresh(0), m.fresh(1), m.fresh(2))
		return got(tx.CreateInBatches(v, 2), v)
	}},
	{"Create with a batch size", creates | inOrder, func(tx *gorm.DB, m *model) answer {
		v := m.pointersOf(m.fresh(0), m.fresh(1), m.fresh(2))
		return got(tx.Session(&gorm.Session{CreateBatchSize: 2}).Create(v), v)
	}},
	{"Create a map", creates, func(tx *gorm.DB, m *model) answer {
		return got(tx.Model(m.new()).Create(m.columns(m.made(0))))
	}},
	{"Create a map of fields", creates, func(tx *gorm.DB, m *model) answer {
		return got(tx.Model(m.new()).Create(m.byName(m.columns(m.made(0)))))
	}},
	{"Create a map pointer", creates, func(tx *gorm.DB, m *model) answer {
		columns := m.columns(m.made(0))
		return got(tx.Model(m.new()).Create(&columns))
	}},
	{"Create maps", creates, func(tx *gorm.DB, m *model) answer {
		return got(tx.Model(m.new()).Create([]map[string]any{m.columns(m.made(0)), m.columns(m.made(1))}))
	}},
	{"Create maps pointer", creates, func(tx *gorm.DB, m *model) answer {
		list := []map[string]any{m.columns(m.made(0)), m.columns(m.made(1))}
		return got(tx.Model(m.new()).Create(&list))
	}},
	{"Create a map with an expression", creates, func(tx *gorm.DB, m *model) answer {
		columns, c := m.columns(m.made(0)), m.count()
		columns[c.DBName] = gorm.Expr("1 + ?", 2)
		return got(tx.Model(m.new()).Create(columns))
	}},
	{"Create Select", creates | inOrder, func(tx *gorm.DB, m *model) answer {
		v := m.made(0)
		return got(tx.Select(m.writtenNames()).Create(v), v)
	}},
	{"Create Omit a column", creates | inOrder, func(tx *gorm.DB, m *model) answer {
		v := m.made(0)
		return got(tx.Omit(m.nullable().Name).Create(v), v)
	}},
	{"Create Omit the tenant", creates | inOrder, func(tx *gorm.DB, m *model) answer {
		v := m.made(0)
		return got(tx.Omit(m.tenantField().DBName).Create(v), v)
	}},
	{"Create Omit associations", creates | inOrder, func(tx *gorm.DB, m *model) answer {
		v := m.made(0)
		return got(tx.Omit(clause.Associations).Create(v), v)
	}},
	{"Create without hooks", creates | inOrder, func(tx *gorm.DB, m *model) answer {
		v := m.made(0)
		return got(tx.Session(&gorm.Session{SkipHooks: true}).Create(v), v)
	}},
	{"Create Unscoped", creates | inOrder, func(tx *gorm.DB, m *model) answer {
		v := m.made(0)
		return got(tx.Unscoped().Create(v), v)
	}},
	{"Create Returning", creates | inOrder, func(tx *gorm.DB, m *model) answer {
		v := m.fresh(0)
		return got(tx.Clauses(clause.Returning{}).Create(v), v)
	}},
	{"Create Returning columns", creates | inOrder, func(tx *gorm.DB, m *model) answer {
		v := m.fresh(0)
		return got(tx.Clauses(clause.Returning{Columns: []clause.Column{{Name: m.key().DBName}}}).Create(v), v)
	}},
	{"Create twice with a chain", creates | inOrder, func(tx *gorm.DB, m *model) answer {
		chain := tx.Model(m.new()).Session(&gorm.Session{})
		v, w := m.fresh(0), m.fresh(1)
		return got(chain.Create(v), v).and(got(chain.Create(w), w))
	}},
	{"Create and Find", creates, func(tx *gorm.DB, m *model) answer {
		v, out := m.made(0), m.slice()
		return got(tx.Create(v)).and(got(tx.Find(out), out))
	}},
	{"Create the other's key", creates | inOrder | blocked, func(tx *gorm.DB, m *model) answer {
		v := m.taking(0, m.foreign(foreignRow))
		return got(tx.Create(v), v)
	}},
	{"Create an own key again", creates | inOrder, func(tx *gorm.DB, m *model) answer {
		v := m.taking(0, m.row(0))
		return got(tx.Create(v))
	}},
	{"Create a taken unique value", creates | inOrder, func(tx *gorm.DB, m *model) answer {
		v := m.with(m.made(0), m.unique(), m.of(m.unique(), 1))
		return got(tx.Create(v))
	}},
	{"Create the other's unique value", creates | inOrder | blocked | unique, func(tx *gorm.DB, m *model) answer {
		v := m.with(m.made(0), m.unique(), m.in(m.unique(), m.foreign(foreignRow)))
		return got(tx.Create(v), v)
	}},
	{"FirstOrCreate found", creates | inOrder, func(tx *gorm.DB, m *model) answer {
		out := m.new()
		return got(row(where, tx, m, 0).FirstOrCreate(out), out)
	}},
	{"FirstOrCreate found by struct", creates | inOrder, func(tx *gorm.DB, m *model) answer {
		out := m.new()
		return got(tx.FirstOrCreate(out, m.keyed(m.row(0))), out)
	}},
	{"FirstOrCreate created", creates | inOrder, func(tx *gorm.DB, m *model) answer {
		out := m.new()
		return got(tx.Where(m.keyed(m.made(0))).Attrs(m.made(0)).FirstOrCreate(out), out)
	}},
	{"FirstOrCreate the other's key", creates | inOrder | blocked, func(tx *gorm.DB, m *model) answer {
		out, v := m.new(), m.taking(0, m.foreign(foreignRow))
		return got(tx.Where(m.keyed(v)).Attrs(v).FirstOrCreate(out), out)
	}},
	{"FirstOrCreate Assign found", creates | inOrder, func(tx *gorm.DB, m *model) answer {
		out, f := m.new(), m.any()
		return got(tx.Where(m.keyed(m.row(0))).Assign(map[string]any{f.DBName: m.next(f)}).FirstOrCreate(out), out)
	}},
	{"FirstOrCreate Assign created", creates | inOrder, func(tx *gorm.DB, m *model) answer {
		out := m.new()
		return got(tx.Where(m.keyed(m.made(0))).Assign(m.made(0)).FirstOrCreate(out), out)
	}},
}
