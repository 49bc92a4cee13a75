package tenancytest

import (
	"context"
	"reflect"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

var readOperations = []operation{
	{"Find pointers", union, func(tx *gorm.DB, m *model) answer { out := m.pointers(); return got(tx.Find(out), out) }},
	{"Find ordered", inOrder, func(tx *gorm.DB, m *model) answer {
		out := m.slice()
		return got(tx.Order(m.order()).Find(out), out)
	}},
	{"Find ordered by column", inOrder, func(tx *gorm.DB, m *model) answer {
		out := m.slice()
		return got(tx.Order(clause.OrderByColumn{Column: clause.Column{Name: m.key().DBName}, Desc: true}).Find(out), out)
	}},
	{"Find limit offset", inOrder, func(tx *gorm.DB, m *model) answer {
		out := m.slice()
		return got(tx.Order(m.order()).Limit(2).Offset(1).Find(out), out)
	}},
	{"Find one struct", 0, func(tx *gorm.DB, m *model) answer {
		out := m.new()
		return got(tx.Order(m.order()).Limit(1).Find(out), out)
	}},
	{"Find inline id", 0, func(tx *gorm.DB, m *model) answer { out := m.new(); return got(tx.Find(out, m.id(1)), out) }},
	{"Find inline ids", union, func(tx *gorm.DB, m *model) answer { out := m.slice(); return got(tx.Find(out, m.ids(0, 1)), out) }},
	{"Find inline text", union, func(tx *gorm.DB, m *model) answer {
		out := m.slice()
		text, args := m.either("\tor\t", 0, 1)
		return got(tx.Find(out, append([]any{text}, args...)...), out)
	}},
	{"Find inline struct", union, func(tx *gorm.DB, m *model) answer {
		out := m.slice()
		return got(tx.Find(out, m.holding(m.any(), 0)), out)
	}},
	{"Find inline map", union, func(tx *gorm.DB, m *model) answer {
		out := m.slice()
		return got(tx.Find(out, map[string]any{m.any().DBName: m.of(m.any(), 0)}), out)
	}},
	{"Find the other's id", 0, func(tx *gorm.DB, m *model) answer { out := m.new(); return got(tx.Find(out, m.foreignID()), out) }},
	{"Find maps", union, func(tx *gorm.DB, m *model) answer {
		out := []map[string]any{}
		return got(tx.Model(m.new()).Find(&out), &out)
	}},
	{"Find DTO", union, func(tx *gorm.DB, m *model) answer {
		out := m.dto(m.any())
		return got(tx.Model(m.new()).Find(out), out)
	}},
	{"Find a column", union, func(tx *gorm.DB, m *model) answer {
		out := []any{}
		return got(tx.Model(m.new()).Select(m.c(m.any())).Find(&out), &out)
	}},
	{"First", 0, func(tx *gorm.DB, m *model) answer { out := m.new(); return got(m.sorted(tx).First(out), out) }},
	{"First id", 0, func(tx *gorm.DB, m *model) answer { out := m.new(); return got(tx.First(out, m.id(1)), out) }},
	{"First the other's id", 0, func(tx *gorm.DB, m *model) answer { out := m.new(); return got(tx.First(out, m.foreignID()), out) }},
	{"First inline text", 0, func(tx *gorm.DB, m *model) answer {
		out := m.new()
		text, args := m.either(" OR ", 1, 2)
		return got(m.sorted(tx).First(out, append([]any{text}, args...)...), out)
	}},
	{"First by the value's key", echoes, func(tx *gorm.DB, m *model) answer {
		out := m.keyed(m.row(1))
		return got(tx.First(out), out)
	}},
	{"First map", 0, func(tx *gorm.DB, m *model) answer {
		out := map[string]any{}
		return got(m.sorted(tx.Model(m.new())).First(&out), &out)
	}},
	{"First deleted", 0, func(tx *gorm.DB, m *model) answer {
		out := m.new()
		return got(tx.Unscoped().Where(m.c(m.deletedAt())+" IS NOT NULL").Order(m.order()).First(out), out)
	}},
	{"Take", 0, func(tx *gorm.DB, m *model) answer { out := m.new(); return got(tx.Order(m.order()).Take(out), out) }},
	{"Take id", 0, func(tx *gorm.DB, m *model) answer { out := m.new(); return got(tx.Take(out, m.id(2)), out) }},
	{"Last", 0, func(tx *gorm.DB, m *model) answer { out := m.new(); m.key(); return got(tx.Last(out), out) }},
	{"Last or true", 0, func(tx *gorm.DB, m *model) answer {
		out := m.new()
		m.key()
		return got(row(where, tx, m, 0).Or("1 = 1").Last(out), out)
	}},
	{"Scan", union, func(tx *gorm.DB, m *model) answer { out := m.slice(); return got(tx.Model(m.new()).Scan(out), out) }},
	{"Scan DTO", union, func(tx *gorm.DB, m *model) answer {
		out := m.dto(m.any())
		return got(tx.Model(m.new()).Scan(out), out)
	}},
	{"Scan a number", 0, func(tx *gorm.DB, m *model) answer {
		var n int64
		return got(tx.Model(m.new()).Select("COUNT(*)").Scan(&n), n)
	}},
	{"Pluck", union, func(tx *gorm.DB, m *model) answer {
		out := []any{}
		return got(tx.Model(m.new()).Pluck(m.c(m.any()), &out), &out)
	}},
	{"Pluck key", union, func(tx *gorm.DB, m *model) answer {
		out := []any{}
		return got(tx.Model(m.new()).Where("1 = 1").Or("1 = 1").Pluck(m.key().DBName, &out), &out)
	}},
	{"Pluck distinct", 0, func(tx *gorm.DB, m *model) answer {
		out := []any{}
		return got(tx.Model(m.new()).Distinct().Pluck(m.c(m.any()), &out), &out)
	}},
	{"Pluck expression", union, func(tx *gorm.DB, m *model) answer {
		out := []string{}
		return got(tx.Model(m.new()).Pluck("upper("+m.c(m.text())+")", &out), &out)
	}},
	{"Count column", union, func(tx *gorm.DB, m *model) answer {
		var n int64
		return got(tx.Model(m.new()).Select(m.c(m.any())).Count(&n), n)
	}},
	{"Count distinct", 0, func(tx *gorm.DB, m *model) answer {
		var n int64
		return got(tx.Model(m.new()).Distinct(m.c(m.any())).Count(&n), n)
	}},
	{"Count groups", 0, func(tx *gorm.DB, m *model) answer {
		var n int64
		return got(tx.Model(m.new()).Group(m.c(m.any())).Count(&n), n)
	}},
	{"Count twice and Find", union, func(tx *gorm.DB, m *model) answer {
		var n, again int64
		out := m.slice()
		chain := tx.Model(m.new()).Where("1 = 1").Or("1 = 1")
		return got(chain.Count(&n), n).and(got(chain.Count(&again), again)).and(got(chain.Find(out), out))
	}},
	{"Count cloned and Find", union, func(tx *gorm.DB, m *model) answer {
		var n int64
		out := m.slice()
		chain := tx.Model(m.new()).Where("1 = 1").Or("1 = 1").Session(&gorm.Session{})
		return got(chain.Count(&n), n).and(got(chain.Find(out), out))
	}},
	{"Distinct", 0, func(tx *gorm.DB, m *model) answer {
		out := []map[string]any{}
		return got(tx.Model(m.new()).Distinct(m.c(m.any())).Find(&out), &out)
	}},
	{"Select", union, func(tx *gorm.DB, m *model) answer {
		out := m.slice()
		return got(tx.Select(m.key().DBName, m.any().DBName).Find(out), out)
	}},
	{"Select text", union, func(tx *gorm.DB, m *model) answer {
		out := []map[string]any{}
		return got(tx.Model(m.new()).Select(m.c(m.any())+" AS x, CAST(? AS integer) AS y", 7).Find(&out), &out)
	}},
	{"Select case", union, func(tx *gorm.DB, m *model) answer {
		out := []map[string]any{}
		text := "CASE WHEN " + m.c(m.count()) + " > ? THEN 'more' ELSE 'less' END AS size"
		return got(tx.Model(m.new()).Select(text, 15).Find(&out), &out)
	}},
	{"Select aggregates", 0, func(tx *gorm.DB, m *model) answer {
		out := []map[string]any{}
		c := m.c(m.count())
		return got(tx.Model(m.new()).Select("COUNT(*) AS n, SUM("+c+") AS s, MAX("+c+") AS big, MIN("+c+") AS small").Find(&out), &out)
	}},
	{"Select window", 0, func(tx *gorm.DB, m *model) answer {
		out := []map[string]any{}
		return got(tx.Model(m.new()).Select(m.key().DBName+", COUNT(*) OVER () AS n, ROW_NUMBER() OVER (ORDER BY "+m.order()+") AS place").
			Find(&out), &out)
	}},
	{"Omit", union, func(tx *gorm.DB, m *model) answer {
		out := m.slice()
		return got(tx.Omit(m.any().DBName).Find(out), out)
	}},
	{"Omit tenant", union, func(tx *gorm.DB, m *model) answer {
		out := m.slice()
		return got(tx.Omit(m.tenantColumn()).Find(out), out)
	}},
	{"Group", 0, func(tx *gorm.DB, m *model) answer {
		out := []map[string]any{}
		c := m.c(m.any())
		return got(tx.Model(m.new()).Select(c+", COUNT(*) AS n").Group(c).Find(&out), &out)
	}},
	{"Group Having", 0, func(tx *gorm.DB, m *model) answer {
		out := []map[string]any{}
		c := m.c(m.any())
		return got(tx.Model(m.new()).Select(c+", COUNT(*) AS n").Group(c).Having("COUNT(*) > ?", 1).Find(&out), &out)
	}},
	{"Group Having or", 0, func(tx *gorm.DB, m *model) answer {
		out := []map[string]any{}
		c := m.c(m.any())
		return got(tx.Model(m.new()).Select(c+", COUNT(*) AS n").Where("1 = 1").Or("1 = 1").Group(c).
			Having("COUNT(*) > ?\tor\t1 = 1", 1).Find(&out), &out)
	}},
	{"Group key", 0, func(tx *gorm.DB, m *model) answer {
		out := m.slice()
		return got(tx.Select(m.key().DBName).Group(m.key().DBName).Find(out), out)
	}},
	{"Order expression", inOrder, func(tx *gorm.DB, m *model) answer {
		out := m.slice()
		text := "CASE WHEN " + m.c(m.key()) + " = ? THEN 0 ELSE 1 END, " + m.order()
		return got(tx.Clauses(clause.OrderBy{Expression: clause.Expr{SQL: text, Vars: []any{m.id(2)}}}).Find(out), out)
	}},
	{"Row", 0, func(tx *gorm.DB, m *model) answer {
		var n int64
		return gave(tx.Model(m.new()).Select("COUNT(*)").Row().Scan(&n), n)
	}},
	{"Row or", 0, func(tx *gorm.DB, m *model) answer {
		var n int64
		return gave(tx.Model(m.new()).Where("1 = 1").Or("1 = 1").Select("COUNT(*)").Row().Scan(&n), n)
	}},
	{"Rows", union, func(tx *gorm.DB, m *model) answer { return m.scanRows(tx.Model(m.new())) }},
	{"Rows or", union, func(tx *gorm.DB, m *model) answer { return m.scanRows(tx.Model(m.new()).Where("1 = 1\tor\t1 = 1")) }},
	{"FindInBatches", 0, func(tx *gorm.DB, m *model) answer { return m.inBatches(tx) }},
	{"FindInBatches condition", 0, func(tx *gorm.DB, m *model) answer {
		return m.inBatches(tx.Where("1 = 1\tor\t1 = 0"))
	}},
	{"FindInBatches or", 0, func(tx *gorm.DB, m *model) answer {
		return m.inBatches(tx.Where("1 = 1").Or("1 = 1"))
	}},
	{"FirstOrInit", 0, func(tx *gorm.DB, m *model) answer {
		out := m.new()
		return got(row(where, tx, m, 0).FirstOrInit(out), out)
	}},
	{"FirstOrInit absent", echoes, func(tx *gorm.DB, m *model) answer {
		out := m.new()
		f := m.any()
		return got(tx.Attrs(m.holding(f, 0)).FirstOrInit(out, map[string]any{m.key().DBName: m.foreignID()}), out)
	}},
	{"FirstOrInit Assign", echoes, func(tx *gorm.DB, m *model) answer {
		out := m.new()
		f := m.any()
		return got(row(where, tx, m, 0).Assign(map[string]any{f.DBName: m.next(f)}).FirstOrInit(out), out)
	}},
	{"Locking", union | locks, func(tx *gorm.DB, m *model) answer {
		out := m.slice()
		return got(tx.Clauses(clause.Locking{Strength: "UPDATE"}).Find(out), out)
	}},
	{"Locking of table", union | locks, func(tx *gorm.DB, m *model) answer {
		out := m.slice()
		return got(tx.Clauses(clause.Locking{Strength: "SHARE", Table: clause.Table{Name: clause.CurrentTable}}).Find(out), out)
	}},
}

// keyed returns a value with nothing but the key of another.
func (m *model) keyed(value any) any {
	if len(m.schema.PrimaryFields) == 0 {
		panic(inapplicable{})
	}
	pointer := reflect.New(m.schema.ModelType)
	for _, field := range m.schema.PrimaryFields {
		v, _ := field.ValueOf(context.Background(), reflect.ValueOf(value))
		m.set(field, pointer, v)
	}
	return pointer.Interface()
}

// scanRows reads a chain with Rows and ScanRows.
func (m *model) scanRows(chain *gorm.DB) answer {
	rows, err := chain.Rows()
	if err != nil {
		return gave(err)
	}
	defer rows.Close()
	out := reflect.ValueOf(m.slice()).Elem()
	for rows.Next() {
		next := reflect.New(m.schema.ModelType)
		if err := chain.ScanRows(rows, next.Interface()); err != nil {
			return gave(err)
		}
		out = reflect.Append(out, next.Elem())
	}
	return gave(rows.Err(), out.Interface())
}

// inBatches collects what FindInBatches gives. GORM adds each batch's beginning
// to the conditions, so that it does not come to an end after an Or.
func (m *model) inBatches(chain *gorm.DB) answer {
	m.key()
	out, all := m.slice(), reflect.ValueOf(m.slice()).Elem()
	err := chain.FindInBatches(out, 2, func(_ *gorm.DB, batch int) error {
		all = reflect.AppendSlice(all, reflect.ValueOf(out).Elem())
		if batch == 10 {
			return errAbandon
		}
		return nil
	}).Error
	return gave(err, all.Interface())
}
