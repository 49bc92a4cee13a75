package tenancytest

import (
	"errors"

	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy"
)

var errAbandon = errors.New("tenancytest: abandon the transaction")

// sessionOperations are about sessions, transactions and raw SQL.
var sessionOperations = []operation{
	{"Session NewDB", union, func(tx *gorm.DB, m *model) answer {
		out := m.slice()
		return got(tx.Where("1 = 0").Session(&gorm.Session{NewDB: true}).Find(out), out)
	}},
	{"Session PrepareStmt", union, func(tx *gorm.DB, m *model) answer {
		out, again := m.slice(), m.slice()
		prepared := tx.Session(&gorm.Session{PrepareStmt: true})
		return got(prepared.Where("1 = 1").Or("1 = 1").Find(out), out).
			and(got(prepared.Where("1 = 1").Or("1 = 1").Find(again), again))
	}},
	{"Session QueryFields", union, func(tx *gorm.DB, m *model) answer {
		out := m.slice()
		return got(tx.Session(&gorm.Session{QueryFields: true}).Where("1 = 1\tor\t1 = 1").Find(out), out)
	}},
	{"Session of a chain", union, func(tx *gorm.DB, m *model) answer {
		out, all := m.slice(), m.slice()
		chain := row(or, row(where, tx, m, 0), m, 1).Session(&gorm.Session{})
		return got(chain.Where("1 = 1").Find(out), out).and(got(chain.Or("1 = 1").Find(all), all))
	}},
	{"Session of a chain without a context", 0, func(tx *gorm.DB, m *model) answer {
		out := m.slice()
		chain := row(or, row(where, tx.WithContext(m.f.context()), m, 0), m, 1)
		return got(chain.WithContext(tx.Statement.Context).Find(out), out)
	}},
	{"Session of a chain of the other tenant", 0, func(tx *gorm.DB, m *model) answer {
		out := m.slice()
		chain := row(or, row(where, tx.WithContext(m.f.as(1)), m, 0), m, 1)
		return got(chain.WithContext(tx.Statement.Context).Find(out), out)
	}},
	{"Session SkipDefaultTransaction", creates | inOrder, func(tx *gorm.DB, m *model) answer {
		v, w := m.fresh(0), m.changed(0)
		session := tx.Session(&gorm.Session{SkipDefaultTransaction: true})
		return got(session.Create(v), v).and(got(session.Save(w), w))
	}},
	{"Session DryRun Find", union, func(tx *gorm.DB, m *model) answer {
		out := m.slice()
		result := tx.Session(&gorm.Session{DryRun: true}).Find(out)
		return gave(result.Error, out)
	}},
	{"Session DryRun Create", creates, func(tx *gorm.DB, m *model) answer {
		return gave(tx.Session(&gorm.Session{DryRun: true}).Create(m.made(0)).Error)
	}},
	{"Session DryRun Delete", changes, func(tx *gorm.DB, m *model) answer {
		return gave(row(where, tx.Session(&gorm.Session{DryRun: true}), m, 0).Delete(m.new()).Error)
	}},
	{"Set and Get", union, func(tx *gorm.DB, m *model) answer {
		out := m.slice()
		return got(tx.Set("tenancytest", 1).InstanceSet("tenancytest", 2).Find(out), out)
	}},
	{"Debug", union, func(tx *gorm.DB, m *model) answer { out := m.slice(); return got(tx.Debug().Find(out), out) }},
	{"Transaction", creates | inOrder, func(tx *gorm.DB, m *model) answer {
		v := m.fresh(0)
		err := tx.Transaction(func(tx *gorm.DB) error { return tx.Create(v).Error })
		return gave(err, v)
	}},
	{"Transaction abandoned", creates, func(tx *gorm.DB, m *model) answer {
		out := m.slice()
		err := tx.Transaction(func(tx *gorm.DB) error {
			if err := tx.Create(m.made(0)).Error; err != nil {
				return err
			}
			return errAbandon
		})
		if errors.Is(err, errAbandon) {
			err = nil
		}
		return gave(err).and(got(tx.Find(out), out))
	}},
	{"Transaction in a transaction", creates, func(tx *gorm.DB, m *model) answer {
		out := m.slice()
		err := tx.Transaction(func(tx *gorm.DB) error {
			err := tx.Create(m.made(0)).Error
			if inner := tx.Transaction(func(tx *gorm.DB) error {
				return errors.Join(tx.Create(m.made(1)).Error, errAbandon)
			}); !errors.Is(inner, errAbandon) || errors.Is(inner, tenancy.ErrNoTenant) {
				return inner
			}
			return err
		})
		return gave(err).and(got(tx.Find(out), out))
	}},
	{"SavePoint", creates, func(tx *gorm.DB, m *model) answer {
		out := m.slice()
		first := tx.Create(m.made(0)).Error
		err := tx.SavePoint("halfway").Error
		second := tx.Create(m.made(1)).Error
		return gave(errors.Join(first, err, second, tx.RollbackTo("halfway").Error)).and(got(tx.Find(out), out))
	}},
	{"Raw", union | textual, func(tx *gorm.DB, m *model) answer {
		out := m.slice()
		return got(tx.Raw("SELECT * FROM "+m.f.name(m.table)).Scan(out), out)
	}},
	{"Raw Find", union | textual, func(tx *gorm.DB, m *model) answer {
		out := m.slice()
		return got(tx.Raw("SELECT * FROM "+m.f.name(m.table)+" WHERE 1 = 1 OR 1 = 1").Find(out), out)
	}},
	{"Raw Row", textual, func(tx *gorm.DB, m *model) answer {
		var n int64
		return gave(tx.Raw("SELECT COUNT(*) FROM "+m.f.name(m.table)).Row().Scan(&n), n)
	}},
	{"Raw subquery", union | textual, func(tx *gorm.DB, m *model) answer {
		out := m.slice()
		return got(tx.Where(m.c(m.key())+" IN (?)", tx.Raw("SELECT "+m.c(m.key())+" FROM "+m.f.name(m.table))).Find(out), out)
	}},
	{"Text subquery", union | textual, func(tx *gorm.DB, m *model) answer {
		out := m.slice()
		return got(tx.Where(m.c(m.key())+" IN (SELECT "+m.c(m.key())+" FROM "+m.f.name(m.table)+")").Find(out), out)
	}},
	{"Text subquery in Select", textual, func(tx *gorm.DB, m *model) answer {
		return intoMaps(tx.Model(m.new()).Select(m.order() + ", (SELECT COUNT(*) FROM " + m.f.name(m.table) + ") AS n"))
	}},
	{"Text union in Group", textual, func(tx *gorm.DB, m *model) answer {
		c := m.c(m.any())
		return intoMaps(tx.Model(m.new()).Select(c).Group(c + " UNION ALL SELECT " + c + " FROM " + m.f.name(m.table)))
	}},
	{"Text union in Order", textual, func(tx *gorm.DB, m *model) answer {
		c := m.c(m.any())
		return intoMaps(tx.Unscoped().Model(m.new()).Select(c).Having("1 = 1 UNION ALL SELECT " + c + " FROM " + m.f.name(m.table)).Group(c))
	}},
	{"Exec", changes | textual, func(tx *gorm.DB, m *model) answer {
		f := m.any()
		return got(tx.Exec("UPDATE "+m.f.name(m.table)+" SET "+m.c(f)+" = ?", m.next(f)))
	}},
	{"Exec delete", changes | textual, func(tx *gorm.DB, m *model) answer {
		text, args := m.is(orphanRow)
		return got(tx.Exec("DELETE FROM "+m.f.name(m.table)+" WHERE "+text+" OR 1 = 0", args...))
	}},
}
