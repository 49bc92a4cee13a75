package suite

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/gorm-tenancy/tenancy"
)

// Hooked lets a test put its hand into the statement from a hook.
type Hooked struct {
	tenancy.TenantModel
	ID   uint
	Name string
}

type hookKey struct{}

func (h *Hooked) hook(tx *gorm.DB) error {
	if f, ok := tx.Statement.Context.Value(hookKey{}).(func(*gorm.DB, *Hooked)); ok {
		f(tx, h)
	}
	return nil
}

func (h *Hooked) BeforeCreate(tx *gorm.DB) error { return h.hook(tx) }
func (h *Hooked) BeforeUpdate(tx *gorm.DB) error { return h.hook(tx) }
func (h *Hooked) BeforeDelete(tx *gorm.DB) error { return h.hook(tx) }

func TestHooksCannotReachOut(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, w *world) {
		require.NoError(t, w.db.AutoMigrate(&Hooked{}))
		require.NoError(t, w.a.Create(&Hooked{Name: "mine"}).Error)
		require.NoError(t, w.b.Create(&Hooked{Name: "theirs"}).Error)
		for name, f := range map[string]func(*gorm.DB, *Hooked){
			"SQL of its own": func(tx *gorm.DB, _ *Hooked) {
				tx.Statement.SQL = strings.Builder{}
				tx.Statement.SQL.WriteString("UPDATE hookeds SET name = 'x'")
			},
			"other clauses": func(tx *gorm.DB, _ *Hooked) {
				tx.Statement.Clauses = map[string]clause.Clause{"WHERE": tx.Statement.Clauses["WHERE"]}
			},
			"another tenant": func(tx *gorm.DB, h *Hooked) {
				h.TenantID = w.B
				tx.Statement.SetColumn("TenantID", w.B)
			},
		} {
			ctx := context.WithValue(tenancy.With(context.Background(), w.A), hookKey{}, f)
			db := w.db.WithContext(ctx)
			require.Error(t, db.Create(&Hooked{Name: "x"}).Error, name)
			require.Error(t, db.Model(&Hooked{}).Where("1=1").Updates(&Hooked{Name: "x"}).Error, name)
			if name != "another tenant" {
				require.Error(t, db.Where("1=1").Delete(&Hooked{}).Error, name)
			}
		}
		var names []string
		require.NoError(t, w.bypass().Model(&Hooked{}).Order("name").Pluck("name", &names).Error)
		require.Equal(t, []string{"mine", "theirs"}, names)
	})
}

func TestPreloadsStayWithTheirTenant(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, w *world) {
		seed(t, w)
		move := func(db *gorm.DB) *gorm.DB {
			return db.WithContext(tenancy.With(context.Background(), w.B))
		}
		require.ErrorIs(t, w.a.Preload("Orders", move).Find(&[]User{}).Error, tenancy.ErrTenantMismatch)
		same := func(db *gorm.DB) *gorm.DB {
			return db.WithContext(tenancy.With(context.Background(), w.A)).Unscoped()
		}
		var users []User
		require.NoError(t, w.a.Preload("Orders", same).Find(&users).Error)
		require.Len(t, users[0].Orders, 2)
	})
}
