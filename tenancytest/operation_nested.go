package tenancytest

import (
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
	"gorm.io/gorm/schema"
)

// nestedOperations write rows together with related ones.
var nestedOperations = []relationOperation{
	{"Create with new", creates | inOrder, func(tx *gorm.DB, r *relation) answer {
		v := r.with(r.m.fresh(0), r.new(1))
		return got(tx.Create(v), v)
	}},
	{"Create with new, keys generated", creates | inOrder, func(tx *gorm.DB, r *relation) answer {
		v := r.with(r.m.fresh(0), r.target.fresh(1))
		return got(tx.Create(v), v)
	}},
	{"Create with stored", creates | inOrder, func(tx *gorm.DB, r *relation) answer {
		v := r.with(r.m.fresh(0), r.stored(2))
		return got(tx.Create(v), v)
	}},
	{"Create with several", creates | inOrder, func(tx *gorm.DB, r *relation) answer {
		if !r.toMany() {
			panic(inapplicable{})
		}
		v := r.with(r.m.fresh(0), r.new(1), r.new(2), r.stored(2))
		return got(tx.Create(v), v)
	}},
	{"Create a slice with new", creates | inOrder, func(tx *gorm.DB, r *relation) answer {
		v := r.m.sliceOf(r.with(r.m.fresh(0), r.new(1)), r.with(r.m.fresh(2), r.new(3)))
		return got(tx.Create(v), v)
	}},
	{"Create with new Omit", creates | inOrder, func(tx *gorm.DB, r *relation) answer {
		v := r.with(r.m.made(0), r.new(1))
		return got(tx.Omit(r.name).Create(v))
	}},
	{"Create with new Omit related rows", creates | inOrder, func(tx *gorm.DB, r *relation) answer {
		r.only(schema.Many2Many) // GORM sends rows without columns for others
		r.writable()
		v := r.with(r.m.fresh(0), r.stored(1))
		return got(tx.Omit(r.name+".*").Create(v), v)
	}},
	{"Create with new Select", creates | inOrder, func(tx *gorm.DB, r *relation) answer {
		v := r.with(r.m.made(0), r.new(1))
		return got(tx.Select(append(r.m.writtenNames(), r.name)).Create(v), v)
	}},
	{"Create with new FullSaveAssociations", creates | inOrder, func(tx *gorm.DB, r *relation) answer {
		r.writable()
		v := r.with(r.m.fresh(0), r.target.changed(1))
		return got(tx.Session(&gorm.Session{FullSaveAssociations: true}).Create(v), v)
	}},
	{"Create with the other's key", creates | inOrder | blocked | taking, func(tx *gorm.DB, r *relation) answer {
		v := r.with(r.m.fresh(0), r.target.taking(1, r.other(foreignRow)))
		return got(tx.Create(v), v)
	}},
	{"Create with the other's key FullSaveAssociations", creates | inOrder | blocked | taking, func(tx *gorm.DB, r *relation) answer {
		v := r.with(r.m.fresh(0), r.target.taking(1, r.other(foreignRow)))
		return got(tx.Session(&gorm.Session{FullSaveAssociations: true}).Create(v), v)
	}},
	{"Save with new", creates | inOrder, func(tx *gorm.DB, r *relation) answer {
		v := r.with(r.m.changed(0), r.new(1))
		return got(tx.Save(v), v)
	}},
	{"Save with stored", creates | inOrder, func(tx *gorm.DB, r *relation) answer {
		v := r.with(r.m.changed(0), r.stored(2))
		return got(tx.Save(v), v)
	}},
	{"Save with stored FullSaveAssociations", creates | inOrder, func(tx *gorm.DB, r *relation) answer {
		r.writable()
		v := r.with(r.m.changed(0), r.target.changed(2))
		return got(tx.Session(&gorm.Session{FullSaveAssociations: true}).Save(v), v)
	}},
	{"Updates with new", creates | inOrder, func(tx *gorm.DB, r *relation) answer {
		v := r.with(r.m.changed(0), r.new(1))
		return got(tx.Updates(v), v)
	}},
	{"Updates with new Omit associations", creates | inOrder, func(tx *gorm.DB, r *relation) answer {
		v := r.with(r.m.changed(0), r.new(1))
		return got(tx.Omit(clause.Associations).Updates(v))
	}},
	{"Updates a new value with stored", creates | inOrder, func(tx *gorm.DB, r *relation) answer {
		v := r.with(r.m.holding(r.m.any(), 0), r.stored(2))
		return got(tx.Model(r.m.row(1)).Updates(v), v)
	}},
	{"Read and Save", creates | inOrder, func(tx *gorm.DB, r *relation) answer {
		v := r.m.new()
		text, args := r.m.is(0)
		read := got(tx.Preload(r.path).Where(text, args...).First(v))
		r.m.with(v, r.m.any(), r.m.next(r.m.any()))
		return read.and(gave(tx.Save(v).Error, v))
	}},
	{"Delete with Select", creates, func(tx *gorm.DB, r *relation) answer {
		return got(tx.Select(r.name).Delete(r.m.row(0)))
	}},
	{"Delete with Select by key", creates, func(tx *gorm.DB, r *relation) answer {
		return got(tx.Select(r.name).Delete(r.m.keyed(r.m.row(0))))
	}},
	{"Delete with Select Unscoped", creates, func(tx *gorm.DB, r *relation) answer {
		return got(tx.Unscoped().Select(r.name).Delete(r.m.row(0)))
	}},
	{"Foreign Create with theirs", creates | naming | mismatch, func(tx *gorm.DB, r *relation) answer {
		return got(tx.Create(r.with(r.m.made(0), r.other(2))))
	}},
	{"Foreign Create with new of theirs", creates | naming | mismatch, func(tx *gorm.DB, r *relation) answer {
		return got(tx.Create(r.with(r.m.made(0), r.target.madeFor(1, 1))))
	}},
	{"Foreign Create with theirs without a transaction", creates | naming | mismatch, func(tx *gorm.DB, r *relation) answer {
		return got(tx.Session(&gorm.Session{SkipDefaultTransaction: true}).Create(r.with(r.m.made(0), r.other(2))))
	}},
	{"Foreign Create a slice with theirs", creates | naming | mismatch, func(tx *gorm.DB, r *relation) answer {
		return got(tx.Create(r.m.sliceOf(r.with(r.m.made(0), r.stored(0)), r.with(r.m.made(2), r.other(2)))))
	}},
	{"Foreign Save with theirs", creates | naming | mismatch, func(tx *gorm.DB, r *relation) answer {
		return got(tx.Save(r.with(r.m.changed(0), r.other(2))))
	}},
	{"Foreign Updates with theirs", creates | naming | mismatch, func(tx *gorm.DB, r *relation) answer {
		return got(tx.Updates(r.with(r.m.changed(0), r.other(2))))
	}},
}
