package suite

import (
	"context"
	"errors"
	"math"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/gorm-tenancy/tenancy"
)

// Legacy, Keyed and Small have tenant columns of other names and types.
type Legacy struct {
	ID        uint
	AccountID int64 `tenancy:"tenant"`
	Text      string
}

type Keyed struct {
	tenancy.TenantModelOf[string]
	ID   uint
	Text string
}

type Small struct {
	ID       uint
	TenantID int16
	Text     string
}

func TestTenantsThatAreNone(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	one := uuid.New()
	var nilAccount *Account
	for _, tc := range []struct {
		reason string
		ctx    context.Context
		want   error
	}{
		{"no tenant", ctx, tenancy.ErrNoTenant},
		{"nil", tenancy.With(ctx, nil), tenancy.ErrInvalidTenant},
		{"a nil pointer", tenancy.With(ctx, nilAccount), tenancy.ErrInvalidTenant},
		{"the zero UUID", tenancy.With(ctx, uuid.Nil), tenancy.ErrInvalidTenant},
		{"the zero UUID as text", tenancy.With(ctx, uuid.Nil.String()), tenancy.ErrInvalidTenant},
		{"an empty string", tenancy.With(ctx, ""), tenancy.ErrInvalidTenant},
		{"open braces", tenancy.With(ctx, "{6ba7b810-9dad-11d1-80b4-00c04fd430c8"), tenancy.ErrInvalidTenant},
		{"a bad urn", tenancy.With(ctx, "urn:uuid:nope"), tenancy.ErrInvalidTenant},
		{"a float", tenancy.With(ctx, 1.5), tenancy.ErrInvalidTenant},
		{"a bool", tenancy.With(ctx, true), tenancy.ErrInvalidTenant},
		{"zero", tenancy.With(ctx, 0), tenancy.ErrInvalidTenant},
		{"a struct that is no tenant", tenancy.With(ctx, &User{}), tenancy.ErrInvalidTenant},
		{"a tenant without a key", tenancy.With(ctx, &Account{}), tenancy.ErrInvalidTenant},
		{"an empty set", tenancy.WithSet[any](ctx), tenancy.ErrInvalidTenant},
		{"an empty slice", tenancy.WithSet(ctx, []uuid.UUID{}...), tenancy.ErrInvalidTenant},
		{"a slice that is not spread", tenancy.WithSet(ctx, []uuid.UUID{one}), tenancy.ErrInvalidTenant},
		{"a bad member", tenancy.WithSet[any](ctx, one, ""), tenancy.ErrInvalidTenant},
		{"a bypass without a reason", tenancy.Bypass(ctx, " "), tenancy.ErrInvalidTenant},
		{"a switch without a reason", tenancy.Switch(ctx, one, ""), tenancy.ErrInvalidTenant},
		{"trust without a reason", tenancy.Trust(tenancy.With(ctx, one), ""), tenancy.ErrInvalidTenant},
		{"trust without a tenant", tenancy.Trust(ctx, "why"), tenancy.ErrNoTenant},
		{"a tenant inside another's", tenancy.With(tenancy.With(ctx, one), uuid.New()), tenancy.ErrTenantMismatch},
		{"a set inside a tenant", tenancy.WithSet(tenancy.With(ctx, one), one, uuid.New()), tenancy.ErrTenantMismatch},
		{"a stranger to the set", tenancy.With(tenancy.WithSet(ctx, one), uuid.New()), tenancy.ErrTenantMismatch},
		{"an error stays one", tenancy.With(tenancy.With(ctx, ""), one), tenancy.ErrInvalidTenant},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			t.Parallel()
			sent := 0
			w := newWorld(t, openSQLite(t))
			require.NoError(t, w.db.Callback().Query().After("gorm:query").Register("count", func(db *gorm.DB) {
				if db.Error == nil {
					sent++
				}
			}))
			db := w.db.WithContext(tc.ctx)
			for _, err := range []error{
				db.Find(&[]User{}).Error,
				db.Create(&User{Name: "x"}).Error,
				db.Model(&User{}).Where("id = 1").Update("name", "x").Error,
				db.Where("id = 1").Delete(&User{}).Error,
				db.Exec("DELETE FROM users").Error,
				db.Raw("SELECT 1").Row().Scan(new(int)),
				db.Model(&User{}).Select("id").Row().Scan(new(int)),
			} {
				require.ErrorIs(t, err, tc.want)
				var scoped *tenancy.ScopeError
				if !errors.Is(err, tenancy.ErrNoTenant) {
					require.ErrorAs(t, err, &scoped)
				}
				assert.NotContains(t, err.Error(), one.String())
			}
			assert.Zero(t, sent)
		})
	}
}

func TestTenantsThatDoNotFitTheColumn(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, w *world) {
		for _, tenant := range []any{"6ba7b810-9dad-11d1-80b4", "acme", 7} {
			for _, err := range []error{
				w.as(tenant).Find(&[]User{}).Error,
				w.as(tenant).Create(&User{Name: "x"}).Error,
				w.as(tenant).Model(&User{}).Where("id = 1").Update("name", "x").Error,
				w.as(tenant).Where("id = 1").Delete(&User{}).Error,
			} {
				require.ErrorIs(t, err, tenancy.ErrInvalidTenant)
			}
		}
		require.Zero(t, w.count(t, &User{}))
	})
}

func TestSpellingsOfOneTenant(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, w *world) {
		require.NoError(t, w.a.Create(&User{Name: "ann"}).Error)
		for _, spelling := range []any{
			w.A, &w.A, w.A.String(), "{" + w.A.String() + "}", w.A.URN(), [16]byte(w.A), &Account{ID: w.A}, Account{ID: w.A},
		} {
			var users []User
			require.NoError(t, w.as(spelling).Find(&users).Error)
			require.Len(t, users, 1)
			require.Equal(t, w.A, users[0].TenantID)
		}
		ctx := tenancy.With(tenancy.With(context.Background(), w.A), "{"+w.A.String()+"}")
		require.NoError(t, w.db.WithContext(ctx).Find(&[]User{}).Error, "the same tenant once more")
	})
}

func TestColumnsOfOtherTypes(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, w *world) {
		require.NoError(t, w.db.AutoMigrate(&Legacy{}, &Keyed{}, &Small{}))
		five, six := w.as(5), w.as("6")
		require.NoError(t, five.Create(&Legacy{Text: "5"}).Error)
		require.NoError(t, six.Create(&Legacy{Text: "6"}).Error)
		require.NoError(t, six.Create(&Keyed{Text: "6"}).Error)
		require.NoError(t, w.as("acme").Create(&Keyed{Text: "acme"}).Error)
		var legacy []Legacy
		require.NoError(t, w.as(int8(5)).Find(&legacy).Error)
		require.Equal(t, []Legacy{{ID: 1, AccountID: 5, Text: "5"}}, legacy)
		var keyed []Keyed
		require.NoError(t, w.as(6).Find(&keyed).Error)
		require.Len(t, keyed, 1)
		require.Equal(t, "6", keyed[0].TenantID)

		require.ErrorIs(t, w.as("acme").Find(&legacy).Error, tenancy.ErrInvalidTenant)
		require.ErrorIs(t, w.as("05").Find(&legacy).Error, tenancy.ErrInvalidTenant)
		require.ErrorIs(t, w.as(math.MaxInt16+1).Find(&[]Small{}).Error, tenancy.ErrInvalidTenant)
		require.ErrorIs(t, w.as(uint64(math.MaxUint64)).Find(&legacy).Error, tenancy.ErrInvalidTenant)
		require.NoError(t, w.as(math.MaxInt16).Create(&Small{Text: "x"}).Error)
	})
}

type twoTenants struct {
	ID     uint
	First  string `tenancy:"tenant"`
	Second string `tenancy:"tenant"`
}

type floatTenant struct {
	ID       uint
	TenantID float64
}

type sharedTenant struct {
	tenancy.TenantModel
	ID uint
}

type bare struct{ ID uint }

func TestConfigurationsThatCannotHold(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		reason string
		config tenancy.Config
		want   string
	}{
		{"two fields marked", tenancy.Config{Models: []any{&twoTenants{}}}, "two tenant columns"},
		{"a float tenant", tenancy.Config{Models: []any{&floatTenant{}}}, "cannot be the tenant column"},
		{"shared and a tenant's", tenancy.Config{Shared: []any{&sharedTenant{}}}, "cannot be both"},
		{"neither", tenancy.Config{Models: []any{&bare{}}}, "not declared"},
		{"not a model", tenancy.Config{Shared: []any{7}}, "Config.Shared[0]"},
		{"not a model either", tenancy.Config{Models: []any{"users"}}, "Config.Models"},
	} {
		err := openSQLite(t).Use(tenancy.New(tc.config))
		require.ErrorContains(t, err, tc.want, tc.reason)
		require.ErrorContains(t, err, "tenancy: ", tc.reason)
	}
	plugin := tenancy.New(tenancy.Config{})
	db := openSQLite(t)
	require.NoError(t, db.Use(plugin))
	require.Error(t, db.Use(plugin), "used twice")
	require.ErrorContains(t, openSQLite(t).Use(plugin), "in use")
}

// rebuilder is an expression that writes again what stood before it.
type rebuilder struct{ text string }

func (r rebuilder) Build(b clause.Builder) {
	stmt := b.(*gorm.Statement)
	stmt.SQL.Reset()
	_, _ = b.WriteString(r.text)
}

func TestExpressionsThatRebuild(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, w *world) {
		require.NoError(t, w.b.Create(&Order{ID: 2, Amount: 2}).Error)
		for _, text := range []string{"", "SELECT * FROM orders WHERE (1 = 1", "DELETE FROM orders WHERE (1 = 1 AND 1 = 1 AND 1 = 1 AND 1 = 1 AND 1 = 1"} {
			e := rebuilder{text}
			for reason, err := range map[string]error{
				"Where":  w.a.Where(e).Find(&[]Order{}).Error,
				"Order":  w.a.Clauses(clause.OrderBy{Expression: e}).Find(&[]Order{}).Error,
				"Select": w.a.Clauses(clause.Select{Expression: e}).Find(&[]Order{}).Error,
				"Delete": w.a.Where(e).Delete(&Order{}).Error,
				"Set":    w.a.Model(&Order{}).Where("true").Update("amount", e).Error,
				"From":   w.a.Clauses(clause.From{Joins: []clause.Join{{Expression: e}}}).Find(&[]Order{}).Error,
			} {
				require.ErrorIs(t, err, tenancy.ErrUnscopedSQL, "%s %q", reason, text)
			}
		}
		require.NoError(t, w.b.First(&Order{}).Error)
	})
}
