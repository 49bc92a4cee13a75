package suite

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy"
)

// Pupil and Course have the tenant in their keys, as Citus's guide says, and Pupil
// does not mark it.
type Pupil struct {
	TenantID int64    `gorm:"primaryKey;autoIncrement:false"`
	ID       int64    `gorm:"primaryKey;autoIncrement:false"`
	Courses  []Course `gorm:"many2many:pupil_courses"`
	Friends  []*Pupil `gorm:"many2many:pupil_friends"`
	Merits   []Merit  `gorm:"many2many:pupil_merits"`
}

type Course struct {
	TenantID int64 `gorm:"primaryKey;autoIncrement:false" tenancy:"tenant"`
	ID       int64 `gorm:"primaryKey;autoIncrement:false"`
	Title    string
	Pupils   []Pupil `gorm:"many2many:pupil_courses"`
}

// Merit has a key of its own.
type Merit struct {
	ID       int64
	TenantID int64
}

// Essay refers to its pupil with a tenant column of its own for it.
type Essay struct {
	TenantID      int64 `gorm:"primaryKey;autoIncrement:false"`
	ID            int64 `gorm:"primaryKey;autoIncrement:false"`
	PupilTenantID *int64
	PupilID       *int64
	Pupil         *Pupil `gorm:"constraint:OnDelete:SET NULL"`
}

// School is a root that members of nobody, tenants' rows and other roots join.
type School struct {
	ID       int64     `gorm:"primaryKey;autoIncrement:false" tenancy:"tenant"`
	Teachers []Teacher `gorm:"many2many:school_teachers"`
	Coaches  []Coach   `gorm:"many2many:school_coaches"`
	Partners []*School `gorm:"many2many:school_partners"`
}

// Teacher is the application's own, and works for several schools.
type Teacher struct {
	_       struct{} `tenancy:"private"`
	ID      int64
	Name    string
	Schools []School `gorm:"many2many:school_teachers"`
}

type Coach struct {
	SchoolID int64    `gorm:"primaryKey;autoIncrement:false" tenancy:"tenant"`
	ID       int64    `gorm:"primaryKey;autoIncrement:false"`
	Schools  []School `gorm:"many2many:school_coaches"`
}

// lone is a database that holds one tenant alone, of plain GORM.
func lone(t *testing.T, s *shop, models ...any) *gorm.DB {
	t.Helper()
	dsn := "file:" + t.Name() + "?mode=memory&cache=shared"
	if s.isPostgres() {
		dsn = postgresDSN(t)
	}
	plain := openShop(t, dsn, false)
	require.NoError(t, plain.db.AutoMigrate(models...))
	return plain.db
}

func (s *shop) hasColumn(table, column string) bool {
	_, err := s.pool.Exec("SELECT " + column + " FROM " + table)
	return err == nil
}

func seedPupils(t *testing.T, db *gorm.DB, tenant int64, more ...int64) {
	t.Helper()
	art, math := Course{TenantID: tenant, ID: 1, Title: "Art"}, Course{TenantID: tenant, ID: 2, Title: "Math"}
	pupils := []Pupil{
		{TenantID: tenant, ID: 1, Courses: []Course{art, math}, Merits: []Merit{{TenantID: tenant}}},
		{TenantID: tenant, ID: 2, Courses: []Course{math}, Friends: []*Pupil{{TenantID: tenant, ID: 3}}},
	}
	for _, id := range more {
		pupils = append(pupils, Pupil{TenantID: tenant, ID: id, Courses: []Course{art, math}})
	}
	require.NoError(t, db.Create(&pupils).Error)
}

// readPupils asks everything of the join tables that a tenant may.
func readPupils(t *testing.T, db *gorm.DB, tenant int64) (answers []any) {
	t.Helper()
	ordered := func(tx *gorm.DB) *gorm.DB { return tx.Order("id") }
	var pupils []Pupil
	require.NoError(t, db.Preload("Courses", ordered).Preload("Friends").Order("id").Find(&pupils).Error)
	var courses []Course
	require.NoError(t, db.Preload("Pupils", ordered).Order("id").Find(&courses).Error)
	owner := Pupil{TenantID: tenant, ID: 1}
	association := func() *gorm.Association { return db.Model(&owner).Association("Courses") }
	var found []Course
	require.NoError(t, association().Find(&found, "title = ?", "Art"))
	var joined, counted int64
	require.NoError(t, db.Table("pupil_courses").Count(&counted).Error)
	require.NoError(t, db.Model(&Pupil{}).
		Joins("JOIN pupil_courses pc ON pc.pupil_id = pupils.id").Joins("JOIN courses c ON c.id = pc.course_id").
		Where("c.title = ?", "Math").Count(&joined).Error)
	answers = append(answers, pupils, courses, found, association().Count(), counted, joined)
	require.NoError(t, association().Replace(&Course{TenantID: tenant, ID: 2}, &Course{TenantID: tenant, ID: 3, Title: "Music"}))
	answers = append(answers, association().Count())
	require.NoError(t, association().Delete(&Course{TenantID: tenant, ID: 3}))
	require.NoError(t, db.Model(&Pupil{TenantID: tenant, ID: 2}).Association("Friends").Clear())
	require.NoError(t, db.Table("pupil_friends").Count(&counted).Error)
	return append(answers, association().Count(), counted)
}

// Where the keys of both sides contain the tenant, the join table has it already.
func TestJoinTableOfKeysWithTheTenant(t *testing.T) {
	t.Parallel()
	shops(t, func(t *testing.T, first *shop) {
		models := []any{&Pupil{}, &Course{}, &Merit{}, &Essay{}}
		for name, config := range map[string]tenancy.Config{"listed": {Models: models}, "unlisted": {}} {
			t.Run(name, func(t *testing.T) {
				s := openConfigured(t, first.dsn, config)
				require.Empty(t, s.migrate(t, models...))
				s.changes()
				require.Empty(t, s.migrate(t, models...))
				require.Empty(t, s.changes(), "a second run changes nothing")
				require.False(t, s.hasColumn("pupil_courses", "tenant_id"), "nothing is added")
				require.True(t, s.hasColumn("pupil_merits", "pupil_tenant_id"))
				a, b := s.db.WithContext(tenancy.With(context.Background(), 1)), s.db.WithContext(tenancy.With(context.Background(), 2))
				seedPupils(t, a, 1)
				seedPupils(t, b, 2, 7, 8)
				plain := lone(t, s, models...)
				seedPupils(t, plain, 1)
				require.Equal(t, readPupils(t, plain, 1), readPupils(t, a, 1))
				require.Len(t, readPupils(t, b, 2)[0], 5)
				foreign := map[string]any{"pupil_tenant_id": 1, "pupil_id": 1, "course_tenant_id": 2, "course_id": 1}
				require.Error(t, a.Table("pupil_courses").Create(foreign).Error, "another tenant's course is there")
				require.ErrorIs(t, a.Model(&Pupil{TenantID: 1, ID: 1}).Association("Courses").Append(&Course{TenantID: 2, ID: 1}), tenancy.ErrTenantMismatch)
				one := int64(1)
				require.NoError(t, a.Create(&Essay{ID: 1, PupilTenantID: &one, PupilID: &one}).Error)
				s.drop(t, "pupil_courses", "pupil_friends", "pupil_merits", "essays", "pupils", "courses", "merits")
			})
		}
	})
}

func seedSchools(t *testing.T, db *gorm.DB, school int64) {
	t.Helper()
	require.NoError(t, db.Create(&School{ID: school, Coaches: []Coach{{SchoolID: school, ID: 1}, {SchoolID: school, ID: 2}}}).Error)
	require.NoError(t, db.Exec("INSERT INTO school_teachers (school_id, teacher_id) VALUES (?, 1), (?, 2)", school, school).Error)
}

// A root's key is the tenant column of the tables that join it.
func TestJoinTableOfTheRoot(t *testing.T) {
	t.Parallel()
	shops(t, func(t *testing.T, first *shop) {
		models := []any{&School{}, &Teacher{}, &Coach{}}
		for name, config := range map[string]tenancy.Config{"listed": {Models: models}, "unlisted": {}, "one": {Models: models[:1:1]}} {
			t.Run(name, func(t *testing.T) {
				s := openConfigured(t, first.dsn, config)
				require.Empty(t, s.migrate(t, models...))
				s.changes()
				require.Empty(t, s.migrate(t, models...))
				require.Empty(t, s.changes())
				require.False(t, s.hasColumn("school_teachers", "tenant_id"))
				all := s.db.WithContext(tenancy.Bypass(context.Background(), "test"))
				require.NoError(t, all.Create(&[]Teacher{{ID: 1, Name: "x"}, {ID: 2, Name: "y"}}).Error)
				seedSchools(t, all, 1)
				seedSchools(t, all, 2)
				require.NoError(t, all.Create(&Teacher{ID: 3, Schools: []School{{ID: 1}, {ID: 2}}}).Error)
				again := openConfigured(t, first.dsn, config)
				a := again.db.WithContext(tenancy.With(context.Background(), 1))
				var schools []School
				require.NoError(t, a.Preload("Coaches").Find(&schools).Error)
				require.Len(t, schools, 1)
				require.Len(t, schools[0].Coaches, 2)
				var coaches []Coach
				require.NoError(t, a.Preload("Schools").Find(&coaches).Error)
				require.Len(t, coaches, 2)
				require.Len(t, coaches[0].Schools, 1)
				var count int64
				require.NoError(t, a.Table("school_teachers").Count(&count).Error)
				require.Equal(t, int64(3), count)
				require.ErrorIs(t, a.Preload("Teachers").Find(&schools).Error, tenancy.ErrPrivate)
				require.NoError(t, a.Model(&School{ID: 1}).Association("Coaches").Delete(&Coach{SchoolID: 1, ID: 1}))
				require.NoError(t, all.Table("school_coaches").Count(&count).Error)
				require.Equal(t, int64(3), count)
				var teachers []Teacher
				require.NoError(t, all.Preload("Schools").Order("id").Find(&teachers).Error)
				require.Len(t, teachers[2].Schools, 2)
				s.drop(t, "school_teachers", "school_coaches", "school_partners", "coaches", "teachers", "schools")
			})
		}
	})
}

// What works does not depend on which statement came first.
func TestAssociationModeBeforeItsOwnerIsUsed(t *testing.T) {
	t.Parallel()
	shops(t, func(t *testing.T, first *shop) {
		require.Empty(t, first.migrate(t, &Crew{}, &Vessel{}, &Pupil{}, &Course{}, &Merit{}))
		seed := first.db.WithContext(tenancy.With(context.Background(), 1))
		require.NoError(t, seed.Create(&Crew{ID: 1, Ships: []Vessel{{ID: 1}, {ID: 2}}}).Error)
		seedPupils(t, seed, 1)
		s := openConfigured(t, first.dsn, tenancy.Config{})
		require.Equal(t, int64(2), s.db.WithContext(tenancy.With(context.Background(), 1)).Model(&Crew{AccountID: 1, ID: 1}).Association("Ships").Count())
		for name, use := range map[string]func(db *gorm.DB) error{
			"find": func(db *gorm.DB) error {
				var ships []Vessel
				return db.Model(&Crew{AccountID: 1, ID: 1}).Association("Ships").Find(&ships)
			},
			"clear": func(db *gorm.DB) error { return db.Model(&Crew{AccountID: 1, ID: 1}).Association("Ships").Clear() },
			"delete": func(db *gorm.DB) error {
				return db.Model(&Crew{AccountID: 1, ID: 1}).Association("Ships").Delete(&Vessel{AccountID: 1, ID: 1})
			},
			"replace": func(db *gorm.DB) error {
				return db.Model(&Crew{AccountID: 1, ID: 1}).Association("Ships").Replace(&Vessel{AccountID: 1, ID: 2})
			},
			"keys": func(db *gorm.DB) error {
				var merits []Merit
				return db.Model(&Pupil{TenantID: 1, ID: 1}).Association("Merits").Find(&merits)
			},
		} {
			s := openConfigured(t, first.dsn, tenancy.Config{})
			require.NoError(t, use(s.db.WithContext(tenancy.With(context.Background(), 1))), name)
		}
	})
}

// Deed and Witness have a join model of their own, without the tenant column.
type Deed struct {
	AccountID int64 `tenancy:"tenant"`
	ID        int64
	Witnesses []Witness `gorm:"many2many:deed_witnesses"`
}

type Witness struct {
	AccountID int64 `tenancy:"tenant"`
	ID        int64
}

type DeedWitness struct {
	DeedID    int64 `gorm:"primaryKey"`
	WitnessID int64 `gorm:"primaryKey"`
}

// A join model without the tenant column is told to have it.
func TestJoinModelWithoutTheTenantColumn(t *testing.T) {
	t.Parallel()
	shops(t, func(t *testing.T, first *shop) {
		s := openConfigured(t, first.dsn, tenancy.Config{})
		require.NoError(t, s.db.SetupJoinTable(&Deed{}, "Witnesses", &DeedWitness{}))
		s.must(t, "CREATE TABLE deeds (account_id bigint, id bigint)")
		s.must(t, "CREATE TABLE witnesses (account_id bigint, id bigint, PRIMARY KEY (account_id, id))")
		err := s.db.WithContext(tenancy.With(context.Background(), 1)).Create(&Deed{ID: 1, Witnesses: []Witness{{ID: 1}}}).Error
		require.ErrorIs(t, err, tenancy.ErrUndeclared)
		require.ErrorContains(t, err, "give the join model DeedWitness of Deed.Witnesses the tenant column")
	})
}
