package suite

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/internal/draw"
	"github.com/gorm-tenancy/tenancy/internal/sqltext"
)

// calls have F where a function may be called, or a keyword stand.
const calls = `
F(1)
(F(1))
s.F(1)
public.F(1)
b, F(1)
(b), F(1)
a + F(1)
- F(1)
ARRAY[F(1)]
ARRAY[a] || F(1)
lower(F(1))
lower(b, F(1))
NOT F(1)
a = 1 AND F(1)
a = 1 OR NOT F(1)
ALL F(1)
DISTINCT F(1)
DISTINCT b, F(1)
DISTINCT ON (a) F(1)
DISTINCT ON (F(1)) b
a OPERATOR(pg_catalog.+) F(1)
OPERATOR(pg_catalog.-) F(1)
a F(1)
(a) F(1)
t.a F(1)
"b" F(1)
'x' F(1)
1 F(1)
b COLLATE "C" F(1)
a::int F(1)
interval '1' F(1)
lower(b) F(1)
count(*) F(1)
max(a) FILTER (WHERE true) F(1)
percentile_cont(0.5) WITHIN GROUP (ORDER BY a) F(1)
percentile_cont(0.5) WITHIN F(1)
percentile_cont(0.5) F(1)
max(a) OVER (F(1))
max(a) OVER (PARTITION F(1))
max(a) OVER (PARTITION BY F(1))
max(a) OVER (ORDER F(1))
max(a) OVER (ORDER BY F(1))
max(a) OVER (ORDER BY a, F(1))
max(a) OVER (ORDER BY a ROWS F(1) PRECEDING)
max(a) OVER (ORDER BY a RANGE BETWEEN F(1) PRECEDING AND F(1) FOLLOWING)
max(a F(1))
max(a ORDER F(1))
GROUPING F(1)
GROUPING SETS (F(1), (a))
GROUPING SETS ((a), F(1))
GROUPING SETS ((F(1)), a)
GROUPING SETS ((a, F(1)), a)
ROLLUP (F(1))
ROLLUP (a, F(1))
CUBE (a, F(1))
a, F(1)
a HAVING F(1)
a HAVING true ORDER BY a, F(1)
a ORDER BY F(1)
a ORDER BY a, F(1)
a LIMIT F(1)
a LIMIT 1 OFFSET F(1)
a LIMIT 1 F(1)
a FETCH FIRST F(1) ROWS ONLY
CASE F(1) WHEN 1 THEN 2 END
CASE WHEN F(1) THEN 2 END
CASE a WHEN 1 THEN F(1) END
CASE a WHEN 1 THEN 1 ELSE F(1) END
CASE a WHEN 1 THEN 1 F(1) END
b LIKE F(1)
b LIKE b F(1)
b LIKE 'x' F(1)
b LIKE "b" F(1)
b LIKE t.b F(1)
b LIKE lower(b) F(1)
b LIKE (b) F(1)
b LIKE b ESCAPE F(1)
b F('x')
b NOT F('x')
t.b NOT F('x')
lower(b) NOT F('x')
a BETWEEN F(1) AND 2
a BETWEEN 1 AND F(1)
a BETWEEN SYMMETRIC F(1) AND 2
a IS F(1)
a IS NOT F(1)
a IS DISTINCT FROM F(1)
a IN (F(1))
a IN F(1)
a = ANY F(1)
b SIMILAR TO F(1)
now() AT F(1)
now() AT TIME F(1)
now() AT TIME ZONE F(1)
time F(1)
ROW F(1)
ROW(a) = F(1)
(a, b) = F(1)
(a, b) OVERLAPS F(1)
a[F(1)]
CAST(F(1) AS int)
extract(year FROM F(1))
substring(b FROM F(1) FOR F(1))
overlay(b PLACING F(1) FROM 1)
trim(BOTH F(1) FROM b)
position(F(1) IN b)
xmlparse(CONTENT F(1))
json_object('a' VALUE F(1))
coalesce(a, F(1))`

// pairs have another keyword K before the call.
const pairs = `
K F(1)
(K F(1))
a, K F(1)
a K F(1)
(a) K F(1)
(a K F(1))
'x' K F(1)
"b" K F(1)
t.a K F(1)
t.K F(1)
lower(b) K F(1)
lower(K F(1))
lower(b K F(1))
count(*) K F(1)
NOT K F(1)
K NOT F(1)
b K NOT F(1)
b NOT K F(1)
K (a) F(1)
a K (a) F(1)
K ON (a) F(1)
b LIKE b K F(1)
b LIKE K F(1)
now() K TIME F(1)
now() AT K F(1)
max(a) OVER (K F(1))
max(a) OVER (ORDER BY a K F(1) PRECEDING)
max(a) K (ORDER BY a) F(1)
xmlparse(K F(1))
trim(K F(1) FROM b)
json_object('a' K F(1))
CASE K F(1) WHEN 1 THEN 2 END
GROUPING K (F(1))
K SETS (F(1), a)
a IS K F(1)
ROW K F(1)`

// sqliteWords are keywords of SQLite that are none of PostgreSQL's, and operators
// with a word.
const sqliteWords = `
autoincrement exclude fail glob groups if ignore indexed isnull match notnull pragma query raise regexp
others plan rename temp virtual ordinary`

// fragments are the statements that a fragment may stand in.
var fragments = []struct {
	place      sqltext.Place
	head, tail string
}{
	{sqltext.List, "SELECT ", " FROM t"},
	{sqltext.List, "SELECT 1 FROM t ORDER BY ", ""},
	{sqltext.Groups, "SELECT 1 FROM t GROUP BY ", ""},
	{sqltext.Group, "SELECT 1 FROM t WHERE (", ")"},
	{sqltext.Value, "UPDATE t SET a = ", ""},
}

// seen asks the judge and the database of fragments.
type seen struct {
	dialect sqltext.Dialect
	called  func(name string, statements []string) ([]bool, error)
	waiting map[string][]string // by function
	tried   int
	sent    int
	failed  []string
}

// try asks the database of a fragment that the judge lets pass.
func (s *seen) try(template, function, before string) {
	text := strings.NewReplacer("F", function, "K", before).Replace(template)
	for _, f := range fragments {
		s.tried++
		l := sqltext.Lexer{Text: text, Dialect: s.dialect}
		v := sqltext.Judge(&l, f.place, func(string) bool { return false })
		if v.Reason == "" && v.Beyond == "" {
			s.waiting[function] = append(s.waiting[function], f.head+text+f.tail)
		}
	}
	if len(s.waiting[function]) > 500 {
		s.flush(function)
	}
}

func (s *seen) flush(function string) {
	statements := s.waiting[function]
	delete(s.waiting, function)
	s.sent += len(statements)
	for i, called := range s.ask(function, statements) {
		if called {
			s.failed = append(s.failed, statements[i])
		}
	}
}

func (s *seen) ask(function string, statements []string) []bool {
	called, err := s.called(function, statements)
	if err != nil || len(called) != len(statements) {
		s.failed = append(s.failed, fmt.Sprint("no answer: ", err))
		return make([]bool, len(statements))
	}
	return called
}

// A function can have the name of most keywords: the judge lets none of them be called,
// wherever it stands. TENANCY_FUZZ=all puts each keyword after each other; without it
// some pairs are drawn, by TENANCY_TEST_SEED.
func TestKeywordsAreNoFunctions(t *testing.T) {
	t.Parallel()
	words := strings.Fields(sqliteWords)
	postgres := openPostgres(t)
	var own []string
	require.NoError(t, postgres.Raw("SELECT word FROM pg_get_keywords() ORDER BY word").Scan(&own).Error)
	words = append(words, own...)
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		db := openSQLite(t)
		require.NoError(t, db.Exec("CREATE TABLE t (a INT, b TEXT)").Error)
		keywordsAreNoFunctions(t, &seen{dialect: sqltext.SQLite, called: calledBySQLite(db)}, words)
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		require.NoError(t, postgres.Exec(calledByPostgres).Error)
		keywordsAreNoFunctions(t, &seen{dialect: sqltext.Postgres, called: func(name string, statements []string) (called []bool, err error) {
			list, err := json.Marshal(statements)
			if err == nil {
				err = postgres.Raw("SELECT called(?, ?)", name, string(list)).Scan(&called).Error
			}
			return called, err
		}}, words)
	})
}

func keywordsAreNoFunctions(t *testing.T, s *seen, words []string) {
	s.waiting = map[string][]string{}
	words = slices.DeleteFunc(slices.Clone(words), sqltext.SafeFunction)
	var names []string // that functions can have
	for _, word := range words {
		for _, template := range strings.Split(strings.TrimSpace(calls), "\n") {
			s.try(template, word, "")
		}
		if s.ask(word, []string{"SELECT " + word + "(1)"})[0] {
			names = append(names, word)
		}
	}
	all := os.Getenv("TENANCY_FUZZ") == "all"
	random := rand.New(rand.NewPCG(draw.Seed(t), 2))
	for _, template := range strings.Split(strings.TrimSpace(pairs), "\n") {
		for _, word := range names {
			for _, before := range words {
				if all || random.IntN(100) == 0 {
					s.try(template, word, before)
				}
			}
		}
	}
	for _, word := range words {
		if len(s.waiting[word]) > 0 {
			s.flush(word)
		}
	}
	t.Logf("%d of %d keywords can be called; of %d fragments %d pass", len(names), len(words), s.tried, s.sent)
	assert.Greater(t, len(names), 100)
	assert.Empty(t, s.failed[:min(len(s.failed), 40)], "%d call an unknown function", len(s.failed))
}

// calledByPostgres tells which statements call a function that is not there.
const calledByPostgres = `
CREATE TABLE t (a int, b text);
CREATE FUNCTION called(name text, statements text) RETURNS SETOF bool LANGUAGE plpgsql AS $$
DECLARE
	statement text; said text; state text;
BEGIN
	FOR statement IN SELECT json_array_elements_text(statements::json) LOOP
		BEGIN
			EXECUTE 'EXPLAIN ' || statement;
			RETURN NEXT false;
		EXCEPTION WHEN OTHERS THEN
			GET STACKED DIAGNOSTICS said = MESSAGE_TEXT, state = RETURNED_SQLSTATE;
			RETURN NEXT state = '42883' AND said ~ ('^function ([a-z]+\.)?' || name || '\(')
				OR state = '3F000';
		END;
	END LOOP;
END $$`

func calledBySQLite(db *gorm.DB) func(string, []string) ([]bool, error) {
	return func(name string, statements []string) ([]bool, error) {
		called := make([]bool, len(statements))
		for i, statement := range statements {
			err := db.Exec("EXPLAIN " + statement).Error
			called[i] = err != nil && strings.Contains(err.Error(), fmt.Sprintf("no such function: %s", name))
		}
		return called, nil
	}
}

// A function with a keyword's name reads another tenant's rows; only Config.Functions
// lets it.
func TestFunctionWithTheNameOfAKeyword(t *testing.T) {
	t.Parallel()
	db := openPostgres(t)
	require.NoError(t, db.Exec(`
		CREATE SCHEMA s;
		CREATE FUNCTION sets(int) RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM pg_class';
		CREATE FUNCTION over(int) RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM pg_class';
		CREATE FUNCTION s.left(int) RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM pg_class'`).Error)
	c := config()
	require.NoError(t, db.Use(tenancy.New(c)))
	require.NoError(t, db.AutoMigrate(models...))
	db = db.WithContext(tenancy.With(t.Context(), uuid.New()))
	require.NoError(t, db.Create(&Tag{Name: "own"}).Error)
	for name, tx := range map[string]*gorm.DB{
		"selected":      db.Model(&Tag{}).Select("sets(1)"),
		"behind a list": db.Model(&Tag{}).Select("DISTINCT ON (name) over(1)"),
		"of a schema":   db.Model(&Tag{}).Select("s.left(1)"),
		"a condition":   db.Model(&Tag{}).Select("name").Where("sets(1) > 0"),
		"an order":      db.Model(&Tag{}).Select("name").Order("sets(1)"),
		"a group":       db.Model(&Tag{}).Select("name").Group("name, sets(1)"),
		"joined on":     db.Model(&Tag{}).Select("tags.name").Joins("JOIN tags x ON x.id = tags.id AND sets(1) > 0"),
	} {
		var rows []map[string]any
		assert.ErrorIs(t, tx.Find(&rows).Error, tenancy.ErrUnscopedSQL, name)
	}
	for name, tx := range map[string]*gorm.DB{
		"grouping sets": db.Model(&Tag{}).Select("name").Group("GROUPING SETS ((name), ROLLUP (name, id))"),
		"rollup":        db.Model(&Tag{}).Select("name").Group("name, ROLLUP (id)"),
		"a window":      db.Model(&Tag{}).Select("count(*) FILTER (WHERE name ILIKE ('o%')) OVER (PARTITION BY (name))"),
		"a time zone":   db.Model(&Tag{}).Select("now() AT TIME ZONE ('UTC')"),
	} {
		var rows []map[string]any
		if assert.NoError(t, tx.Find(&rows).Error, name) {
			assert.NotEmpty(t, rows, name)
		}
	}
}
