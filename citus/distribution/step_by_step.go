package distribution

import (
	"slices"
	"strings"

	"github.com/gorm-tenancy/tenancy/catalog"
	"github.com/gorm-tenancy/tenancy/citus/internal/rights"
	"github.com/gorm-tenancy/tenancy/migration"
)

// stepByStep is the plan with one step a table. The keys come first, as their own
// plan makes them.
func (a *Analysis) stepByStep() []migration.Phase {
	phases := slices.Clone(a.keys.Phases)
	for _, phase := range []migration.Phase{
		{
			Name: Detach, About: "What Citus cannot have is dropped, and foreign keys until they can be made in the shards.",
			Barrier: "Nothing relies on foreign keys until phase attach is done: no cascades happen, and nothing refuses " +
				"rows that refer to none, for which attach would fail.",
			Steps: a.detach(),
		}, {
			Name: Convert, About: aboutConvert,
			Barrier: "The application can do without the statements that fail meanwhile, or is stopped.",
			Steps:   a.convert(),
		}, {
			Name: Attach, About: "Foreign keys are made again, in each shard, and old rows are checked.",
			Barrier: a.loaded(), Steps: a.attach(),
		},
	} {
		if len(phase.Steps) > 0 {
			phases = append(phases, phase)
		}
	}
	return phases
}

// loaded is the condition for making foreign keys if tables are filled from
// elsewhere.
func (a *Analysis) loaded() string {
	if !a.options.Load {
		return ""
	}
	return "All rows are copied into the spread tables, in any order (COPY), and sequences are set (setval)."
}

// keyed is a table as the keys' plan leaves it, before objects of Options.Drop are
// dropped.
func (a *Analysis) keyed(t *Table) *catalog.Table { return a.keysAfter.Table(t.Name) }

// detach drops the foreign keys and the objects of Options.Drop.
func (a *Analysis) detach() (steps []migration.Step) {
	for _, f := range a.changing() {
		if f.kept != nil {
			steps = append(steps, a.detachKey(f))
		}
	}
	for _, t := range a.Tables {
		from, to := a.keyed(t), t.after
		sql := difference(from, to)
		if len(sql) == 0 {
			continue
		}
		step := stepOn(t.Name, "drop what Citus cannot have", "it holds between tenants, or runs where no tenant's other rows are", sql...)
		step.Undo = difference(to, from)
		step.Before, step.After = changes(from, to).states(from, to)
		step.PointOfNoReturn = slices.ContainsFunc(changes(from, to).indexes.gone, func(i *catalog.Index) bool { return i.Unique }) ||
			len(changes(from, to).constraints.gone) > 0
		steps = append(steps, step)
	}
	return steps
}

func (a *Analysis) detachKey(f *foreign) migration.Step {
	step := stepOn(f.child, "detach "+catalog.Quote(f.name), "it cannot hold between a table that is spread and one that is not", f.dropSQL())
	step.Transaction = false
	step.Blocks = "everything on it and on " + f.parent.String() + ", for a moment"
	step.Undo = a.makeKey(f, f.kept, false)
	step.Repair = step.Undo[:1] // the undo may leave it without its validation
	step.Also = f.also()
	step.Before = []migration.State{constraintState(f.child, f.name, f.kept)}
	step.After = []migration.State{constraintState(f.child, f.name, nil)}
	return step
}

// makeKey makes a foreign key without a long lock, and continues where it was
// interrupted. With atOnce, and for partitioned tables, the key is validated when it
// is made.
func (a *Analysis) makeKey(f *foreign, key *catalog.Constraint, atOnce bool) []string {
	alter, name := "ALTER TABLE "+f.child.String()+" ", catalog.Quote(key.Name)
	open := *key
	atOnce = atOnce || a.live.Table(f.child).Partitioned
	open.Validated = atOnce && key.Validated
	sql := append([]string{alter + "DROP CONSTRAINT IF EXISTS " + name}, catalog.Atomic(addSQL(f.child, &open)...))
	if key.Validated && !atOnce {
		sql = append(sql, alter+"VALIDATE CONSTRAINT "+name)
	}
	return sql
}

// comparedAsIs are the types that PostgreSQL compares without a cast. It casts values
// of others, such as varchar and domains.
var comparedAsIs = []string{"smallint", "integer", "bigint", "numeric", "text", "uuid", "bytea", "date",
	"timestamp without time zone", "timestamp with time zone"}

// joins reports whether Citus can validate an existing foreign key in the shards.
// PostgreSQL then joins the tables, and Citus cannot see through casts that the join
// is on the tenant. A key that is validated when it is made is validated by each
// shard itself.
func (a *Analysis) joins(f *foreign) bool {
	for _, name := range []catalog.Name{f.child, f.parent} {
		t := a.names[name]
		if t == nil || t.Method != catalog.Hash {
			continue
		}
		if column := t.after.Column(t.Column); column == nil || !slices.Contains(comparedAsIs, withoutModifier(column.Type)) {
			return false
		}
	}
	return true
}

// also is the other table that is locked with the child.
func (f *foreign) also() []catalog.Name {
	if f.child == f.parent {
		return nil
	}
	return []catalog.Name{f.parent}
}

// convert distributes the tables one after the other.
func (a *Analysis) convert() (steps []migration.Step) {
	for _, t := range a.moving() {
		steps = append(steps, a.convertTable(t))
	}
	for _, t := range a.leftovers() {
		step := stepOn(t.Name, "empty the local copy", "its rows are in shards", EmptySQL(t.Name))
		step.Before, step.After = []migration.State{localRows(t, "PRESENT")}, []migration.State{localRows(t, "")}
		steps = append(steps, step)
	}
	if len(steps) > 0 {
		steps = append(steps, a.checkRights())
	}
	return steps
}

func (a *Analysis) convertTable(t *Table) migration.Step {
	online := a.options.Online && t.Method == catalog.Hash
	step := migration.Step{
		Name: t.Name.String() + ": spread as " + t.wanted(), Table: t.Name, Transaction: !online,
		About: "its rows are copied into shards" + a.apart(t), Lock: migration.AccessExclusive,
		Blocks: "everything on it, until it is committed",
	}
	step.Before, step.After = t.spreadStates()
	a.sized(&step, t)
	alone := []*Table{t}
	back := append(slices.Clone(setUp), lockSQL(alone), noteSQL(alone), rememberSQL(alone))
	back = append(append(append(back, a.gather(alone)...), keepSQL(alone)...), recallSQL, compareSQL(alone, nil))
	if online {
		step.About, step.Lock = "its rows are copied into shards while they are written"+a.apart(t), migration.ShareUpdateExclusive
		step.Blocks = "everything for a moment at the beginning; other changes of the table, while it is copied; writes for a moment at the end"
		step.SQL = []string{a.manageFirstSQL(t), a.spreadSQL(t, true), rights.RestoreSQL(relationsSQL(alone)), cleanUp} // the table's old storage is a shard of its own until then
		// Citus knows the table before the copy begins, and still does if the copy
		// fails.
		step.Repair = []string{block(t, "partmethod = 'n' AND repmodel <> 't'", back), cleanUp}
		step.Undo = []string{block(t, "true", back)}
	} else {
		step.SQL, step.Undo = a.convertSQL(t), back
	}
	if slices.ContainsFunc(t.live.Columns, func(c catalog.Column) bool { return c.Identity != "" }) {
		step.Undo, step.NoUndo = nil, "Citus cannot bring back a table with an identity column"
	}
	return step
}

// convertSQL distributes a table while nobody uses it.
func (a *Analysis) convertSQL(t *Table) []string {
	alone := []*Table{t}
	made := len(madeAnew(alone)) > 0
	sql := append(slices.Clone(setUp), lockSQL(alone), noteSQL(alone))
	if made {
		sql = append(sql, rememberSQL(alone))
	}
	sql = append(append(sql, countSQL(0, t)), dropLoose(alone)...)
	sql = append(append(sql, releaseSQL(alone)...), a.spreadSQL(t, false), checkSQL(0, t))
	if t.Method != catalog.Managed {
		sql = append(sql, EmptySQL(t.Name))
	}
	sql = append(sql, addLoose(alone)...)
	if made {
		sql = append(sql, recallSQL)
	}
	return append(sql, rights.RestoreSQL(relationsSQL(alone)), compareSQL(alone, nil))
}

// manageFirstSQL makes the table known to Citus before its rows are copied online. The
// online copy would do so itself, by making a new table of the same name. That table
// has the default privileges and loses as much as undistribute_table does.
func (a *Analysis) manageFirstSQL(t *Table) string {
	alone := []*Table{t}
	statements := append(slices.Clone(setUp), "SET LOCAL lock_timeout = '2s'", lockSQL(alone), noteSQL(alone), rememberSQL(alone),
		manageSQL(t), recallSQL,
		rights.RestoreSQL(relationsSQL(alone)), compareSQL(alone, nil))
	return unless(t, statements)
}

// apart lists the related tables that are not yet distributed when the table is.
func (a *Analysis) apart(t *Table) string {
	later := a.moving()
	later = later[slices.Index(later, t)+1:]
	var names []string
	for _, other := range later {
		if slices.ContainsFunc(a.foreign, func(f *foreign) bool {
			return f.child == t.Name && f.parent == other.Name || f.child == other.Name && f.parent == t.Name
		}) {
			names = append(names, other.Name.String())
		}
	}
	if len(names) == 0 {
		return ""
	}
	return "; then statements fail that correlate it with " + strings.Join(names, ", ")
}

// attach makes the foreign keys.
func (a *Analysis) attach() (steps []migration.Step) {
	for _, f := range a.changing() {
		if f.want == nil {
			continue
		}
		// It is one step, without another one to validate: the catalogue could not
		// tell a key whose undo is still to come from the key before phase detach.
		step := stepOn(f.child, "attach "+catalog.Quote(f.name), "rows refer to rows that are there, in the shard", a.makeKey(f, f.want, !a.joins(f))...)
		step.Transaction, step.Lock, step.Also = false, migration.ShareRowExclusive, f.also()
		step.Blocks = "writes to it and to " + f.parent.String() + ", for a moment; then other changes of it, while it is read"
		if !a.joins(f) {
			step.Blocks = "writes to it and to " + f.parent.String() + ", while it is read: Citus cannot check rows whose tenants are compared by a cast in any other way"
		}
		step.Repair = step.SQL[:1]
		step.Undo = step.SQL[:1]
		a.sized(&step, a.names[f.child])
		step.Before = []migration.State{constraintState(f.child, f.name, nil)}
		step.After = []migration.State{constraintState(f.child, f.name, f.want)}
		steps = append(steps, step)
	}
	return steps
}

func stepOn(table catalog.Name, name, about string, sql ...string) migration.Step {
	return migration.Step{Name: table.String() + ": " + name, Table: table, About: about, SQL: sql, Transaction: true,
		Lock: migration.AccessExclusive, Blocks: "everything, for a moment"}
}

// aboutConvert says what fails while some tables are distributed and others are not,
// as observed with Citus.
const aboutConvert = "Tables are spread, one after the other. Between one that is spread and one that is not yet, " +
	"statements fail that correlate them (0A000, direct joins between distributed and local tables are not supported): " +
	"EXISTS, a subquery in SELECT or LATERAL with the other's columns, also in UPDATE and DELETE. " +
	"Joins, IN with a subquery of its own and INSERT … SELECT go on, but carry the rows to the coordinator and back."
