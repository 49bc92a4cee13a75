//go:build cgo

package sqlguard_test

import (
	"context"
	"testing"

	"github.com/google/uuid"
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

type author struct {
	tenancy.TenantModel
	ID    int `gorm:"primaryKey;autoIncrement:false"`
	Name  string
	Books []book
}

type book struct {
	tenancy.TenantModel
	ID       int `gorm:"primaryKey;autoIncrement:false"`
	AuthorID int
	Title    string
}

type genre struct {
	Code string `gorm:"primaryKey"`
}

var (
	acme   = uuid.MustParse("aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa")
	globex = uuid.MustParse("bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb")
	third  = uuid.MustParse("cccccccc-cccc-4ccc-8ccc-cccccccccccc")
)

func openGuarded(t *testing.T) (*gorm.DB, *sqlguard.Guard) {
	t.Helper()
	guard := sqlguard.New(sqlguard.Options{VerifyAll: true})
	return openWith(t, tenancy.New(guardedConfig(guard))), guard
}

func guardedConfig(guard *sqlguard.Guard) tenancy.Config {
	return tenancy.Config{Models: []any{&author{}, &book{}}, Shared: []any{&genre{}}, RawSQL: guard}
}

func openWith(t *testing.T, plugin *tenancy.Plugin) *gorm.DB {
	t.Helper()
	db, err := gorm.Open(postgres.Open(tenancytest.Postgres(t).OwnerDSN), &gorm.Config{Logger: logger.Discard})
	require.NoError(t, err)
	t.Cleanup(func() {
		if raw, err := db.DB(); err == nil {
			_ = raw.Close()
		}
	})
	require.NoError(t, db.Use(plugin))
	bypass := db.WithContext(tenancy.Bypass(context.Background(), "set-up"))
	for _, sql := range []string{
		`CREATE TABLE authors (tenant_id uuid NOT NULL, id int, name text, PRIMARY KEY (tenant_id, id))`,
		`CREATE TABLE books (tenant_id uuid NOT NULL, id int, author_id int, title text, PRIMARY KEY (tenant_id, id))`,
		`CREATE TABLE genres (code text PRIMARY KEY)`,
		`INSERT INTO genres VALUES ('novel')`,
	} {
		require.NoError(t, bypass.Exec(sql).Error, sql)
	}
	for _, id := range []uuid.UUID{acme, globex, third} {
		name := id.String()[:1]
		require.NoError(t, bypass.Exec(`INSERT INTO authors VALUES (?, 1, ?), (?, 2, ?)`, id, name+"1", id, name+"2").Error)
		require.NoError(t, bypass.Exec(`INSERT INTO books VALUES (?, 1, 1, ?), (?, 2, 2, ?)`, id, name+"b1", id, name+"b2").Error)
	}
	return db
}

func TestGORM(t *testing.T) {
	t.Parallel()
	db, guard := openGuarded(t)
	tx := db.WithContext(tenancy.With(context.Background(), acme))

	var names []string
	require.NoError(t, tx.Raw("SELECT name FROM authors WHERE id = ? OR name LIKE ? ORDER BY id", 1, "%2").Scan(&names).Error)
	assert.Equal(t, []string{"a1", "a2"}, names)

	var list []author
	require.NoError(t, tx.Raw("SELECT a.* FROM authors a LEFT JOIN books b ON b.author_id = a.id AND b.title = @title WHERE b.id IS NULL",
		map[string]any{"title": "ab1"}).Find(&list).Error)
	require.Len(t, list, 1)
	assert.Equal(t, "a2", list[0].Name)

	var n int64
	require.NoError(t, tx.Raw("WITH x AS (SELECT * FROM books) SELECT count(*) FROM x, genres").Row().Scan(&n))
	assert.Equal(t, int64(2), n)

	rows, err := tx.Raw("SELECT name FROM authors UNION SELECT title FROM books ORDER BY 1").Rows()
	require.NoError(t, err)
	count := 0
	for rows.Next() {
		count++
	}
	require.NoError(t, rows.Close())
	assert.Equal(t, 4, count)

	exec := tx.Exec("UPDATE authors SET name = books.title FROM books WHERE books.author_id = authors.id")
	require.NoError(t, exec.Error)
	assert.Equal(t, int64(2), exec.RowsAffected)
	require.NoError(t, tx.Exec("INSERT INTO books (id, author_id, title) VALUES ?, ?", []any{3, 1, "x"}, []any{4, 1, "y"}).Error)
	require.NoError(t, tx.Exec("INSERT INTO books (id, author_id, title) VALUES (3, 1, ?) ON CONFLICT (tenant_id, id) DO UPDATE SET title = ?", "z", "z").Error)
	exec = tx.Exec("DELETE FROM books WHERE id > ? OR true", 1)
	require.NoError(t, exec.Error)
	assert.Equal(t, int64(4), exec.RowsAffected)

	var all []string
	bypass := db.WithContext(tenancy.Bypass(context.Background(), "look"))
	require.NoError(t, bypass.Raw("SELECT name FROM authors ORDER BY 1").Scan(&all).Error)
	assert.Equal(t, []string{"ab1", "ab2", "b1", "b2", "c1", "c2"}, all)
	assert.Positive(t, guard.Stats().Misses)

	require.NoError(t, tx.Transaction(func(tx *gorm.DB) error {
		return tx.Transaction(func(tx *gorm.DB) error { return tx.Exec("UPDATE authors SET name = 'n'").Error })
	}))
}

func TestGORMRefuses(t *testing.T) {
	t.Parallel()
	db, _ := openGuarded(t)
	tx := db.WithContext(tenancy.With(context.Background(), acme))
	for _, test := range []struct {
		sql  string
		vars []any
		err  error
	}{
		{"SELECT * FROM pg_stats", nil, tenancy.ErrUndeclared},
		{"DELETE FROM genres", nil, tenancy.ErrSharedReadOnly},
		{"UPDATE authors SET tenant_id = ?", []any{globex}, tenancy.ErrTenantImmutable},
		{"INSERT INTO authors (tenant_id, id) VALUES (?, 9)", []any{globex}, tenancy.ErrTenantMismatch},
		{"TRUNCATE authors", nil, tenancy.ErrUnscopedSQL},
		{"SELECT 1; DELETE FROM authors", nil, tenancy.ErrUnscopedSQL},
		{"SELECT query_to_xml('SELECT * FROM authors', true, true, '')", nil, tenancy.ErrUnscopedSQL},
	} {
		err := tx.Exec(test.sql, test.vars...).Error
		require.ErrorIs(t, err, test.err, test.sql)
		var refusal *sqlguard.Refusal
		require.ErrorAs(t, err, &refusal, test.sql)
		require.ErrorIs(t, tx.Raw(test.sql, test.vars...).Scan(&[]map[string]any{}).Error, test.err, test.sql)
	}
	require.ErrorIs(t, db.Exec("SELECT 1").Error, tenancy.ErrNoTenant)
}

func TestGORMSet(t *testing.T) {
	t.Parallel()
	db, _ := openGuarded(t)
	tx := db.WithContext(tenancy.WithSet(context.Background(), acme, globex))

	var titles []string
	require.NoError(t, tx.Raw("SELECT a.name || b.title FROM authors a JOIN books b ON b.author_id = a.id OR true ORDER BY 1").Scan(&titles).Error)
	assert.Equal(t, []string{"a1ab1", "a1ab2", "a2ab1", "a2ab2", "b1bb1", "b1bb2", "b2bb1", "b2bb2"}, titles)

	exec := tx.Exec("UPDATE books SET title = (SELECT name FROM authors WHERE authors.id = books.author_id) WHERE id = ?", 1)
	require.NoError(t, exec.Error)
	assert.Equal(t, int64(2), exec.RowsAffected)

	require.NoError(t, tx.Exec("INSERT INTO authors (tenant_id, id, name) VALUES (?, 9, 'new')", globex).Error)
	require.ErrorIs(t, tx.Exec("INSERT INTO authors (tenant_id, id, name) VALUES (?, 9, 'new')", third).Error, tenancy.ErrTenantMismatch)
	require.ErrorIs(t, tx.Exec("INSERT INTO authors (id, name) VALUES (9, 'new')").Error, tenancy.ErrUnscopedSQL)
}

// A subquery that is asked once for all of a set is so beside text that the guard
// scopes, and where the guard verifies what the plugin has scoped.
func TestGORMSetAsksOnce(t *testing.T) {
	t.Parallel()
	db, _ := openGuarded(t)
	tx := db.WithContext(tenancy.WithSet(context.Background(), acme, globex))
	last := db.Model(&author{}).Select("tenant_id, id").Order("id DESC, tenant_id").Limit(1)
	greatest := db.Model(&author{}).Select("max(name)")
	any2 := db.Model(&book{}).Select("1").Where("title = 'bb1'")
	for name, x := range map[string]struct {
		text  string
		query *gorm.DB
		want  []string
	}{
		"the last":     {"(tenant_id, id) IN (?)", last, []string{"a2"}},
		"not the last": {"(authors.tenant_id, authors.id) NOT IN (?)", last, []string{"a1", "b1", "b2"}},
		"the greatest": {"name = (?)", greatest, []string{"b2"}},
		"any":          {"EXISTS (?)", any2, []string{"a1", "a2", "b1", "b2"}},
	} {
		for text, chain := range map[string]*gorm.DB{
			"verified": tx.Model(&author{}),
			"scoped":   tx.Model(&author{}).Where("EXISTS (SELECT 1 FROM books b WHERE b.author_id = authors.id)"),
		} {
			var names []string
			require.NoError(t, chain.Where(x.text, tenancy.Across(x.query)).Order("name").Pluck("name", &names).Error, "%s, %s", name, text)
			assert.Equal(t, x.want, names, "%s, %s", name, text)
		}
	}
	for _, text := range []string{
		"id IN (SELECT id FROM authors a ORDER BY id DESC LIMIT 1)", "name = (SELECT max(name) FROM authors a)",
		"EXISTS (SELECT 1 FROM books b WHERE title = 'bb1')",
	} {
		require.ErrorIs(t, tx.Where(text).Find(&[]author{}).Error, tenancy.ErrUnscopedSQL, text)
		require.NoError(t, db.WithContext(tenancy.With(context.Background(), acme)).Where(text).Find(&[]author{}).Error, text)
	}
}

// A query among the values of raw SQL asks once for all of a set where Across says so. The
// plugin's own predicate in it does not, nor does it in parts that match their rows.
func TestGORMSetAsksOnceAmongRawValues(t *testing.T) {
	t.Parallel()
	db, _ := openGuarded(t)
	tx := db.WithContext(tenancy.WithSet(context.Background(), acme, globex))
	greatest := tx.Model(&author{}).Select("max(name)")
	count := tx.Model(&book{}).Select("count(*)")
	for _, text := range []string{
		"UPDATE authors SET name = (?) WHERE id = 1", "UPDATE authors SET name = 'x' WHERE name = (?)",
		"DELETE FROM authors WHERE name < (?)", "SELECT name, (?) FROM authors", "SELECT name FROM authors ORDER BY (?)",
	} {
		require.ErrorIs(t, tx.Exec(text, greatest).Error, tenancy.ErrUnscopedSQL, text)
	}
	require.ErrorIs(t, tx.Exec("DELETE FROM authors WHERE id < (?)", count).Error, tenancy.ErrUnscopedSQL)
	inShared := tx.Model(&genre{}).Select("code").Where("code > (?)", greatest)
	require.ErrorIs(t, tx.Exec("UPDATE authors SET name = 'x' WHERE EXISTS (?)", inShared).Error, tenancy.ErrUnscopedSQL, "below a shared table")
	var names []string
	require.NoError(t, tx.Raw("SELECT name FROM authors WHERE name = (?)", tenancy.Across(greatest)).Scan(&names).Error)
	assert.Equal(t, []string{"b2"}, names)
	require.NoError(t, tx.Raw("SELECT name FROM authors WHERE id IN (?) ORDER BY name", tx.Model(&book{}).Select("author_id")).Scan(&names).Error)
	assert.Equal(t, []string{"a1", "a2", "b1", "b2"}, names)
	require.NoError(t, tx.Raw("SELECT x.name FROM (?) x ORDER BY name DESC LIMIT 1", tx.Model(&author{}).Select("name")).Scan(&names).Error)
	assert.Equal(t, []string{"b2"}, names)
}

// The key of a table is (tenant_id, id), so that the id alone determines nothing.
func TestGORMGroupByKey(t *testing.T) {
	t.Parallel()
	db, _ := openGuarded(t)
	one := db.WithContext(tenancy.With(context.Background(), acme))
	set := db.WithContext(tenancy.WithSet(context.Background(), acme, globex))
	const from = " FROM authors a LEFT JOIN books b ON b.author_id = a.id "
	for _, text := range []string{
		"SELECT a.name, count(b.id)" + from + "GROUP BY a.id",
		"SELECT a.name, count(b.id)" + from + "WHERE a.id > 0 OR true GROUP BY a.id ORDER BY a.name LIMIT 9",
		`SELECT "a".*, count(*)` + from + `GROUP BY "a"."id" HAVING min(a.name) <> 'x' AND a.name <> 'y'`,
		"SELECT a.id, a.name" + from + "GROUP BY 1",
		"SELECT a.id AS k, a.name" + from + "GROUP BY k",
		"SELECT a.name, b.title" + from + "GROUP BY a.id, b.id -- the rest follows",
		"SELECT DISTINCT ON (a.name) a.name" + from + "GROUP BY a.id ORDER BY a.name, count(*)",
		"SELECT x.name FROM (SELECT a.name, count(*)" + from + "GROUP BY a.id) x",
		"WITH x AS (SELECT name FROM authors GROUP BY id) SELECT name FROM x",
		"SELECT name FROM authors GROUP BY authors.id",
		"SELECT name FROM authors GROUP BY tenant_id, id",
		"SELECT o.name FROM authors o WHERE EXISTS (SELECT a.name FROM authors a WHERE a.id = o.id GROUP BY a.id)",
	} {
		for scope, want := range map[*gorm.DB]int{one: 2, set: 4} {
			var rows []map[string]any
			require.NoError(t, scope.Raw(text).Scan(&rows).Error, text)
			assert.Len(t, rows, want, text)
		}
	}
	for _, join := range []string{"FULL JOIN books b ON b.author_id = a.id", "RIGHT JOIN books b ON b.author_id = a.id", "RIGHT JOIN books b USING (id)"} {
		text := "SELECT a.*, count(b.id) AS n FROM authors a " + join + " GROUP BY a.id ORDER BY a.name"
		for name, db := range map[string]*gorm.DB{
			"raw":   one.Raw(text),
			"chain": one.Table("authors a").Select("a.*, count(b.id) AS n").Joins(join).Group("a.id").Order("a.name"),
			"mixed": one.Table("authors a").Where("a.id IN (SELECT id FROM authors)").Select("a.*, count(b.id) AS n").Joins(join).Group("a.id").Order("a.name"),
		} {
			var rows []struct {
				Name string
				N    int
			}
			require.NoError(t, db.Scan(&rows).Error, "%s: %s", name, text)
			assert.Equal(t, []struct {
				Name string
				N    int
			}{{"a1", 1}, {"a2", 1}}, rows, "%s: %s", name, text)
		}
	}
	var rows []map[string]any
	require.NoError(t, one.Raw("SELECT count(*)"+from+"GROUP BY ROLLUP (a.id)").Scan(&rows).Error)
	assert.Len(t, rows, 3)
}

// Queries that GORM builds may be joined by set operations, with text of their own
// and without.
func TestGORMSetOperations(t *testing.T) {
	t.Parallel()
	db, _ := openGuarded(t)
	one := db.WithContext(tenancy.With(context.Background(), globex))
	set := db.WithContext(tenancy.WithSet(context.Background(), acme, globex))
	first := db.Model(&author{}).Select("name").Where("id = ?", 1)
	second := db.Model(&book{}).Select("title").Where("author_id IN (SELECT a.id FROM authors a WHERE a.id = 2)")
	for name, second := range map[string]*gorm.DB{"verified": db.Model(&book{}).Select("title").Where("id = 2"), "scoped": second} {
		var names []string
		require.NoError(t, one.Table("(? UNION ALL ?) AS t", first, second).Order("name").Pluck("name", &names).Error, name)
		assert.Equal(t, []string{"b1", "bb2"}, names, name)
		require.NoError(t, set.Table("(? UNION ?) AS t", first, second).Order("name").Pluck("name", &names).Error, name)
		assert.Equal(t, []string{"a1", "ab2", "b1", "bb2"}, names, name)
		require.NoError(t, one.Model(&author{}).Where("name IN (? UNION ?)", first, second).Pluck("name", &names).Error, name)
		assert.Equal(t, []string{"b1"}, names, name)
	}
}

// Under AllowUndeclared an unknown table is read, not written, and a tenant's
// table beside it is scoped as ever.
func TestGORMAllowUndeclared(t *testing.T) {
	t.Parallel()
	for _, allowed := range []bool{false, true} {
		db, err := gorm.Open(postgres.Open(tenancytest.Postgres(t).OwnerDSN), &gorm.Config{Logger: logger.Discard})
		require.NoError(t, err)
		t.Cleanup(func() {
			if raw, err := db.DB(); err == nil {
				_ = raw.Close()
			}
		})
		require.NoError(t, db.Exec("CREATE TABLE authors (tenant_id uuid NOT NULL, id int, name text)").Error)
		require.NoError(t, db.Exec("CREATE TABLE moods AS SELECT 'calm' AS mood").Error)
		for _, id := range []uuid.UUID{acme, globex} {
			require.NoError(t, db.Exec("INSERT INTO authors VALUES (?, 1, ?)", id, id.String()[:1]).Error)
		}
		require.NoError(t, db.Use(tenancy.New(tenancy.Config{
			Models: []any{&author{}}, AllowUndeclared: allowed, RawSQL: sqlguard.New(sqlguard.Options{VerifyAll: true}),
		})))
		tx := db.WithContext(tenancy.With(context.Background(), acme))
		var names []string
		err = tx.Raw("SELECT name || mood FROM authors, moods").Scan(&names).Error
		if !allowed {
			require.ErrorIs(t, err, tenancy.ErrUndeclared)
			continue
		}
		require.NoError(t, err)
		assert.Equal(t, []string{"acalm"}, names)
		require.NoError(t, tx.Table("moods").Where("mood IN (SELECT mood FROM moods)").Find(&[]map[string]any{}).Error)
		require.ErrorIs(t, tx.Exec("DELETE FROM moods").Error, tenancy.ErrSharedReadOnly)
		for _, catalogue := range []string{"pg_stats", "pg_catalog.pg_stats", "information_schema.tables", `"pg_stats"`, `U&"\0070g_stats"`} {
			require.ErrorIs(t, tx.Raw("SELECT * FROM "+catalogue).Scan(&[]map[string]any{}).Error, tenancy.ErrUndeclared, catalogue)
		}
	}
}

// The driver may write the values into the text itself, and GORM may prepare the
// statements: what is scoped stays scoped.
func TestGORMProtocols(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(dsn string) (*gorm.DB, error){
		"simple": func(dsn string) (*gorm.DB, error) {
			return gorm.Open(postgres.New(postgres.Config{DSN: dsn, PreferSimpleProtocol: true}), &gorm.Config{Logger: logger.Discard})
		},
		"prepared": func(dsn string) (*gorm.DB, error) {
			return gorm.Open(postgres.Open(dsn), &gorm.Config{Logger: logger.Discard, PrepareStmt: true})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db, err := open(tenancytest.Postgres(t).OwnerDSN)
			require.NoError(t, err)
			t.Cleanup(func() {
				if pool, err := db.DB(); err == nil {
					_ = pool.Close()
				}
			})
			require.NoError(t, db.Exec(`CREATE TABLE authors (tenant_id uuid NOT NULL, id int PRIMARY KEY, name text)`).Error)
			require.NoError(t, db.Use(tenancy.New(tenancy.Config{
				Models: []any{&author{}}, RawSQL: sqlguard.New(sqlguard.Options{VerifyAll: true}),
			})))
			bypass := db.WithContext(tenancy.Bypass(context.Background(), "set-up"))
			for i, id := range []uuid.UUID{acme, globex} {
				require.NoError(t, bypass.Exec("INSERT INTO authors VALUES (?, ?, ?)", id, i+1, id.String()[:1]).Error)
			}
			tx := db.WithContext(tenancy.With(context.Background(), acme))
			for _, value := range []string{"x' OR '1'='1", `x\' OR 1=1 --`, "$1", "$$", "a"} {
				var names []string
				require.NoError(t, tx.Raw("SELECT name FROM authors WHERE name <> $$$1$$ AND (name <> ? OR true) -- $1\n", value).Scan(&names).Error, value)
				assert.Equal(t, []string{"a"}, names, value)
			}
			const upsert = "INSERT INTO authors (id, name) VALUES (?, 'mine') ON CONFLICT (id) DO UPDATE SET name = EXCLUDED.name"
			require.NoError(t, tx.Exec(upsert, 1).Error)
			require.ErrorIs(t, tx.Exec(upsert, 2).Error, tenancy.ErrCrossTenantConflict)
			var all []string
			require.NoError(t, bypass.Raw("SELECT name FROM authors ORDER BY id").Scan(&all).Error)
			assert.Equal(t, []string{"mine", "b"}, all)
		})
	}
}

// with is the clause of another plugin, which knows queries by name.
type with struct {
	name  string
	query *gorm.DB
}

func (with) Name() string { return "WITH" }

func (w with) Build(b clause.Builder) {
	b.WriteQuoted(w.name)
	_, _ = b.WriteString(" AS (")
	b.AddVar(b, w.query)
	_ = b.WriteByte(')')
}

func (w with) MergeClause(c *clause.Clause) { c.Expression = w }

// A statement may read by a name that a clause of another plugin's makes: the guard
// knows it, and refuses each other name.
func TestNamesOfAnotherPluginsClause(t *testing.T) {
	t.Parallel()
	db, _ := openGuarded(t)
	for _, list := range []*[]string{&db.Callback().Query().Clauses, &db.Callback().Row().Clauses} {
		*list = append([]string{"WITH"}, *list...)
	}
	as := db.WithContext(tenancy.With(context.Background(), acme))
	var titles []string
	mine := with{"mine", as.Model(&book{}).Select("title, author_id")}
	require.NoError(t, as.Clauses(mine).Table("mine").Order("title").Pluck("title", &titles).Error)
	assert.Equal(t, []string{"ab1", "ab2"}, titles)
	require.NoError(t, as.Clauses(mine).Model(&book{}).Table("mine").Order("title").Pluck("title", &titles).Error)
	assert.Equal(t, []string{"ab1", "ab2"}, titles, "the query need not select the tenant")
	require.NoError(t, as.Clauses(mine).Model(&author{}).Joins("JOIN mine ON mine.author_id = authors.id").Where("authors.id = ?", 2).
		Pluck("mine.title", &titles).Error)
	assert.Equal(t, []string{"ab2"}, titles)
	var n int64
	require.NoError(t, as.Clauses(mine).Table("mine").Count(&n).Error)
	assert.EqualValues(t, 2, n)
	require.NoError(t, as.Clauses(with{"authors", as.Model(&book{}).Select("title AS name, tenant_id")}).Model(&author{}).
		Order("name").Pluck("name", &titles).Error)
	assert.Equal(t, []string{"ab1", "ab2"}, titles, "a name that is a table's, too")
	set := db.WithContext(tenancy.WithSet(context.Background(), acme, globex))
	require.NoError(t, set.Clauses(with{"mine", set.Model(&book{})}).Table("mine").Order("title").Pluck("title", &titles).Error)
	assert.Equal(t, []string{"ab1", "ab2", "bb1", "bb2"}, titles)

	for what, c := range map[string]struct {
		tx   *gorm.DB
		want error
	}{
		"another name":     {as.Clauses(mine).Table("others"), tenancy.ErrUndeclared},
		"a catalogue":      {as.Clauses(mine).Table("pg_stats"), tenancy.ErrUndeclared},
		"a joined name":    {as.Clauses(mine).Table("mine").Joins("JOIN others ON true"), tenancy.ErrUndeclared},
		"a query of none":  {as.Clauses(with{"mine", db.Model(&book{})}).Table("mine"), tenancy.ErrUnscopedSQL},
		"no scope":         {db.Clauses(mine).Table("mine"), tenancy.ErrNoTenant},
		"a query in place": {as.Clauses(mine).Where("author_id IN (?)", as.Table("others").Select("id")).Table("mine"), tenancy.ErrUndeclared},
	} {
		titles = nil
		require.ErrorIs(t, c.tx.Pluck("title", &titles).Error, c.want, what)
		require.Empty(t, titles, what)
	}
}
