package suite

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/gorm-tenancy/tenancy"
)

// TargetRow is what the models have that are met by a conflict's target.
type TargetRow struct {
	tenancy.TenantModel
	ID        uint `gorm:"primaryKey;autoIncrement:false"`
	City      string
	Name      string
	Active    bool
	DeletedAt *time.Time
}

type lowerMail struct {
	TargetRow
	Email string `gorm:"uniqueIndex:lower_mail,expression:lower(email)"`
}

type shortMail struct {
	TargetRow
	Email string `gorm:"size:80;uniqueIndex:short_mail,expression:lower(email)"`
}

type joinedMail struct {
	TargetRow
	Email string `gorm:"size:80;uniqueIndex:joined_mail,expression:(email || '/' || city)"`
}

type liveMail struct {
	TargetRow
	Email string `gorm:"uniqueIndex:live_mail,where:deleted_at IS NULL"`
}

type liveLowerMail struct {
	TargetRow
	Email string `gorm:"size:80;uniqueIndex:live_lower_mail,expression:lower(email),where:active AND deleted_at IS NULL"`
}

type cityMail struct {
	TargetRow
	Town  string `gorm:"uniqueIndex:city_mail,priority:2"`
	Email string `gorm:"uniqueIndex:city_mail,priority:1,expression:lower(email)"`
}

type twoMail struct {
	TargetRow
	Town  string `gorm:"uniqueIndex:two_mail,expression:coalesce(town\\,'')"`
	Email string `gorm:"uniqueIndex:two_mail,expression:lower(email)"`
}

type collatedMail struct {
	TargetRow
	Email string `gorm:"uniqueIndex:collated_mail,collate:\"C\""`
}

type nocaseMail struct {
	TargetRow
	Email string `gorm:"uniqueIndex:nocase_mail,collate:NOCASE"`
}

type classMail struct {
	TargetRow
	Email string `gorm:"uniqueIndex:class_mail,expression:email text_pattern_ops"`
}

type namedMail struct {
	TargetRow
	Email string `gorm:"unique"`
}

// target is a target, and the model that it is for.
type target struct {
	reason string
	model  any
	clause clause.OnConflict
	only   string // the one dialect that has it
	fails  bool   // alone, too
}

func raw(names ...string) (columns []clause.Column) {
	for _, name := range names {
		columns = append(columns, clause.Column{Name: name, Raw: true})
	}
	return columns
}

func where(conditions ...clause.Expression) clause.Where { return clause.Where{Exprs: conditions} }

var liveRows = where(clause.Expr{SQL: "deleted_at IS NULL"})

var conflictTargets = []target{
	{reason: "an expression", model: &lowerMail{}, clause: clause.OnConflict{Columns: raw("lower(email)")}},
	{reason: "an expression in another spelling", model: &lowerMail{}, clause: clause.OnConflict{Columns: raw("( LOWER(\"email\") )")}},
	{reason: "an expression with the table's name", model: &lowerMail{}, clause: clause.OnConflict{Columns: raw("lower(lower_mails.email)")}},
	{reason: "an expression in parentheses of its own", model: &lowerMail{}, clause: clause.OnConflict{Columns: raw("lower((email))")}},
	{reason: "an expression with a condition that its index has not", model: &lowerMail{},
		clause: clause.OnConflict{Columns: raw("lower(email)"), TargetWhere: liveRows}},
	{reason: "an expression over a column with a length", model: &shortMail{}, clause: clause.OnConflict{Columns: raw("lower(email)")}},
	{reason: "an expression with its cast", model: &shortMail{}, clause: clause.OnConflict{Columns: raw("lower(CAST(email AS text))")}, only: "postgres"},
	{reason: "an operator", model: &joinedMail{}, clause: clause.OnConflict{Columns: raw("(email || '/' || city)")}},
	{reason: "an operator with another text", model: &joinedMail{}, clause: clause.OnConflict{Columns: raw("(email || '-' || city)")}, fails: true},
	{reason: "a condition", model: &liveMail{}, clause: clause.OnConflict{Columns: []clause.Column{{Name: "email"}}, TargetWhere: liveRows}},
	{reason: "a condition of GORM's", model: &liveMail{}, clause: clause.OnConflict{
		Columns: []clause.Column{{Name: "email"}}, TargetWhere: where(clause.Eq{Column: "deleted_at", Value: nil})}},
	{reason: "a condition with the table's name", model: &liveMail{}, clause: clause.OnConflict{
		Columns: []clause.Column{{Name: "email"}}, TargetWhere: where(clause.Eq{Column: clause.Column{Table: "live_mails", Name: "deleted_at"}, Value: nil})}},
	{reason: "a condition that implies the index's", model: &liveMail{}, clause: clause.OnConflict{
		Columns: []clause.Column{{Name: "email"}}, TargetWhere: where(clause.Expr{SQL: "deleted_at IS NULL AND active"})}, only: "postgres"},
	{reason: "no condition where the index has one", model: &liveMail{}, clause: clause.OnConflict{Columns: []clause.Column{{Name: "email"}}}, fails: true},
	{reason: "another condition", model: &liveMail{}, clause: clause.OnConflict{
		Columns: []clause.Column{{Name: "email"}}, TargetWhere: where(clause.Expr{SQL: "deleted_at IS NOT NULL"})}, fails: true},
	{reason: "an expression and a condition", model: &liveLowerMail{}, clause: clause.OnConflict{
		Columns: raw("lower(email)"), TargetWhere: where(clause.Expr{SQL: "active AND deleted_at IS NULL"})}},
	{reason: "an expression without its condition", model: &liveLowerMail{}, clause: clause.OnConflict{Columns: raw("lower(email)")}, fails: true},
	{reason: "an expression and a column", model: &cityMail{}, clause: clause.OnConflict{
		Columns: append(raw("lower(email)"), clause.Column{Name: "town"})}},
	{reason: "the same in one text", model: &cityMail{}, clause: clause.OnConflict{Columns: raw(`town, lower(email)`)}},
	{reason: "a part of an index", model: &cityMail{}, clause: clause.OnConflict{Columns: raw("lower(email)")}, fails: true},
	{reason: "two expressions", model: &twoMail{}, clause: clause.OnConflict{Columns: raw("coalesce(town, '')", "lower(email)")}},
	{reason: "two expressions, the other way round", model: &twoMail{}, clause: clause.OnConflict{Columns: raw("lower(email)", "coalesce(town,'')")}},
	{reason: "a collation that is not named", model: &collatedMail{}, clause: clause.OnConflict{Columns: []clause.Column{{Name: "email"}}}, only: "postgres"},
	{reason: "a collation", model: &collatedMail{}, clause: clause.OnConflict{Columns: raw(`email COLLATE "C"`)}, only: "postgres"},
	{reason: "a collation with its schema", model: &collatedMail{}, clause: clause.OnConflict{Columns: raw(`email COLLATE pg_catalog."C"`)}, only: "postgres"},
	{reason: "another collation", model: &collatedMail{}, clause: clause.OnConflict{Columns: raw(`email COLLATE "POSIX"`)}, only: "postgres", fails: true},
	{reason: "a collation that is not named", model: &nocaseMail{}, clause: clause.OnConflict{Columns: []clause.Column{{Name: "email"}}}, only: "sqlite"},
	{reason: "a collation", model: &nocaseMail{}, clause: clause.OnConflict{Columns: raw(`email COLLATE nocase`)}, only: "sqlite"},
	{reason: "an operator class that is not named", model: &classMail{}, clause: clause.OnConflict{Columns: []clause.Column{{Name: "email"}}}, only: "postgres"},
	{reason: "an operator class", model: &classMail{}, clause: clause.OnConflict{Columns: raw("email text_pattern_ops")}, only: "postgres"},
	{reason: "a constraint", model: &namedMail{}, clause: clause.OnConflict{OnConstraint: "uni_named_mails_email"}, only: "postgres"},
	{reason: "a constraint, folded", model: &namedMail{}, clause: clause.OnConflict{OnConstraint: "UNI_named_mails_email"}, only: "postgres"},
	{reason: "the primary key as text", model: &namedMail{}, clause: clause.OnConflict{Columns: raw("id")}},
	{reason: "a column as text", model: &namedMail{}, clause: clause.OnConflict{Columns: raw(`"email"`)}},
	{reason: "a column as text, in parentheses", model: &namedMail{}, clause: clause.OnConflict{Columns: raw(`(email)`)}},
	{reason: "a column with a condition that its index has not", model: &namedMail{}, clause: clause.OnConflict{
		Columns: []clause.Column{{Name: "email"}}, TargetWhere: liveRows}},
	{reason: "an index that is not unique", model: &namedMail{}, clause: clause.OnConflict{Columns: raw("lower(name)")}, fails: true},
	{reason: "no index", model: &namedMail{}, clause: clause.OnConflict{Columns: raw("lower(city)")}, fails: true},
}

// targetSteps are upserts of rows by id and email; what meets what depends on the
// target.
var targetSteps = []struct {
	id          int
	email, name string
	nothing     bool
}{
	{1, "ann@x", "ann", false}, {2, "bob@x", "bob", false}, {3, "ANN@x", "Ann", false}, {4, "ann@x", "again", false},
	{5, "BOB@x", "nobody", true}, {6, "cid@x", "cid", true}, {2, "eve@x", "eve", false},
}

// runTargets sends the upserts and returns what came of each, and the rows.
func runTargets(db *gorm.DB, model any, oc clause.OnConflict, tenant uuid.UUID) (log []string) {
	for _, step := range targetSteps {
		row := map[string]any{"tenant_id": tenant, "id": step.id, "email": step.email, "name": step.name, "city": "Rome", "active": true, "deleted_at": nil}
		if db.Migrator().HasColumn(model, "town") {
			row["town"] = "Rome"
		}
		on := oc
		if on.DoNothing = step.nothing; !on.DoNothing {
			on.DoUpdates = clause.AssignmentColumns([]string{"name", "city"})
		}
		done := db.Session(&gorm.Session{}).Model(model).Clauses(on).Create(row)
		log = append(log, fmt.Sprint(step.id, " ", done.RowsAffected, " ", codeOf(done.Error)))
	}
	var rows []map[string]any
	err := db.Session(&gorm.Session{}).Model(model).Select("id", "email", "name").Where("tenant_id = ?", tenant).Order("id").Find(&rows).Error
	return append(log, fmt.Sprint(rows, err))
}

// codeOf is an error as it is compared.
func codeOf(err error) string {
	var failed *pgconn.PgError
	var refused *tenancy.ScopeError
	switch {
	case err == nil:
		return ""
	case errors.As(err, &failed):
		return failed.Code
	case errors.As(err, &refused):
		return refused.Error()
	}
	return "failed"
}

// Each conflict target meets the tenant's rows as it does in a database that holds
// them alone, under one tenant, a set and a bypass.
func TestConflictTargetsFollowTheirIndexes(t *testing.T) {
	t.Parallel()
	for dialect, open := range map[string]func(testing.TB) *gorm.DB{"sqlite": openSQLite, "postgres": openPostgres} {
		for _, keys := range []tenancy.KeySource{tenancy.KeysFromDatabase, tenancy.KeysFromModels} {
			t.Run(fmt.Sprint(dialect, keys), func(t *testing.T) {
				t.Parallel()
				alone, shared := open(t), open(t)
				require.NoError(t, shared.Use(tenancy.New(tenancy.Config{Keys: keys})))
				for _, test := range conflictTargets {
					if test.only != "" && test.only != dialect {
						continue
					}
					testTarget(t, alone, shared, test)
				}
			})
		}
	}
}

func testTarget(t *testing.T, alone, shared *gorm.DB, test target) {
	t.Helper()
	ours, theirs := uuid.New(), uuid.New()
	everything := tenancy.Bypass(t.Context(), "the test")
	for _, db := range []*gorm.DB{alone, shared.WithContext(everything)} {
		require.NoError(t, db.AutoMigrate(test.model), test.reason)
	}
	if _, ok := test.model.(*namedMail); ok {
		require.NoError(t, alone.Exec("CREATE INDEX IF NOT EXISTS names ON named_mails (lower(name))").Error)
		require.NoError(t, shared.WithContext(everything).Exec("CREATE INDEX IF NOT EXISTS names ON named_mails (tenant_id, lower(name))").Error)
	}
	others := runTargets(shared.WithContext(tenancy.With(t.Context(), theirs)), test.model, test.clause, theirs)
	require.NoError(t, alone.Session(&gorm.Session{AllowGlobalUpdate: true}).Delete(test.model).Error)
	want := runTargets(alone, test.model, test.clause, ours)
	if failed := codeOf(nil); test.fails {
		require.NotEqual(t, "1 1 "+failed, want[0], "%s: alone", test.reason)
	} else {
		require.Equal(t, "1 1 "+failed, want[0], "%s: alone", test.reason)
	}
	for scope, ctx := range map[string]*gorm.DB{
		"one tenant": shared.WithContext(tenancy.With(t.Context(), ours)),
		"a set":      shared.WithContext(tenancy.WithSet(t.Context(), ours, theirs)),
		"a bypass":   shared.WithContext(everything),
	} {
		tx := ctx.Session(&gorm.Session{})
		assert.Equal(t, want, runTargets(tx, test.model, test.clause, ours), "%s, %s", test.reason, scope)
		require.NoError(t, shared.WithContext(tenancy.With(t.Context(), ours)).Session(&gorm.Session{AllowGlobalUpdate: true}).Delete(test.model).Error)
	}
	var rows []map[string]any
	err := shared.WithContext(everything).Model(test.model).Select("id", "email", "name").Order("id").Find(&rows).Error
	assert.Equal(t, others[len(others)-1], fmt.Sprint(rows, err), "%s: the other tenant's", test.reason)
	require.NoError(t, shared.WithContext(everything).Session(&gorm.Session{AllowGlobalUpdate: true}).Delete(test.model).Error)
}

// Two tenants that upsert the same value in the same moment do not meet.
func TestConflictTargetsUnderRace(t *testing.T) {
	t.Parallel()
	db := openPostgres(t)
	require.NoError(t, db.Use(tenancy.New(tenancy.Config{})))
	require.NoError(t, db.AutoMigrate(&liveLowerMail{}))
	tenants := []uuid.UUID{uuid.New(), uuid.New()}
	var all sync.WaitGroup
	for n := range 40 {
		all.Go(func() {
			tx := db.WithContext(tenancy.With(t.Context(), tenants[n%2]))
			assert.NoError(t, tx.Clauses(clause.OnConflict{
				Columns: raw("lower(email)"), TargetWhere: where(clause.Expr{SQL: "active AND deleted_at IS NULL"}),
				DoUpdates: clause.AssignmentColumns([]string{"name"}),
			}).Create(&liveLowerMail{Email: "Ann@x", TargetRow: TargetRow{ID: uint(n), Name: fmt.Sprint(n % 2), Active: true}}).Error)
		})
	}
	all.Wait()
	for n, tenant := range tenants {
		var names []string
		require.NoError(t, db.WithContext(tenancy.With(t.Context(), tenant)).Model(&liveLowerMail{}).Pluck("name", &names).Error)
		assert.Equal(t, []string{fmt.Sprint(n)}, names)
	}
}
