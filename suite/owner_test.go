package suite

import (
	"fmt"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorm.io/driver/postgres"
	"gorm.io/driver/sqlite"
	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy"
)

// household is a user 7 of a tenant with one row behind each relation, all with ids
// that the other tenant has, too.
func household(tenant uuid.UUID) *User {
	own := tenancy.TenantModel{TenantID: tenant}
	company := uint(7)
	return &User{
		TenantModel: own, Model: gorm.Model{ID: 7}, Name: "seven", CompanyID: &company,
		Company: &Company{TenantModel: own, ID: 7, Name: "c"}, Profile: &Profile{TenantModel: own, ID: 7},
		Orders: []Order{{TenantModel: own, ID: 7}}, Tags: []Tag{{TenantModel: own, ID: 7}}, Notes: []Note{{TenantModel: own, ID: 7}},
	}
}

// settle gives both tenants a household; on SQLite, where an id that the database
// makes is one tenant's, the first only.
func settle(t *testing.T, w *world) {
	t.Helper()
	require.NoError(t, w.a.Create(household(w.A)).Error)
	if w.db.Name() == "postgres" {
		require.NoError(t, w.b.Create(household(w.B)).Error)
	}
}

// related is a value for a relation, of a tenant.
func related(relation string, tenant uuid.UUID, id uint) any {
	own := tenancy.TenantModel{TenantID: tenant}
	switch relation {
	case "Company":
		return &Company{TenantModel: own, ID: id}
	case "Profile":
		return &Profile{TenantModel: own, ID: id}
	case "Orders":
		return &Order{TenantModel: own, ID: id}
	case "Tags":
		return &Tag{TenantModel: own, ID: id}
	default:
		return &Note{TenantModel: own, ID: id}
	}
}

var relations = []string{"Company", "Profile", "Orders", "Tags", "Notes"}

// contents are all rows that association mode could change.
func (w *world) contents(t *testing.T) string {
	t.Helper()
	text := ""
	for _, table := range []string{"users", "companies", "profiles", "orders", "tags", "notes", "user_tags"} {
		var rows []map[string]any
		require.NoError(t, w.bypass().Unscoped().Table(table).Order("1, 2, 3").Find(&rows).Error)
		for _, row := range rows {
			delete(row, "updated_at")
			text += fmt.Sprintln(table, row)
		}
	}
	return text
}

// Association mode judges which tenant the owner names, and the values.
func TestAnOwnerOfAnotherTenant(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, w *world) {
		settle(t, w)
		before := w.contents(t)
		refused := func(err error, what ...any) {
			t.Helper()
			require.ErrorIs(t, err, tenancy.ErrTenantMismatch, fmt.Sprint(what...))
			require.Equal(t, before, w.contents(t), fmt.Sprint(what...))
		}
		company := uint(7)
		owner := func(tenant uuid.UUID) User {
			return User{TenantModel: tenancy.TenantModel{TenantID: tenant}, Model: gorm.Model{ID: 7}, CompanyID: &company}
		}
		for name, open := range map[string]func() any{
			"a struct":             func() any { u := owner(w.B); return &u },
			"a slice":              func() any { return &[]User{owner(w.B)} },
			"pointers":             func() any { u := owner(w.B); return []*User{&u} },
			"an array":             func() any { return &[1]User{owner(w.B)} },
			"one of two":           func() any { return &[]User{owner(w.A), owner(w.B)} },
			"a pointer to pointer": func() any { u := owner(w.B); p := &u; return &p },
		} {
			for _, relation := range relations {
				mode := func() *gorm.Association { return w.a.Model(open()).Association(relation) }
				refused(mode().Find(&[]map[string]any{}), name, relation, "Find")
				refused(mode().Find(related(relation, uuid.Nil, 0), "id > ?", 0), name, relation, "Find")
				counted := mode()
				assert.Zero(t, counted.Count())
				refused(counted.Error, name, relation, "Count")
				refused(mode().Clear(), name, relation, "Clear")
				refused(mode().Delete(related(relation, w.A, 7)), name, relation, "Delete")
				refused(mode().Unscoped().Clear(), name, relation, "Unscoped Clear")
				refused(mode().Unscoped().Delete(related(relation, w.A, 7)), name, relation, "Unscoped Delete")
				if name != "one of two" && name != "an array" { // GORM cannot address its elements
					refused(mode().Append(related(relation, w.A, 7)), name, relation, "Append")
					refused(mode().Replace(related(relation, w.A, 7)), name, relation, "Replace")
				}
			}
		}
		one := owner(w.B)
		refused(w.a.Model(&one).Association("Orders").Append(map[string]any{"amount": 1}), "a map")
		refused(w.a.Session(&gorm.Session{}).Unscoped().Model(&one).Association("Tags").Clear(), "a session")
		refused(w.a.Transaction(func(tx *gorm.DB) error { return tx.Model(&one).Association("Tags").Clear() }), "a transaction")
		refused(w.a.Where("id = ?", 7).Model(&one).Association("Orders").Find(&[]Order{}), "a condition")
		for _, db := range []*gorm.DB{
			w.bypass(), w.db.WithContext(tenancy.WithSet(t.Context(), w.A)), w.db.WithContext(tenancy.WithSet(t.Context(), w.A, uuid.New())),
		} {
			refused(db.Model(&one).Association("Orders").Find(&[]Order{}), "several")
			refused(db.Model(&one).Association("Tags").Clear(), "several")
		}
	})
}

// A value that is handed to association mode is judged as its owner is.
func TestAValueOfAnotherTenantInAssociationMode(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, w *world) {
		settle(t, w)
		before := w.contents(t)
		for _, relation := range relations {
			for what, do := range map[string]func(*gorm.Association) error{
				"Delete":          func(m *gorm.Association) error { return m.Delete(related(relation, w.B, 7)) },
				"Delete of two":   func(m *gorm.Association) error { return m.Delete(related(relation, w.A, 7), related(relation, w.B, 7)) },
				"Unscoped Delete": func(m *gorm.Association) error { return m.Unscoped().Delete(related(relation, w.B, 7)) },
				"Append":          func(m *gorm.Association) error { return m.Append(related(relation, w.B, 7)) },
				"Replace":         func(m *gorm.Association) error { return m.Replace(related(relation, w.B, 7)) },
			} {
				if relation == "Company" && what == "Unscoped Delete" {
					continue // GORM overwrites the error of the first of its two statements
				}
				company := uint(7)
				own := &User{TenantModel: tenancy.TenantModel{TenantID: w.A}, Model: gorm.Model{ID: 7}, CompanyID: &company}
				require.ErrorIs(t, do(w.a.Model(own).Association(relation)), tenancy.ErrTenantMismatch, "%s %s", relation, what)
				require.Equal(t, before, w.contents(t), "%s %s", relation, what)
			}
		}
	})
}

// Models that are listed are judged by a handle that has migrated nothing, too.
func TestAnOwnerOfAnotherTenantWithoutMigration(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, w *world) {
		settle(t, w)
		before := w.contents(t)
		dialector := sqlite.New(sqlite.Config{Conn: w.db.ConnPool})
		if w.db.Name() == "postgres" {
			dialector = postgres.New(postgres.Config{Conn: w.db.ConnPool})
		}
		db, err := gorm.Open(dialector, quiet())
		require.NoError(t, err)
		require.NoError(t, db.Use(tenancy.New(config())))
		company := uint(7)
		owner := &User{TenantModel: tenancy.TenantModel{TenantID: w.B}, Model: gorm.Model{ID: 7}, CompanyID: &company}
		own := db.WithContext(tenancy.With(t.Context(), w.A))
		for _, relation := range relations {
			require.ErrorIs(t, own.Model(owner).Association(relation).Find(&[]map[string]any{}), tenancy.ErrTenantMismatch, relation)
			require.ErrorIs(t, own.Model(owner).Association(relation).Clear(), tenancy.ErrTenantMismatch, relation)
		}
		assert.Equal(t, before, w.contents(t))
	})
}

// An owner that names its own tenant, or none, is answered as ever.
func TestAnOwnerOfOnesOwn(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, w *world) {
		settle(t, w)
		company := uint(7)
		for _, tenant := range []uuid.UUID{uuid.Nil, w.A} {
			own := &User{TenantModel: tenancy.TenantModel{TenantID: tenant}, Model: gorm.Model{ID: 7}, CompanyID: &company}
			for _, relation := range relations {
				assert.Equal(t, int64(1), w.a.Model(own).Association(relation).Count(), relation)
			}
			assert.Equal(t, int64(1), w.a.Model([]*User{own, {Model: gorm.Model{ID: 8}}}).Association("Orders").Count())
		}
		for _, relation := range relations {
			own := &User{TenantModel: tenancy.TenantModel{TenantID: w.A}, Model: gorm.Model{ID: 7}, CompanyID: &company}
			require.NoError(t, w.a.Model(own).Association(relation).Delete(related(relation, w.A, 7)), relation)
			if relation != "Company" {
				assert.Zero(t, w.a.Model(&User{Model: gorm.Model{ID: 7}}).Association(relation).Count(), relation)
			}
			if w.db.Name() == "sqlite" {
				continue
			}
			assert.Equal(t, int64(1), w.b.Model(&User{Model: gorm.Model{ID: 7}, CompanyID: &company}).Association(relation).Count(), relation)
		}
	})
}

// Club is a root, and Team and Play are of tenants with integer ids.
type Club struct {
	ID    int64 `gorm:"primaryKey" tenancy:"tenant"`
	Teams []Team
}

type Team struct {
	ID     uint
	ClubID int64 `tenancy:"tenant"`
	Plays  []Play
}

type Play struct {
	ID     uint
	ClubID int64 `tenancy:"tenant"`
	TeamID *uint
}

// A model that is related to a listed one is judged as the listed one is, by a handle
// that has migrated nothing.
func TestAnOwnerOfAnotherTenantThatIsRelatedToAListedModel(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(testing.TB) *gorm.DB{"sqlite": openSQLite, "postgres": openPostgres} {
		for listed, model := range map[string]any{"itself": &Team{}, "its parent": &Club{}} {
			t.Run(name+", listed: "+listed, func(t *testing.T) {
				t.Parallel()
				db := open(t)
				require.NoError(t, db.AutoMigrate(&Club{}, &Team{}, &Play{}))
				require.NoError(t, db.Create(&[]Club{{ID: 1}, {ID: 2}}).Error)
				require.NoError(t, db.Create(&Team{ID: 7, ClubID: 1, Plays: []Play{{ID: 1, ClubID: 1}}}).Error)
				require.NoError(t, db.Use(tenancy.New(tenancy.Config{Models: []any{model}})))
				one := db.WithContext(tenancy.With(t.Context(), 1))
				require.ErrorIs(t, one.Model(&Team{ID: 7, ClubID: 2}).Association("Plays").Find(&[]Play{}), tenancy.ErrTenantMismatch)
				require.ErrorIs(t, one.Model(&Team{ID: 7, ClubID: 2}).Association("Plays").Clear(), tenancy.ErrTenantMismatch)
				assert.Equal(t, int64(1), one.Model(&Team{ID: 7, ClubID: 1}).Association("Plays").Count())
			})
		}
	}
}

// Models that nobody listed are judged once their tables are migrated, whatever
// the type of their tenants.
func TestAnOwnerOfAnotherTenantWithAnInteger(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(testing.TB) *gorm.DB{"sqlite": openSQLite, "postgres": openPostgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := open(t)
			require.NoError(t, db.Use(tenancy.New(tenancy.Config{})))
			require.NoError(t, db.AutoMigrate(&Club{}, &Team{}, &Play{}))
			one := db.WithContext(tenancy.With(t.Context(), 1))
			require.NoError(t, one.Create(&Team{ID: 7, Plays: []Play{{ID: 1}}}).Error)
			require.ErrorIs(t, one.Model(&Team{ID: 7, ClubID: 2}).Association("Plays").Clear(), tenancy.ErrTenantMismatch)
			require.ErrorIs(t, one.Model(&Club{ID: 2}).Association("Teams").Find(&[]Team{}), tenancy.ErrTenantMismatch)
			assert.Equal(t, int64(1), one.Model(&Team{ID: 7, ClubID: 1}).Association("Plays").Count())
			assert.Equal(t, int64(1), one.Model(&Club{ID: 1}).Association("Teams").Count())
		})
	}
}
