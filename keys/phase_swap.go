package keys

import (
	"github.com/gorm-tenancy/tenancy/catalog"
	"github.com/gorm-tenancy/tenancy/migration"
)

// swap drops the old foreign keys, puts the new primary keys in place, and gives
// the new foreign keys the old ones' names.
func (a *Analysis) swap() (steps []migration.Step) {
	for _, l := range a.links {
		steps = append(steps, l.dropOld())
	}
	for _, r := range a.replaced {
		if !r.isPrimary() {
			continue
		}
		steps = append(steps, a.swapKey(r))
	}
	for _, l := range a.links {
		if l.moves() {
			steps = append(steps, l.move()...)
		} else {
			steps = append(steps, l.rename())
		}
	}
	return steps
}

func (l *link) dropOld() migration.Step {
	step := stepOn(l.child, "drop "+catalog.Quote(l.old.Name), "the foreign key with the tenant says more",
		"DROP CONSTRAINT "+catalog.Quote(l.old.Name))
	step.Blocks = "everything on it and on " + l.parent.Name.String() + ", for a moment"
	step.Undo, step.Transaction, step.Also = l.restore(), false, l.also()
	step.Repair = l.restore()[:1] // an undo may leave it without its validation
	step.Before, step.After = []migration.State{constraintState(l.child, l.old)}, []migration.State{gone(constraintState(l.child, l.old))}
	return step
}

// restore adds the old foreign key again.
func (l *link) restore() []string {
	name, open := catalog.Quote(l.old.Name), *l.old
	open.Validated = false
	sql := []string{alter(l.child, "DROP CONSTRAINT IF EXISTS "+name)}
	add := alter(l.child, "ADD CONSTRAINT "+name+" ")
	comments := l.commentSQL(l.old.Name, l.old.Comment)
	if l.child.Partitioned {
		return append(sql, catalog.Atomic(append([]string{add + l.old.Definition()}, comments...)...))
	}
	sql = append(sql, catalog.Atomic(append([]string{add + open.Definition()}, comments...)...))
	if l.old.Validated {
		sql = append(sql, alter(l.child, "VALIDATE CONSTRAINT "+name))
	}
	return sql
}

func (l *link) rename() migration.Step {
	renamed := *l.new
	renamed.Name = l.old.Name
	from, to := catalog.Quote(l.new.Name), catalog.Quote(l.old.Name)
	step := stepOn(l.child, "rename "+from, "it takes the old one's name", "RENAME CONSTRAINT "+from+" TO "+to)
	step.SQL = []string{catalog.Atomic(step.SQL[0], l.old.CommentSQL(l.old.Name, l.child.Name))}
	step.Undo = []string{alter(l.child, "RENAME CONSTRAINT "+to+" TO "+from)}
	made, was := constraintState(l.child, &renamed), constraintState(l.child, l.new)
	step.Before, step.After = []migration.State{was, gone(made)}, []migration.State{gone(was), made}
	return step
}

// swapKey replaces the old key by the new one. Its undo restores the old key
// together with the foreign keys that need it.
func (a *Analysis) swapKey(r *replacement) migration.Step {
	t, name := r.table, catalog.Quote(r.constraint.Name)
	step := stepOn(t, "swap "+name, "the key begins with the tenant")
	made := r.made()
	step.Transaction = false // one statement each
	if r.inPlace() {
		r.swapParts(&step, made)
	} else {
		step.SQL = []string{r.marked(alter(t, "DROP CONSTRAINT "+name+", ADD CONSTRAINT "+name+" "+usingIndex(made, r.new.Name)), r.new)}
		for _, l := range r.links {
			step.Undo = append(step.Undo, l.restore()...)
			step.Undo = append(step.Undo, alter(l.child, "DROP CONSTRAINT IF EXISTS "+catalog.Quote(l.new.Name)))
		}
		step.Undo = append(step.Undo, r.rebuildOld()...)
	}
	if r.old.Clustered {
		cluster := alter(t, "CLUSTER ON "+name)
		step.SQL, step.Undo = append(step.SQL, cluster), append(step.Undo, cluster)
	}
	r.setStates(&step, made)
	return step
}

// rebuildOld restores the old key: a primary key from its stand-in, a unique from
// an index that is built again.
func (r *replacement) rebuildOld() []string {
	t, name := r.table, catalog.Quote(r.constraint.Name)
	if r.inPlace() {
		return append(r.rebuildParts(standInOf), r.exchange(r.constraint, r.old, standInOf))
	}
	var sql []string
	if !r.isPrimary() {
		sql = []string{dropIndex(t, r.standIn.Name), r.standIn.CreateSQL(r.standIn.Name, t.Name, true)}
	}
	return append(sql, r.marked(alter(t, "DROP CONSTRAINT IF EXISTS "+name+", ADD CONSTRAINT "+name+" "+usingIndex(r.constraint, r.standIn.Name)), r.old))
}

// marked combines a statement that replaces an index, under the old one's name,
// with those that restore the old one's comment and statistics.
func (r *replacement) marked(statement string, index *catalog.Index) string {
	said := []string{statement}
	if r.constraint != nil {
		said = append(said, r.constraint.CommentSQL(r.constraint.Name, r.table.Name))
	}
	return catalog.Atomic(append(said, index.MarkSQL(r.old.Name, r.table.Name)...)...)
}

// nameRebuilt adds to the step the index that only the undo builds. If the undo
// is interrupted, the index remains and refuses rows.
func (r *replacement) nameRebuilt(step *migration.Step) {
	if r.isPrimary() || r.inPlace() && r.keepsConstraint() {
		return
	}
	for _, p := range r.parts {
		step.Repair = append(step.Repair, dropIndex(p.table, p.standIn.Name))
		none := gone(indexState(p.table, p.standIn))
		step.Before, step.After = append(step.Before, none), append(step.After, none)
	}
	if len(r.parts) > 0 {
		return
	}
	step.Repair = []string{dropIndex(r.table, r.standIn.Name)}
	none := gone(indexState(r.table, r.standIn))
	step.Before, step.After = append(step.Before, none), append(step.After, none)
}

// made is the constraint that replaces the old one.
func (r *replacement) made() *catalog.Constraint {
	made := *r.constraint
	made.Columns = append([]string{r.table.Column}, r.constraint.Columns...)
	return &made
}

func (r *replacement) setStates(step *migration.Step, made *catalog.Constraint) {
	t := r.table
	index := *r.new
	index.Name = r.old.Name
	step.Before = append(step.Before, constraintState(t, r.constraint), indexState(t, r.old))
	step.After = append(step.After, constraintState(t, made), indexState(t, &index))
	if !r.inPlace() {
		step.Before = append(step.Before, indexState(t, r.new))
		step.After = append(step.After, gone(indexState(t, r.new)))
	}
	r.nameRebuilt(step)
}

// usingIndex is a key's definition by an existing index.
func usingIndex(c *catalog.Constraint, index string) string {
	kind := "UNIQUE"
	if c.Kind == catalog.PrimaryKey {
		kind = "PRIMARY KEY"
	}
	definition := kind + " USING INDEX " + catalog.Quote(index)
	if c.Deferrable {
		definition += " DEFERRABLE"
	}
	if c.Deferred {
		definition += " INITIALLY DEFERRED"
	}
	return definition
}
