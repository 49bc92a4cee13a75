package migration_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gorm-tenancy/tenancy/migration"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// requireGolden compares a text with a file of testdata.
func requireGolden(t *testing.T, name, text string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), text)
}

func TestWriters(t *testing.T) {
	t.Parallel()
	plan := testPlan()
	plan.Fingerprint = "f"
	for name, write := range map[string]func(io.Writer) error{
		"plan.sql": plan.WriteSQL, "plan.json": plan.WriteJSON, "plan.txt": plan.WriteTable,
	} {
		var text bytes.Buffer
		require.NoError(t, write(&text))
		requireGolden(t, name, text.String())
	}
	for name, write := range map[string]func(string, int64) ([]string, error){
		"goose": plan.WriteGoose, "golang-migrate": plan.WriteGolangMigrate,
	} {
		dir := t.TempDir()
		names, err := write(dir, 42)
		require.NoError(t, err)
		if *update {
			require.NoError(t, os.RemoveAll(filepath.Join("testdata", name)))
		}
		for _, file := range names {
			text, err := os.ReadFile(filepath.Join(dir, file))
			require.NoError(t, err)
			requireGolden(t, filepath.Join(name, file), string(text))
		}
		golden, err := filepath.Glob(filepath.Join("testdata", name, "*"))
		require.NoError(t, err)
		require.Len(t, golden, len(names))

		again, err := write(dir, 42)
		require.ErrorIs(t, err, os.ErrExist, "nothing is overwritten")
		require.Empty(t, again)
	}
}

func TestJSONGivesThePlanBack(t *testing.T) {
	t.Parallel()
	b := newBundle(t, 100)
	var text bytes.Buffer
	require.NoError(t, b.plan.WriteJSON(&text))
	var plan migration.Plan
	require.NoError(t, json.Unmarshal(text.Bytes(), &plan))
	require.Equal(t, b.plan, &plan)
	b.plan = &plan
	b.execute(t)
}

func TestWritersRefuseAnInvalidPlan(t *testing.T) {
	t.Parallel()
	plan := testPlan()
	plan.Phases[0].Steps[0].SQL = nil
	for _, write := range []func(io.Writer) error{plan.WriteSQL, plan.WriteJSON, plan.WriteTable} {
		require.ErrorIs(t, write(io.Discard), migration.ErrInvalidPlan)
	}
	for _, write := range []func(string, int64) ([]string, error){plan.WriteGoose, plan.WriteGolangMigrate} {
		_, err := write(t.TempDir(), 1)
		require.ErrorIs(t, err, migration.ErrInvalidPlan)
	}
}

// hostile puts into a plan's words what would be executed if it left its comment.
func hostile(plan *migration.Plan) {
	const words = "x\nSELECT 1/0;\r\n-- +goose Down\n\\quit"
	plan.Title = words
	for i := range plan.Phases {
		plan.Phases[i].About = words
		if plan.Phases[i].Barrier != "" {
			plan.Phases[i].Barrier = words
		}
		for n := range plan.Phases[i].Steps {
			s := &plan.Phases[i].Steps[n]
			s.Name += words
			s.About, s.Blocks = words, words
		}
	}
}

// sameAsExecuted says that the database is as Execute would leave it.
func (b *bundle) sameAsExecuted(t *testing.T, rows int) {
	t.Helper()
	b.requireFilled(t, rows)
	done := b.structure(t)
	b.reset(t, rows)
	b.execute(t)
	require.Equal(t, b.structure(t), done)
}

// withoutTimeZone takes from a DSN what is pgx's own.
var withoutTimeZone = strings.NewReplacer("?timezone=UTC&", "?", "&timezone=UTC", "", "?timezone=UTC", "", " timezone=UTC", "")

func TestSQLRunsInPsql(t *testing.T) {
	t.Parallel()
	psql, err := exec.LookPath("psql")
	if found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/psql"); err != nil && len(found) > 0 {
		psql, err = slices.Max(found), nil
	}
	if err != nil {
		t.Skip("no psql on this machine")
	}
	b := newBundle(t, 3000)
	hostile(b.plan)
	path := filepath.Join(t.TempDir(), "plan.sql")
	f, err := os.Create(path)
	require.NoError(t, err)
	require.NoError(t, b.plan.WriteSQL(f))
	require.NoError(t, f.Close())
	out, err := exec.CommandContext(t.Context(), psql, "-X", "-v", "ON_ERROR_STOP=1", "-d", withoutTimeZone.Replace(b.dsn), "-f", path).CombinedOutput()
	require.NoError(t, err, "%s", out)
	b.sameAsExecuted(t, 3000)
}

// The tools' own rules are followed here with what they do to a file.
func TestFilesRunUpAndDown(t *testing.T) {
	t.Parallel()
	type tool struct {
		write func(*migration.Plan, string) ([]string, error)
		up    func(text string) (statements []string, transaction bool)
		down  func(text string) (statements []string, transaction bool)
		isUp  func(name string) bool
		isDn  func(name string) bool
	}
	all := func(string) bool { return true }
	whole := func(text string) ([]string, bool) { return []string{text}, false }
	for name, tool := range map[string]tool{
		"goose": {
			write: func(p *migration.Plan, dir string) ([]string, error) { return p.WriteGoose(dir, 1) },
			up:    func(text string) ([]string, bool) { return gooseStatements(text, true) },
			down:  func(text string) ([]string, bool) { return gooseStatements(text, false) },
			isUp:  all, isDn: all,
		},
		"golang-migrate": {
			write: func(p *migration.Plan, dir string) ([]string, error) { return p.WriteGolangMigrate(dir, 1) },
			up:    whole, down: whole,
			isUp: func(name string) bool { return strings.HasSuffix(name, ".up.sql") },
			isDn: func(name string) bool { return strings.HasSuffix(name, ".down.sql") },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBundle(t, 3000)
			hostile(b.plan)
			dir := t.TempDir()
			names, err := tool.write(b.plan, dir)
			require.NoError(t, err)
			require.True(t, slices.IsSorted(names) || name == "golang-migrate")
			barriers := 0
			run := func(file string, divide func(string) ([]string, bool)) {
				text, err := os.ReadFile(filepath.Join(dir, file))
				require.NoError(t, err)
				statements, transaction := divide(string(text))
				if strings.Contains(file, "barrier") && len(statements) > 0 {
					barriers++
					err := b.executeFile(t, "none", statements, transaction)
					require.ErrorContains(t, err, "barrier at phase ")
					require.ErrorContains(t, err, "PGOPTIONS='-c tenancy.passed=")
				}
				require.NoError(t, b.executeFile(t, "backfill, swap", statements, transaction), file)
			}
			for _, file := range names {
				if tool.isUp(file) {
					run(file, tool.up)
				}
			}
			require.Equal(t, 2, barriers, "on the way up")
			after := b.structure(t)
			for _, file := range slices.Backward(names) {
				if tool.isDn(file) {
					run(file, tool.down)
				}
			}
			require.Equal(t, 4, barriers, "on the way down")
			require.Equal(t, b.before, b.structure(t))
			b.execute(t)
			require.Equal(t, b.structure(t), after)
		})
	}
}

// executeFile executes statements as the tools do: without arguments, on one
// connection.
func (b *bundle) executeFile(t *testing.T, passed string, statements []string, transaction bool) error {
	t.Helper()
	conn, err := b.db.Conn(t.Context())
	require.NoError(t, err)
	defer conn.Close()
	_, err = conn.ExecContext(t.Context(), "SELECT set_config('tenancy.passed', $1, false)", passed)
	require.NoError(t, err)
	if !transaction {
		for _, statement := range statements {
			if _, err := conn.ExecContext(t.Context(), statement); err != nil {
				return err
			}
		}
		return nil
	}
	tx, err := conn.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	defer func() { _ = tx.Rollback() }()
	for _, statement := range statements {
		if _, err := tx.ExecContext(t.Context(), statement); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// gooseStatements divides a file as goose does.
func gooseStatements(text string, up bool) (statements []string, transaction bool) {
	before, down, _ := strings.Cut(text, "\n-- +goose Down\n")
	head, text, _ := strings.Cut(before, "\n-- +goose Up\n")
	if !up {
		text = down
	}
	for _, rest := range strings.Split(text, "-- +goose StatementBegin\n")[1:] {
		statement, _, _ := strings.Cut(rest, "\n-- +goose StatementEnd\n")
		statements = append(statements, statement)
	}
	return statements, !strings.Contains(head, "-- +goose NO TRANSACTION")
}

// TestFilesAreOneAStep: each has a name and something to do, and none has a step
// that is done.
func TestFilesAreOneAStep(t *testing.T) {
	t.Parallel()
	plan := testPlan()
	steps := stepNames(plan)
	plan.Phases[0].Steps[0].Done = true
	dir := t.TempDir()
	names, err := plan.WriteGoose(dir, 1)
	require.NoError(t, err)
	require.Len(t, names, len(steps)-1+2, "a file a step that is left, and two barriers")
	require.Len(t, slices.Compact(slices.Sorted(slices.Values(names))), len(names))
	for _, name := range names {
		text, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		statements, _ := gooseStatements(string(text), true)
		require.NotEmpty(t, statements, name)
		require.NotContains(t, string(text), steps[0])
	}
	dir = t.TempDir()
	names, err = plan.WriteGolangMigrate(dir, 1)
	require.NoError(t, err)
	for _, name := range names {
		text, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		require.Regexp(t, `(?m)^[^-\s]`, string(text), name)
	}
}

// What cannot be undone says so where the tools would go back.
func TestFilesSayThatThereIsNoUndo(t *testing.T) {
	t.Parallel()
	b := newBundle(t, 1)
	plan := &migration.Plan{Phases: []migration.Phase{{Name: "only", Steps: []migration.Step{
		{Name: "é", SQL: []string{"SELECT 1 -- one", "SELECT 2;"}, NoUndo: "that's why: $undo$"},
	}}}}
	names, err := plan.WriteGolangMigrate(t.TempDir(), 7)
	require.NoError(t, err)
	require.Equal(t, []string{"000007_step1_part1.up.sql", "000007_step1_part1.down.sql", "000008_step1_part2.up.sql"}, names)
	dir := t.TempDir()
	names, err = plan.WriteGoose(dir, 7)
	require.NoError(t, err)
	text, err := os.ReadFile(filepath.Join(dir, names[0]))
	require.NoError(t, err)
	require.Contains(t, string(text), "SELECT 1 -- one\n;\n")
	statements, transaction := gooseStatements(string(text), false)
	require.False(t, transaction)
	_, err = b.db.ExecContext(t.Context(), statements[0])
	require.ErrorContains(t, err, "cannot be undone: that's why: $undo$")
}
