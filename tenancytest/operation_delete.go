package tenancytest

import (
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

var deleteOperations = []operation{
	{"Delete a row", changes | owned, func(tx *gorm.DB, m *model) answer { return got(tx.Delete(m.row(orphanRow))) }},
	{"Delete a row by its key", changes | oneByOne, func(tx *gorm.DB, m *model) answer { return got(tx.Delete(m.keyed(m.row(orphanRow)))) }},
	{"Delete by id", changes, func(tx *gorm.DB, m *model) answer { return got(tx.Delete(m.new(), m.id(orphanRow))) }},
	{"Delete by ids", changes, func(tx *gorm.DB, m *model) answer { return got(tx.Delete(m.new(), m.ids(orphanRow, 2))) }},
	{"Delete the other's id", changes, func(tx *gorm.DB, m *model) answer { return got(tx.Delete(m.new(), m.foreignID())) }},
	{"Delete inline text", changes, func(tx *gorm.DB, m *model) answer {
		text, args := m.either("\tor\t", orphanRow, 2)
		return got(tx.Delete(m.new(), append([]any{text}, args...)...))
	}},
	{"Delete by condition", changes, func(tx *gorm.DB, m *model) answer {
		return got(row(where, tx, m, orphanRow).Delete(m.new()))
	}},
	{"Delete or", changes, func(tx *gorm.DB, m *model) answer {
		return got(row(or, row(where, tx, m, orphanRow), m, 2).Delete(m.new()))
	}},
	{"Delete a row and a condition", changes | owned, func(tx *gorm.DB, m *model) answer {
		return got(row(or, tx, m, 2).Delete(m.row(orphanRow)))
	}},
	{"Delete Model and condition", changes, func(tx *gorm.DB, m *model) answer {
		return got(row(where, tx.Model(m.new()), m, orphanRow).Delete(nil))
	}},
	{"Delete Unscoped", changes, func(tx *gorm.DB, m *model) answer {
		return got(row(where, tx.Unscoped(), m, orphanRow).Delete(m.new()))
	}},
	{"Delete Unscoped tabs", changes, func(tx *gorm.DB, m *model) answer {
		text, args := m.either("\tor\t", orphanRow, 2)
		return got(tx.Unscoped().Where(text, args...).Delete(m.new()))
	}},
	{"Delete a deleted row", changes, func(tx *gorm.DB, m *model) answer {
		m.deletedAt()
		return got(row(where, tx, m, deletedRow).Delete(m.new()))
	}},
	{"Delete deleted rows for good", changes, func(tx *gorm.DB, m *model) answer {
		return got(tx.Unscoped().Where(m.c(m.deletedAt()) + " IS NOT NULL").Delete(m.new()))
	}},
	{"Delete rows", changes | owned, func(tx *gorm.DB, m *model) answer {
		return got(tx.Delete(m.sliceOf(m.row(orphanRow), m.row(2))))
	}},
	{"Delete rows by their keys", changes | oneByOne, func(tx *gorm.DB, m *model) answer {
		return got(tx.Delete(m.pointersOf(m.keyed(m.row(orphanRow)), m.keyed(m.row(2)))))
	}},
	{"Delete without a condition", changes, func(tx *gorm.DB, m *model) answer { return got(tx.Delete(m.new())) }},
	{"Delete without a condition Unscoped", changes, func(tx *gorm.DB, m *model) answer {
		return got(tx.Unscoped().Delete(m.new()))
	}},
	{"Delete with an empty struct", changes, func(tx *gorm.DB, m *model) answer {
		return got(tx.Where(m.new()).Delete(m.new()))
	}},
	{"Delete all", changes, func(tx *gorm.DB, m *model) answer {
		return got(tx.Session(&gorm.Session{AllowGlobalUpdate: true}).Delete(m.new()))
	}},
	{"Delete all Unscoped", changes, func(tx *gorm.DB, m *model) answer {
		return got(tx.Session(&gorm.Session{AllowGlobalUpdate: true}).Unscoped().Delete(m.new()))
	}},
	{"Delete all by true", changes, func(tx *gorm.DB, m *model) answer { return got(tx.Where("1 = 1").Delete(m.new())) }},
	{"Delete with associations", changes | owned, func(tx *gorm.DB, m *model) answer {
		m.followAll()
		return got(tx.Select(clause.Associations).Delete(m.row(0)))
	}},
	{"Delete with associations by key", changes | oneByOne, func(tx *gorm.DB, m *model) answer {
		m.followAll()
		return got(tx.Select(clause.Associations).Delete(m.keyed(m.row(0))))
	}},
	{"Delete with associations Unscoped", changes | owned, func(tx *gorm.DB, m *model) answer {
		m.followAll()
		return got(tx.Unscoped().Select(clause.Associations).Delete(m.row(0)))
	}},
	{"Delete Returning", changes, func(tx *gorm.DB, m *model) answer {
		v := m.slice()
		return got(row(where, tx.Clauses(clause.Returning{}), m, orphanRow).Delete(v), v)
	}},
	{"Delete Returning Unscoped or", changes, func(tx *gorm.DB, m *model) answer {
		v := m.slice()
		return got(row(or, row(where, tx.Unscoped().Clauses(clause.Returning{}), m, orphanRow), m, 2).Delete(v), v)
	}},
	{"Delete and Find", changes, func(tx *gorm.DB, m *model) answer {
		out := m.slice()
		return got(row(where, tx, m, orphanRow).Delete(m.new())).and(got(tx.Find(out), out))
	}},
}
