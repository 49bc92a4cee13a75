package suite

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
	"gorm.io/gorm/logger"

	"github.com/gorm-tenancy/tenancy"
)

// guard is a RawSQL that remembers what it was asked.
type guard struct {
	err      error
	verifies bool
	scoped   []tenancy.RawStatement
	verified []tenancy.RawStatement
}

func (g *guard) Scope(_ context.Context, stmt tenancy.RawStatement) (string, []any, error) {
	g.scoped = append(g.scoped, stmt)
	return stmt.SQL, stmt.Vars, g.err
}

func (g *guard) VerifiesAll() bool { return g.verifies }

func (g *guard) Verify(_ context.Context, stmt tenancy.RawStatement) error {
	g.verified = append(g.verified, stmt)
	return g.err
}

var guardedTenant = uuid.MustParse("7b1f7c36-51a3-4f4c-9f5e-2d6a4c0a8b10")

func guarded(t *testing.T, g *guard) *gorm.DB {
	t.Helper()
	db := openSQLite(t)
	c := config()
	c.RawSQL = g
	require.NoError(t, db.Use(tenancy.New(c)))
	require.NoError(t, db.AutoMigrate(models...))
	return db.WithContext(tenancy.With(t.Context(), guardedTenant))
}

// statements that hold text which only a judge of whole statements can allow.
var beyond = []struct {
	reason string
	run    func(tx *gorm.DB) error
}{
	{"a query in a condition", func(tx *gorm.DB) error {
		return tx.Where("id IN (SELECT user_id FROM orders)").Order("id").Limit(3).Find(&[]User{}).Error
	}},
	{"a raw subquery", func(tx *gorm.DB) error {
		return tx.Where("id IN (?)", tx.Session(&gorm.Session{NewDB: true}).Raw("SELECT user_id FROM orders WHERE amount > ?", 3)).
			Find(&[]User{}).Error
	}},
	{"a query in a subquery", func(tx *gorm.DB) error {
		orders := tx.Session(&gorm.Session{NewDB: true}).Model(&Order{}).Select("user_id").Where("user_id IN (SELECT id FROM users)")
		return tx.Where("id IN (?)", orders).Find(&[]User{}).Error
	}},
	{"a query in the selection", func(tx *gorm.DB) error {
		return tx.Model(&User{}).Select("id, (SELECT count(*) FROM orders) AS age").Find(&[]User{}).Error
	}},
	{"a function that is not known", func(tx *gorm.DB) error {
		return tx.Where("unheard_of(name) = ?", "x").Find(&[]User{}).Error
	}},
	{"tables that cannot be told", func(tx *gorm.DB) error {
		return tx.Joins("JOIN (companies c JOIN orders o ON o.user_id = c.id) ON c.id = users.company_id").Find(&[]User{}).Error
	}},
	{"a text table", func(tx *gorm.DB) error {
		return tx.Table("(SELECT * FROM users) AS u").Find(&[]map[string]any{}).Error
	}},
	{"HAVING", func(tx *gorm.DB) error {
		return tx.Model(&User{}).Select("age").Group("age").Having("count(*) > (SELECT 1)").Find(&[]User{}).Error
	}},
	{"Count", func(tx *gorm.DB) error {
		var n int64
		return tx.Model(&User{}).Where("id IN (SELECT user_id FROM orders)").Count(&n).Error
	}},
	{"Rows", func(tx *gorm.DB) error {
		rows, err := tx.Model(&User{}).Where("id IN (SELECT user_id FROM orders)").Rows()
		if err != nil {
			return err
		}
		return errors.Join(rows.Err(), rows.Close())
	}},
	{"Update", func(tx *gorm.DB) error {
		return tx.Model(&User{}).Where("age > ?", 1).Update("age", gorm.Expr("(SELECT max(age) FROM users)")).Error
	}},
	{"Delete", func(tx *gorm.DB) error {
		return tx.Where("id IN (SELECT id FROM orders)").Delete(&Order{}).Error
	}},
	{"a soft Delete", func(tx *gorm.DB) error {
		return tx.Where("id IN (SELECT id FROM orders)").Delete(&User{}).Error
	}},
	{"Create", func(tx *gorm.DB) error {
		return tx.Model(&Order{}).Create(map[string]any{"user_id": 1, "amount": gorm.Expr("(SELECT max(amount) + 1 FROM orders)")}).Error
	}},
	{"DO UPDATE", func(tx *gorm.DB) error {
		return tx.Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "id"}},
			DoUpdates: clause.Assignments(map[string]any{"amount": gorm.Expr("(SELECT max(amount) FROM orders)")})}).
			Create(&Order{ID: 1, UserID: 1, Amount: 2}).Error
	}},
}

// Text that needs a parser goes to Config.RawSQL in its whole statement, with all
// its values, and is not sent when that refuses it.
func TestRawSQLSeesWholeStatements(t *testing.T) {
	t.Parallel()
	for _, tt := range beyond {
		t.Run(tt.reason, func(t *testing.T) {
			t.Parallel()
			refusal := errors.New("refused")
			g := &guard{err: refusal}
			require.ErrorIs(t, tt.run(guarded(t, g)), refusal)
			require.NotEmpty(t, g.scoped)

			g = &guard{}
			sent := &recorder{Interface: logger.Discard}
			db := guarded(t, g)
			g.scoped = nil
			db = db.Session(&gorm.Session{Logger: sent})
			_ = tt.run(db) // unheard_of is unheard of
			require.NotEmpty(t, sent.sent)
			require.NotEmpty(t, g.scoped)
			last := g.scoped[len(g.scoped)-1]
			text, _, _ := strings.Cut(sent.sent[len(sent.sent)-1], "\n  -- ")
			assert.Equal(t, db.Explain(last.SQL, last.Vars...), text, "what was judged is what was sent")
			assert.Equal(t, []string{guardedTenant.String()}, last.Scope.Tenants())
		})
	}
}

// What stays in its place without a query of its own needs no judge; what leaves
// its place is refused even with one.
func TestRawSQLIsNotAsked(t *testing.T) {
	t.Parallel()
	g := &guard{}
	db := guarded(t, g)
	require.NoError(t, db.Where("age > ?", 3).Order("lower(name)").Find(&[]User{}).Error)
	assert.Empty(t, g.scoped)
	for _, text := range []string{"1 = 1) OR (1 = 1", "1 = 1; DELETE FROM users", "id IN (SELECT 1", "id IN (SELECT 1)) OR (1 = 1", "1 = 1 /*"} {
		assert.ErrorIs(t, db.Where(text).Find(&[]User{}).Error, tenancy.ErrUnscopedSQL, text)
	}
	assert.Empty(t, g.scoped)
	assert.Empty(t, g.verified)
}

// A Verifier sees each statement that is not handed to Scope, once.
func TestVerifierSeesAll(t *testing.T) {
	t.Parallel()
	g := &guard{verifies: true}
	db := guarded(t, g)
	g.verified, g.scoped = nil, nil
	company := &Company{Name: "one"}
	runs := []func() error{
		func() error { return db.Create(company).Error },
		func() error { return db.Find(&[]Company{}).Error },
		func() error { return db.Model(company).Update("name", "two").Error },
		func() error { return db.Where("name = ?", "two").Order("id").Limit(2).Find(&[]Company{}).Error },
		func() error { return db.Delete(company).Error },
		func() error { return db.Where("age = 1").Delete(&User{}).Error },
	}
	for i, run := range runs {
		require.NoError(t, run())
		assert.Len(t, g.verified, i+1)
	}
	g.err = tenancy.ErrUnscopedSQL
	for _, run := range runs {
		assert.ErrorIs(t, run(), tenancy.ErrUnscopedSQL)
	}
	bypassed := db.WithContext(tenancy.Bypass(t.Context(), "test"))
	assert.NoError(t, bypassed.Find(&[]Company{}).Error)
	g.err, g.verified = nil, nil
	require.NoError(t, db.Create(&User{Name: "x", Country: &Country{Code: "DE", Name: "changed"}}).Error)
	for _, stmt := range g.verified {
		assert.NotContains(t, stmt.SQL, "countries", "the shared parent's INSERT is not sent")
	}
}
