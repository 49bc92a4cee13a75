package tenancytest

import (
	"reflect"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// upsertOperations meet rows that exist: the own ones, and the other tenant's
// under the same key.
var upsertOperations = []operation{
	{"Save a row", creates | inOrder, func(tx *gorm.DB, m *model) answer {
		v := m.changed(0)
		return got(tx.Save(v), v)
	}},
	{"Save a row as read", creates | inOrder, func(tx *gorm.DB, m *model) answer {
		v, f := m.new(), m.any()
		read := got(row(where, tx, m, 0).First(v))
		m.with(v, f, m.next(f))
		return read.and(got(tx.Save(v), v))
	}},
	{"Save a row without a tenant", creates | inOrder, func(tx *gorm.DB, m *model) answer {
		v := m.anonymous(m.changed(0))
		return got(tx.Save(v), v)
	}},
	{"Save a deleted row", creates | inOrder, func(tx *gorm.DB, m *model) answer {
		m.deletedAt()
		v := m.changed(deletedRow)
		return got(tx.Unscoped().Save(v), v)
	}},
	{"Save a new row", creates | inOrder, func(tx *gorm.DB, m *model) answer { v := m.fresh(0); return got(tx.Save(v), v) }},
	{"Save a new row with a key", creates | inOrder, func(tx *gorm.DB, m *model) answer {
		v := m.made(0)
		return got(tx.Save(v), v)
	}},
	{"Save the other's key", creates | inOrder | blocked, func(tx *gorm.DB, m *model) answer {
		v := m.taking(0, m.foreign(foreignRow))
		return got(tx.Save(v), v)
	}},
	{"Save a slice", creates | inOrder, func(tx *gorm.DB, m *model) answer {
		v := m.sliceOf(m.changed(0), m.made(0))
		return got(tx.Save(v), v)
	}},
	{"Save a slice with the other's key", creates | inOrder | blocked, func(tx *gorm.DB, m *model) answer {
		v := m.sliceOf(m.changed(0), m.taking(0, m.foreign(foreignRow)))
		return got(tx.Save(v), v)
	}},
	{"Save selected columns", creates | inOrder, func(tx *gorm.DB, m *model) answer {
		v := m.changed(0)
		return got(tx.Select(m.any().Name).Save(v), v)
	}},
	{"Save with a condition", creates | inOrder, func(tx *gorm.DB, m *model) answer {
		v := m.changed(0)
		return got(tx.Where("1 = 1").Or("1 = 1").Save(v), v)
	}},
	{"Save without hooks", creates | inOrder, func(tx *gorm.DB, m *model) answer {
		v := m.changed(0)
		return got(tx.Session(&gorm.Session{SkipHooks: true}).Save(v), v)
	}},
	{"OnConflict DoNothing", creates, func(tx *gorm.DB, m *model) answer {
		return got(tx.Clauses(clause.OnConflict{DoNothing: true}).Create(m.anonymous(m.changed(0))))
	}},
	{"OnConflict DoNothing new", creates | inOrder, func(tx *gorm.DB, m *model) answer {
		v := m.fresh(0)
		return got(tx.Clauses(clause.OnConflict{DoNothing: true}).Create(v), v)
	}},
	{"OnConflict DoNothing by columns", creates, func(tx *gorm.DB, m *model) answer {
		return got(tx.Clauses(m.conflict(clause.OnConflict{DoNothing: true})).Create(m.changed(0)))
	}},
	{"OnConflict DoNothing the other's key", creates | blocked, func(tx *gorm.DB, m *model) answer {
		return got(tx.Clauses(clause.OnConflict{DoNothing: true}).Create(m.taking(0, m.foreign(foreignRow))))
	}},
	{"OnConflict DoNothing a slice", creates, func(tx *gorm.DB, m *model) answer {
		v := m.sliceOf(m.changed(0), m.made(0))
		return got(tx.Clauses(clause.OnConflict{DoNothing: true}).Create(v))
	}},
	{"OnConflict UpdateAll", creates | inOrder, func(tx *gorm.DB, m *model) answer {
		v := m.changed(0)
		return got(tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(v), v)
	}},
	{"OnConflict UpdateAll new", creates | inOrder, func(tx *gorm.DB, m *model) answer {
		v := m.fresh(0)
		return got(tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(v), v)
	}},
	{"OnConflict UpdateAll by columns", creates | inOrder, func(tx *gorm.DB, m *model) answer {
		v := m.changed(0)
		return got(tx.Clauses(m.conflict(clause.OnConflict{UpdateAll: true})).Create(v), v)
	}},
	{"OnConflict UpdateAll a slice", creates | inOrder, func(tx *gorm.DB, m *model) answer {
		v := m.sliceOf(m.changed(0), m.made(0), m.changed(1))
		return got(tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(v), v)
	}},
	{"OnConflict UpdateAll the other's key", creates | inOrder | blocked, func(tx *gorm.DB, m *model) answer {
		v := m.taking(0, m.foreign(foreignRow))
		return got(tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(v), v)
	}},
	{"OnConflict UpdateAll a slice with the other's key", creates | inOrder | blocked, func(tx *gorm.DB, m *model) answer {
		v := m.sliceOf(m.made(1), m.taking(0, m.foreign(foreignRow)))
		return got(tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(v), v)
	}},
	{"OnConflict DoUpdates columns", creates | inOrder, func(tx *gorm.DB, m *model) answer {
		v := m.changed(0)
		return got(tx.Clauses(m.conflict(clause.OnConflict{
			DoUpdates: clause.AssignmentColumns([]string{m.any().DBName}),
		})).Create(v), v)
	}},
	{"OnConflict DoUpdates values", creates, func(tx *gorm.DB, m *model) answer {
		f := m.any()
		return got(tx.Clauses(m.conflict(clause.OnConflict{
			DoUpdates: clause.Assignments(map[string]any{f.DBName: m.next(f)}),
		})).Create(m.anonymous(m.row(1))))
	}},
	{"OnConflict DoUpdates expression", creates, func(tx *gorm.DB, m *model) answer {
		c := m.count()
		return got(tx.Clauses(m.conflict(clause.OnConflict{
			DoUpdates: clause.Assignments(map[string]any{c.DBName: gorm.Expr(m.q(c) + " + 1")}),
		})).Create(m.row(1)))
	}},
	{"OnConflict DoUpdates where", creates, func(tx *gorm.DB, m *model) answer {
		f := m.any()
		return got(tx.Clauses(m.conflict(clause.OnConflict{
			DoUpdates: clause.AssignmentColumns([]string{f.DBName}),
			Where: clause.Where{Exprs: []clause.Expression{
				clause.Expr{SQL: m.q(f) + " IS NULL\tor\t1 = 1"},
			}},
		})).Create(m.changed(0)))
	}},
	{"OnConflict DoUpdates where none", creates, func(tx *gorm.DB, m *model) answer {
		f := m.any()
		return got(tx.Clauses(m.conflict(clause.OnConflict{
			DoUpdates: clause.AssignmentColumns([]string{f.DBName}),
			Where:     clause.Where{Exprs: []clause.Expression{clause.Expr{SQL: "1 = 0"}}},
		})).Create(m.changed(0)))
	}},
	{"OnConflict DoUpdates where subquery", creates | inInsert, func(tx *gorm.DB, m *model) answer {
		f := m.any()
		return got(tx.Clauses(m.conflict(clause.OnConflict{
			DoUpdates: clause.AssignmentColumns([]string{f.DBName}),
			Where: clause.Where{Exprs: []clause.Expression{
				clause.Expr{SQL: "(?) > 5", Vars: []any{tx.Model(m.new()).Unscoped().Select("COUNT(*)")}},
			}},
		})).Create(m.changed(0)))
	}},
	{"OnConflict DoUpdates subquery", creates | inInsert, func(tx *gorm.DB, m *model) answer {
		c := m.count()
		return got(tx.Clauses(m.conflict(clause.OnConflict{
			DoUpdates: clause.Assignments(map[string]any{c.DBName: gorm.Expr("(?)", tx.Model(m.new()).Select("COUNT(*)"))}),
		})).Create(m.changed(0)))
	}},
	{"OnConflict DoUpdates the other's key", creates | blocked, func(tx *gorm.DB, m *model) answer {
		return got(tx.Clauses(m.conflict(clause.OnConflict{
			DoUpdates: clause.AssignmentColumns([]string{m.any().DBName}),
		})).Create(m.taking(0, m.foreign(foreignRow))))
	}},
	{"OnConflict on a unique column", creates | inOrder, func(tx *gorm.DB, m *model) answer {
		v := m.with(m.made(0), m.unique(), m.of(m.unique(), 1))
		return got(tx.Clauses(clause.OnConflict{
			Columns:   []clause.Column{{Name: m.unique().DBName}},
			DoUpdates: clause.AssignmentColumns([]string{m.any().DBName}),
		}).Create(v), v)
	}},
	{"OnConflict nothing on a unique column", creates, func(tx *gorm.DB, m *model) answer {
		v := m.with(m.made(0), m.unique(), m.of(m.unique(), 1))
		return got(tx.Clauses(clause.OnConflict{
			Columns: []clause.Column{{Name: m.unique().DBName}}, DoNothing: true,
		}).Create(v))
	}},
	{"OnConflict the other's unique value", creates | inOrder | blocked | unique, func(tx *gorm.DB, m *model) answer {
		v := m.with(m.made(0), m.unique(), m.in(m.unique(), m.foreign(foreignRow)))
		return got(tx.Clauses(clause.OnConflict{
			Columns:   []clause.Column{{Name: m.unique().DBName}},
			DoUpdates: clause.AssignmentColumns([]string{m.any().DBName}),
		}).Create(v), v)
	}},
	{"OnConflict a map", creates, func(tx *gorm.DB, m *model) answer {
		return got(tx.Model(m.new()).Clauses(m.conflict(clause.OnConflict{
			DoUpdates: clause.AssignmentColumns([]string{m.any().DBName}),
		})).Create(m.columns(m.changed(0))))
	}},
}

// changed returns one of the tenant's rows with another value in one column.
func (m *model) changed(n int) any {
	f := m.any()
	return m.with(m.row(n), f, m.next(f))
}

// anonymous takes the tenant out of a value.
func (m *model) anonymous(value any) any {
	if m.single() {
		panic(inapplicable{})
	}
	m.clear(m.tenantField(), reflect.ValueOf(value))
	return value
}

// conflict adds the key as the target.
func (m *model) conflict(on clause.OnConflict) clause.OnConflict {
	for _, field := range m.schema.PrimaryFields {
		on.Columns = append(on.Columns, clause.Column{Name: field.DBName})
	}
	return on
}
