package tenancytest

import (
	"database/sql"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy"
)

// More models, with what the first ones do not have: tenants with numbers, a
// tenant column of another name, references that hold the tenant, tables that
// refer to each other, a join model, embedded fields and relations, hooks,
// serialized, read-only and defaulted fields.
type (
	org struct {
		ID     int64 `gorm:"primaryKey;autoIncrement:false" tenancy:"tenant"`
		Title  string
		People []person `gorm:"foreignKey:OrgID"`
	}

	person struct {
		OrgID    int64  `gorm:"not null;uniqueIndex:idx_people_number,priority:1" tenancy:"tenant"`
		Org      *org   `gorm:"foreignKey:OrgID"`
		ID       int64  `gorm:"primaryKey" tenancy:"global"`
		Number   int    `gorm:"uniqueIndex:idx_people_number,priority:2"`
		FullName string `gorm:"column:order;size:40;not null"`
		Kind     string `gorm:"check:kind IN ('staff','guest');default:staff"`
		Score    float32
		Level    uint8
		Raw      []byte
		Nick     sql.NullString
		Born     *time.Time
		Options  map[string]int `gorm:"serializer:json"`
		Home     address        `gorm:"embedded;embeddedPrefix:home_"`
		TeamID   *int64
		Team     *team    `gorm:"foreignKey:OrgID,TeamID;references:OrgID,ID;constraint:-"`
		Badge    *badge   `gorm:"foreignKey:PersonID"`
		Skills   []*skill `gorm:"many2many:person_skills"`
		Created  int64    `gorm:"autoCreateTime"`
		Updated  int64    `gorm:"autoUpdateTime:milli"`
		Upper    string   `gorm:"->;-:migration"`
		Origin   string   `gorm:"<-:create"`
		seen     bool
	}

	address struct {
		Street string
		CityID *string
		City   *city
	}

	city struct {
		OrgID int64  `tenancy:"tenant"`
		ID    string `gorm:"primaryKey;size:20"`
		Name  string
	}

	team struct {
		OrgID   int64 `gorm:"not null" tenancy:"tenant"`
		ID      int64
		Name    string
		Active  bool `gorm:"default:true"`
		LeadID  *int64
		Lead    *person  `gorm:"foreignKey:LeadID"`
		Members []person `gorm:"foreignKey:OrgID,TeamID;references:OrgID,ID;constraint:-"`
	}

	badge struct {
		OrgID    int64 `tenancy:"tenant"`
		PersonID int64 `gorm:"primaryKey;autoIncrement:false"`
		Code     string
	}

	skill struct {
		OrgID int64 `tenancy:"tenant"`
		ID    int64
		Name  string `gorm:"unique"`
		Level int
	}

	personSkill struct {
		OrgID    int64 `tenancy:"tenant"`
		PersonID int64 `gorm:"primaryKey"`
		SkillID  int64 `gorm:"primaryKey"`
		Years    int
	}
)

// BeforeCreate and AfterFind are hooks as applications have them.
func (p *person) BeforeCreate(tx *gorm.DB) error {
	var n int64
	if err := tx.Session(&gorm.Session{NewDB: true}).Model(&person{}).Where("1 = 1\tor\t1 = 1").Count(&n).Error; err != nil {
		return err
	}
	p.Origin = fmt.Sprintf("one of %d", n)
	return nil
}

func (p *person) AfterFind(*gorm.DB) error {
	p.seen = true
	return nil
}

func wide(t *testing.T) Suite {
	t.Helper()
	db := open(t, false)
	require.NoError(t, db.SetupJoinTable(&person{}, "Skills", &personSkill{}))
	require.NoError(t, db.Use(tenancy.New(tenancy.Config{})))
	require.NoError(t, db.AutoMigrate(&org{}, &person{}, &team{}, &badge{}, &skill{}, &personSkill{}, &city{}))
	return Suite{
		DB: db, Models: []any{&org{}, &person{}},
		Adjust: func(value any, _ any, number int) {
			if p, ok := value.(*person); ok {
				p.Kind = []string{"staff", "guest"}[number%2]
				p.Options = map[string]int{"number": number}
			}
		},
	}
}

func TestRunWide(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes a minute or more; the short run has TestRun on a part of the models")
	}
	t.Parallel()
	wide(t).Run(t)
}
