package suite

import (
	"testing"

	"github.com/stretchr/testify/require"
	"gorm.io/gorm"
	"pgregory.net/rapid"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/tenancytest"
)

// fixture fills a database of one of the dialects for the conformance suite.
func fixture(t testing.TB, db, lone *gorm.DB, checked ...any) *tenancytest.Fixture {
	t.Helper()
	require.NoError(t, db.Use(tenancy.New(config())))
	require.NoError(t, db.AutoMigrate(models...))
	return tenancytest.Suite{DB: db, Lone: lone, Models: checked}.Fixture(t)
}

// TestRandomChains runs chains of conditions, joins, preloads and finishers that
// nobody thought of through the same comparison.
func TestRandomChains(t *testing.T) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		chains(t, fixture(t, openSQLite(t), openSQLite(t), &User{}, &Doc{}))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		chains(t, fixture(t, openPostgres(t), nil, &User{}, &Doc{}))
	})
}

func chains(t *testing.T, f *tenancytest.Fixture) {
	t.Helper()
	rapid.Check(t, func(t *rapid.T) {
		err := f.Chain(func(n int) int { return rapid.IntRange(0, n-1).Draw(t, "choice") })
		if err != nil {
			t.Fatal(err)
		}
	})
}

// FuzzText throws text at each place that takes some: no row of another tenant
// is seen, counted or changed, whatever it is.
func FuzzText(f *testing.F) {
	places := tenancytest.Places()
	for i := range places {
		for _, text := range []string{
			"1 = 1", "1=1) OR (1=1", "name", "1 -- ", "1 /*", "'", "(SELECT 1)", "id UNION ALL SELECT id FROM users",
			"id IN users", "x.tenant_id = x.tenant_id", "?", "$1", "@x", "E'\\'", "users u, users v", ";", "\x00", "\uFEFF",
		} {
			f.Add(uint8(i), text)
		}
	}
	on := fixture(f, openSQLite(f), openSQLite(f), &User{}, &Doc{})
	f.Fuzz(func(t *testing.T, place uint8, text string) {
		if err := on.Text(places[int(place)%len(places)], text); err != nil {
			t.Fatal(err)
		}
	})
}
