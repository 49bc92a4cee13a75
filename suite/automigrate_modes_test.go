package suite

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"gorm.io/driver/postgres"
	"gorm.io/driver/sqlite"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"github.com/gorm-tenancy/tenancy"
)

// Firm is a root, and what follows has one of each relation, so that any of the
// tables may be observed while the others are enforced.
type Firm struct {
	ID   uuid.UUID `gorm:"type:uuid;primaryKey" tenancy:"tenant"`
	Slug string    `gorm:"unique"`
}

type FirmEmp struct {
	tenancy.TenantModel
	Firm   *Firm  `gorm:"foreignKey:TenantID"`
	ID     string `gorm:"primaryKey"`
	Email  string `gorm:"unique"`
	Name   string `gorm:"uniqueIndex"`
	BossID *string
	Boss   *FirmEmp
	Cards  []FirmCard  `gorm:"foreignKey:EmpID;constraint:OnDelete:CASCADE"`
	Skills []FirmSkill `gorm:"many2many:firm_emp_skills"`
}

type FirmCard struct {
	tenancy.TenantModel
	ID      uint
	EmpID   *string
	Code    string `gorm:"unique"`
	SkillID *uint
	Skill   *FirmSkill
}

type FirmSkill struct {
	tenancy.TenantModel
	ID     uint
	Name   string `gorm:"uniqueIndex"`
	LeadID *string
	Lead   *FirmEmp
}

// FirmNote has no tenant column.
type FirmNote struct {
	ID    uint
	EmpID *string
	Emp   *FirmEmp
}

var firmTables = []string{"firms", "firm_emps", "firm_cards", "firm_skills", "firm_emp_skills"}

var firmModels = []any{&FirmCard{}, &FirmEmp{}, &FirmSkill{}, &Firm{}}

// openFirm opens a shop's database with those tables enforced whose bit is set. The
// others are observed, be it as the rest or by name.
func openFirm(t *testing.T, dsn string, enforced int, byName bool) *shop {
	t.Helper()
	config := tenancy.Config{
		Models: firmModels, Mode: tenancy.Observe, OnFinding: func(context.Context, tenancy.Finding) {},
	}
	if byName {
		config.Mode = tenancy.Enforce
	}
	for i, table := range firmTables {
		if isEnforced := enforced>>i&1 == 1; isEnforced != byName {
			mode := tenancy.Observe
			if isEnforced {
				mode = tenancy.Enforce
			}
			config.Modes = append(config.Modes, tenancy.TableMode{Table: table, Mode: mode})
		}
	}
	return openConfigured(t, dsn, config)
}

func openConfigured(t *testing.T, dsn string, config tenancy.Config) *shop {
	t.Helper()
	s := &shop{dsn: dsn, sent: &recorder{Interface: logger.Discard}}
	dialector := postgres.Open(dsn)
	if dsn[:5] == "file:" {
		dialector = sqlite.New(sqlite.Config{DriverName: "sqlite", DSN: dsn})
	}
	var err error
	s.db, err = gorm.Open(dialector, &gorm.Config{Logger: s.sent})
	require.NoError(t, err)
	closeAtEnd(t, s.db)
	s.pool, err = s.db.DB()
	require.NoError(t, err)
	require.NoError(t, s.db.Use(tenancy.New(config)))
	return s
}

// drop drops the tables of a mixture.
func (s *shop) drop(t *testing.T, tables ...string) {
	t.Helper()
	if !s.isPostgres() {
		s.must(t, "PRAGMA defer_foreign_keys = ON")
		for _, table := range tables {
			s.must(t, "PRAGMA foreign_keys = OFF")
			s.must(t, "DROP TABLE IF EXISTS "+table)
		}
		return
	}
	for _, table := range tables {
		s.must(t, "DROP TABLE IF EXISTS "+table+" CASCADE")
	}
}

func TestAutoMigrateMakesEveryMixtureOfModes(t *testing.T) {
	t.Parallel()
	shops(t, func(t *testing.T, first *shop) {
		all := openFirm(t, first.dsn, 31, true)
		require.Empty(t, all.migrate(t, firmModels...))
		enforced := all.structure(t)
		golden(t, "modes_"+first.db.Name()+".txt", enforced)
		for mixture := range 32 {
			if first.isPostgres() && mixture%5 != 0 {
				continue // they take longer
			}
			all.drop(t, firmTables...)
			name := fmt.Sprintf("%05b", mixture)
			s := openFirm(t, first.dsn, mixture, mixture%2 == 0)
			require.Empty(t, s.migrate(t, firmModels...), name)
			s.changes()
			require.Empty(t, s.migrate(t, firmModels...), name)
			require.Empty(t, s.changes(), "%s: a second run changes nothing", name)
			require.NotContains(t, s.structure(t), "()", name)

			tenant := uuid.New()
			db := s.db.WithContext(tenancy.With(context.Background(), tenant))
			require.NoError(t, s.db.WithContext(tenancy.Bypass(context.Background(), "test")).Create(&Firm{ID: tenant}).Error, name)
			owned := tenancy.TenantModel{TenantID: tenant}
			boss := &FirmEmp{TenantModel: owned, ID: "1", Email: "a", Name: "a"}
			require.NoError(t, db.Create(boss).Error, name)
			require.NoError(t, db.Create(&FirmEmp{
				TenantModel: owned, ID: "2", Email: "b", Name: "b", BossID: &boss.ID,
				Cards:  []FirmCard{{TenantModel: owned, ID: 1, Code: "a"}},
				Skills: []FirmSkill{{TenantModel: owned, ID: 1, Name: "a", LeadID: &boss.ID}},
			}).Error, name)
			require.Error(t, db.Create(&FirmCard{TenantModel: owned, ID: 3, Code: "c", EmpID: ref("nobody")}).Error, name)

			require.Empty(t, openFirm(t, first.dsn, mixture, mixture%2 == 0).migrate(t, firmModels...), "%s: with rows", name)
		}
	})
}

func ref[T any](value T) *T { return &value }

// While tables have no rows, AutoMigrate follows each change of their modes.
func TestAutoMigrateFollowsModes(t *testing.T) {
	t.Parallel()
	shops(t, func(t *testing.T, first *shop) {
		all := openFirm(t, first.dsn, 31, true)
		require.Empty(t, all.migrate(t, firmModels...))
		enforced := all.structure(t)
		mixtures := []int{0, 2, 21, 1, 5, 8, 10, 15, 16, 30}
		if first.isPostgres() {
			mixtures = mixtures[:3]
		}
		for _, before := range mixtures {
			all.drop(t, firmTables...)
			s := openFirm(t, first.dsn, before, false)
			require.Empty(t, s.migrate(t, firmModels...))
			all = openFirm(t, first.dsn, 31, true)
			require.Empty(t, all.migrate(t, firmModels...), "%05b", before)
			if first.isPostgres() {
				require.Equal(t, enforced, all.structure(t), "%05b", before)
			}
			back := openFirm(t, first.dsn, before, false)
			require.NoError(t, back.db.AutoMigrate(firmModels...), "%05b: and back", before)
		}
	})
}

// An observed table that has no tenant column yet gets its foreign key later.
func TestAutoMigrateReportsObservedTableWithoutColumn(t *testing.T) {
	t.Parallel()
	shops(t, func(t *testing.T, first *shop) {
		s := openFirm(t, first.dsn, 2, false)
		pending := s.migrate(t, &FirmNote{}, &FirmEmp{})
		require.Len(t, pending, 1)
		require.Equal(t, "fk_firm_notes_emp", pending[0].Name)
		require.Contains(t, pending[0].Reason, "give it the column")
	})
}
