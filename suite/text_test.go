package suite

import (
	"context"
	"database/sql"
	"testing"

	"github.com/stretchr/testify/require"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/gorm-tenancy/tenancy"
)

// renamed is a clause that writes another text than its name.
type renamed struct{ key, name string }

func (r renamed) Name() string         { return r.key }
func (renamed) Build(b clause.Builder) {}
func (r renamed) MergeClause(c *clause.Clause) {
	c.Name, c.Expression = r.name, clause.Expr{SQL: "1"}
}

// opaque is an expression of somebody else's that hides a query.
type opaque struct{ text string }

func (o opaque) Build(b clause.Builder) { _, _ = b.WriteString(o.text) }

// valued brings its own expression.
type valued struct{ text string }

func (v valued) GormValue(context.Context, *gorm.DB) clause.Expr { return clause.Expr{SQL: v.text} }

// TestTextThatReachesOut holds text at each place that takes it against the one
// rule: it is refused, or answers as for a lone tenant.
func TestTextThatReachesOut(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, w *world) {
		seed(t, w)
		users := func() *gorm.DB { return w.a.Model(&User{}) }
		query := "(SELECT name FROM users)"
		for name, db := range map[string]*gorm.DB{
			"where":                users().Where("name IN " + query),
			"where, closed":        users().Where("1=1) OR (1=1"),
			"where, cut off":       users().Where("1=1) --"),
			"or":                   users().Where("1=1").Or("name IN " + query),
			"not":                  users().Not("name IN " + query),
			"named":                users().Where("name = @n OR name IN "+query, sql.Named("n", "x")),
			"select":               users().Select("name, " + query),
			"select, from":         users().Select("* FROM flats --"),
			"select with values":   users().Select("?, "+query, 1),
			"distinct":             users().Distinct(query),
			"order":                users().Order("name, " + query),
			"order by expression":  users().Order(clause.OrderBy{Expression: clause.Expr{SQL: query}}),
			"group":                users().Select("name").Group("name UNION ALL SELECT name FROM users"),
			"having":               users().Select("name").Group("name").Having("name IN " + query),
			"join":                 users().Joins("JOIN " + query + " q ON true"),
			"join condition":       users().Joins("JOIN orders o ON o.user_id IN " + query),
			"join without ON":      users().Joins("JOIN orders o WHERE 1=1 --"),
			"relation's condition": users().Joins("Company", w.db.Where("1=1) OR (1=1")),
			"table":                w.a.Table("users WHERE 1=1 --"),
			"table, a query":       w.a.Table(query + " u"),
			"table, undeclared":    w.a.Table("secrets"),
			"expression":           users().Where("name = ?", gorm.Expr(query)),
			"value's expression":   users().Where("name = ?", valued{query}),
			"another's expression": users().Where(opaque{"name IN " + query}),
			"a column":             users().Where(clause.Eq{Column: clause.Column{Name: query, Raw: true}, Value: 1}),
			"a clause's name":      users().Select("name").Clauses(renamed{"ORDER BY", "UNION ALL SELECT name FROM users ORDER BY"}),
			"an unknown clause": users().Scopes(func(db *gorm.DB) *gorm.DB {
				db.Statement.Clauses["UNION"] = clause.Clause{Expression: clause.Expr{SQL: "UNION ALL SELECT * FROM users"}}
				db.Statement.BuildClauses = []string{"SELECT", "FROM", "WHERE", "UNION"}
				return db
			}),
			"a hint": users().Scopes(func(db *gorm.DB) *gorm.DB {
				c := db.Statement.Clauses["FROM"]
				c.Expression, c.AfterExpression = clause.From{}, clause.Expr{SQL: ", flats"}
				db.Statement.Clauses["FROM"] = c
				return db
			}),
			"the tenant's number": users().Where("users.tenant_id = $1 AND 1 = ?", 1),
			"a number":            users().Where("name = ? AND name = $1", "x"),
			"a function":          users().Where("name = pg_read_file('x')"),
			"an attribute":        users().Select("('SELECT 1').query_to_xml"),
		} {
			var rows []map[string]any
			err := db.Find(&rows).Error
			require.Error(t, err, name)
			require.Empty(t, rows, name)
		}
		for name, err := range map[string]error{
			"set":         users().Where("1=1").Update("name", gorm.Expr("'x', tenant_id = tenant_id")).Error,
			"set a query": users().Where("1=1").Update("name", gorm.Expr(query)).Error,
			"set's end":   users().Where("1=1").Update("name", gorm.Expr("'x' WHERE 1=1 --")).Error,
			"values":      users().Create(map[string]any{"name": gorm.Expr("'x'), ('y'")}).Error,
			"a name":      users().Create(map[string]any{"name\") VALUES ('x') --": 1}).Error,
			"returning":   users().Clauses(clause.Returning{Columns: []clause.Column{{Name: query, Raw: true}}}).Where("1=1").Delete(&[]User{}).Error,
			"do update": w.a.Clauses(clause.OnConflict{
				Columns: []clause.Column{{Name: "id"}}, DoUpdates: clause.AssignmentColumns([]string{"name"}),
				Where: clause.Where{Exprs: []clause.Expression{clause.Expr{SQL: "1=1) OR (1=1"}}},
			}).Create(&Tag{ID: 1}).Error,
			"insert or replace": w.a.Clauses(clause.Insert{Modifier: "OR REPLACE"}).Create(&Tag{ID: 1}).Error,
		} {
			require.Error(t, err, name)
		}
		require.Equal(t, int64(1), w.b.Where("name = ?", "bob").Find(&[]User{}).RowsAffected)
		require.Equal(t, int64(2), w.count(t, &User{}))
	})
}

// TestPlaceholdersStayTheirOwn moves SQLite's values by one, so that the tenant's
// place would take another's id.
func TestPlaceholdersStayTheirOwn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, openSQLite(t))
	seed(t, w)
	for _, db := range []*gorm.DB{
		w.a.Model(&Tag{}).Select("name, ?").Where("1 = 1", w.B),
		w.a.Model(&Tag{}).Select("name, ?2"),
		w.a.Table("tags").Joins("JOIN users u ON ? = ?", 1).Where("1 = 1", w.B),
	} {
		var rows []map[string]any
		require.ErrorIs(t, db.Find(&rows).Error, tenancy.ErrUnscopedSQL)
		require.Empty(t, rows)
	}
}

// TestTextThatStays is what a lone tenant may write.
func TestTextThatStays(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, w *world) {
		seed(t, w)
		users := func() *gorm.DB { return w.a.Model(&User{}) }
		for name, db := range map[string]*gorm.DB{
			"or, tab":           users().Where("name = 'x'\tor\t1=1"),
			"or, line feed":     users().Where("name = 'x'\nOR\n1=1"),
			"or, comment":       users().Where("name = 'x'/**/or/**/1=1"),
			"a comment behind":  users().Where("1=1 -- all"),
			"not":               users().Not("name = 'x'\nOR\nname = 'y'"),
			"groups":            users().Where(w.db.Where("name = ?", "x").Or("1=1")),
			"strings":           users().Where("name <> 'SELECT * FROM users; --'"),
			"functions":         users().Where("lower(name) = ?", "ann").Order("length(name), name desc"),
			"a subquery":        users().Where("id IN (?)", w.db.Model(&Order{}).Select("user_id")),
			"a subquery in ON":  users().Joins("Company", w.db.Where("? > 0", w.db.Model(&Order{}).Select("count(*)"))).Session(&gorm.Session{}),
			"a text join":       users().Joins("LEFT JOIN orders o ON o.user_id = users.id AND o.amount > ?", 1),
			"a join of queries": users().Joins("JOIN (?) q ON q.user_id = users.id", w.db.Model(&Order{}).Select("user_id").Where("amount > 1")),
			"a table's alias":   w.a.Table("users AS u").Where("u.name = ?", "ann"),
			"a query's alias":   w.a.Table("(?) AS u", w.db.Model(&User{})).Where("u.name = ?", "ann"),
			"a left join":       w.a.Table("users").Joins("LEFT JOIN companies c ON c.id = users.company_id AND 1=1 OR 1=2"),
		} {
			if name == "a subquery in ON" {
				db = users().Joins("Company", w.db.Where("1 < (?)", w.db.Model(&Order{}).Select("count(*)")))
			}
			var n int64
			require.NoError(t, db.Count(&n).Error, name)
			require.Equal(t, int64(1), n, name)
		}
	})
}

// TestSubqueriesAreScoped sees each subquery's own rows, not only its statement's.
func TestSubqueriesAreScoped(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, w *world) {
		seed(t, w) // each tenant has one user and two orders
		for name, handle := range map[string]*gorm.DB{"without a context": w.db, "in the same scope": w.a} {
			var n int64
			orders := handle.Model(&Order{}).Select("count(*)")
			require.NoError(t, w.a.Model(&User{}).Where("2 < (?)", orders).Count(&n).Error, name)
			require.Zero(t, n, name)
			require.NoError(t, w.a.Table("(?) AS u", handle.Model(&User{})).Count(&n).Error, name)
			require.Equal(t, int64(1), n, name)
			var sums []int64
			require.NoError(t, w.a.Model(&User{}).Select("(?)", handle.Model(&Order{}).Select("count(*)")).Scan(&sums).Error, name)
			require.Equal(t, []int64{2}, sums, name)
			require.NoError(t, w.a.Model(&User{}).Where("1=1").Update("age", handle.Model(&Order{}).Select("count(*)")).Error, name)
			require.Equal(t, int64(1), w.a.Where("age = 2").Find(&[]User{}).RowsAffected, name)
		}
		err := w.a.Where("id IN (?)", w.b.Model(&User{}).Select("id")).Find(&[]User{}).Error
		require.ErrorIs(t, err, tenancy.ErrTenantMismatch)
		set := w.db.WithContext(tenancy.WithSet(context.Background(), w.A, w.B))
		require.ErrorIs(t, w.a.Where("id IN (?)", set.Model(&User{}).Select("id")).Find(&[]User{}).Error, tenancy.ErrTenantMismatch)
		broken := w.db.Model(&User{}).Select("id").Where("id IN (SELECT user_id FROM orders)")
		require.ErrorIs(t, w.a.Where("id NOT IN (?)", broken).Find(&[]User{}).Error, tenancy.ErrUnscopedSQL)
	})
}

// TestSeveralTenantsNeverMeet is the same for sets and a bypass: rows of two
// tenants in one row of the answer are refused or impossible.
func TestSeveralTenantsNeverMeet(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, w *world) {
		seed(t, w)
		set := w.db.WithContext(tenancy.WithSet(context.Background(), w.A, w.B))
		for scope, db := range map[string]*gorm.DB{"set": set, "bypass": w.bypass()} {
			for name, chain := range map[string]*gorm.DB{
				"list":          db.Table("users u, orders o"),
				"cross join":    db.Table("users u").Joins("CROSS JOIN orders o"),
				"through list":  db.Table("users u, countries c").Joins("JOIN orders o ON o.amount > 0 OR c.code = 'x'"),
				"behind shared": db.Table("countries c").Joins("JOIN orders o ON 1=1").Joins("CROSS JOIN users u"),
				"right join":    db.Table("users u").Joins("RIGHT JOIN orders o ON 1=1"),
				"list and right": db.Table("tags t, users u").
					Joins("RIGHT JOIN orders o ON 1=1"),
			} {
				var mixed []struct{ U, O string }
				err := chain.Where("1=1").Select("u.tenant_id AS u, o.tenant_id AS o").Find(&mixed).Error
				if err != nil {
					require.ErrorIs(t, err, tenancy.ErrUnscopedSQL, name)
					continue
				}
				for _, row := range mixed {
					require.Equal(t, row.U, row.O, "%s, %s", scope, name)
				}
			}
			owner := &User{Model: gorm.Model{ID: 1}, TenantModel: tenancy.TenantModel{TenantID: w.A}}
			require.ErrorIs(t, db.Model(owner).Association("Orders").Find(&[]Order{}), tenancy.ErrTenantMismatch)
			require.ErrorIs(t, db.Model(owner).Association("Orders").Clear(), tenancy.ErrTenantMismatch)
			require.ErrorIs(t, db.Model(&User{}).Select("id", "name").Preload("Orders").Find(&[]User{}).Error, tenancy.ErrTenantMismatch)
			sub := w.db.Table("countries c").Joins("JOIN orders o ON 1=1").Select("1")
			require.ErrorIs(t, db.Model(&User{}).Where("EXISTS (?)", sub).Find(&[]User{}).Error, tenancy.ErrUnscopedSQL)
			require.ErrorIs(t, db.Table("users u").Select("u.name, (?)", w.db.Model(&Order{}).Select("count(*)")).Find(&[]map[string]any{}).Error,
				tenancy.ErrUnscopedSQL)
		}
	})
}
