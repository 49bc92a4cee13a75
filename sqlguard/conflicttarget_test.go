//go:build cgo

package sqlguard_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
	"gorm.io/gorm/logger"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/sqlguard"
	"github.com/gorm-tenancy/tenancy/tenancytest"
)

// reader has uniques of every kind. The zero id is no key of its own.
type reader struct {
	tenancy.TenantModel
	ID    int    `gorm:"primaryKey;autoIncrement:false"`
	Email string `gorm:"size:80;uniqueIndex:reader_email,expression:lower(email)"`
	Phone string `gorm:"unique"`
	Code  string `gorm:"uniqueIndex:reader_code,where:active"`
	Slug  string `gorm:"uniqueIndex:reader_slug,collate:\"C\""`
	Path  string `gorm:"uniqueIndex:reader_path,expression:path text_pattern_ops"`
	City  string `gorm:"uniqueIndex:reader_city,expression:(city || zip)"`
	Zip   string `gorm:"index"`
	// Card is unique for all tenants.
	Card   string `gorm:"size:80;uniqueIndex:reader_card,expression:lower(card),where:active" tenancy:"global"`
	Active bool
	Name   string
}

func openReaders(t *testing.T, config *tenancy.Config) *gorm.DB {
	t.Helper()
	db, err := gorm.Open(postgres.Open(tenancytest.Postgres(t).OwnerDSN), &gorm.Config{Logger: logger.Discard})
	require.NoError(t, err)
	t.Cleanup(func() {
		if pool, err := db.DB(); err == nil {
			_ = pool.Close()
		}
	})
	if config != nil {
		require.NoError(t, db.Use(tenancy.New(*config)))
	}
	require.NoError(t, db.AutoMigrate(&reader{}))
	return db
}

// readerColumns are what an upsert fills, each with a value of its own.
var readerColumns = []string{"id", "email", "phone", "code", "slug", "path", "city", "zip", "card"}

// upsertReader writes a row whose values are numbered, but for those that are given.
func upsertReader(db *gorm.DB, tenant *uuid.UUID, n int, same map[string]string, conflict string) *gorm.DB {
	columns := append(slices.Clone(readerColumns), "active", "name")
	values := make([]any, 0, len(columns)+1)
	for _, column := range readerColumns {
		var value any = fmt.Sprint(column, n)
		if column == "id" {
			value = n
		}
		if given, ok := same[column]; ok {
			value = given
		}
		values = append(values, value)
	}
	values = append(values, true, fmt.Sprint(n))
	if tenant != nil {
		columns, values = append(columns, "tenant_id"), append(values, *tenant)
	}
	marks := strings.TrimSuffix(strings.Repeat("?, ", len(values)), ", ")
	return db.Exec("INSERT INTO readers ("+strings.Join(columns, ", ")+") VALUES ("+marks+") ON CONFLICT "+conflict, values...)
}

func sqlState(err error) string {
	var failed *pgconn.PgError
	switch {
	case err == nil:
		return ""
	case errors.As(err, &failed):
		return failed.Code
	}
	return err.Error()
}

// The target of ON CONFLICT in text follows the table's index, and the answer is that of
// a database that holds the tenant alone.
func TestConflictTargetsInText(t *testing.T) {
	t.Parallel()
	alone := openReaders(t, nil)
	shared := openReaders(t, &tenancy.Config{RawSQL: sqlguard.New(sqlguard.Options{VerifyAll: true})})
	bypass := shared.WithContext(tenancy.Bypass(context.Background(), "look"))
	const update = " DO UPDATE SET name = EXCLUDED.name || readers.id"
	for _, test := range []struct {
		column, target string
	}{
		{"email", "(lower(email))"}, {"email", "( LOWER(\"email\") )"}, {"email", "(lower((email)))"}, {"email", "(lower(readers.email))"},
		{"email", "(lower(email::text)) WHERE true"}, {"email", "(lower(/* x */ email) -- y\n)"}, {"email", "(email)"}, {"email", "(upper(email))"},
		{"phone", "(phone)"}, {"phone", "(\"phone\")"}, {"phone", "((phone))"}, {"phone", "(phone) WHERE active"},
		{"phone", "ON CONSTRAINT uni_readers_phone"}, {"phone", "ON CONSTRAINT nobody"}, {"phone", "ON CONSTRAINT reader_code"},
		{"code", "(code) WHERE active"}, {"code", "(code) WHERE (active)"}, {"code", "(code) WHERE active AND name <> ''"},
		{"code", "(code) WHERE readers.active"}, {"code", "(code)"}, {"code", "(code) WHERE NOT active"},
		{"slug", "(slug)"}, {"slug", "(slug COLLATE \"C\")"}, {"slug", "(slug COLLATE \"POSIX\")"},
		{"path", "(path)"}, {"path", "(path text_pattern_ops)"}, {"path", "(path text_ops)"},
		{"city", "((city || zip))"}, {"city", "((city || name))"}, {"zip", "(zip)"},
		{"id", "(id)"}, {"id", "ON CONSTRAINT readers_pkey"}, {"id", "(id, phone)"}, {"phone", ""},
	} {
		same := map[string]string{test.column: "7"}
		if test.column == "city" {
			same["zip"] = "7"
		}
		ours, theirs := uuid.New(), uuid.New()
		us := shared.WithContext(tenancy.With(context.Background(), ours))
		set := shared.WithContext(tenancy.WithSet(context.Background(), ours, theirs))
		run := func(db *gorm.DB, tenant *uuid.UUID, more int) (log []string) {
			for n, conflict := range []string{test.target + update, test.target + update, test.target + " DO NOTHING", test.target + update + " WHERE readers.id > 99"} {
				if test.target == "" {
					conflict = " DO NOTHING"
				}
				done := upsertReader(db, tenant, n+1+more, same, conflict)
				log = append(log, fmt.Sprint(n, " ", done.RowsAffected, " ", sqlState(done.Error)))
			}
			return log
		}
		rows := func(db *gorm.DB, tenant uuid.UUID) (rows []reader) {
			require.NoError(t, db.Where("tenant_id = ?", tenant).Order("id").Find(&rows).Error)
			for i := range rows {
				rows[i].TenantID, rows[i].Card = uuid.Nil, ""
			}
			return rows
		}
		run(shared.WithContext(tenancy.With(context.Background(), theirs)), nil, 0)
		before := rows(bypass, theirs)
		want := run(alone, &ours, 0)
		// The card is unique for all, and so the rows have others.
		require.NoError(t, bypass.Exec("UPDATE readers SET card = id || tenant_id::text").Error)
		assert.Equal(t, want, run(us, nil, 0), "%s: one tenant", test.target)
		assert.Equal(t, rows(alone, ours), rows(bypass, ours), "%s: one tenant", test.target)
		require.NoError(t, us.Exec("DELETE FROM readers").Error)
		assert.Equal(t, want, run(set, &ours, 0), "%s: a set", test.target)
		assert.Equal(t, rows(alone, ours), rows(bypass, ours), "%s: a set", test.target)
		assert.Equal(t, before, rows(bypass, theirs), "%s: the other tenant's", test.target)
		require.NoError(t, set.Exec("DELETE FROM readers").Error)
		require.NoError(t, alone.Exec("DELETE FROM readers").Error)
	}
}

// A unique expression that holds across tenants is guarded.
func TestGlobalExpressionInText(t *testing.T) {
	t.Parallel()
	db := openReaders(t, &tenancy.Config{RawSQL: sqlguard.New(sqlguard.Options{VerifyAll: true})})
	ours, theirs := uuid.New(), uuid.New()
	us := db.WithContext(tenancy.With(context.Background(), ours))
	require.NoError(t, upsertReader(db.WithContext(tenancy.With(context.Background(), theirs)), nil, 1, nil, "DO NOTHING").Error)
	const target = "(lower(card)) WHERE active "
	for _, action := range []string{"DO UPDATE SET name = 'taken'", "DO UPDATE SET name = 'taken' WHERE false"} {
		err := upsertReader(us, nil, 2, map[string]string{"card": "CARD1"}, target+action).Error
		require.ErrorIs(t, err, tenancy.ErrCrossTenantConflict, action)
	}
	done := upsertReader(us, nil, 2, map[string]string{"card": "CARD1"}, target+"DO NOTHING")
	require.NoError(t, done.Error)
	assert.Zero(t, done.RowsAffected)
	require.NoError(t, upsertReader(us, nil, 3, nil, target+"DO UPDATE SET name = 'own'").Error)
	require.NoError(t, upsertReader(us, nil, 4, map[string]string{"card": "Card3"}, target+"DO UPDATE SET name = 'own'").Error)
	var names []string
	require.NoError(t, db.WithContext(tenancy.Bypass(context.Background(), "look")).Model(&reader{}).Order("id").Pluck("name", &names).Error)
	assert.Equal(t, []string{"1", "own"}, names)
}

// What the plugin makes of a chain passes the verifier, with text that is rewritten in
// the same statement and without.
func TestConformanceOfConflictTargets(t *testing.T) {
	t.Parallel()
	db := openReaders(t, &tenancy.Config{RawSQL: sqlguard.New(sqlguard.Options{VerifyAll: true})})
	column := func(name string, raw bool) []clause.Column { return []clause.Column{{Name: name, Raw: raw}} }
	when := func(text string) clause.Where {
		return clause.Where{Exprs: []clause.Expression{clause.Expr{SQL: text}}}
	}
	// row has values of its own, but for the one that is met.
	row := func(n int, met string) *reader {
		r := &reader{ID: n, Active: true, Name: fmt.Sprint(n)}
		for name, field := range map[string]*string{"email": &r.Email, "phone": &r.Phone, "code": &r.Code, "path": &r.Path, "card": &r.Card} {
			if *field = fmt.Sprint(name, n); name == met {
				*field = []string{"met", "MET", "met"}[n%3]
			}
		}
		r.Slug, r.City = r.Phone, r.Phone
		return r
	}
	ours, theirs := uuid.New(), uuid.New()
	tenants := map[uuid.UUID]*gorm.DB{
		theirs: db.WithContext(tenancy.With(context.Background(), theirs)), ours: db.WithContext(tenancy.With(context.Background(), ours)),
	}
	n := 0
	for _, test := range []struct {
		met string
		on  clause.OnConflict
	}{
		{"email", clause.OnConflict{Columns: column("lower(email)", true)}},
		{"email", clause.OnConflict{Columns: column("lower(email)", true), Where: when("readers.id > (SELECT count(*) - 99 FROM readers)")}},
		{"path", clause.OnConflict{Columns: column("path text_pattern_ops", true), Where: when("true")}},
		{"", clause.OnConflict{Columns: column("code", false), TargetWhere: when("active")}},
		{"", clause.OnConflict{OnConstraint: "uni_readers_phone"}},
	} {
		test.on.DoUpdates = clause.AssignmentColumns([]string{"name"})
		for tenant, tx := range tenants {
			for range 2 {
				n++
				require.NoError(t, tx.Clauses(test.on).Create(row(n, test.met)).Error, test.met)
			}
			var count int64
			require.NoError(t, tx.Model(&reader{}).Where("lower(email) = 'met' OR path = 'met'").Count(&count).Error)
			assert.LessOrEqual(t, count, int64(2), "%s of %s", test.met, tenant)
		}
	}
	card := clause.OnConflict{Columns: column("lower(card)", true), TargetWhere: when("active"), DoUpdates: clause.AssignmentColumns([]string{"name"})}
	require.NoError(t, tenants[theirs].Clauses(card).Create(row(300, "card")).Error)
	require.NoError(t, tenants[theirs].Clauses(card).Create(row(301, "card")).Error)
	require.ErrorIs(t, tenants[ours].Clauses(card).Create(row(301, "card")).Error, tenancy.ErrCrossTenantConflict)
}

// A text is rewritten again when the table has other keys, and where it is not certain
// which of two is meant it is refused.
func TestConflictTargetInTextFollowsTheKeys(t *testing.T) {
	t.Parallel()
	guard := sqlguard.New(sqlguard.Options{VerifyAll: true})
	db := openReaders(t, &tenancy.Config{RawSQL: guard})
	bypass := db.WithContext(tenancy.Bypass(context.Background(), "change the keys"))
	ours, theirs := uuid.New(), uuid.New()
	us := db.WithContext(tenancy.With(context.Background(), ours))
	require.NoError(t, upsertReader(db.WithContext(tenancy.With(context.Background(), theirs)), nil, 1, nil, "DO NOTHING").Error)
	upsert := func(n int, email string) error {
		return upsertReader(us, nil, n, map[string]string{"email": email}, "(lower(email)) DO UPDATE SET name = 'again'").Error
	}
	require.NoError(t, upsert(2, "email2"))
	require.NoError(t, upsert(3, "EMAIL2"))
	hits := guard.Stats().Hits
	require.NoError(t, upsert(3, "EMAIL2"))
	assert.Greater(t, guard.Stats().Hits, hits)
	require.NoError(t, bypass.Exec("DROP INDEX reader_email").Error)
	require.NoError(t, bypass.Exec("CREATE UNIQUE INDEX reader_email ON readers (lower(email))").Error)
	require.Equal(t, "42P10", sqlState(upsert(3, "EMAIL2")))
	require.NoError(t, upsert(3, "EMAIL2"))
	require.ErrorIs(t, upsert(3, "EMAIL1"), tenancy.ErrCrossTenantConflict)

	require.NoError(t, bypass.Exec("CREATE UNIQUE INDEX reader_code2 ON readers (code) WHERE name <> ''").Error)
	require.NoError(t, bypass.Exec("ALTER TABLE readers ADD CONSTRAINT unread UNIQUE (zip)").Error)
	require.Equal(t, "42P10", sqlState(upsertReader(us, nil, 3, nil, "(zip, city) DO NOTHING").Error)) // which has the keys read anew
	err := upsertReader(us, nil, 3, nil, "(code) WHERE active AND name <> '' DO NOTHING").Error
	require.ErrorIs(t, err, tenancy.ErrUnscopedSQL)
	var refusal *sqlguard.Refusal
	require.ErrorAs(t, err, &refusal)
	assert.Equal(t, sqlguard.RuleConflict, refusal.Rule)
	assert.ErrorContains(t, err, "reader_code2")

	// A function that is not known is not shown to the database.
	err = upsertReader(us, nil, 3, nil, "(pg_sleep(email)) DO NOTHING").Error
	require.ErrorAs(t, err, &refusal)
	assert.Equal(t, sqlguard.RuleFunction, refusal.Rule)
}

// A function of the application's is one that the guard knows, in a chain as in text.
func TestConflictTargetOfAnOwnFunction(t *testing.T) {
	t.Parallel()
	db := openReaders(t, &tenancy.Config{RawSQL: sqlguard.New(sqlguard.Options{VerifyAll: true, Functions: []string{"plain"}})})
	bypass := db.WithContext(tenancy.Bypass(context.Background(), "make an index"))
	require.NoError(t, bypass.Exec("CREATE FUNCTION plain(text) RETURNS text IMMUTABLE LANGUAGE sql AS $$ SELECT lower($1) $$").Error)
	require.NoError(t, bypass.Exec("CREATE UNIQUE INDEX reader_plain ON readers (tenant_id, plain(zip))").Error)
	us := db.WithContext(tenancy.With(context.Background(), uuid.New()))
	on := clause.OnConflict{Columns: []clause.Column{{Name: "plain((zip))", Raw: true}}, DoUpdates: clause.AssignmentColumns([]string{"name"})}
	for n, zip := range []string{"a", "A"} {
		row := &reader{ID: n, Email: fmt.Sprint(n), Phone: fmt.Sprint(n), Code: fmt.Sprint(n), Slug: fmt.Sprint(n), Path: fmt.Sprint(n), City: fmt.Sprint(n), Zip: zip}
		require.NoError(t, us.Clauses(on).Create(row).Error, zip)
	}
	require.NoError(t, upsertReader(us, nil, 5, map[string]string{"zip": "a"}, "(plain((zip))) DO UPDATE SET name = 'text'").Error)
	var names []string
	require.NoError(t, us.Model(&reader{}).Pluck("name", &names).Error)
	assert.Equal(t, []string{"text"}, names)
}
