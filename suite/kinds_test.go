package suite

import (
	"context"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/keys"
)

// Person is linked: a tenant sees those who are its members.
type Person struct {
	ID          uint
	Email       string `gorm:"unique"`
	Age         int
	Memberships []Membership
	Chores      []Chore `gorm:"foreignKey:AssigneeID"`
	Secrets     []Passkey
}

// Membership is the link.
type Membership struct {
	tenancy.TenantModel
	ID        uint
	PersonID  uint
	Role      string
	DeletedAt gorm.DeletedAt
	Person    *Person
}

// Passkey is private, and so is what it belongs to.
type Passkey struct {
	ID       uint
	PersonID uint
	Key      string
	Person   *Person
}

// Device is private, and rows of tenants refer to it.
type Device struct {
	_    struct{} `tenancy:"private"`
	ID   uint
	Name string
}

// Label is mixed: some are for everybody.
type Label struct {
	ID       uint
	TenantID *uuid.UUID `gorm:"type:uuid"`
	Name     string     `gorm:"uniqueIndex"`
	Color    string
	ParentID *uint
	Parent   *Label
	Powers   []Power `gorm:"many2many:label_powers"`
	Chores   []Chore
}

// Power is shared.
type Power struct {
	_    struct{} `tenancy:"shared"`
	ID   uint
	Name string
}

// Rule is free.
type Rule struct {
	ID   uint
	Text string
}

// Chore is a tenant's.
type Chore struct {
	tenancy.TenantModel
	ID         uint
	Title      string
	AssigneeID *uint
	Assignee   *Person
	DeviceID   *uint
	Device     *Device
	LabelID    *uint
	Label      *Label
	Labels     []Label `gorm:"many2many:chore_labels"`
}

var kindModels = []any{
	&Account{}, &Person{}, &Membership{}, &Passkey{}, &Device{}, &Power{}, &Label{}, &Rule{}, &Chore{},
}

func kindConfig(change ...func(*tenancy.Config)) tenancy.Config {
	c := tenancy.Config{
		Models:  []any{&Account{}, &Chore{}, &Membership{}},
		Private: []any{&Passkey{}},
		Linked:  []tenancy.Link{{Model: &Person{}, Via: &Membership{}}},
		Mixed:   []any{&Label{}},
		Free:    []any{&Rule{}},
	}
	for _, f := range change {
		f(&c)
	}
	return c
}

// bothKinds runs a test on both databases. Persons 1 and 2 are members of A, 2 and
// 3 of B, 4 was one of A, and 5 of nobody. Labels 1 and 2 are A's and B's, 3 is for
// everybody.
func bothKinds(t *testing.T, test func(t *testing.T, w *world), change ...func(*tenancy.Config)) {
	t.Helper()
	for name, open := range map[string]func(testing.TB) *gorm.DB{"sqlite": openSQLite, "postgres": openPostgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := open(t)
			db.Config.DisableForeignKeyConstraintWhenMigrating = false
			require.NoError(t, db.Use(tenancy.New(kindConfig(change...))))
			require.NoError(t, db.AutoMigrate(kindModels...))
			w := &world{db: db, A: uuid.New(), B: uuid.New()}
			w.a, w.b = w.as(w.A), w.as(w.B)
			seedKinds(t, w)
			test(t, w)
		})
	}
}

func seedKinds(t *testing.T, w *world) {
	t.Helper()
	all := w.bypass()
	for i, email := range []string{"a", "ab", "b", "was a", "nobody"} {
		require.NoError(t, all.Create(&Person{Email: email, Age: i + 1}).Error)
	}
	require.NoError(t, all.Create(&Device{Name: "phone"}).Error)
	require.NoError(t, all.Create(&Power{Name: "read"}).Error)
	require.NoError(t, all.Create(&Passkey{PersonID: 1, Key: "secret"}).Error)
	for _, m := range []struct {
		db      *gorm.DB
		persons []uint
	}{{w.a, []uint{1, 2, 4}}, {w.b, []uint{2, 3}}} {
		for _, id := range m.persons {
			require.NoError(t, m.db.Create(&Membership{PersonID: id, Role: "member"}).Error)
		}
	}
	require.NoError(t, w.a.Where("person_id = ?", 4).Delete(&Membership{}).Error)
	require.NoError(t, w.a.Create(&Label{Name: "own"}).Error)
	require.NoError(t, w.b.Create(&Label{Name: "own"}).Error)
	require.NoError(t, all.Create(&Label{Name: "for all"}).Error)
	one, two, three, phone := uint(1), uint(2), uint(3), uint(1)
	require.NoError(t, w.a.Create(&[]Chore{
		{Title: "a1", AssigneeID: &one, LabelID: &one, DeviceID: &phone}, {Title: "a2", AssigneeID: &two, LabelID: &three},
		{Title: "a3", AssigneeID: &three, LabelID: &two}, // of B alone
	}).Error)
	require.NoError(t, w.b.Create(&[]Chore{{Title: "b1", AssigneeID: &two, LabelID: &two}, {Title: "b2", AssigneeID: &three, LabelID: &three}}).Error)
}

func ids[T any](t *testing.T, db *gorm.DB) []uint {
	t.Helper()
	var found []uint
	require.NoError(t, db.Model(new(T)).Order("1").Pluck("id", &found).Error)
	return found
}

func (w *world) set(tenants ...any) *gorm.DB {
	return w.db.WithContext(tenancy.WithSet(context.Background(), tenants...))
}

func TestLinkedRowsAreSeenThroughTheirLinks(t *testing.T) {
	t.Parallel()
	bothKinds(t, func(t *testing.T, w *world) {
		require.Equal(t, []uint{1, 2}, ids[Person](t, w.a))
		require.Equal(t, []uint{2, 3}, ids[Person](t, w.b))
		require.Equal(t, []uint{1, 2, 3}, ids[Person](t, w.set(w.A, w.B)))
		require.Equal(t, []uint{1, 2, 3, 4, 5}, ids[Person](t, w.bypass()))
		require.Equal(t, []uint{1}, ids[Person](t, w.a.Where("age = 1 OR age = 3 OR id = 5")))
		var n int64
		require.NoError(t, w.a.Unscoped().Model(&Person{}).Count(&n).Error)
		require.Equal(t, int64(2), n)
		require.ErrorIs(t, w.a.First(&Person{}, 3).Error, gorm.ErrRecordNotFound)
		require.ErrorIs(t, w.a.First(&Person{ID: 3}).Error, gorm.ErrRecordNotFound)
		require.NoError(t, w.a.Table("people AS p").Where("p.age > 0").Count(&n).Error)
		require.Equal(t, int64(2), n)
		require.Error(t, w.a.Table("people AS tenancy_link").Count(&n).Error)
		require.ErrorIs(t, w.db.Find(&[]Person{}).Error, tenancy.ErrNoTenant)
	})
}

func TestLinkedRowsInJoinsPreloadsAndSubqueries(t *testing.T) {
	t.Parallel()
	bothKinds(t, func(t *testing.T, w *world) {
		for name, db := range map[string]*gorm.DB{"one": w.a, "set": w.set(w.A, w.B), "bypass": w.bypass()} {
			var chores []Chore
			require.NoError(t, db.Joins("Assignee").Order("chores.id").Find(&chores).Error, name)
			require.Len(t, chores, map[string]int{"one": 3, "set": 5, "bypass": 5}[name])
			require.NotNil(t, chores[0].Assignee, name)
			require.NotNil(t, chores[1].Assignee, name)
			require.Nil(t, chores[2].Assignee, "%s: a task of A meets nobody of B", name)
			require.NoError(t, db.Preload("Assignee").Order("id").Find(&chores).Error, name)
			require.NotNil(t, chores[1].Assignee, name)
			require.Nil(t, chores[2].Assignee, name)
			var n int64
			require.NoError(t, db.Model(&Chore{}).Joins("JOIN people p ON p.id = chores.assignee_id").Count(&n).Error, name)
			require.Equal(t, map[string]int64{"one": 2, "set": 4, "bypass": 4}[name], n, name)
			require.NoError(t, db.Model(&Person{}).Joins("JOIN chores ON chores.assignee_id = people.id").Count(&n).Error, name)
			require.Equal(t, map[string]int64{"one": 2, "set": 4, "bypass": 4}[name], n, name)
			require.NoError(t, db.Model(&Person{}).Joins("LEFT JOIN chores ON chores.assignee_id = people.id").
				Where("chores.id IS NULL").Count(&n).Error, name)
			require.Equal(t, map[string]int64{"one": 0, "set": 0, "bypass": 2}[name], n, name)
			require.NoError(t, db.Model(&Chore{}).Where("assignee_id IN (?)", db.Model(&Person{}).Select("id")).Count(&n).Error, name)
			require.Equal(t, map[string]int64{"one": 2, "set": 4, "bypass": 4}[name], n, name)
		}
		require.Error(t, w.bypass().Table("people p, people q").Count(new(int64)).Error)
		var people []Person
		require.NoError(t, w.a.Preload("Chores").Preload("Memberships").Order("id").Find(&people).Error)
		require.Len(t, people, 2)
		require.Len(t, people[1].Chores, 1)
		require.Equal(t, "a2", people[1].Chores[0].Title)
		require.Len(t, people[1].Memberships, 1)
		require.NoError(t, w.a.Model(&Chore{}).Joins("RIGHT JOIN people ON people.id = chores.assignee_id").Find(&[]Chore{}).Error)
	})
}

func TestLinkedRowsAreReadOnly(t *testing.T) {
	t.Parallel()
	bothKinds(t, func(t *testing.T, w *world) {
		require.ErrorIs(t, w.a.Model(&Person{}).Where("id = 1").Update("age", 9).Error, tenancy.ErrSharedReadOnly)
		require.ErrorIs(t, w.a.Table("people").Where("id = 1").Update("age", 9).Error, tenancy.ErrSharedReadOnly)
		require.ErrorIs(t, w.a.Delete(&Person{}, 1).Error, tenancy.ErrSharedReadOnly)
		require.ErrorIs(t, w.a.Create(&Person{Email: "x"}).Error, tenancy.ErrSharedReadOnly)
		require.NoError(t, w.a.Create(&Chore{Title: "with", Assignee: &Person{ID: 1, Email: "changed"}}).Error)
		require.ErrorIs(t, w.a.Create(&Chore{Title: "with", Assignee: &Person{Email: "new"}}).Error, tenancy.ErrSharedReadOnly)
		require.ErrorIs(t, w.a.Create(&Membership{Person: &Person{Email: "new"}}).Error, tenancy.ErrSharedReadOnly)
		var p Person
		require.NoError(t, w.bypass().First(&p, 1).Error)
		require.Equal(t, "a", p.Email)
		require.NoError(t, w.bypass().Model(&Person{}).Where("id = 5").Update("age", 9).Error)
	})
}

func TestWritableLinkedRows(t *testing.T) {
	t.Parallel()
	bothKinds(t, func(t *testing.T, w *world) {
		res := w.a.Model(&Person{}).Where("1 = 1").Update("age", 9)
		require.NoError(t, res.Error)
		require.Equal(t, int64(2), res.RowsAffected)
		require.Equal(t, int64(0), w.a.Model(&Person{ID: 3}).Update("age", 8).RowsAffected)
		require.Equal(t, int64(0), w.a.Delete(&Person{}, 3).RowsAffected)
		require.ErrorIs(t, w.a.Save(&Person{ID: 3, Email: "taken"}).Error, tenancy.ErrCrossTenantConflict)
		require.ErrorIs(t, w.a.Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "email"}}, UpdateAll: true}).
			Create(&Person{Email: "b", Age: 77}).Error, tenancy.ErrCrossTenantConflict)
		require.NoError(t, w.a.Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "email"}}, UpdateAll: true}).
			Create(&Person{Email: "a", Age: 78}).Error)
		require.NoError(t, w.a.Save(&Person{ID: 2, Email: "saved"}).Error)
		require.NoError(t, w.a.Create(&Membership{Person: &Person{Email: "new"}}).Error)
		var people []Person
		require.NoError(t, w.bypass().Order("id").Find(&people).Error)
		ages := map[string]int{}
		for _, p := range people {
			ages[p.Email] = p.Age
		}
		require.Equal(t, map[string]int{"a": 78, "saved": 0, "b": 3, "was a": 4, "nobody": 5, "new": 0}, ages)
		require.Contains(t, ids[Person](t, w.a), people[len(people)-1].ID)
	}, func(c *tenancy.Config) { c.Linked[0].Writable = true })
}

func TestPrivateTablesAreReachedByNoTenant(t *testing.T) {
	t.Parallel()
	bothKinds(t, func(t *testing.T, w *world) {
		for name, db := range map[string]*gorm.DB{"one": w.a, "set": w.set(w.A, w.B), "none": w.db} {
			want := tenancy.ErrPrivate
			if name == "none" {
				want = tenancy.ErrNoTenant
			}
			var n int64
			for what, err := range map[string]error{
				"find":     db.Find(&[]Passkey{}).Error,
				"count":    db.Model(&Passkey{}).Count(&n).Error,
				"table":    db.Table("passkeys AS p").Find(&[]map[string]any{}).Error,
				"join":     db.Model(&Chore{}).Joins("JOIN passkeys ON 1=1").Count(&n).Error,
				"relation": db.Joins("Device").Find(&[]Chore{}).Error,
				"preload":  db.Preload("Device").Find(&[]Chore{}).Error,
				"nested":   db.Preload("Secrets").Find(&[]Person{}).Error,
				"subquery": db.Where("id IN (?)", db.Model(&Passkey{}).Select("id")).Find(&[]Chore{}).Error,
				"create":   db.Create(&Passkey{PersonID: 1}).Error,
				"map":      db.Model(&Passkey{}).Create(map[string]any{"person_id": 1}).Error,
				"update":   db.Model(&Passkey{}).Where("1=1").Update("key", "x").Error,
				"delete":   db.Where("1=1").Delete(&Passkey{}).Error,
				"save":     db.Save(&Passkey{ID: 1, PersonID: 1}).Error,
				"row":      db.Model(&Passkey{}).Select("key").Row().Err(),
				"unscoped": db.Unscoped().First(&Passkey{}).Error,
				"new":      db.Create(&Chore{Title: "t", Device: &Device{Name: "new"}}).Error,
				"generic":  func() error { _, err := gorm.G[Passkey](db).Find(db.Statement.Context); return err }(),
				"from":     db.Clauses(clause.From{Tables: []clause.Table{{Name: "passkeys"}}}).Model(&Chore{}).Count(&n).Error,
				"dto":      db.Model(&keyRow{}).Count(&n).Error,
				"exists":   db.Where("EXISTS (?)", db.Table("passkeys").Select("1")).Find(&[]Chore{}).Error,
				"owner": func() error {
					return db.Model(&Chore{ID: 1, DeviceID: ptr(uint(1))}).Association("Device").Find(&[]Device{})
				}(),
				"firstinit": db.FirstOrCreate(&Passkey{}, Passkey{PersonID: 9}).Error,
			} {
				if name == "set" && what == "owner" || name == "set" && what == "new" {
					require.Error(t, err, what)
					continue
				}
				require.ErrorIs(t, err, want, "%s: %s", name, what)
			}
		}
		require.Equal(t, int64(1), w.count(t, &Passkey{}))
		require.Equal(t, int64(1), w.count(t, &Device{}))
	})
}

type keyRow struct{ Key string }

func (keyRow) TableName() string { return "passkeys" }

func ptr[T any](v T) *T { return &v }

func TestRowsRelateToPrivateOnes(t *testing.T) {
	t.Parallel()
	bothKinds(t, func(t *testing.T, w *world) {
		task := Chore{Title: "t", Device: &Device{ID: 1, Name: "changed"}}
		require.NoError(t, w.a.Create(&task).Error)
		require.Equal(t, uint(1), *task.DeviceID)
		task.Title = "u"
		require.NoError(t, w.a.Save(&task).Error)
		require.NoError(t, w.a.Session(&gorm.Session{FullSaveAssociations: true}).Updates(&task).Error)
		require.NoError(t, w.a.Model(&Chore{ID: 2}).Association("Device").Append(&Device{ID: 1}))
		var n int64
		require.NoError(t, w.a.Model(&Chore{}).Where("device_id = 1").Count(&n).Error)
		require.Equal(t, int64(3), n)
		require.NoError(t, w.a.Model(&task).Association("Device").Clear())
		var d Device
		require.NoError(t, w.bypass().First(&d).Error)
		require.Equal(t, "phone", d.Name)
		require.NoError(t, w.bypass().Preload("Secrets").First(&Person{}).Error)
		require.ErrorIs(t, w.a.Create(&Membership{Person: &Person{ID: 1, Secrets: []Passkey{{Key: "x"}}}}).Error, tenancy.ErrPrivate)
		require.ErrorIs(t, w.a.Create(&Membership{Person: &Person{ID: 1, Secrets: []Passkey{{ID: 1, Key: "x"}}}}).Error, tenancy.ErrPrivate,
			"a child that would be given another parent")
	})
}

func TestMixedRowsAreReadByAllAndWrittenByTheirOwn(t *testing.T) {
	t.Parallel()
	bothKinds(t, func(t *testing.T, w *world) {
		require.Equal(t, []uint{1, 3}, ids[Label](t, w.a))
		require.Equal(t, []uint{2, 3}, ids[Label](t, w.b))
		require.Equal(t, []uint{1, 2, 3}, ids[Label](t, w.set(w.A, w.B)))
		require.Equal(t, []uint{1, 3}, ids[Label](t, w.set(w.A)))
		require.Equal(t, []uint{1, 2, 3}, ids[Label](t, w.bypass()))
		require.Equal(t, []uint{1}, ids[Label](t, w.a.Where("name = 'own' OR id = 2")))
		var l Label
		require.NoError(t, w.a.First(&l, 1).Error)
		require.Equal(t, w.A, *l.TenantID)

		res := w.a.Model(&Label{}).Where("1=1").Update("color", "red")
		require.NoError(t, res.Error)
		require.Equal(t, int64(1), res.RowsAffected)
		res = w.set(w.A, w.B).Model(&Label{}).Where("1=1").Update("color", "blue")
		require.NoError(t, res.Error)
		require.Equal(t, int64(2), res.RowsAffected)
		require.Equal(t, int64(0), w.a.Delete(&Label{}, 3).RowsAffected)
		require.Equal(t, int64(0), w.set(w.A, w.B).Delete(&Label{}, 3).RowsAffected)
		all := Label{ID: 3}
		require.NoError(t, w.a.First(&all).Error)
		require.ErrorIs(t, w.a.Save(&all).Error, tenancy.ErrCrossTenantConflict)
		require.ErrorIs(t, w.a.Model(&Label{}).Where("id = 1").Update("tenant_id", nil).Error, tenancy.ErrTenantImmutable)
		require.ErrorIs(t, w.set(w.A, w.B).Create(&Label{Name: "x"}).Error, tenancy.ErrTenantMismatch)
		require.Error(t, w.a.Model(&Label{}).Create(map[string]any{"name": "z", "tenant_id": gorm.Expr("NULL")}).Error)
		require.NoError(t, w.a.Model(&Label{}).Create(map[string]any{"name": "y", "tenant_id": nil}).Error)
		l = Label{}
		require.NoError(t, w.a.Where("name = ?", "y").First(&l).Error)
		require.Equal(t, w.A, *l.TenantID)

		require.NoError(t, w.bypass().Model(&Label{}).Create(map[string]any{"name": "map for all"}).Error)
		all = Label{}
		require.NoError(t, w.bypass().First(&all, 3).Error)
		all.Color = "green"
		require.NoError(t, w.bypass().Save(&all).Error)
		require.ErrorIs(t, w.bypass().Save(&Label{ID: 2, Name: "taken over"}).Error, tenancy.ErrCrossTenantConflict)
		var colors []string
		require.NoError(t, w.bypass().Model(&Label{}).Where("id < 4").Order("id").Pluck("color", &colors).Error)
		require.Equal(t, []string{"blue", "blue", "green"}, colors)
		require.NoError(t, w.bypass().Where("name = ?", "map for all").Delete(&Label{}).Error)
	})
}

func TestMixedUniquesAndUpserts(t *testing.T) {
	t.Parallel()
	bothKinds(t, func(t *testing.T, w *world) {
		byName := clause.OnConflict{Columns: []clause.Column{{Name: "name"}}, DoUpdates: clause.AssignmentColumns([]string{"color"})}
		require.Error(t, w.a.Create(&Label{Name: "own"}).Error)
		require.Error(t, w.bypass().Create(&Label{Name: "for all"}).Error)
		require.NoError(t, w.a.Create(&Label{Name: "for all", Color: "mine"}).Error)
		require.NoError(t, w.a.Clauses(byName).Create(&Label{Name: "for all", Color: "mine, too"}).Error)
		require.NoError(t, w.b.Clauses(byName).Create(&Label{Name: "own", Color: "b"}).Error)
		require.NoError(t, w.bypass().Clauses(byName).Create(&Label{Name: "for all", Color: "all"}).Error)
		require.NoError(t, w.bypass().Clauses(byName).Create(&[]Label{{Name: "for all", Color: "all again"}, {Name: "new for all"}}).Error)
		require.ErrorIs(t, w.bypass().Clauses(byName).Create(&[]Label{{Name: "for all"}, {Name: "own", TenantID: &w.B}}).Error, tenancy.ErrTenantMismatch)
		require.NoError(t, w.bypass().Clauses(byName).Create(&Label{Name: "own", Color: "b again", TenantID: &w.B}).Error)
		require.ErrorIs(t, w.a.Clauses(clause.OnConflict{UpdateAll: true}).Create(&Label{ID: 3, Name: "x"}).Error, tenancy.ErrCrossTenantConflict)
		require.ErrorIs(t, w.a.Clauses(clause.OnConflict{UpdateAll: true}).Create(&Label{ID: 2, Name: "x"}).Error, tenancy.ErrCrossTenantConflict)
		colors := map[string][]string{}
		var labels []Label
		require.NoError(t, w.bypass().Order("id").Find(&labels).Error)
		for _, l := range labels {
			colors[l.Name] = append(colors[l.Name], l.Color)
		}
		require.Equal(t, map[string][]string{
			"own": {"", "b again"}, "for all": {"all again", "mine, too"}, "new for all": {""},
		}, colors)
	})
}

func TestMixedRowsInJoinsPreloadsAndSubqueries(t *testing.T) {
	t.Parallel()
	bothKinds(t, func(t *testing.T, w *world) {
		for name, db := range map[string]*gorm.DB{"one": w.a, "set": w.set(w.A, w.B), "bypass": w.bypass()} {
			var chores []Chore
			require.NoError(t, db.Joins("Label").Order("chores.id").Find(&chores).Error, name)
			require.Len(t, chores, map[string]int{"one": 3, "set": 5, "bypass": 5}[name])
			require.NotNil(t, chores[0].Label, name)
			require.NotNil(t, chores[1].Label, name)
			require.Nil(t, chores[2].Label, "%s: a task of A meets no label of B", name)
			require.NoError(t, db.Preload("Label").Order("id").Find(&chores).Error, name)
			require.NotNil(t, chores[1].Label, name)
			require.Nil(t, chores[2].Label, name)
			var n int64
			require.NoError(t, db.Model(&Label{}).Joins("JOIN chores ON chores.label_id = labels.id").Count(&n).Error, name)
			require.Equal(t, map[string]int64{"one": 2, "set": 4, "bypass": 4}[name], n, name)
			require.NoError(t, db.Model(&Label{}).Where("EXISTS (?)", w.db.Model(&Chore{}).Select("1").Where("chores.label_id = labels.id")).Count(&n).Error, name)
			require.Equal(t, map[string]int64{"one": 2, "set": 3, "bypass": 3}[name], n, name)
			var labels []Label
			require.NoError(t, db.Preload("Chores").Order("id").Find(&labels).Error, name)
			require.Equal(t, "for all", labels[len(labels)-1].Name, name)
			require.Len(t, labels[len(labels)-1].Chores, map[string]int{"one": 1, "set": 2, "bypass": 2}[name])
		}
		require.Equal(t, int64(1), w.set(w.A).Joins("JOIN chores ON chores.label_id = labels.id AND labels.id = 3").Find(&[]Label{}).RowsAffected,
			"a label for everybody brings nobody from beyond the set along")
		require.ErrorIs(t, w.bypass().Select("id", "name").Preload("Chores").Find(&[]Label{}).Error, tenancy.ErrTenantMismatch)
		require.Error(t, w.bypass().Model(&Label{}).Joins("JOIN chores ON 1=1").Joins("JOIN memberships ON 1=1").Count(new(int64)).Error)
	})
}

func TestMixedAssociations(t *testing.T) {
	t.Parallel()
	bothKinds(t, func(t *testing.T, w *world) {
		var all Label
		require.NoError(t, w.a.First(&all, 3).Error)
		task := Chore{Title: "t", Label: &all, Labels: []Label{all, {Name: "new"}}}
		require.NoError(t, w.a.Create(&task).Error)
		require.Nil(t, all.TenantID)
		require.Nil(t, task.Labels[0].TenantID)
		require.Equal(t, w.A, *task.Labels[1].TenantID)
		var read Chore
		require.NoError(t, w.a.Preload("Labels").First(&read, task.ID).Error)
		require.Len(t, read.Labels, 2)
		require.Equal(t, int64(2), w.a.Model(&read).Association("Labels").Count())
		require.NoError(t, w.a.Model(&read).Association("Labels").Delete(&all))
		require.Equal(t, int64(1), w.a.Model(&read).Association("Labels").Count())

		power := Power{ID: 1}
		require.NoError(t, w.bypass().Model(&all).Association("Powers").Append(&power))
		own := Label{ID: 1}
		require.NoError(t, w.a.Model(&own).Association("Powers").Append(&power))
		require.NoError(t, w.a.Model(&all).Association("Powers").Append(&power), "a power of one's own for a label of all")
		require.NoError(t, w.b.Model(&all).Association("Powers").Append(&power))
		require.Equal(t, int64(4), func() (n int64) { require.NoError(t, w.bypass().Table("label_powers").Count(&n).Error); return n }())
		require.NoError(t, w.a.Model(&all).Association("Powers").Clear())
		var labels []Label
		require.NoError(t, w.a.Preload("Powers").Order("id").Find(&labels, []uint{1, 3}).Error)
		require.Len(t, labels[0].Powers, 1)
		require.Len(t, labels[1].Powers, 1)
	})
}

func TestMixedTablesAreMigratedOnce(t *testing.T) {
	t.Parallel()
	bothKinds(t, func(t *testing.T, w *world) {
		done, err := tenancy.AutoMigrate(w.db, kindModels...)
		require.NoError(t, err)
		require.Empty(t, done.Done)
		require.Empty(t, done.Pending)
		done, err = tenancy.AssignRows(w.db, w.A, kindModels...)
		require.NoError(t, err)
		require.Empty(t, done.Done)
		require.Equal(t, []uint{2, 3}, ids[Label](t, w.b))
	})
}

func TestFreeTablesNeedNoScope(t *testing.T) {
	t.Parallel()
	bothKinds(t, func(t *testing.T, w *world) {
		for name, db := range map[string]*gorm.DB{"none": w.db, "one": w.a, "set": w.set(w.A, w.B), "bypass": w.bypass()} {
			rule := Rule{Text: "r"}
			require.NoError(t, db.Create(&rule).Error, name)
			require.NoError(t, db.Model(&Rule{}).Create(map[string]any{"text": "m"}).Error, name)
			rule.Text = "s"
			require.NoError(t, db.Save(&rule).Error, name)
			require.NoError(t, db.Model(&rule).Update("text", "u").Error, name)
			require.NoError(t, db.First(&rule, "text = ? OR text = ?", "u", "v").Error, name)
			var n int64
			require.NoError(t, db.Table("rules AS r").Where("r.id > 0").Count(&n).Error, name)
			require.Equal(t, int64(2), n)
			require.NoError(t, db.Model(&Rule{}).Where("id IN (?)", w.db.Model(&Rule{}).Select("max(id)")).Count(&n).Error, name)
			require.NoError(t, db.Transaction(func(tx *gorm.DB) error {
				return tx.Where("1=1").Delete(&Rule{}).Error
			}), name)
		}
		require.ErrorIs(t, w.db.Find(&[]Chore{}).Error, tenancy.ErrNoTenant)
		var n int64
		require.ErrorIs(t, w.db.Model(&Rule{}).Joins("JOIN chores ON 1=1").Count(&n).Error, tenancy.ErrNoTenant)
		require.ErrorIs(t, w.db.Model(&Rule{}).Joins("JOIN powers ON 1=1").Count(&n).Error, tenancy.ErrNoTenant)
		require.ErrorIs(t, w.db.Model(&Rule{}).Joins("JOIN unknown ON 1=1").Count(&n).Error, tenancy.ErrNoTenant)
		require.ErrorIs(t, w.db.Table("rules, chores").Count(&n).Error, tenancy.ErrNoTenant)
		require.ErrorIs(t, w.db.Table("(?) AS x", w.db.Model(&Chore{})).Count(&n).Error, tenancy.ErrNoTenant)
		require.Error(t, w.db.Model(&Rule{}).Where("id IN (?)", w.db.Model(&Chore{}).Select("id")).Count(&n).Error)
		require.Error(t, w.db.Model(&Rule{}).Where("id IN (?)", w.a.Model(&Chore{}).Select("id")).Count(&n).Error)
		require.Error(t, w.db.Model(&Rule{}).Where("id IN (SELECT id FROM chores)").Count(&n).Error)
		require.ErrorIs(t, w.db.Exec("DELETE FROM rules WHERE id IN (SELECT id FROM chores)").Error, tenancy.ErrNoTenant)
		require.NoError(t, w.db.Exec("DELETE FROM rules").Error)
		require.Error(t, w.db.Model(&Chore{}).Table("rules").Find(&[]Chore{}).Error)
		require.NoError(t, w.a.Model(&Chore{}).Joins("JOIN rules ON 1=1").Count(&n).Error)
	})
}

func TestAssumedScope(t *testing.T) {
	t.Parallel()
	type key struct{}
	bothKinds(t, func(t *testing.T, w *world) {
		in := func(s tenancy.Scope) *gorm.DB {
			return w.db.WithContext(context.WithValue(context.Background(), key{}, s))
		}
		a, _ := tenancy.From(tenancy.With(context.Background(), w.A))
		every, _ := tenancy.From(tenancy.Bypass(context.Background(), "test"))
		wrong, _ := tenancy.From(tenancy.With(context.Background(), ""))
		require.Equal(t, []uint{1, 2}, ids[Person](t, in(a)))
		require.NoError(t, in(a).Create(&Chore{Title: "assumed", Labels: []Label{{Name: "x"}}}).Error)
		require.NoError(t, in(a).Preload("Label").Find(&[]Chore{}).Error)
		require.ErrorIs(t, in(every).Find(&[]Chore{}).Error, tenancy.ErrInvalidTenant)
		require.ErrorIs(t, in(wrong).Find(&[]Chore{}).Error, tenancy.ErrInvalidTenant)
		require.ErrorIs(t, in(wrong).Exec("SELECT 1").Error, tenancy.ErrInvalidTenant)
		require.ErrorIs(t, w.db.Find(&[]Chore{}).Error, tenancy.ErrNoTenant)
		require.NoError(t, w.db.Find(&[]Rule{}).Error)
		require.Equal(t, []uint{2, 3}, ids[Person](t, w.db.WithContext(tenancy.With(context.WithValue(context.Background(), key{}, a), w.B))))
	}, func(c *tenancy.Config) {
		c.AssumeScope = func(ctx context.Context) tenancy.Scope { s, _ := ctx.Value(key{}).(tenancy.Scope); return s }
	})
}

func TestPlansLeaveMixedTablesWhole(t *testing.T) {
	t.Parallel()
	bothKinds(t, func(t *testing.T, w *world) {
		if w.db.Name() != "postgres" {
			return
		}
		analysis, err := tenancy.PlanKeys(context.Background(), w.db, keys.Options{}, kindModels...)
		require.NoError(t, err)
		told := map[string]bool{}
		for _, f := range analysis.Findings {
			if strings.Contains(f.Problem, "Citus cannot distribute it") {
				told[f.Table.Name] = true
				for _, other := range f.Also {
					told[other.Table.Name] = true
				}
			}
		}
		require.Equal(t, map[string]bool{"labels": true, "label_powers": true}, told)
		plan, err := analysis.Plan()
		require.NoError(t, err)
		require.Empty(t, plan.Phases)
	})
}
