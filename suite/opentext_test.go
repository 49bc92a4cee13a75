package suite

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/gorm-tenancy/tenancy"
)

// Clip has a list as JSON.
type Clip struct {
	tenancy.TenantModel
	ID   uint `gorm:"primaryKey;autoIncrement:false"`
	Tags string
}

// CasbinRule is of a policy engine.
type CasbinRule struct {
	_    struct{} `tenancy:"free"`
	ID   uint
	Role string
}

// listContains is written as libraries for JSON columns write it: a query over a
// function of the row.
type listContains struct{ value string }

func (c listContains) Build(builder clause.Builder) {
	stmt := builder.(*gorm.Statement)
	stmt.WriteString("EXISTS (SELECT 1 FROM ")
	if stmt.Name() == "sqlite" {
		stmt.WriteString("json_each(")
		builder.WriteQuoted(clause.Column{Table: "clips", Name: "tags"})
		stmt.WriteString(") WHERE value = ")
	} else {
		stmt.WriteString("jsonb_array_elements_text(")
		builder.WriteQuoted(clause.Column{Table: "clips", Name: "tags"})
		stmt.WriteString("::jsonb) AS t (value) WHERE value = ")
	}
	builder.AddVar(builder, c.value)
	stmt.WriteByte(')')
}

func openTextWorld(t *testing.T, db *gorm.DB) *world {
	t.Helper()
	c := config()
	c.Models = append([]any{&Clip{}, &CasbinRule{}}, c.Models...)
	w := newWorldOf(t, db, c)
	require.NoError(t, db.AutoMigrate(&Clip{}, &CasbinRule{}))
	for n, tx := range []*gorm.DB{w.a, w.b} {
		require.NoError(t, tx.Create(&Clip{ID: 1, Tags: `["x", "y"]`}).Error)
		require.NoError(t, tx.Create(&Clip{ID: uint(n + 2), Tags: `["x"]`}).Error)
	}
	require.NoError(t, w.bypass().Create(&Country{Code: "NO"}).Error)
	require.NoError(t, w.db.Create(&CasbinRule{ID: 1, Role: "admin"}).Error)
	return w
}

// TestQueriesOverNoTenantsTableNeedNoParser: a query over functions of the row, and
// over tables that every tenant reads, has nothing to be scoped.
func TestQueriesOverNoTenantsTableNeedNoParser(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(testing.TB) *gorm.DB{"sqlite": openSQLite, "postgres": openPostgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := openTextWorld(t, open(t))
			set := w.db.WithContext(tenancy.WithSet(context.Background(), w.A, w.B))
			for scope, c := range map[string]struct {
				db       *gorm.DB
				has, all int
			}{"tenant": {w.a, 1, 2}, "set": {set, 2, 4}, "bypass": {w.bypass(), 2, 4}} {
				var clips []Clip
				require.NoError(t, c.db.Where(listContains{"y"}).Find(&clips).Error, scope)
				assert.Len(t, clips, c.has, scope)
				require.NoError(t, c.db.Not(listContains{"z"}).Find(&clips).Error, scope)
				assert.Len(t, clips, c.all, scope)
				require.NoError(t, c.db.Where("1 = 0").Or(listContains{"y"}).Find(&clips).Error, scope)
				assert.Len(t, clips, c.has, scope)
				require.NoError(t, c.db.Order("(SELECT max(code) FROM countries), id").Find(&clips).Error, scope)
				assert.Len(t, clips, c.all, scope)
				require.NoError(t, c.db.Find(&clips, "'NO' IN (SELECT code FROM countries) AND id = ?", 1).Error, scope)
				assert.Len(t, clips, c.has, scope)
			}
			for _, text := range []string{
				"EXISTS (SELECT 1 FROM clips AS c WHERE c.tags <> '')",
				"EXISTS (SELECT 1 FROM countries, clips AS c)",
				"EXISTS (WITH countries AS (SELECT * FROM clips) SELECT 1 FROM countries)",
				"EXISTS (SELECT 1 FROM secrets)",
				"EXISTS (WITH v AS (SELECT * FROM v) SELECT 1 FROM v)",
				"EXISTS (WITH clips AS (SELECT 1) SELECT 1 FROM clips)",
				"1 = 1) UNION (SELECT 1 FROM countries",
				"1 UNION SELECT 1",
				"(SELECT 1) UNION SELECT 1",
				"SELECT 1",
				"EXISTS (SELECT 1 FROM sqlite_master)",
				"EXISTS (SELECT 1 FROM pg_catalog.pg_stats)",
				"EXISTS (SELECT 1 FROM query_to_xml('SELECT * FROM clips', true, true, '') AS x (y))",
			} {
				require.ErrorIs(t, w.a.Find(&[]Clip{}, text).Error, tenancy.ErrUnscopedSQL, text)
			}
		})
	}
}

// TestRawSQLOfNoTenantsTableNeedsNoParser: raw SQL passes where all of it is
// understood and names only tables that the tenant may read, or write, as they are.
func TestRawSQLOfNoTenantsTableNeedsNoParser(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(testing.TB) *gorm.DB{"sqlite": openSQLite, "postgres": openPostgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := openTextWorld(t, open(t))
			set := w.db.WithContext(tenancy.WithSet(context.Background(), w.A, w.B))
			for scope, db := range map[string]*gorm.DB{"tenant": w.a, "set": set} {
				var code string
				require.NoError(t, db.Raw("SELECT code FROM countries WHERE code = ?", "NO").Scan(&code).Error, scope)
				assert.Equal(t, "NO", code)
				require.NoError(t, db.Exec("INSERT INTO events (text) VALUES (?)", "e").Error, scope)
				require.NoError(t, db.Exec("UPDATE events SET text = upper(text)").Error, scope)
				require.NoError(t, db.Exec("DELETE FROM casbin_rules WHERE id = ?", 7).Error, scope)
			}
			var role string
			require.NoError(t, w.db.Raw("SELECT role FROM casbin_rules WHERE id = ?", 1).Scan(&role).Error)
			assert.Equal(t, "admin", role)
			for _, text := range []string{
				"SELECT * FROM clips",
				"SELECT * FROM countries, clips",
				"WITH countries AS (SELECT * FROM clips) SELECT * FROM countries",
				"WITH clips AS (SELECT 1) SELECT * FROM clips",
				"INSERT INTO events (text) SELECT tags FROM clips",
				"INSERT INTO events (text) SELECT code FROM countries",
				"UPDATE countries SET name = 'x'",
				"DELETE FROM countries",
				"SELECT * FROM secrets",
				"DROP TABLE events",
				"SELECT 1; SELECT * FROM clips",
				"PRAGMA table_list",
				"TRUNCATE events",
			} {
				require.ErrorIs(t, w.a.Exec(text).Error, tenancy.ErrUnscopedSQL, text)
				require.ErrorIs(t, w.db.Exec(text).Error, tenancy.ErrNoTenant, text)
			}
			require.ErrorIs(t, w.db.Exec("SELECT * FROM countries").Error, tenancy.ErrNoTenant)
			require.ErrorIs(t, w.db.Exec("SELECT 1").Error, tenancy.ErrNoTenant)
		})
	}
}

// TestListsOfTablesNeedAParser: the names of a list are tables, which no query in
// front of them says.
func TestListsOfTablesNeedAParser(t *testing.T) {
	t.Parallel()
	for _, list := range []string{
		"clips, json_each(tags)", "json_each('[1]'), clips", "clips, json_each((SELECT max(tags) FROM clips))",
		"clips, (SELECT 1) x", "clips JOIN json_each(tags) ON true", "clips c JOIN (clips d JOIN countries e ON true) ON true",
	} {
		for _, g := range []*guard{nil, {err: tenancy.ErrUnscopedSQL}} {
			db := openSQLite(t)
			c := tenancy.Config{Models: []any{&Clip{}}, Shared: []any{&Country{}}}
			if g != nil {
				c.RawSQL = g
			}
			w := newWorldOf(t, db, c)
			require.NoError(t, db.AutoMigrate(&Clip{}, &Country{}))
			require.NoError(t, w.b.Create(&Clip{ID: 1, Tags: `["x"]`}).Error)
			var rows []map[string]any
			if err := w.a.Table(list).Find(&rows).Error; err != nil {
				require.ErrorIs(t, err, tenancy.ErrUnscopedSQL, list)
			}
			assert.Empty(t, rows, list)
		}
	}
}
