package tenancytest

import (
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
	"gorm.io/gorm/schema"

	"github.com/gorm-tenancy/tenancy"
)

// joinOperations join related rows, by relation and by text.
var joinOperations = []relationOperation{
	{"Joins", union, func(tx *gorm.DB, r *relation) answer {
		r.toOne()
		out := r.m.slice()
		return got(tx.Joins(r.name).Find(out), out)
	}},
	{"Joins or", union, func(tx *gorm.DB, r *relation) answer {
		r.toOne()
		out := r.m.slice()
		return got(tx.Joins(r.name).Where("1 = 1").Or("1 = 1").Find(out), out)
	}},
	{"Joins tabs", union, func(tx *gorm.DB, r *relation) answer {
		r.toOne()
		out := r.m.slice()
		return got(tx.Joins(r.name).Where("1 = 1\tor\t1 = 1").Find(out), out)
	}},
	{"Joins Unscoped", union, func(tx *gorm.DB, r *relation) answer {
		r.toOne()
		out := r.m.slice()
		return got(tx.Unscoped().Joins(r.name).Find(out), out)
	}},
	{"Joins First", 0, func(tx *gorm.DB, r *relation) answer {
		r.toOne()
		r.m.key()
		out := r.m.new()
		return got(tx.Joins(r.name).First(out), out)
	}},
	{"Joins by id", 0, func(tx *gorm.DB, r *relation) answer {
		r.toOne()
		out := r.m.new()
		return got(tx.Joins(r.name).First(out, r.m.id(1)), out)
	}},
	{"Joins Count", union, func(tx *gorm.DB, r *relation) answer {
		r.toOne()
		var n int64
		return got(tx.Model(r.m.new()).Joins(r.name).Count(&n), n)
	}},
	{"Joins Count and Find", union, func(tx *gorm.DB, r *relation) answer {
		r.toOne()
		var n int64
		out := r.m.slice()
		chain := tx.Model(r.m.new()).Joins(r.name)
		return got(chain.Count(&n), n).and(got(chain.Find(out), out))
	}},
	{"InnerJoins", union, func(tx *gorm.DB, r *relation) answer {
		r.toOne()
		out := r.m.slice()
		return got(tx.InnerJoins(r.name).Find(out), out)
	}},
	{"InnerJoins or", union, func(tx *gorm.DB, r *relation) answer {
		r.toOne()
		out := r.m.slice()
		return got(tx.InnerJoins(r.name).Where("1 = 1").Or("1 = 1").Find(out), out)
	}},
	{"Joins where related", union, func(tx *gorm.DB, r *relation) answer {
		r.toOne()
		out := r.m.slice()
		return got(tx.Joins(r.name).Where(r.alias()+"."+r.target.c(r.target.any())+" = ? OR 1 = 0",
			r.target.of(r.target.any(), 0)).Find(out), out)
	}},
	{"Joins ordered by related", inOrder, func(tx *gorm.DB, r *relation) answer {
		r.toOne()
		out := r.m.slice()
		return got(tx.Joins(r.name).Order(r.alias()+"."+r.target.c(r.target.any())+", "+r.m.q(r.m.key())).Find(out), out)
	}},
	{"Joins with condition", union, func(tx *gorm.DB, r *relation) answer {
		r.toOne()
		out := r.m.slice()
		f := r.target.any()
		return got(tx.Joins(r.name, tx.Where(r.target.holding(f, 0))).Find(out), out)
	}},
	{"Joins with condition text", union, func(tx *gorm.DB, r *relation) answer {
		r.toOne()
		out := r.m.slice()
		f := r.target.any()
		text := r.alias() + "." + r.target.c(f) + " = ?\tor\t1 = 1"
		return got(tx.Joins(r.name, tx.Where(text, r.target.of(f, 0))).Find(out), out)
	}},
	{"Joins with condition or", union, func(tx *gorm.DB, r *relation) answer {
		r.toOne()
		out := r.m.slice()
		return got(tx.Joins(r.name, tx.Where("1 = 1").Or("1 = 1")).Find(out), out)
	}},
	{"InnerJoins with condition", union, func(tx *gorm.DB, r *relation) answer {
		r.toOne()
		out := r.m.slice()
		f := r.target.any()
		return got(tx.InnerJoins(r.name, tx.Where(r.target.holding(f, 0))).Find(out), out)
	}},
	{"Joins with selection", union, func(tx *gorm.DB, r *relation) answer {
		r.toOne()
		out := r.m.slice()
		return got(tx.Joins(r.name, tx.Select(r.target.key().DBName)).Find(out), out)
	}},
	{"Joins with handle of the model", union, func(tx *gorm.DB, r *relation) answer {
		r.toOne()
		out := r.m.slice()
		return got(tx.Joins(r.name, tx.Model(r.target.new())).Find(out), out)
	}},
	{"Joins nested", union, func(tx *gorm.DB, r *relation) answer {
		r.toOne()
		out := r.m.slice()
		for _, next := range r.target.rels {
			if !next.toMany() && next.name == next.path && !next.target.isPrivate() {
				return got(tx.Joins(r.name+"."+next.name).Find(out), out)
			}
		}
		panic(inapplicable{})
	}},
	{"Joins and nested", union, func(tx *gorm.DB, r *relation) answer {
		r.toOne()
		out := r.m.slice()
		for _, next := range r.target.rels {
			if !next.toMany() && next.name == next.path && !next.target.isPrivate() {
				return got(tx.Joins(r.name).Joins(r.name+"."+next.name).Find(out), out)
			}
		}
		panic(inapplicable{})
	}},
	{"Joins Pluck related", union, func(tx *gorm.DB, r *relation) answer {
		r.toOne()
		out := []any{}
		return got(tx.Model(r.m.new()).Joins(r.name).Pluck(r.alias()+"."+r.target.c(r.target.any()), &out), &out)
	}},
	{"Joins Rows", 0, func(tx *gorm.DB, r *relation) answer {
		r.toOne()
		return r.m.scanRows(tx.Model(r.m.new()).Joins(r.name))
	}},
	{"Joins in a subquery", oneByOne, func(tx *gorm.DB, r *relation) answer {
		out := r.m.slice()
		inner := tx.Model(r.m.new()).Joins(r.join("JOIN", "rel")).Select(r.m.q(r.m.key()))
		return got(tx.Where(r.m.c(r.m.key())+" IN (?)", inner).Find(out), out)
	}},
	{"Joins and Preload", union, func(tx *gorm.DB, r *relation) answer {
		r.m.followAll()
		r.toOne()
		out := r.m.slice()
		return got(tx.Joins(r.name).Preload(clause.Associations).Find(out), out)
	}},
	{"Joins text", union, func(tx *gorm.DB, r *relation) answer {
		return intoMaps(tx.Model(r.m.new()).Select(r.columns("rel")).Joins(r.join("JOIN", "rel")))
	}},
	{"Joins text INNER", union, func(tx *gorm.DB, r *relation) answer {
		return intoMaps(tx.Model(r.m.new()).Select(r.columns("rel")).Joins(r.join("INNER JOIN", "rel")))
	}},
	{"Joins text LEFT", union, func(tx *gorm.DB, r *relation) answer {
		return intoMaps(tx.Model(r.m.new()).Select(r.columns("rel")).Joins(r.join("LEFT JOIN", "rel")))
	}},
	{"Joins text lower left outer", union, func(tx *gorm.DB, r *relation) answer {
		return intoMaps(tx.Model(r.m.new()).Select(r.columns("rel")).Joins(r.join("\nleft outer join", "rel")))
	}},
	{"Joins text RIGHT", 0, func(tx *gorm.DB, r *relation) answer {
		r.only(schema.BelongsTo, schema.HasOne, schema.HasMany)
		return intoMaps(tx.Unscoped().Model(r.m.new()).Select(r.columns("rel")).Joins(r.join("RIGHT JOIN", "rel")))
	}},
	{"Joins text FULL", 0, func(tx *gorm.DB, r *relation) answer {
		r.only(schema.BelongsTo, schema.HasOne, schema.HasMany)
		return intoMaps(tx.Unscoped().Model(r.m.new()).Select(r.columns("rel")).Joins(r.join("FULL JOIN", "rel")))
	}},
	{"Joins text CROSS", 0, func(tx *gorm.DB, r *relation) answer {
		return intoMaps(tx.Model(r.m.new()).Select(r.columns("rel")).Joins("CROSS JOIN " + r.m.f.name(r.target.table) + " rel"))
	}},
	{"Joins text ON or", 0, func(tx *gorm.DB, r *relation) answer {
		r.only(schema.BelongsTo, schema.HasOne, schema.HasMany)
		return intoMaps(tx.Model(r.m.new()).Select(r.columns("rel")).Joins(r.join("LEFT JOIN", "rel")+"\tor\t1 = ?", 1))
	}},
	{"Joins text where or", 0, func(tx *gorm.DB, r *relation) answer {
		return intoMaps(tx.Model(r.m.new()).Select(r.columns("rel")).Joins(r.join("JOIN", "rel")).Where("1 = 1").Or("1 = 1"))
	}},
	{"Joins text twice", 0, func(tx *gorm.DB, r *relation) answer {
		r.only(schema.BelongsTo, schema.HasOne, schema.HasMany)
		return intoMaps(tx.Model(r.m.new()).Select(r.columns("rel")).Joins(r.join("LEFT JOIN", "rel")).
			Joins(r.join("LEFT JOIN", "again")))
	}},
	{"Joins text Count", union, func(tx *gorm.DB, r *relation) answer {
		var n int64
		return got(tx.Model(r.m.new()).Joins(r.join("LEFT JOIN", "rel")).Count(&n), n)
	}},
	{"Joins text Find", union, func(tx *gorm.DB, r *relation) answer {
		out := r.m.slice()
		return got(tx.Joins(r.join("JOIN", "rel")).Find(out), out)
	}},
	{"Joins text grouped", 0, func(tx *gorm.DB, r *relation) answer {
		c := r.m.q(r.m.key())
		return intoMaps(tx.Model(r.m.new()).Select(c + " AS k, COUNT(rel." + r.target.c(r.target.key()) + ") AS n").
			Joins(r.join("LEFT JOIN", "rel")).Group(c))
	}},
	{"Joins text of a Table", 0, func(tx *gorm.DB, r *relation) answer {
		return intoMaps(tx.Table(r.m.table).Select(r.columns("rel")).Joins(r.join("JOIN", "rel")))
	}},
	{"Joins text plain name", 0, func(tx *gorm.DB, r *relation) answer {
		r.only(schema.BelongsTo, schema.HasOne, schema.HasMany)
		if r.target == r.m {
			panic(inapplicable{})
		}
		name := r.m.f.name(r.target.table)
		return intoMaps(tx.Model(r.m.new()).Select(r.columns(name)).
			Joins("JOIN " + name + " ON " + r.on(r.m.f.name(r.m.table), name)))
	}},
	{"Joins text and relation", 0, func(tx *gorm.DB, r *relation) answer {
		r.toOne()
		out := r.m.slice()
		return got(tx.Joins(r.name).Joins(r.join("LEFT JOIN", "again")).Find(out), out)
	}},
	{"Two tables", 0, func(tx *gorm.DB, r *relation) answer {
		left, right := r.m.f.name(r.m.table), r.m.f.name(r.target.table)
		r.only(schema.BelongsTo, schema.HasOne, schema.HasMany)
		return intoMaps(tx.Table(left + " a, " + right + " b").Where(r.on("a", "b")).
			Select("a." + r.m.c(r.m.any()) + " AS mine, b." + r.target.c(r.target.any()) + " AS theirs"))
	}},
	{"Two tables as arguments", oneByOne, func(tx *gorm.DB, r *relation) answer {
		r.only(schema.BelongsTo, schema.HasOne, schema.HasMany)
		return intoMaps(tx.Table("(?) AS a, (?) AS b", tx.Model(r.m.new()), tx.Model(r.target.new())).Where(r.on("a", "b")).
			Select("a." + r.m.c(r.m.any()) + " AS mine, b." + r.target.c(r.target.any()) + " AS theirs"))
	}},
	{"Related in a subquery", union | oneByOne, func(tx *gorm.DB, r *relation) answer {
		r.only(schema.BelongsTo)
		out := r.m.slice()
		ref := r.References[0]
		return got(tx.Where(r.m.c(ref.ForeignKey)+" IN (?)", tx.Model(r.target.new()).Select(ref.PrimaryKey.DBName)).Find(out), out)
	}},
	{"Related counted in Select", oneByOne, func(tx *gorm.DB, r *relation) answer {
		r.only(schema.HasOne, schema.HasMany)
		name := r.m.f.name(r.target.table)
		count := tx.Table(name + " AS rel").Select("COUNT(*)").Where(r.on(r.m.f.name(r.m.table), "rel"))
		return intoMaps(tx.Model(r.m.new()).Select(r.m.order()+", (?) AS n", count))
	}},
	{"Related in EXISTS", union | oneByOne, func(tx *gorm.DB, r *relation) answer {
		r.only(schema.BelongsTo, schema.HasOne, schema.HasMany)
		out := r.m.slice()
		inner := tx.Table(r.m.f.name(r.target.table) + " AS rel").Select("1").Where(r.on(r.m.f.name(r.m.table), "rel"))
		return got(tx.Where("EXISTS (?)", inner).Find(out), out)
	}},
	{"Update by related", changes | oneByOne, func(tx *gorm.DB, r *relation) answer {
		r.only(schema.BelongsTo, schema.HasOne, schema.HasMany)
		f := r.m.any()
		inner := tx.Table(r.m.f.name(r.target.table) + " AS rel").Select("1").Where(r.on(r.m.f.name(r.m.table), "rel"))
		return got(tx.Model(r.m.new()).Where("EXISTS (?)", inner).Update(f.DBName, r.m.next(f)))
	}},
	{"Delete by related", changes | oneByOne, func(tx *gorm.DB, r *relation) answer {
		r.only(schema.HasOne, schema.HasMany)
		inner := tx.Table(r.m.f.name(r.target.table) + " AS rel").Select("1").Where(r.on(r.m.f.name(r.m.table), "rel"))
		return got(tx.Where("NOT EXISTS (?)", inner).Delete(r.m.new()))
	}},
	{"Joins text and the own tenant", union, func(tx *gorm.DB, r *relation) answer {
		r.direct()
		return intoMaps(tx.Model(r.m.new()).Select(r.columns("rel")).Joins(r.join("LEFT JOIN", "rel")).
			Where(r.m.q(r.m.tenantField())+" = ?", r.m.f.tenants[0]))
	}},
	{"Joins text and tenants that match", 0, func(tx *gorm.DB, r *relation) answer {
		r.direct()
		tenant := "rel." + r.target.tenantColumn()
		return intoMaps(tx.Model(r.m.new()).Select(r.columns("rel")).
			Joins(r.join("JOIN", "rel") + " AND " + tenant + " = " + tenant))
	}},
	{"Related of the own tenant in EXISTS", union | oneByOne, func(tx *gorm.DB, r *relation) answer {
		r.direct()
		out := r.m.slice()
		inner := tx.Table(r.target.name()+" AS rel").Select("1").
			Where(r.on(r.m.name(), "rel")+" AND rel."+r.target.tenantColumn()+" = ?", r.m.f.tenants[0])
		return got(tx.Where("EXISTS (?)", inner).Find(out), out)
	}},
	{"Related in From", oneByOne, func(tx *gorm.DB, r *relation) answer {
		f := r.target.any()
		return intoMaps(tx.Table(r.m.name()+" AS mine, (?) AS rel", tx.Model(r.target.new()).Select(r.target.c(f))).
			Select("mine." + r.m.c(r.m.any()) + " AS a, rel." + r.target.c(f) + " AS b"))
	}},
	{"Related joined as a subquery", oneByOne, func(tx *gorm.DB, r *relation) answer {
		r.direct()
		return intoMaps(tx.Model(r.m.new()).Select(r.columns("rel")).
			Joins("LEFT JOIN (?) AS rel ON "+r.on(r.m.name(), "rel"), tx.Model(r.target.new())))
	}},
	{"Related in Order", oneByOne, func(tx *gorm.DB, r *relation) answer {
		out := r.m.slice()
		return got(tx.Clauses(clause.OrderBy{Expression: clause.Expr{
			SQL: r.m.order() + ", (?)", Vars: []any{r.number(tx)},
		}}).Find(out), out)
	}},
	{"Related in an expression", oneByOne, func(tx *gorm.DB, r *relation) answer {
		out := r.m.slice()
		return got(tx.Where(gorm.Expr("? > ?", 6, gorm.Expr("(?)", r.number(tx)))).Find(out), out)
	}},
	{"Related in a text's value", oneByOne | asWritten | textual, func(tx *gorm.DB, r *relation) answer {
		return scanned(tx, "SELECT "+r.m.c(r.m.any())+" FROM "+r.m.name()+" WHERE 6 > (?)", r.number(tx))
	}},
	{"Related in Exec's value", changes | oneByOne | asWritten | textual, func(tx *gorm.DB, r *relation) answer {
		c := r.m.count()
		text, args := r.m.is(0)
		return got(tx.Exec("UPDATE "+r.m.name()+" SET "+r.m.c(c)+" = (?) WHERE "+text, append([]any{r.number(tx)}, args...)...))
	}},
	{"Related in a trusted text's value", inTenant | oneByOne | textual, func(tx *gorm.DB, r *relation) answer {
		if r.target.isPrivate() {
			panic(inapplicable{}) // GORM drops the error of the query among the values
		}
		trusted := tx.WithContext(tenancy.Trust(tx.Statement.Context, "the text names its tenant"))
		joined := trusted.Model(r.m.new()).Joins(r.join("JOIN", "rel")).Select("COUNT(*)")
		return scanned(trusted, "SELECT "+r.m.c(r.m.any())+", (?) AS n FROM "+r.m.name()+" WHERE "+r.m.tenantColumn()+" = ?",
			joined, r.m.f.tenants[0])
	}},
	{"Update to related", changes | oneByOne, func(tx *gorm.DB, r *relation) answer {
		return got(row(where, tx.Model(r.m.new()), r.m, 0).Updates(map[string]any{r.m.count().DBName: r.number(tx)}))
	}},
	{"Create of related", creates | inInsert, func(tx *gorm.DB, r *relation) answer {
		columns := r.m.columns(r.m.made(0))
		columns[r.m.count().DBName] = gorm.Expr("(?)", r.number(tx))
		return got(tx.Model(r.m.new()).Create(columns))
	}},
	{"Upsert to related", creates | inInsert, func(tx *gorm.DB, r *relation) answer {
		to := clause.Assignments(map[string]any{r.m.count().DBName: gorm.Expr("(?)", r.number(tx))})
		return got(tx.Clauses(r.m.conflict(clause.OnConflict{DoUpdates: to})).Create(r.m.changed(0)))
	}},
}

// number counts the related rows, all of them.
func (r *relation) number(tx *gorm.DB) *gorm.DB {
	return tx.Model(r.target.new()).Unscoped().Select("COUNT(*)")
}

// toOne leaves the operation out for relations that Joins does not take by name.
func (r *relation) toOne() {
	if r.toMany() {
		panic(inapplicable{})
	}
}

// alias is the name that GORM gives the related table in a join.
func (r *relation) alias() string { return r.m.f.quote(r.name) }
