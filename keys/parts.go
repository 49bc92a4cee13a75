package keys

import (
	"cmp"
	"slices"
	"strings"

	"github.com/gorm-tenancy/tenancy/catalog"
	"github.com/gorm-tenancy/tenancy/migration"
)

// The unique of a partitioned table is built one partition at a time: each partition
// gets an index, built concurrently. PostgreSQL attaches those indexes when the
// partitioned table gets its own, so that this takes only a moment.

// A part is what one partition has of a partitioned table's unique.
type part struct {
	table *Table         // the partition
	old   *catalog.Index // nil if the partition has none
	// new belongs to the new index beside the old one, and key to the constraint that
	// replaces the old one. standIn keeps the old key unique, or is built by the undo.
	new, key, standIn *catalog.Index
}

// suffixes of the indexes' names.
const (
	newSuffix     = "tenant"
	keySuffix     = "part"
	standInSuffix = "old"
)

// divide finds the parts of a replacement.
func (a *Analysis) divide(r *replacement) {
	if !r.table.Partitioned {
		return
	}
	for _, leaf := range r.table.leaves() {
		p := &part{table: leaf}
		base := leaf.Name.Name + "_" + r.new.Name
		if r.old != nil {
			p.old = leaf.partOf(r.old)
		}
		if p.old != nil {
			base = p.old.Name
		}
		named := func(like *catalog.Index, suffix string) *catalog.Index {
			index := *like
			index.Name, index.Comment = a.names.index(leaf.Name, base, suffix), ""
			return &index
		}
		p.new = named(r.new, newSuffix)
		if r.constraint != nil {
			p.key = named(r.new, keySuffix)
		}
		if r.standIn != nil {
			p.standIn = named(r.standIn, standInSuffix)
		}
		r.parts = append(r.parts, p)
	}
}

// partOf finds a partition's index that belongs to one of the whole table.
func (t *Table) partOf(index *catalog.Index) *catalog.Index {
	for i := range t.Indexes {
		own := &t.Indexes[i]
		if own.Inherited && whole(own) == whole(index) && (own.Constraint == "") == (index.Constraint == "") {
			return own
		}
	}
	return nil
}

// makeNew makes the new index beside the old one.
func (r *replacement) makeNew() (steps []migration.Step) {
	for _, p := range r.parts {
		steps = append(steps, makeIndex(p.table, p.new, "the unique with the tenant"))
	}
	step := makeIndex(r.table, r.new, "the unique with the tenant")
	if r.table.Partitioned {
		step.Blocks = "writes, for a moment: it takes up the indexes of the partitions"
		step.Rows, step.Bytes = 0, 0
	}
	return append(steps, step)
}

// makeKey builds the indexes that the new key of a partitioned table will consist of,
// and those that stand in for the old key.
func (r *replacement) makeKey() (steps []migration.Step) {
	for _, p := range r.parts {
		steps = append(steps, makeIndex(p.table, p.key, "its part of the key with the tenant"))
	}
	if r.isPrimary() {
		for _, p := range r.parts {
			steps = append(steps, makeIndex(p.table, p.standIn, "keeps the old key unique until nothing needs it"))
		}
	}
	return steps
}

// exchange replaces a constraint of a partitioned table by another one, which takes
// the indexes that the partitions have for it.
func (r *replacement) exchange(made *catalog.Constraint, said *catalog.Index, of func(*part) *catalog.Index) string {
	t, name := r.table, catalog.Quote(r.constraint.Name)
	sql := []string{alter(t, "DROP CONSTRAINT IF EXISTS "+name)}
	for _, p := range r.parts {
		own := of(p)
		as := own.Name
		if p.old != nil {
			as = p.old.Name
		}
		sql = append(sql, alter(p.table, "ADD CONSTRAINT "+catalog.Quote(as)+" "+usingIndex(made, own.Name)))
		if p.old == nil {
			continue
		}
		if c := p.table.Constraint(p.old.Constraint); c != nil {
			sql = append(sql, c.CommentSQL(as, p.table.Name))
		}
		sql = append(sql, p.old.MarkSQL(as, p.table.Name)...)
	}
	sql = append(sql, alter(t, "ADD CONSTRAINT "+name+" "+made.Definition()))
	sql = append(sql, r.constraint.CommentSQL(r.constraint.Name, t.Name))
	return catalog.Atomic(append(sql, said.MarkSQL(r.old.Name, t.Name)...)...)
}

// exchangeBack restores the old constraint together with the foreign keys that
// referred to it: those with the tenant may refer to the new key by now.
func (r *replacement) exchangeBack() []string {
	var before, after, rest []string
	for _, l := range r.links {
		restored := l.restore()
		before = append(before, restored[0], alter(l.child, "DROP CONSTRAINT IF EXISTS "+catalog.Quote(l.new.Name)))
		after, rest = append(after, restored[1]), append(rest, restored[2:]...)
	}
	whole := slices.Concat(before, []string{r.exchange(r.constraint, r.old, standInOf)}, after)
	return append([]string{catalog.Atomic(whole...)}, rest...)
}

func keyOf(p *part) *catalog.Index     { return p.key }
func standInOf(p *part) *catalog.Index { return p.standIn }

// rebuildParts builds indexes of the partitions, from the beginning.
func (r *replacement) rebuildParts(of func(*part) *catalog.Index) (sql []string) {
	for _, p := range r.parts {
		index := of(p)
		sql = append(sql, dropIndex(p.table, index.Name), index.CreateSQL(index.Name, p.table.Name, true))
	}
	return sql
}

// remakeParts builds the old index of a partitioned table again.
func (r *replacement) remakeParts() (sql []string) {
	for _, p := range r.parts {
		if p.old == nil {
			continue
		}
		made := append([]string{p.old.CreateSQL(p.old.Name, p.table.Name, true)}, p.old.MarkSQL(p.old.Name, p.table.Name)...)
		sql = append(append(sql, dropIndex(p.table, p.old.Name)), made...)
	}
	return append(sql, r.marked(r.old.CreateSQL(r.old.Name, r.table.Name, false), r.old))
}

// swapParts replaces the old key of a partitioned table by the new one.
func (r *replacement) swapParts(step *migration.Step, made *catalog.Constraint) {
	step.SQL = []string{r.exchange(made, r.new, keyOf)}
	step.Undo = r.exchangeBack()
	if !r.isPrimary() { // nothing has kept the old one unique
		step.Undo = append(r.rebuildParts(standInOf), step.Undo...)
	}
	for _, p := range r.parts {
		key, standIn := indexState(p.table, p.key), indexState(p.table, p.standIn)
		step.Before, step.After = append(step.Before, key), append(step.After, gone(key))
		if r.isPrimary() {
			step.Before, step.After = append(step.Before, standIn), append(step.After, standIn)
			continue
		}
		step.Repair = append(step.Repair, dropIndex(p.table, p.standIn.Name))
		step.Before, step.After = append(step.Before, gone(standIn)), append(step.After, gone(standIn))
	}
}

// dropStandIns drops what kept the old key unique.
func (r *replacement) dropStandIns() (steps []migration.Step) {
	drop := func(t *Table, index *catalog.Index) {
		step := makeIndex(t, index, "the old key is unique within a tenant only")
		step.Name = t.Name.String() + ": drop " + catalog.Quote(index.Name)
		step.SQL, step.Undo = step.Undo, append(slices.Clone(step.Undo), step.SQL...)
		step.Repair, step.Blocks = step.SQL, "nothing"
		step.Before, step.After = step.After, step.Before
		step.Rows, step.Bytes = 0, 0
		steps = append(steps, step)
	}
	for _, p := range r.parts {
		drop(p.table, p.standIn)
	}
	if len(r.parts) == 0 {
		drop(r.table, r.standIn)
	}
	return steps
}

// dropBeside drops the index that foreign keys referred to before the key of a
// partitioned table had the tenant.
func (r *replacement) dropBeside() migration.Step {
	t := r.table
	step := stepOn(t, "drop "+catalog.Quote(r.new.Name), "the foreign keys refer to the key")
	step.SQL, step.Transaction = []string{dropIndex(t, r.new.Name)}, false
	step.Undo = append([]string{dropIndex(t, r.new.Name)}, r.rebuildParts(func(p *part) *catalog.Index { return p.new })...)
	step.Undo = append(step.Undo, r.new.CreateSQL(r.new.Name, t.Name, false))
	step.Before, step.After = []migration.State{indexState(t, r.new)}, []migration.State{gone(indexState(t, r.new))}
	for _, p := range r.parts {
		own := indexState(p.table, p.new)
		step.Before, step.After = append(step.Before, own), append(step.After, gone(own))
		step.Repair = append(step.Repair, dropIndex(p.table, p.new.Name))
	}
	step.Repair = append([]string{dropIndex(t, r.new.Name)}, step.Repair...)
	return step
}

// isBeside reports whether the new index only stands beside the key of a partitioned
// table, for foreign keys.
func (r *replacement) isBeside() bool { return r.inPlace() && r.isPrimary() && len(r.links) > 0 }

// moves reports whether the foreign key is made again for the new key of a partitioned
// table.
func (l *link) moves() bool {
	return slices.ContainsFunc(l.parent.replaced, func(r *replacement) bool { return r.isBeside() && slices.Contains(r.links, l) })
}

// move makes the foreign key again under its old name, now for the new key, and drops
// the one for the index beside it. Without column names, PostgreSQL takes the primary
// key.
func (l *link) move() []migration.Step {
	moved := *l.new
	moved.Name, moved.Comment = l.old.Name, l.old.Comment
	again := &link{child: l.child, parent: l.parent, old: l.old, new: &moved}
	steps := again.make()
	columns := " (" + strings.Join(quoted(moved.Foreign.Columns), ", ") + ")"
	for i := range steps {
		for j := range steps[i].SQL {
			steps[i].SQL[j] = strings.Replace(steps[i].SQL[j], " REFERENCES "+l.parent.Name.String()+columns, " REFERENCES "+l.parent.Name.String(), 1)
		}
	}
	steps[0].About = "the foreign key refers to the key itself"
	name := catalog.Quote(l.new.Name)
	drop := stepOn(l.child, "drop "+name, "the other one says the same", "DROP CONSTRAINT "+name)
	drop.Blocks, drop.Transaction, drop.Also = "everything on it and on "+l.parent.Name.String()+", for a moment", false, l.also()
	open := *l.new
	open.Validated = l.child.Partitioned
	drop.Undo = []string{alter(l.child, "DROP CONSTRAINT IF EXISTS "+name),
		catalog.Atomic(append([]string{alter(l.child, "ADD CONSTRAINT "+name+" "+open.Definition())}, l.commentSQL(l.new.Name, l.new.Comment)...)...)}
	if !l.child.Partitioned {
		drop.Undo = append(drop.Undo, alter(l.child, "VALIDATE CONSTRAINT "+name))
		drop.Repair = drop.Undo[:1]
	}
	drop.Before, drop.After = []migration.State{constraintState(l.child, l.new)}, []migration.State{gone(constraintState(l.child, l.new))}
	return append(steps, drop)
}

// inKeyOrder returns a foreign key's columns and the columns that they refer to, in
// the order of a partitioned table's primary key.
func inKeyOrder(parent *Table, columns, refs []string) ([]string, []string) {
	key := parent.PrimaryKey()
	if !parent.Partitioned || key == nil || len(key.Columns) != len(refs) {
		return columns, refs
	}
	at := make([]int, len(refs))
	for i := range refs {
		at[i] = i
	}
	slices.SortStableFunc(at, func(x, y int) int {
		return cmp.Compare(slices.Index(key.Columns, refs[x]), slices.Index(key.Columns, refs[y]))
	})
	var own, theirs []string
	for _, i := range at {
		own, theirs = append(own, columns[i]), append(theirs, refs[i])
	}
	return own, theirs
}

// commentSQL returns the statements that comment on the foreign key under a name, and on
// its copies on partitions, whose names PostgreSQL chooses.
func (l *link) commentSQL(name, comment string) (sql []string) {
	whole := catalog.Constraint{Comment: comment}
	if text := whole.CommentSQL(name, l.child.Name); text != "" {
		sql = append(sql, text)
	}
	for _, part := range l.child.descendants() {
		for i := range part.Constraints {
			c := &part.Constraints[i]
			if c.Comment == "" || !c.Inherited || c.Foreign == nil || c.Foreign.Table != l.old.Foreign.Table || !slices.Equal(c.Columns, l.old.Columns) {
				continue
			}
			sql = append(sql, "DO "+catalog.Dollars("part", strings.NewReplacer("{whole}", catalog.Literal(l.child.Name.String()), "{name}", catalog.Literal(name),
				"{part}", catalog.Literal(part.Name.String()), "{comment}", catalog.Literal(c.Comment)).Replace(sqlCommentOnCopy)))
		}
	}
	return sql
}

const sqlCommentOnCopy = `
DECLARE
	found name;
BEGIN
	WITH RECURSIVE copy AS (
		SELECT oid, conname, conrelid, confrelid FROM pg_catalog.pg_constraint
		WHERE conrelid = {whole}::pg_catalog.regclass AND conname = {name} AND contype = 'f'
		UNION ALL
		SELECT c.oid, c.conname, c.conrelid, c.confrelid
		FROM copy JOIN pg_catalog.pg_constraint AS c ON c.conparentid = copy.oid AND c.confrelid = copy.confrelid
	)
	SELECT conname INTO found FROM copy WHERE conrelid = {part}::pg_catalog.regclass;
	IF found IS NOT NULL THEN
		EXECUTE pg_catalog.format('COMMENT ON CONSTRAINT %I ON %s IS %L', found, {part}, {comment});
	END IF;
END
`

// descendants are the table's partitions, and theirs.
func (t *Table) descendants() (all []*Table) {
	for _, partition := range t.partitions {
		all = append(append(all, partition), partition.descendants()...)
	}
	return all
}
