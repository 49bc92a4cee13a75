package tenancytest

import (
	"gorm.io/gorm"
	"gorm.io/gorm/schema"
)

// associationOperations use association mode.
var associationOperations = []relationOperation{
	{"Association Find", owned | oneByOne, func(tx *gorm.DB, r *relation) answer {
		out := r.target.slice()
		return gave(r.association(tx, r.m.row(0)).Find(out), out)
	}},
	{"Association Find by key", union | oneByOne, func(tx *gorm.DB, r *relation) answer {
		r.writable()
		out := r.target.slice()
		return gave(r.association(tx, r.bare()).Find(out), out)
	}},
	{"Association Find of a deleted one", owned | oneByOne, func(tx *gorm.DB, r *relation) answer {
		out := r.target.slice()
		return gave(r.association(tx, r.m.row(deletedRow)).Find(out), out)
	}},
	{"Association Find Unscoped", owned | oneByOne, func(tx *gorm.DB, r *relation) answer {
		out := r.target.slice()
		return gave(r.association(tx.Unscoped(), r.m.row(deletedRow)).Find(out), out)
	}},
	{"Association Find with text", owned | oneByOne, func(tx *gorm.DB, r *relation) answer {
		out := r.target.slice()
		return gave(r.association(tx, r.m.row(0)).Find(out, "1 = 1\tor\t1 = 1"), out)
	}},
	{"Association Find where or", owned | oneByOne, func(tx *gorm.DB, r *relation) answer {
		out := r.target.slice()
		return gave(r.association(tx.Where("1 = 1").Or("1 = 1"), r.m.row(0)).Find(out), out)
	}},
	{"Association Find of many", owned | oneByOne, func(tx *gorm.DB, r *relation) answer {
		out := r.target.slice()
		return gave(r.association(tx, r.m.sliceOf(r.m.row(0), r.m.row(1))).Find(out), out)
	}},
	{"Association Find DTO", owned | oneByOne, func(tx *gorm.DB, r *relation) answer {
		out := r.target.dto(r.target.any())
		return gave(r.association(tx, r.m.row(0)).Find(out), out)
	}},
	{"Association Count", owned | oneByOne | silent, func(tx *gorm.DB, r *relation) answer {
		mode := r.association(tx, r.m.row(0))
		n := mode.Count()
		return gave(mode.Error, n)
	}},
	{"Association Count where or", owned | oneByOne | silent, func(tx *gorm.DB, r *relation) answer {
		mode := r.association(tx.Where("1 = 1").Or("1 = 1"), r.m.row(0))
		n := mode.Count()
		return gave(mode.Error, n)
	}},
	{"Association Count of many", owned | oneByOne | silent, func(tx *gorm.DB, r *relation) answer {
		mode := r.association(tx, r.m.sliceOf(r.m.row(0), r.m.row(1), r.m.row(2)))
		n := mode.Count()
		return gave(mode.Error, n)
	}},
	{"Association Append new", creates | inOrder, func(tx *gorm.DB, r *relation) answer {
		owner, v := r.m.row(0), r.new(0)
		return gave(r.association(tx, owner).Append(v), owner, v)
	}},
	{"Association Append new to a key", creates | inOrder, func(tx *gorm.DB, r *relation) answer {
		owner, v := r.bare(), r.new(0)
		return gave(r.association(tx, owner).Append(v), owner, v)
	}},
	{"Association Append stored", creates | inOrder, func(tx *gorm.DB, r *relation) answer {
		owner, v := r.m.row(1), r.stored(2)
		return gave(r.association(tx, owner).Append(v), owner, v)
	}},
	{"Association Append a key", creates | inOrder, func(tx *gorm.DB, r *relation) answer {
		r.writable() // with FullSaveAssociations it is overwritten
		owner, v := r.m.row(1), r.bareTarget(2)
		return gave(r.association(tx, owner).Append(v), owner, v)
	}},
	{"Association Append several", creates | inOrder, func(tx *gorm.DB, r *relation) answer {
		r.only(schema.HasMany, schema.Many2Many)
		owner, v := r.m.row(0), r.target.pointersOf(r.new(0), r.stored(2))
		return gave(r.association(tx, owner).Append(v), owner)
	}},
	{"Association Append to many", creates | inOrder, func(tx *gorm.DB, r *relation) answer {
		owners := r.m.sliceOf(r.m.row(0), r.m.row(1))
		return gave(r.association(tx, owners).Append(r.new(0), r.stored(2)), owners)
	}},
	{"Association Append a map", creates | inOrder, func(tx *gorm.DB, r *relation) answer {
		r.only(schema.HasMany)
		owner := r.m.row(0)
		return gave(r.association(tx, owner).Append(r.target.columns(r.new(0))))
	}},
	{"Association Append the other's key", creates | inOrder | blocked | taking, func(tx *gorm.DB, r *relation) answer {
		owner, v := r.m.row(0), r.target.taking(0, r.other(foreignRow))
		return gave(r.association(tx, owner).Append(v), owner, v)
	}},
	{"Association Replace new", creates | inOrder, func(tx *gorm.DB, r *relation) answer {
		owner, v := r.m.row(0), r.new(0)
		return gave(r.association(tx, owner).Replace(v), owner, v)
	}},
	{"Association Replace stored", creates | inOrder, func(tx *gorm.DB, r *relation) answer {
		owner, v := r.m.row(0), r.stored(2)
		return gave(r.association(tx, owner).Replace(v), owner, v)
	}},
	{"Association Replace Unscoped", creates | inOrder, func(tx *gorm.DB, r *relation) answer {
		r.writable()
		owner, v := r.m.row(0), r.new(0)
		return gave(r.association(tx, owner).Unscoped().Replace(v), owner, v)
	}},
	{"Association Replace of many", creates | inOrder, func(tx *gorm.DB, r *relation) answer {
		owners := r.m.sliceOf(r.m.row(0), r.m.row(1))
		return gave(r.association(tx, owners).Replace(r.new(0), r.stored(2)), owners)
	}},
	{"Association Delete", creates | inOrder, func(tx *gorm.DB, r *relation) answer {
		owner := r.m.row(0)
		return gave(r.association(tx, owner).Delete(r.stored(0), r.stored(1)), owner)
	}},
	{"Association Delete by key", creates | inOrder, func(tx *gorm.DB, r *relation) answer {
		owner := r.bare()
		return gave(r.association(tx, owner).Delete(r.bareTarget(0), r.bareTarget(1)), owner)
	}},
	{"Association Delete not related", creates | inOrder, func(tx *gorm.DB, r *relation) answer {
		owner := r.m.row(0)
		return gave(r.association(tx, owner).Delete(r.stored(2)), owner)
	}},
	{"Association Delete Unscoped", creates | inOrder, func(tx *gorm.DB, r *relation) answer {
		r.writable()
		owner := r.m.row(0)
		return gave(r.association(tx, owner).Unscoped().Delete(r.stored(0)), owner)
	}},
	{"Association Delete of many", creates | inOrder, func(tx *gorm.DB, r *relation) answer {
		owners := r.m.sliceOf(r.m.row(0), r.m.row(1))
		return gave(r.association(tx, owners).Delete(r.stored(0)), owners)
	}},
	{"Association Clear", creates | inOrder, func(tx *gorm.DB, r *relation) answer {
		owner := r.m.row(0)
		return gave(r.association(tx, owner).Clear(), owner)
	}},
	{"Association Clear by key", creates | inOrder, func(tx *gorm.DB, r *relation) answer {
		owner := r.bare()
		return gave(r.association(tx, owner).Clear(), owner)
	}},
	{"Association Clear Unscoped", creates | inOrder, func(tx *gorm.DB, r *relation) answer {
		r.writable()
		owner := r.m.row(0)
		return gave(r.association(tx, owner).Unscoped().Clear(), owner)
	}},
	{"Association Clear of many", creates | inOrder, func(tx *gorm.DB, r *relation) answer {
		owners := r.m.sliceOf(r.m.row(0), r.m.row(1))
		return gave(r.association(tx, owners).Clear(), owners)
	}},
	{"Association Replace none", creates | inOrder, func(tx *gorm.DB, r *relation) answer {
		owner := r.m.row(1)
		return gave(r.association(tx, owner).Replace(), owner)
	}},
	{"Foreign Association Append", creates | naming | mismatch, func(tx *gorm.DB, r *relation) answer {
		return gave(r.association(tx, r.m.row(0)).Append(r.other(2)))
	}},
	{"Foreign Association Append new", creates | naming | mismatch, func(tx *gorm.DB, r *relation) answer {
		return gave(r.association(tx, r.m.row(0)).Append(r.target.madeFor(1, 0)))
	}},
	{"Foreign Association Replace", creates | naming | mismatch, func(tx *gorm.DB, r *relation) answer {
		return gave(r.association(tx, r.m.row(0)).Replace(r.other(2)))
	}},
	{"Foreign Association owner Append", creates | naming | mismatch | byOwner, func(tx *gorm.DB, r *relation) answer {
		return gave(r.association(tx, r.m.foreign(0)).Append(r.new(0)))
	}},
	{"Foreign Association owner Clear", creates | naming | mismatch | byOwner | refusable, func(tx *gorm.DB, r *relation) answer {
		return gave(r.association(tx, r.m.foreign(0)).Clear())
	}},
	{"Foreign Association owner Delete", creates | naming | mismatch | byOwner | refusable, func(tx *gorm.DB, r *relation) answer {
		return gave(r.association(tx, r.m.foreign(0)).Delete(r.bareTarget(0)))
	}},
	{"Foreign Association Delete", creates | naming | mismatch | refusable, func(tx *gorm.DB, r *relation) answer {
		return gave(r.association(tx, r.m.row(0)).Delete(r.other(0)))
	}},
}

// bare is the first row with its key and its references alone.
func (r *relation) bare() any {
	if r.m.single() {
		panic(inapplicable{})
	}
	owner := r.m.keyed(r.m.row(0))
	for _, ref := range r.References {
		switch {
		case r.Type == schema.BelongsTo:
			r.m.with(owner, ref.ForeignKey, r.m.of(ref.ForeignKey, 0))
		case ref.OwnPrimaryKey:
			r.m.with(owner, ref.PrimaryKey, r.m.of(ref.PrimaryKey, 0))
		}
	}
	return owner
}

// bareTarget is a related row with its key alone.
func (r *relation) bareTarget(n int) any {
	if r.target.single() {
		panic(inapplicable{})
	}
	value := r.target.keyed(r.target.row(n))
	for _, ref := range r.References {
		if ref.PrimaryKey != nil && !ref.OwnPrimaryKey {
			field := r.target.schema.LookUpField(ref.PrimaryKey.DBName)
			r.target.with(value, field, r.target.of(field, n))
		}
	}
	return value
}
