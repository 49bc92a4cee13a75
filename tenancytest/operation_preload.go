package tenancytest

import (
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// preloadOperations load related rows with the owners'.
var preloadOperations = []relationOperation{
	{"Preload", union, func(tx *gorm.DB, r *relation) answer {
		out := r.m.slice()
		return got(tx.Preload(r.path).Find(out), out)
	}},
	{"Preload pointers", union, func(tx *gorm.DB, r *relation) answer {
		out := r.m.pointers()
		return got(tx.Preload(r.path).Find(out), out)
	}},
	{"Preload First", 0, func(tx *gorm.DB, r *relation) answer {
		out := r.m.new()
		return got(r.m.sorted(tx.Preload(r.path)).First(out), out)
	}},
	{"Preload Unscoped", union, func(tx *gorm.DB, r *relation) answer {
		out := r.m.slice()
		return got(tx.Unscoped().Preload(r.path).Find(out), out)
	}},
	{"Preload with text", union, func(tx *gorm.DB, r *relation) answer {
		out := r.m.slice()
		text, args := r.target.either("\tor\t", 0, 1)
		return got(tx.Preload(r.path, append([]any{text}, args...)...).Find(out), out)
	}},
	{"Preload with true", union, func(tx *gorm.DB, r *relation) answer {
		out := r.m.slice()
		return got(tx.Preload(r.path, "1 = 1 OR 1 = 1").Find(out), out)
	}},
	{"Preload with function", union, func(tx *gorm.DB, r *relation) answer {
		out := r.m.slice()
		return got(tx.Preload(r.path, func(tx *gorm.DB) *gorm.DB {
			return tx.Where("1 = 1").Or("1 = 0").Order(r.target.order())
		}).Find(out), out)
	}},
	{"Preload with function Unscoped", union, func(tx *gorm.DB, r *relation) answer {
		out := r.m.slice()
		return got(tx.Preload(r.path, func(tx *gorm.DB) *gorm.DB { return tx.Unscoped() }).Find(out), out)
	}},
	{"Preload with subquery", union | oneByOne, func(tx *gorm.DB, r *relation) answer {
		out := r.m.slice()
		return got(tx.Preload(r.path, r.target.c(r.target.key())+" IN (?)", keys(tx, r.target)).Find(out), out)
	}},
	{"Preload with a handle", union, func(tx *gorm.DB, r *relation) answer {
		out := r.m.slice()
		return got(tx.Preload(r.path, tx.Where("1 = 1").Or("1 = 1")).Find(out), out)
	}},
	{"Preload where or", union, func(tx *gorm.DB, r *relation) answer {
		out := r.m.slice()
		return got(tx.Where("1 = 1").Or("1 = 1").Preload(r.path).Find(out), out)
	}},
	{"Preload all", union, func(tx *gorm.DB, r *relation) answer {
		r.m.followAll()
		out := r.m.slice()
		return got(tx.Preload(clause.Associations).Find(out), out)
	}},
	{"Preload nested all", union, func(tx *gorm.DB, r *relation) answer {
		r.target.followAll()
		out := r.m.slice()
		return got(tx.Preload(r.path+"."+clause.Associations).Find(out), out)
	}},
	{"Preload nested", union, func(tx *gorm.DB, r *relation) answer {
		if len(r.target.rels) == 0 {
			panic(inapplicable{})
		}
		r.target.avoidPrivate()
		out := r.m.slice()
		chain := tx
		for _, next := range r.target.rels {
			chain = chain.Preload(r.path + "." + next.path)
		}
		return got(chain.Find(out), out)
	}},
	{"Preload in batches", 0, func(tx *gorm.DB, r *relation) answer { return r.m.inBatches(tx.Preload(r.path)) }},
	{"Preload of a Table", 0, func(tx *gorm.DB, r *relation) answer {
		out := r.m.slice()
		return got(tx.Table(r.m.table).Preload(r.path).Find(out), out)
	}},
	{"Preload twice with a chain", union, func(tx *gorm.DB, r *relation) answer {
		out, again := r.m.slice(), r.m.slice()
		chain := tx.Preload(r.path).Session(&gorm.Session{})
		return got(chain.Find(out), out).and(got(chain.Find(again), again))
	}},
}
