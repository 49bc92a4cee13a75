package tenancytest

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy"
)

// Run checks that a tenant of db gets, for every operation of the suite, what a
// database that holds this tenant alone would give it, and that nothing of
// another tenant is read or changed. It is [Suite.Run] with the defaults.
//
// The handle has the tenancy plugin installed, and its database is empty: the
// suite fills the tables and empties them again. The models' relations are
// followed, so that naming the outermost ones is enough.
func Run(t *testing.T, db *gorm.DB, models ...any) {
	t.Helper()
	Suite{DB: db, Models: models}.Run(t)
}

// Suite configures a run. DB and Models must be set. A Suite holds no state and
// may be used several times, but not concurrently on one database.
type Suite struct {
	// DB is the handle under test, with the tenancy plugin installed. Nil is
	// refused.
	DB *gorm.DB

	// Models are pointers to values of the models to check. The models that
	// their relations lead to are checked as well. Empty is refused.
	Models []any

	// Lone is the oracle: a handle without the plugin on an empty database of
	// the same kind. Nil means that the suite makes one: for PostgreSQL with
	// [Postgres], for SQLite as a file in the test's own directory.
	Lone *gorm.DB

	// Owner writes the rows of the fixture and removes them. Nil means DB, whose
	// role may be kept from it by row-level security.
	Owner *gorm.DB

	// Column is the name of the tenant column in models that do not mark one.
	// Empty means "tenant_id".
	Column string

	// Tenants are the ids of the two tenants. Nil ids are chosen after the type
	// of the tenant columns.
	Tenants [2]any

	// Adjust is called with a pointer to each value that the suite generates
	// (its number counts from zero, for each tenant again) where a constraint of
	// yours would refuse it: an enumeration, a check, a serialized field. The
	// key, the foreign keys and the tenant are set already and must stay. It
	// must do the same for the same number. Nil means that values stay as they
	// are generated.
	Adjust func(value any, tenant any, number int)

	// Reveal is called inside a transaction before the suite reads its tables,
	// where something below the plugin would hide the other tenant's rows, such
	// as row-level security. Nil means that nothing is called.
	Reveal func(ctx context.Context, tx gorm.ConnPool) error

	// Reading is the context under which the suite reads the tables through DB,
	// where something below the plugin goes by it: a bypass, for row-level security.
	// Nil means none.
	Reading context.Context

	// Enforced runs the operations under [tenancy.WithEnforcement]: it is for a handle
	// that observes tables. False means that the handle's modes hold; what it sends
	// unscoped is then a leak.
	Enforced bool

	// Observe runs the operations with one table enforced and all others observed, each
	// table of a tenant in turn, instead of those of DB's own modes; see [Run]. DB's
	// plugin enforces all. Nil means that DB is tried as it is.
	Observe *Observed

	// Backstop says that DB has no plugin: what is below it is tested alone. That
	// may refuse, and answer with less; leaks are all that is reported. It knows
	// tenants, not relations, so that shared tables may be read by anybody, and
	// what the members of a set are to each other is not tried.
	Backstop bool

	// Skip lists operations to leave out, as path patterns of package path
	// matched against "model/operation" and "model/relation/operation". Empty
	// means none.
	Skip []string

	// AnswersText says that the plugin's Config.RawSQL scopes text, so that
	// operations with raw SQL, or with queries in fragments, must be answered as
	// all others are. False means that they may be refused.
	AnswersText bool

	// MayRefuse excuses operations with text from AnswersText: path patterns, as
	// those of Skip with the scope before ("set/*/Raw"), each with the reason. One
	// that nothing needed is a finding, unless the run is a short one. Nil means
	// none.
	MayRefuse map[string]string

	// Kinds says of which kind the tables are, where DB has no plugin that says so:
	// a plugin that is in use on another handle. Nil means DB's.
	Kinds *tenancy.Plugin

	// Sample is how many operations run for each model, drawn by Seed. Zero means all.
	Sample int

	// Seed draws the sample. Zero is a seed, too.
	Seed uint64

	// brief runs operations for one tenant alone.
	brief bool
	// unscoped says that DB has no plugin: the suite tests itself.
	unscoped bool
	// oneTenant leaves out the other tenant's rows.
	oneTenant bool
	// slack observes the table that Observe should enforce: the suite tests itself.
	slack bool
}

// Run fills the database and runs all operations, each in a subtest of its own,
// in a transaction that is rolled back. It ends with a line that counts the
// operations and what was found. With -short it runs them for one tenant alone,
// which takes a quarter of the time: not for sets, in a bypass, or without a
// tenant.
func (s Suite) Run(t *testing.T) {
	t.Helper()
	s.brief = s.brief || testing.Short() && s.Sample == 0
	f := s.Fixture(t)
	check := f.check
	if s.Observe != nil {
		check = f.checkObserved
	}
	report := check(func(name string, do func() *Finding) {
		t.Run(name, func(t *testing.T) {
			if finding := do(); finding != nil {
				t.Error(finding)
			}
		})
	})
	t.Log(report)
}

// A Verdict is what became of an operation.
type Verdict string

// The verdicts that make a finding.
const (
	// Leak: another tenant's row was seen, counted or changed.
	Leak Verdict = "leak"
	// Wrong: the answer, an error or what was written is not what a database
	// with this tenant alone gives.
	Wrong Verdict = "wrong"
	// Refused: a tenancy error where a database with this tenant alone answers.
	Refused Verdict = "refused"
)

// A Finding is an operation that did not do what it should. It is an error, so
// that it can be returned and reported as one.
type Finding struct {
	// Verdict says what is wrong.
	Verdict Verdict
	// Operation is the path of the operation: scope, model, operation.
	Operation string
	// Detail says what was expected and what was found. It holds rows of the
	// fixture.
	Detail string
	// SQL is what the operation sent, a statement each.
	SQL []string
}

// Error implements error.
func (f *Finding) Error() string {
	text := fmt.Sprintf("%s: %s: %s", f.Verdict, f.Operation, f.Detail)
	if len(f.SQL) > 0 {
		text += "\n  " + strings.Join(f.SQL, "\n  ")
	}
	return text
}

// report counts what a run found.
type report struct {
	operations  int
	unsupported int // refused by Citus, as it refuses the like of everybody
	denied      int // refused as a kind of table says
	findings    []*Finding
	texts       textCount
	observed    map[blend]int // under Suite.Observe
}

// String is the summary line.
func (r *report) String() string {
	counts := map[Verdict]int{}
	for _, finding := range r.findings {
		counts[finding.Verdict]++
	}
	text := fmt.Sprintf("%d operations: %d leaks, %d wrong, %d refused",
		r.operations, counts[Leak], counts[Wrong], counts[Refused])
	if r.texts.answered+r.texts.refused > 0 {
		text += fmt.Sprintf("; %d with text answered, %d refused", r.texts.answered, r.texts.refused)
	}
	if r.observed != nil {
		text += fmt.Sprintf("; %d as plain GORM, %d as enforced, %d table by table, %d mixed",
			r.observed[free], r.observed[whole], r.observed[apart], r.observed[mixed])
	}
	if r.denied > 0 {
		text += fmt.Sprintf("; %d refused as private or read-only", r.denied)
	}
	if r.unsupported > 0 {
		text += fmt.Sprintf("; Citus does not do %d", r.unsupported)
	}
	return text
}
