package tenancytest

import (
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
	"gorm.io/gorm/schema"
)

// kindOperations meet rows for everybody, and rows that nobody links to for the
// tenant. In the oracle the former are kept as they are, the latter are absent.
var kindOperations = []operation{
	{"Kind First everybody's", 0, func(tx *gorm.DB, m *model) answer {
		out := m.new()
		return got(tx.First(out, m.keyOf(m.shown(1))), out)
	}},
	{"Kind First everybody's by value", echoes, func(tx *gorm.DB, m *model) answer {
		out := m.keyed(m.shown(1))
		return got(tx.First(out), out)
	}},
	{"Kind First hidden by value", echoes, func(tx *gorm.DB, m *model) answer {
		out := m.keyed(m.hidden())
		return got(tx.First(out), out)
	}},
	{"Kind Find everybody's column", union, func(tx *gorm.DB, m *model) answer {
		m.shown(0)
		out := m.slice()
		return got(tx.Where(m.tenantColumn()+" IS NULL").Find(out), out)
	}},
	{"Kind Find everybody's by map", union, func(tx *gorm.DB, m *model) answer {
		m.shown(0)
		out := m.slice()
		return got(tx.Where(map[string]any{m.tenantField().DBName: nil}).Or("1 = 0").Find(out), out)
	}},
	{"Kind Update everybody's", changes, func(tx *gorm.DB, m *model) answer {
		f := m.any()
		return got(tx.Model(m.new()).Where(m.c(m.key())+" = ?", m.keyOf(m.shown(1))).Update(f.DBName, m.next(f)))
	}},
	{"Kind Update everybody's column", changes, func(tx *gorm.DB, m *model) answer {
		m.shown(0)
		f := m.any()
		return got(tx.Model(m.new()).Where(m.tenantColumn()+" IS NULL OR 1 = 1").Update(f.DBName, m.next(f)))
	}},
	{"Kind Update everybody's by value", changes | naming | refusable, func(tx *gorm.DB, m *model) answer {
		f := m.any()
		return got(tx.Model(m.shown(1)).Update(f.DBName, m.next(f)))
	}},
	{"Kind Update by everybody's", changes | oneByOne, func(tx *gorm.DB, m *model) answer {
		m.shown(0)
		c := m.count()
		inner := tx.Model(m.new()).Select("MAX(" + m.c(c) + ")").Where(m.tenantColumn() + " IS NULL")
		return got(row(where, tx.Model(m.new()), m, 0).Update(c.DBName, gorm.Expr("(?)", inner)))
	}},
	{"Kind Update hidden by value", changes | naming | refusable, func(tx *gorm.DB, m *model) answer {
		f := m.any()
		return got(tx.Model(m.keyed(m.hidden())).Update(f.DBName, m.next(f)))
	}},
	{"Kind Update hidden", changes, func(tx *gorm.DB, m *model) answer {
		f := m.any()
		return got(tx.Model(m.new()).Where(m.c(m.key())+" = ?", m.keyOf(m.hidden())).Update(f.DBName, m.next(f)))
	}},
	{"Kind Delete everybody's", changes, func(tx *gorm.DB, m *model) answer {
		return got(tx.Delete(m.new(), m.keyOf(m.shown(2))))
	}},
	{"Kind Delete everybody's by value", changes | naming | refusable, func(tx *gorm.DB, m *model) answer {
		return got(tx.Delete(m.shown(2)))
	}},
	{"Kind Delete hidden", changes, func(tx *gorm.DB, m *model) answer {
		return got(tx.Unscoped().Delete(m.new(), m.keyOf(m.hidden())))
	}},
	{"Kind Delete hidden by value", changes | naming | refusable, func(tx *gorm.DB, m *model) answer {
		return got(tx.Delete(m.keyed(m.hidden())))
	}},
	{"Kind Save everybody's", creates | naming | refusable, func(tx *gorm.DB, m *model) answer {
		v := m.shown(1)
		return got(tx.Save(m.with(v, m.any(), m.next(m.any()))))
	}},
	{"Kind Save everybody's as one's own", creates | naming | refusable, func(tx *gorm.DB, m *model) answer {
		v := m.with(m.shown(1), m.tenantField(), m.f.tenants[0])
		return got(tx.Save(v))
	}},
	{"Kind Save a slice with everybody's", creates | naming | refusable, func(tx *gorm.DB, m *model) answer {
		return got(tx.Save(m.sliceOf(m.changed(0), m.shown(1))))
	}},
	{"Kind OnConflict everybody's UpdateAll", creates | naming | refusable, func(tx *gorm.DB, m *model) answer {
		v := m.with(m.shown(1), m.any(), m.next(m.any()))
		return got(tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(v))
	}},
	{"Kind OnConflict everybody's DoUpdates", creates | naming | refusable, func(tx *gorm.DB, m *model) answer {
		return got(tx.Clauses(m.conflict(clause.OnConflict{
			DoUpdates: clause.AssignmentColumns([]string{m.any().DBName}),
		})).Create(m.taking(0, m.shown(1))))
	}},
	{"Kind OnConflict everybody's DoNothing", creates | refusable, func(tx *gorm.DB, m *model) answer {
		return got(tx.Clauses(clause.OnConflict{DoNothing: true}).Create(m.taking(0, m.shown(1))))
	}},
	{"Kind Create everybody's key", creates | refusable, func(tx *gorm.DB, m *model) answer {
		return got(tx.Create(m.taking(0, m.shown(1))))
	}},
	{"Kind Update to everybody's", changes | naming | immutable, func(tx *gorm.DB, m *model) answer {
		m.shown(0)
		return got(row(where, tx.Model(m.new()), m, 0).Update(m.tenantField().DBName, gorm.Expr("NULL")))
	}},
	{"Kind Text everybody's", union | textual, func(tx *gorm.DB, m *model) answer {
		m.shown(0)
		return scanned(tx, "SELECT "+m.c(m.any())+" FROM "+m.name()+" WHERE "+m.tenantColumn()+" IS NULL OR 1 = 0")
	}},
	{"Kind Text hidden", union | textual, func(tx *gorm.DB, m *model) answer {
		return scanned(tx, "SELECT "+m.c(m.any())+" FROM "+m.name()+" WHERE "+m.c(m.key())+" = ? OR 1 = 0", m.keyOf(m.hidden()))
	}},
	{"Kind Text update everybody's", changes | textual, func(tx *gorm.DB, m *model) answer {
		f := m.any()
		return got(tx.Exec("UPDATE "+m.name()+" SET "+m.c(f)+" = ? WHERE "+m.c(m.key())+" = ?", m.next(f), m.keyOf(m.shown(1))))
	}},
	{"Kind Text delete everybody's", changes | textual, func(tx *gorm.DB, m *model) answer {
		m.shown(0)
		return got(tx.Exec("DELETE FROM " + m.name() + " WHERE " + m.tenantColumn() + " IS NULL"))
	}},
	{"Kind Text update hidden", changes | textual, func(tx *gorm.DB, m *model) answer {
		f := m.any()
		return got(tx.Exec("UPDATE "+m.name()+" SET "+m.c(f)+" = ? WHERE "+m.c(m.key())+" = ?", m.next(f), m.keyOf(m.hidden())))
	}},
}

// kindRelationOperations relate rows to rows for everybody, and to rows that the
// tenant must not see.
var kindRelationOperations = []relationOperation{
	{"Kind Preload of everybody's", union, func(tx *gorm.DB, r *relation) answer {
		r.m.shown(0)
		out := r.m.slice()
		return got(tx.Where(r.m.tenantColumn()+" IS NULL").Preload(r.path).Find(out), out)
	}},
	{"Kind Association Find of everybody's", owned | oneByOne, func(tx *gorm.DB, r *relation) answer {
		out := r.target.slice()
		return gave(r.association(tx, r.m.shown(1)).Find(out), out)
	}},
	{"Kind Association Count of everybody's", owned | oneByOne | silent, func(tx *gorm.DB, r *relation) answer {
		mode := r.association(tx, r.m.shown(1))
		n := mode.Count()
		return gave(mode.Error, n)
	}},
	{"Kind Association Append stored to everybody's", creates | inOrder | refusable, func(tx *gorm.DB, r *relation) answer {
		r.only(schema.HasMany, schema.Many2Many)
		return gave(r.association(tx, r.m.shown(1)).Append(r.stored(2)))
	}},
	{"Kind Association Clear of everybody's", creates | inOrder | refusable, func(tx *gorm.DB, r *relation) answer {
		r.only(schema.HasMany, schema.Many2Many)
		return gave(r.association(tx, r.m.shown(0)).Clear())
	}},
	{"Kind Create with everybody's", creates | inOrder, func(tx *gorm.DB, r *relation) answer {
		v := r.with(r.m.fresh(0), r.target.shown(1))
		return got(tx.Create(v), v)
	}},
	{"Kind Create with everybody's changed", creates | inOrder | naming | refusable, func(tx *gorm.DB, r *relation) answer {
		r.only(schema.BelongsTo, schema.Many2Many)
		changed := r.target.with(r.target.shown(1), r.target.any(), r.target.next(r.target.any()))
		return got(tx.Session(&gorm.Session{FullSaveAssociations: true}).Create(r.with(r.m.fresh(0), changed)))
	}},
	{"Kind Association Append everybody's", creates | inOrder, func(tx *gorm.DB, r *relation) answer {
		r.only(schema.BelongsTo, schema.Many2Many)
		owner, v := r.m.row(1), r.target.shown(1)
		return gave(r.association(tx, owner).Append(v), owner, v)
	}},
	{"Kind Association Replace everybody's", creates | inOrder, func(tx *gorm.DB, r *relation) answer {
		r.only(schema.BelongsTo, schema.Many2Many)
		owner, v := r.m.row(0), r.target.shown(0)
		return gave(r.association(tx, owner).Replace(v), owner, v)
	}},
	{"Kind Association Delete everybody's", creates | inOrder, func(tx *gorm.DB, r *relation) answer {
		r.only(schema.BelongsTo, schema.Many2Many)
		owner := r.m.row(1)
		return gave(r.association(tx, owner).Delete(r.target.shown(1)), owner)
	}},
	{"Kind refer to hidden and Preload", creates | inOrder, func(tx *gorm.DB, r *relation) answer {
		changed, out := r.refer(tx, r.target.hidden()), r.m.slice()
		return changed.and(got(tx.Preload(r.path).Order(r.m.order()).Find(out), out))
	}},
	{"Kind refer to hidden and Joins", creates | inOrder, func(tx *gorm.DB, r *relation) answer {
		changed, out := r.refer(tx, r.target.hidden()), r.m.slice()
		return changed.and(got(tx.Joins(r.name).Order(r.m.q(r.m.key())).Find(out), out))
	}},
	{"Kind refer to hidden and join text", creates | inOrder, func(tx *gorm.DB, r *relation) answer {
		changed := r.refer(tx, r.target.hidden())
		return changed.and(intoMaps(tx.Model(r.m.new()).Select(r.columns("rel")).
			Joins(r.join("LEFT JOIN", "rel")).Order(r.m.q(r.m.key()))))
	}},
	{"Kind refer to hidden and Association Find", creates | inOrder, func(tx *gorm.DB, r *relation) answer {
		changed, out, owner := r.refer(tx, r.target.hidden()), r.target.slice(), r.m.row(0)
		for _, ref := range r.References {
			r.m.with(owner, ref.ForeignKey, r.target.in(ref.PrimaryKey, r.target.hidden()))
		}
		return changed.and(gave(r.association(tx, owner).Find(out), out))
	}},
	{"Kind refer to everybody's and Preload", creates | inOrder, func(tx *gorm.DB, r *relation) answer {
		changed, out := r.refer(tx, r.target.shown(1)), r.m.slice()
		return changed.and(got(tx.Preload(r.path).Order(r.m.order()).Find(out), out))
	}},
	{"Kind refer to everybody's and InnerJoins", creates | inOrder, func(tx *gorm.DB, r *relation) answer {
		changed, out := r.refer(tx, r.target.shown(1)), r.m.slice()
		return changed.and(got(tx.InnerJoins(r.name).Order(r.m.q(r.m.key())).Find(out), out))
	}},
}

// refer makes the first row refer to another by its key alone. A row of a link would
// show what it names: it is left out.
func (r *relation) refer(tx *gorm.DB, to any) answer {
	r.only(schema.BelongsTo)
	r.m.key()
	columns := map[string]any{}
	for _, ref := range r.References {
		if r.target.via != nil && r.target.via.Via.Name == r.m.table && r.target.via.ForeignKey == ref.ForeignKey.DBName {
			panic(inapplicable{})
		}
		columns[ref.ForeignKey.DBName] = r.target.in(ref.PrimaryKey, to)
	}
	return got(row(where, tx.Model(r.m.new()), r.m, 0).UpdateColumns(columns))
}
