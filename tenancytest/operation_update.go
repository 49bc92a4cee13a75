package tenancytest

import (
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

var updateOperations = []operation{
	{"Update", changes, func(tx *gorm.DB, m *model) answer {
		f := m.any()
		return got(row(where, tx.Model(m.new()), m, 0).Update(f.DBName, m.next(f)))
	}},
	{"Update or", changes, func(tx *gorm.DB, m *model) answer {
		f := m.any()
		return got(row(or, row(where, tx.Model(m.new()), m, 0), m, 1).Update(f.DBName, m.next(f)))
	}},
	{"Update tabs", changes, func(tx *gorm.DB, m *model) answer {
		f := m.any()
		text, args := m.either("\tor\t", 0, 2)
		return got(tx.Model(m.new()).Where(text, args...).Update(f.Name, m.next(f)))
	}},
	{"Update a row", changes | owned | inOrder, func(tx *gorm.DB, m *model) answer {
		v, f := m.row(0), m.any()
		return got(tx.Model(v).Update(f.DBName, m.next(f)), v)
	}},
	{"Update a row by its key", changes | oneByOne | inOrder, func(tx *gorm.DB, m *model) answer {
		v, f := m.keyed(m.row(0)), m.any()
		return got(tx.Model(v).Update(f.DBName, m.next(f)), v)
	}},
	{"Update the other's row", changes | naming | refusable, func(tx *gorm.DB, m *model) answer {
		f := m.any()
		return got(tx.Model(m.keyed(m.foreign(foreignRow))).Update(f.DBName, m.next(f)))
	}},
	{"Update a deleted row", changes, func(tx *gorm.DB, m *model) answer {
		f := m.any()
		m.deletedAt()
		return got(row(where, tx.Model(m.new()), m, deletedRow).Update(f.DBName, m.next(f)))
	}},
	{"Update a deleted row Unscoped", changes, func(tx *gorm.DB, m *model) answer {
		f := m.any()
		m.deletedAt()
		return got(row(where, tx.Unscoped().Model(m.new()), m, deletedRow).Update(f.DBName, m.next(f)))
	}},
	{"Update to null", changes, func(tx *gorm.DB, m *model) answer {
		return got(row(where, tx.Model(m.new()), m, 2).Update(m.nullable().DBName, nil))
	}},
	{"Update expression", changes, func(tx *gorm.DB, m *model) answer {
		c := m.count()
		return got(row(where, tx.Model(m.new()), m, 0).Update(c.DBName, gorm.Expr(m.c(c)+" * ? + ?", 2, 1)))
	}},
	{"Update expression to a column", changes, func(tx *gorm.DB, m *model) answer {
		c := m.count()
		return got(row(where, tx.Model(m.new()), m, 0).Update(c.DBName, clause.Column{Name: c.DBName}))
	}},
	{"Updates struct", changes | owned | inOrder, func(tx *gorm.DB, m *model) answer {
		v, f := m.row(0), m.any()
		return got(tx.Model(v).Updates(m.with(m.new(), f, m.next(f))), v)
	}},
	{"Updates struct by condition", changes, func(tx *gorm.DB, m *model) answer {
		f := m.any()
		return got(row(where, tx.Model(m.new()), m, 1).Updates(m.with(m.new(), f, m.next(f))))
	}},
	{"Updates a row by value", changes | owned | inOrder, func(tx *gorm.DB, m *model) answer {
		v := m.changed(1)
		return got(tx.Updates(v), v)
	}},
	{"Updates a row and a condition", changes | owned, func(tx *gorm.DB, m *model) answer {
		f := m.any()
		return got(row(or, tx.Model(m.row(0)), m, 1).Updates(map[string]any{f.DBName: m.next(f)}))
	}},
	{"Updates map of fields", changes, func(tx *gorm.DB, m *model) answer {
		f := m.any()
		return got(row(where, tx.Model(m.new()), m, 1).Updates(map[string]any{f.Name: m.next(f)}))
	}},
	{"Updates Select", changes, func(tx *gorm.DB, m *model) answer {
		f := m.any()
		return got(row(where, tx.Model(m.new()), m, 0).Select(f.Name).Updates(m.with(m.new(), f, m.next(f))))
	}},
	{"Updates Select all", changes | owned, func(tx *gorm.DB, m *model) answer {
		return got(tx.Model(m.row(0)).Select("*").Updates(m.changed(0)))
	}},
	{"Updates Select all without a tenant", changes | owned, func(tx *gorm.DB, m *model) answer {
		return got(tx.Model(m.row(0)).Select("*").Updates(m.anonymous(m.changed(0))))
	}},
	{"Updates Select all Omit", changes | owned, func(tx *gorm.DB, m *model) answer {
		return got(tx.Model(m.row(0)).Select("*").Omit(m.any().Name).Updates(m.changed(0)))
	}},
	{"Updates Omit", changes | owned, func(tx *gorm.DB, m *model) answer {
		return got(tx.Model(m.row(0)).Omit(m.any().Name).Updates(m.changed(0)))
	}},
	{"Updates the own tenant", changes | owned, func(tx *gorm.DB, m *model) answer {
		f := m.any()
		return got(tx.Model(m.row(0)).Updates(map[string]any{f.DBName: m.next(f), m.tenantField().DBName: m.f.tenants[0]}))
	}},
	{"Updates of many rows", changes | owned, func(tx *gorm.DB, m *model) answer {
		f := m.any()
		return got(tx.Model(m.sliceOf(m.row(0), m.row(1))).Updates(map[string]any{f.DBName: m.next(f)}))
	}},
	{"Updates of many rows by their keys", changes | oneByOne, func(tx *gorm.DB, m *model) answer {
		f := m.any()
		v := m.sliceOf(m.keyed(m.row(0)), m.keyed(m.row(1)))
		return got(tx.Model(v).Updates(map[string]any{f.DBName: m.next(f)}))
	}},
	{"UpdateColumn", changes, func(tx *gorm.DB, m *model) answer {
		f := m.any()
		return got(row(where, tx.Model(m.new()), m, 0).UpdateColumn(f.DBName, m.next(f)))
	}},
	{"UpdateColumns", changes | owned, func(tx *gorm.DB, m *model) answer {
		f := m.any()
		return got(tx.Model(m.row(0)).UpdateColumns(m.with(m.new(), f, m.next(f))))
	}},
	{"UpdateColumns map or", changes, func(tx *gorm.DB, m *model) answer {
		f := m.any()
		return got(row(where, tx.Model(m.new()), m, 0).Or("1 = 1").UpdateColumns(map[string]any{f.DBName: m.next(f)}))
	}},
	{"Update clause Set", changes, func(tx *gorm.DB, m *model) answer {
		f := m.any()
		set := clause.Set{{Column: clause.Column{Name: f.DBName}, Value: m.next(f)}}
		return got(row(where, tx.Model(m.new()), m, 0).Clauses(set).Updates(map[string]any{}))
	}},
	{"Update without a condition", changes, func(tx *gorm.DB, m *model) answer {
		f := m.any()
		return got(tx.Model(m.new()).Update(f.DBName, m.next(f)))
	}},
	{"Update without a condition Unscoped", changes, func(tx *gorm.DB, m *model) answer {
		f := m.any()
		return got(tx.Unscoped().Model(m.new()).Update(f.DBName, m.next(f)))
	}},
	{"Update all", changes, func(tx *gorm.DB, m *model) answer {
		f := m.any()
		return got(tx.Session(&gorm.Session{AllowGlobalUpdate: true}).Model(m.new()).Update(f.DBName, m.next(f)))
	}},
	{"Update all Unscoped", changes, func(tx *gorm.DB, m *model) answer {
		f := m.any()
		return got(tx.Session(&gorm.Session{AllowGlobalUpdate: true}).Unscoped().Model(m.new()).Update(f.DBName, m.next(f)))
	}},
	{"Update all by true", changes, func(tx *gorm.DB, m *model) answer {
		f := m.any()
		return got(tx.Model(m.new()).Where("1 = 1").Update(f.DBName, m.next(f)))
	}},
	{"Update Returning", changes, func(tx *gorm.DB, m *model) answer {
		v, f := m.slice(), m.any()
		return got(row(where, tx.Model(v).Clauses(clause.Returning{}), m, 0).Or("1 = 1").Update(f.DBName, m.next(f)), v)
	}},
	{"Update Returning columns", changes, func(tx *gorm.DB, m *model) answer {
		v, f := m.slice(), m.any()
		returning := clause.Returning{Columns: []clause.Column{{Name: f.DBName}, {Name: m.key().DBName}}}
		return got(row(where, tx.Model(v).Clauses(returning), m, 0).Update(f.DBName, m.next(f)), v)
	}},
	{"Update with a join's condition", changes, func(tx *gorm.DB, m *model) answer {
		f := m.any()
		text, args := m.is(0)
		return got(tx.Model(m.new()).Where(tx.Where(text, args...).Or("1 = 1")).Update(f.DBName, m.next(f)))
	}},
	{"Update without hooks", changes | owned, func(tx *gorm.DB, m *model) answer {
		f := m.any()
		return got(tx.Session(&gorm.Session{SkipHooks: true}).Model(m.row(0)).Update(f.DBName, m.next(f)))
	}},
	{"Update in a limit", changes | refusable, func(tx *gorm.DB, m *model) answer {
		f := m.any()
		return got(row(where, tx.Model(m.new()), m, 0).Limit(1).Update(f.DBName, m.next(f)))
	}},
	{"Update the key", changes, func(tx *gorm.DB, m *model) answer {
		if m.single() || m.links != nil && m.links[0].inKey {
			panic(inapplicable{})
		}
		return got(row(where, tx.Model(m.new()), m, orphanRow).UpdateColumn(m.key().DBName, m.next(m.key())))
	}},
}
