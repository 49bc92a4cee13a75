package keys

import (
	"cmp"
	"slices"

	"github.com/gorm-tenancy/tenancy/catalog"
	"github.com/gorm-tenancy/tenancy/migration"
)

// contract drops the uniques without the tenant.
func (a *Analysis) contract() (steps []migration.Step) {
	for _, r := range a.replaced {
		switch {
		case r.old == nil || r.isPrimary():
		case r.covered:
			steps = append(steps, append(r.moveIdentity(), r.dropOld())...)
		case r.keepsConstraint():
			steps = append(steps, a.swapKey(r))
		default:
			steps = append(steps, r.moveIdentity()...)
			steps = append(steps, r.dropOld(), r.rename())
		}
	}
	for _, r := range a.replaced {
		if r.isBeside() {
			steps = append(steps, r.dropBeside())
		}
		if r.isPrimary() {
			steps = append(steps, r.dropStandIns()...)
		}
	}
	if len(steps) > 0 {
		steps[0].PointOfNoReturn = true
	}
	return steps
}

// moveIdentity makes the new index the replica identity.
func (r *replacement) moveIdentity() []migration.Step {
	if !r.old.ReplicaIdentity {
		return nil
	}
	step := stepOn(r.table, "identify rows by "+catalog.Quote(r.new.Name), "the index that replication uses will be dropped",
		"REPLICA IDENTITY "+using(r.new))
	step.Undo = []string{alter(r.table, "REPLICA IDENTITY "+using(r.old))}
	step.Before = []migration.State{state(r.table, migration.Identity, "", using(r.old))}
	step.After = []migration.State{state(r.table, migration.Identity, "", using(r.new))}
	return []migration.Step{step}
}

// using is the replica identity by an index.
func using(index *catalog.Index) string { return "USING INDEX " + catalog.Quote(index.Name) }

// dropOld drops an old unique whose new one stays an index.
func (r *replacement) dropOld() migration.Step {
	t, old := r.table, catalog.Quote(r.old.Name)
	step := stepOn(t, "drop "+old, "its values are unique within a tenant")
	step.Transaction = false
	step.Before = []migration.State{indexState(t, r.old)}
	step.After = []migration.State{gone(indexState(t, r.old))}
	if r.constraint != nil {
		step.SQL, step.Undo = []string{alter(t, "DROP CONSTRAINT "+old)}, r.rebuildOld()
		step.Before = append(step.Before, constraintState(t, r.constraint))
		step.After = append(step.After, gone(constraintState(t, r.constraint)))
		r.nameRebuilt(&step)
	} else {
		step.SQL = []string{dropIndex(t, r.old.Name)}
		step.Undo, step.Repair = r.remake(), slices.Clone(step.SQL) // it may be left invalid
		if r.standIn != nil && len(r.parts) == 0 {
			none := gone(indexState(t, r.standIn))
			step.Repair = append(step.Repair, dropIndex(t, r.standIn.Name))
			step.Before, step.After = append(step.Before, none), append(step.After, none)
		}
		if !t.Partitioned {
			step.Lock, step.Blocks = migration.ShareUpdateExclusive, "nothing"
		}
		for _, p := range r.parts {
			if p.old != nil {
				step.Repair = append(step.Repair, dropIndex(p.table, p.old.Name))
				step.Before = append(step.Before, indexState(p.table, p.old))
				step.After = append(step.After, gone(indexState(p.table, p.old)))
			}
		}
	}
	if r.old.Clustered {
		step.Undo = append(step.Undo, alter(t, "CLUSTER ON "+old))
	}
	return step
}

// remake builds an old index again. One statement names it and restores its
// comment, so that an index under this name always has its comment.
func (r *replacement) remake() []string {
	t := r.table
	sql := []string{dropIndex(t, r.old.Name)}
	if t.Partitioned {
		return append(sql, r.remakeParts()...)
	}
	if r.standIn == nil {
		return append(sql, r.old.CreateSQL(r.old.Name, t.Name, true))
	}
	sql = append(sql, dropIndex(t, r.standIn.Name), r.old.CreateSQL(r.standIn.Name, t.Name, true))
	return append(sql, r.marked(renameIndex(t, r.standIn.Name, r.old.Name), r.old))
}

// rename gives the new index the old one's name.
func (r *replacement) rename() migration.Step {
	t := r.table
	renamed := *r.new
	renamed.Name = r.old.Name
	step := stepOn(t, "rename "+catalog.Quote(r.new.Name), "it takes the old one's name")
	said := *r.new
	if r.constraint != nil { // whose place an index takes
		said.Comment = cmp.Or(said.Comment, r.constraint.Comment)
	}
	sql := append([]string{renameIndex(t, r.new.Name, r.old.Name)}, said.MarkSQL(r.old.Name, t.Name)...)
	for _, p := range r.parts {
		if p.old != nil {
			part := *p.new
			part.Comment = p.old.Comment
			sql = append(sql, part.MarkSQL(part.Name, p.table.Name)...)
		}
	}
	step.SQL = []string{catalog.Atomic(sql...)}
	step.Undo = []string{renameIndex(t, r.old.Name, r.new.Name)}
	if r.old.Clustered {
		step.SQL = append(step.SQL, alter(t, "CLUSTER ON "+catalog.Quote(r.old.Name)))
	}
	step.Before = []migration.State{indexState(t, r.new), gone(indexState(t, &renamed))}
	step.After = []migration.State{gone(indexState(t, r.new)), indexState(t, &renamed)}
	if r.old.ReplicaIdentity {
		step.Before = append(step.Before, state(t, migration.Identity, "", using(r.new)))
		step.After = append(step.After, state(t, migration.Identity, "", using(&renamed)))
	}
	return step
}

func renameIndex(t *Table, from, to string) string {
	return "ALTER INDEX " + catalog.Name{Schema: t.Schema, Name: from}.String() + " RENAME TO " + catalog.Quote(to)
}
