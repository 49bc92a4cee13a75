package suite

import (
	"context"
	"database/sql/driver"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/gorm-tenancy/tenancy"
)

// rewriter replaces a statement in pgx, when it has been judged.
type rewriter struct{ sql string }

func (r rewriter) RewriteQuery(context.Context, *pgx.Conn, string, []any) (string, []any, error) {
	return r.sql, nil, nil
}

// TestInstructionsToTheDriver binds values that pgx takes from the front of the
// arguments: they shift the placeholders, or replace the statement.
func TestInstructionsToTheDriver(t *testing.T) {
	t.Parallel()
	observing := config()
	observing.Mode, observing.Modes = tenancy.Observe, []tenancy.TableMode{{Table: &Order{}, Mode: tenancy.Enforce}}
	for name, c := range map[string]tenancy.Config{"enforced": config(), "beside observed tables": observing} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorldOf(t, openPostgres(t), c)
			require.NoError(t, w.db.WithContext(tenancy.Bypass(t.Context(), "fixture")).Create(&Country{Code: "de"}).Error)
			require.NoError(t, w.a.Create(&Order{ID: 1, Amount: 1}).Error)
			require.NoError(t, w.b.Create(&Order{ID: 2, Amount: 2}).Error)
			for _, value := range []any{
				rewriter{"DELETE FROM orders"}, &rewriter{"DELETE FROM orders"}, pgx.NamedArgs{"x": 1}, pgx.StrictNamedArgs{"x": 1},
				pgx.QueryExecModeSimpleProtocol, pgx.QueryResultFormatsByOID{1: 1},
			} {
				for reason, try := range map[string]func(tx *gorm.DB) error{
					"WHERE of a shared table": func(tx *gorm.DB) error { return tx.Where("code <> ?", value).Find(&[]Country{}).Error },
					"Select":                  func(tx *gorm.DB) error { return tx.Select("id, ? AS amount", value).Find(&[]Order{}).Error },
					"Count": func(tx *gorm.DB) error {
						return tx.Table("countries").Where("code <> ?", value).Count(new(int64)).Error
					},
					"Row":   func(tx *gorm.DB) error { return tx.Model(&Order{}).Select("?", value).Row().Scan(new(int)) },
					"Joins": func(tx *gorm.DB) error { return tx.Joins("JOIN countries ON code <> ?", value).Find(&[]Order{}).Error },
					"a subquery": func(tx *gorm.DB) error {
						return tx.Table("(?) AS c", tx.Model(&Country{}).Where("code <> ?", value)).Find(&[]map[string]any{}).Error
					},
					"Update":      func(tx *gorm.DB) error { return tx.Model(&Order{}).Where("true").Update("amount", value).Error },
					"Create":      func(tx *gorm.DB) error { return tx.Model(&Order{}).Create(map[string]any{"amount": value}).Error },
					"Delete":      func(tx *gorm.DB) error { return tx.Where("text <> ?", value).Delete(&Event{}).Error },
					"an argument": func(tx *gorm.DB) error { return tx.Exec("SAVEPOINT x", value).Error },
					"Clauses": func(tx *gorm.DB) error {
						return tx.Clauses(clause.Where{Exprs: []clause.Expression{clause.Eq{Column: "code", Value: value}}}).Find(&[]Country{}).Error
					},
				} {
					for _, prepare := range []bool{false, true} {
						err := w.a.Session(&gorm.Session{PrepareStmt: prepare}).Transaction(func(tx *gorm.DB) error { return try(tx) })
						assert.ErrorIs(t, err, tenancy.ErrUnscopedSQL, "%T in %s", value, reason)
					}
				}
			}
			var orders []Order
			require.NoError(t, w.db.WithContext(tenancy.Bypass(t.Context(), "look")).Order("id").Find(&orders).Error)
			require.Len(t, orders, 2)
			assert.Equal(t, []int{1, 2}, []int{orders[0].Amount, orders[1].Amount})
		})
	}
}

// coupon has a key that holds for all tenants, and is asked for by itself when it
// was met.
type coupon struct {
	tenancy.TenantModel
	Amount int
	Code   code `gorm:"type:bigint" tenancy:"global"`
}

// code is a number as the database sees it, and an instruction where it comes first.
type code struct {
	n   int64
	sql string
}

func (c code) Value() (driver.Value, error) { return c.n, nil }

func (c code) RewriteQuery(context.Context, *pgx.Conn, string, []any) (string, []any, error) {
	return c.sql, nil, nil
}

func TestInstructionsOfTheKeyThatWasMet(t *testing.T) {
	t.Parallel()
	w := newWorld(t, openPostgres(t))
	bypass := w.db.WithContext(tenancy.Bypass(t.Context(), "fixture"))
	require.NoError(t, bypass.Exec(`CREATE TABLE coupons (tenant_id uuid NOT NULL, amount int, code bigint UNIQUE)`).Error)
	require.NoError(t, bypass.Exec(`INSERT INTO coupons VALUES (?, 1, 1), (?, 2, 2)`, w.A, w.B).Error)
	row := map[string]any{"amount": 9, "code": code{1, "DELETE FROM coupons"}}
	again := w.a.Model(&coupon{}).Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "code"}}, DoNothing: true})
	require.ErrorIs(t, again.Create(row).Error, tenancy.ErrUnscopedSQL)
	var n int64
	require.NoError(t, bypass.Table("coupons").Count(&n).Error)
	require.EqualValues(t, 2, n)
}

// What is written by its author may give pgx instructions.
func TestInstructionsOfTrustedText(t *testing.T) {
	t.Parallel()
	w := newWorld(t, openPostgres(t))
	var n int
	trusted := w.db.WithContext(tenancy.Trust(tenancy.With(t.Context(), w.A), "counts nothing"))
	require.NoError(t, trusted.Raw("SELECT $1::int", pgx.QueryExecModeExec, 7).Scan(&n).Error)
	assert.Equal(t, 7, n)
}
