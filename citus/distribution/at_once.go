package distribution

import (
	"slices"

	"github.com/gorm-tenancy/tenancy/catalog"
	"github.com/gorm-tenancy/tenancy/citus/internal/rights"
	"github.com/gorm-tenancy/tenancy/migration"
)

// atOnce is the plan of one transaction.
func (a *Analysis) atOnce() []migration.Phase {
	moving, keys := a.moving(), a.changing()
	changed := slices.ContainsFunc(a.Tables, func(t *Table) bool { return len(difference(t.live, t.after)) > 0 })
	if len(moving) == 0 && len(keys) == 0 && !changed && len(a.leftovers()) == 0 {
		return nil
	}
	step := migration.Step{
		Name: "spread all tables", Table: a.Tables[0].Name, Transaction: true, Lock: migration.AccessExclusive,
		About:  "keys with the tenant, reference tables, the root, and the tenants' tables with it",
		Blocks: "everything on any of the tables, until it is committed",
	}
	for _, t := range a.Tables[1:] {
		step.Also = append(step.Also, t.Name)
	}
	step.SQL, step.Undo = a.forward(moving, keys), a.backward(moving, keys)
	a.setStates(&step, moving, keys)
	for _, t := range moving {
		a.sized(&step, t)
	}
	a.setUndo(&step)
	return []migration.Phase{{
		Name: Spread, About: "All tables are spread in one transaction, or nothing is changed.",
		Barrier: a.barrier(), Steps: []migration.Step{step, a.checkRights()},
	}}
}

// barrier is the condition for distributing the tables: the conditions of all
// phases of the keys' plan.
func (a *Analysis) barrier() string {
	text := "Every running version of the application scopes its statements by tenant, and is restarted afterwards: " +
		"what it has prepared fails once (0A000), and the GORM plugin looks up a table's keys at its first upsert."
	if a.keys != nil && len(a.keys.Phases) > 0 {
		text += " It writes the tenant column with each new row. None groups by a primary key alone " +
			"(GROUP BY id with other columns selected), or names a primary key's constraint (ON CONFLICT ON CONSTRAINT)."
	}
	return text
}

// setUndo sets what the undo cannot do.
func (a *Analysis) setUndo(step *migration.Step) {
	for _, t := range a.moving() {
		if slices.ContainsFunc(t.live.Columns, func(c catalog.Column) bool { return c.Identity != "" }) {
			step.Undo, step.NoUndo = nil, "Citus cannot bring back "+t.Name.String()+", which has an identity column"
		}
	}
	for _, t := range a.Tables {
		for _, index := range t.live.Indexes {
			after := t.after.Index(index.Name)
			if index.Unique && !index.Inherited && (after == nil || after.Definition() != index.Definition()) {
				step.PointOfNoReturn = true // rows become legal that the old key forbids
			}
		}
	}
}

// forward spreads the tables.
func (a *Analysis) forward(moving []*Table, keys []*foreign) []string {
	sql := append(slices.Clone(setUp), lockSQL(a.Tables), noteSQL(a.Tables))
	made := madeAnew(moving)
	if len(made) > 0 {
		sql = append(sql, rememberSQL(made))
	}
	for _, f := range keys {
		if f.live != nil {
			sql = append(sql, f.dropSQL())
		}
	}
	for i, t := range moving {
		sql = append(sql, countSQL(i, t))
	}
	sql = append(sql, dropLoose(a.Tables)...) // rows that fail them are filled, too
	sql = append(sql, releaseSQL(moving)...)
	sql = append(sql, a.makeKeys()...)
	for _, t := range moving {
		sql = append(sql, a.spreadSQL(t, false))
	}
	sql = append(sql, addLoose(a.Tables)...)
	for i, t := range moving {
		sql = append(sql, checkSQL(i, t))
	}
	if !a.back {
		sql = append(sql, a.togetherSQL())
	}
	for _, t := range append(slices.Clone(moving), a.leftovers()...) {
		if t.Method != catalog.Managed {
			sql = append(sql, EmptySQL(t.Name))
		}
	}
	for _, f := range keys {
		if f.want != nil {
			sql = append(sql, addSQL(f.child, f.want)...)
		}
	}
	if len(made) > 0 {
		sql = append(sql, recallSQL)
	}
	return append(sql, rights.RestoreSQL(relationsSQL(moving)), compareSQL(a.Tables, a.changed()))
}

// checkRights repairs the privileges on shards and verifies them on each node. It
// is a step of its own because nodes do not see what an open transaction has made.
func (a *Analysis) checkRights() migration.Step {
	relations := relationsSQL(a.Tables)
	var sql []string
	if a.options.Online {
		sql = append(sql, cleanUp) // a run that was cut off after the copy has not come to it
	}
	return migration.Step{
		Name: "check rights in the shards", Table: a.Tables[0].Name, Lock: migration.NoLock, Blocks: "nothing",
		About: "nobody may see more of a table on another node than here",
		SQL:   append(sql, rights.RestoreSQL(relations), rights.CheckSQL(relations)),
	}
}

// makeKeys makes the keys with the tenant. A table whose tenant comes from another
// table is filled after that one.
func (a *Analysis) makeKeys() []string {
	sql := []string{applicationPath}
	for _, t := range a.Tables {
		sql = append(sql, difference(t.live, addedColumns(t))...)
	}
	if a.keys != nil {
		sql = append(sql, a.allFills()...)
	}
	for _, t := range a.Tables {
		sql = append(sql, difference(addedColumns(t), t.after)...)
	}
	return append(sql, setUp[0])
}

// addedColumns is a table as it is, plus the columns that it gets, which may be
// null.
func addedColumns(t *Table) *catalog.Table {
	open := *t.live
	open.Columns = slices.Clone(open.Columns)
	for _, column := range t.after.Columns {
		if t.live.Column(column.Name) == nil {
			column.NotNull = false
			open.Columns = append(open.Columns, column)
		}
	}
	return &open
}

// backward restores the tables to what they were.
func (a *Analysis) backward(moving []*Table, keys []*foreign) []string {
	sql := append(slices.Clone(setUp), lockSQL(a.Tables), noteSQL(a.Tables), rememberSQL(moving))
	for _, f := range keys {
		if f.want != nil {
			sql = append(sql, f.dropSQL())
		}
	}
	sql = append(sql, a.gather(moving)...)
	for _, t := range slices.Backward(a.Tables) {
		sql = append(sql, difference(t.after, t.live)...)
	}
	sql = append(sql, keepSQL(moving)...)
	for _, f := range keys {
		if f.live != nil {
			sql = append(sql, addSQL(f.child, f.live)...)
		}
	}
	return append(sql, recallSQL, compareSQL(a.Tables, a.changed()))
}

// gather undistributes tables, and checks that no row is lost.
func (a *Analysis) gather(tables []*Table) (sql []string) {
	for i, t := range tables {
		sql = append(sql, countSQL(i, t))
	}
	sql = append(sql, dropLoose(tables)...)
	for _, t := range slices.Backward(tables) {
		sql = append(sql, gatherSQL(t))
	}
	for i, t := range tables {
		sql = append(sql, checkSQL(i, t))
	}
	return append(sql, addLoose(tables)...)
}

// dropLoose drops the checks that were never validated: new tables and shards
// would apply them to all rows.
func dropLoose(tables []*Table) (sql []string) {
	for _, t := range tables {
		for _, c := range t.loose() {
			sql = append(sql, "ALTER TABLE "+t.Name.String()+" DROP CONSTRAINT "+catalog.Quote(c.Name))
		}
	}
	return sql
}

// addLoose makes them again.
func addLoose(tables []*Table) (sql []string) {
	for _, t := range tables {
		for _, c := range t.loose() {
			sql = append(sql, addSQL(t.Name, c)...)
		}
	}
	return sql
}

// loose returns a table's checks that were never validated.
func (t *Table) loose() (checks []*catalog.Constraint) {
	for i := range t.after.Constraints {
		c := &t.after.Constraints[i]
		if c.Kind == catalog.Check && !c.Validated && !c.Inherited {
			checks = append(checks, c)
		}
	}
	return checks
}

// setStates sets what the catalogue shows before and after the step.
func (a *Analysis) setStates(step *migration.Step, moving []*Table, keys []*foreign) {
	for _, t := range moving {
		before, after := t.spreadStates()
		step.Before, step.After = append(step.Before, before...), append(step.After, after...)
	}
	for _, t := range a.Tables {
		before, after := changes(t.live, t.after).states(t.live, t.after)
		step.Before, step.After = append(step.Before, before...), append(step.After, after...)
	}
	for _, t := range a.leftovers() {
		step.Before = append(step.Before, localRows(t, "PRESENT"))
		step.After = append(step.After, localRows(t, ""))
	}
	for _, f := range keys {
		step.Before = append(step.Before, constraintState(f.child, f.name, f.live))
		step.After = append(step.After, constraintState(f.child, f.name, f.want))
	}
}
