package distribution

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/gorm-tenancy/tenancy/catalog"
	"github.com/gorm-tenancy/tenancy/keys"
)

// findObstacles finds everything that Citus is known to refuse, at once.
func (a *Analysis) findObstacles() {
	a.findInCluster()
	if a.anchor == nil {
		a.Findings = append(a.Findings, keys.Finding{Severity: keys.Blocker, Problem: "no table belongs to tenants",
			Remedy: "say which one is the root: Root of the keys' options"})
	}
	for _, t := range a.Tables {
		for _, member := range t.family() {
			a.findInTable(member)
			if t.Method != catalog.Managed {
				a.findReading(member)
			}
		}
		a.findSpread(t)
		if t.Method == catalog.Hash {
			a.findInColumn(t)
			a.findInKeys(t)
		}
		if t.Method == catalog.Reference && t.live.Partitioned {
			a.block(t.Name, "", "make it a table without partitions, or a tenant's", "a partitioned table cannot be a reference table")
		}
	}
	a.findSequences()
	if a.keys != nil {
		a.findCapacity()
	}
}

const dropOrName = "drop it, or name it in Options.Drop"

// findAccess finds missing privileges of the role.
func (a *Analysis) findAccess(t *Table) {
	live := t.live
	if !live.Owned && !a.role.Superuser {
		a.block(t.Name, "", "carry the plan out as "+catalog.Quote(live.Owner), "%s does not own it", catalog.Quote(a.role.Name))
	}
	if live.ForceRowSecurity && !a.role.Superuser && !a.role.BypassRLS {
		a.block(t.Name, "", "carry the plan out as a role with BYPASSRLS", "row-level security is forced, and would hide rows from the copy")
	}
}

func (a *Analysis) findInTable(t *Table) {
	a.findAccess(t)
	live := t.live
	if len(live.Inherits) > 0 && live.PartitionOf == (catalog.Name{}) {
		a.block(t.Name, "", "make it a partition, or a table of its own", "it inherits from another table")
	}
	for _, trigger := range t.after.Triggers {
		if !trigger.Inherited && t.Method != catalog.Managed {
			a.block(t.Name, trigger.Name, "do its work in the application or by a constraint or a generated column; then "+dropOrName,
				"Citus does not take tables with triggers")
		}
	}
	if slices.Contains(a.Cluster.Subscribed, t.Name) {
		a.block(t.Name, "", "spread it when the subscription has caught up and is dropped; or have a program write what it reads",
			"a subscription writes it: PostgreSQL would put the rows past the shards, where no statement sees them")
	}
	for _, name := range live.Publications {
		a.found(keys.Warning, t.Name, name, "let readers follow the workers, or ask the database",
			"the publication sends nothing more of it: changes are made in shards")
	}
	for _, policy := range live.Policies {
		a.findRestrictive(t, policy)
		if strings.Contains(bare(policy.Using+" "+policy.WithCheck), "SELECT ") {
			a.block(t.Name, policy.Name, "compare columns with settings instead: current_setting(…)",
				"Citus does not take policies with subqueries")
		}
	}
	for _, column := range live.Columns {
		a.findIdentity(t, column)
	}
}

// findRestrictive finds policies that Citus weakens. It turns a restrictive policy
// into a permissive one whenever it makes a shard: when the table is distributed, and
// when a shard is moved, split or copied to another node. CREATE POLICY on the
// distributed table reaches the shards in the same way.
func (a *Analysis) findRestrictive(t *Table, policy catalog.Policy) {
	if policy.Permissive {
		return
	}
	remedy := "write its condition into each permissive policy (USING (… AND …)), and drop it"
	if a.moves(t) {
		a.block(t.Name, policy.Name, remedy, "Citus makes a permissive policy of this restrictive one: roles would see rows that it denies them")
		return
	}
	a.found(keys.Warning, t.Name, policy.Name, remedy, "it is restrictive here, and permissive in the shards: roles see rows that it denies them")
}

// restricted reports whether the table or one of its parts has restrictive policies.
func (t *Table) restricted() bool {
	return slices.ContainsFunc(t.family(), func(member *Table) bool {
		return slices.ContainsFunc(member.live.Policies, func(p catalog.Policy) bool { return !p.Permissive })
	})
}

// bare is an expression as PostgreSQL prints it, without strings and quoted names.
func bare(expression string) string {
	var b strings.Builder
	var quote rune
	for _, c := range expression {
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '\'' || c == '"':
			quote = c
		default:
			b.WriteRune(c)
		}
	}
	return b.String()
}

// findIdentity finds columns whose values Citus cannot generate on all nodes, or that
// prevent a table from being undistributed.
func (a *Analysis) findIdentity(t *Table, column catalog.Column) {
	if column.Identity != "" {
		severity, remedy := keys.Blocker, "make it a plain sequence: "+sequenceInstead(t, column)+
			"; or set Options.KeepIdentity, and there is no way back by undistribute_table"
		if a.options.KeepIdentity {
			severity, remedy = keys.Warning, "keep a backup: the way back is to copy the rows into a new table"
		}
		a.found(severity, t.Name, column.Name, remedy, "Citus cannot bring a table with an identity column back")
	}
	generates := column.Identity != "" || column.Sequence != (catalog.Name{}) && strings.Contains(column.Default, "nextval(")
	if generates && (column.Type == "integer" || column.Type == "smallint") {
		a.found(keys.Warning, t.Name, column.Name, "make it bigint, or insert through the coordinator alone",
			"a sequence of type %s gives numbers on the coordinator alone", column.Type)
	}
}

var nextval = regexp.MustCompile(`nextval\('((?:[^']|'')+)'::regclass\)`)

// findSequences finds defaults that Citus cannot have on all nodes: those with two
// sequences, and sequences that must give numbers of two types.
func (a *Analysis) findSequences() {
	types := map[string]string{}
	for _, t := range a.Tables {
		for _, column := range t.after.Columns {
			calls := nextval.FindAllStringSubmatch(column.Default, -1)
			if len(calls) > 1 && !t.spread() {
				a.block(t.Name, column.Name, "use one sequence", "Citus takes no default that calls several sequences")
			}
			if len(calls) != 1 || !slices.Contains([]string{"smallint", "integer", "bigint"}, column.Type) {
				continue
			}
			sequence := calls[0][1]
			if typ := types[sequence]; typ != "" && typ != column.Type && !t.spread() {
				a.block(t.Name, column.Name, "make the columns bigint, or give each a sequence",
					"Citus takes no sequence for columns of two types: %s gives %s and %s", sequence, typ, column.Type)
			}
			types[sequence] = column.Type
		}
	}
}

// sequenceInstead is the SQL that turns an identity column into a column with a
// sequence.
func sequenceInstead(t *Table, column catalog.Column) string {
	table, name := t.Name.String(), catalog.Quote(column.Name)
	sequence := catalog.Name{Schema: t.Schema, Name: column.Sequence.Name + "_own"}
	return fmt.Sprintf("BEGIN; CREATE SEQUENCE %[3]s AS %[4]s OWNED BY %[1]s.%[2]s; SELECT setval('%[5]s', nextval('%[6]s')); "+
		"ALTER TABLE %[1]s ALTER %[2]s DROP IDENTITY, ALTER %[2]s SET DEFAULT nextval('%[5]s'); COMMIT",
		table, name, sequence, column.Type, strings.ReplaceAll(sequence.String(), "'", "''"), strings.ReplaceAll(column.Sequence.String(), "'", "''"))
}

// findSpread finds tables that Citus has distributed in another way than the plan
// wants.
func (a *Analysis) findSpread(t *Table) {
	have := t.live.Distribution
	switch {
	case have.Method == catalog.NotDistributed:
	case t.managed && a.options.Way == StepByStep && len(difference(t.live, t.after)) > 0:
		a.block(t.Name, "", "distribute in one transaction; or make its keys first, by a plan of package keys, before Citus manages it",
			"Citus manages it, and makes no keys of a managed table without long locks")
	case t.managed:
		a.found(keys.Note, t.Name, "", "", "Citus manages it, and does so again if the plan is undone")
	case !t.spread():
		a.block(t.Name, "", "bring it back first: SELECT undistribute_table("+literal(t.Name.String())+")",
			"Citus has it as %s, and the plan as %s", have.Definition(), t.wanted())
	case t.Method == catalog.Hash && have.Colocation != a.anchor.live.Distribution.Colocation:
		a.block(t.Name, "", "bring one of them back first: SELECT undistribute_table("+literal(t.Name.String())+")",
			"its shards do not lie with those of %s", a.anchor.Name)
	}
}

// wanted is the definition of the table's distribution after the plan.
func (t *Table) wanted() string {
	return catalog.Distribution{Method: t.Method, Column: t.Column}.Definition()
}

// findInColumn finds tenant columns by which a table cannot be distributed.
func (a *Analysis) findInColumn(t *Table) {
	column := t.after.Column(t.Column)
	if column == nil || a.anchor == nil {
		return // the keys' analysis has questions, or blockers
	}
	if column.Generated {
		a.block(t.Name, t.Column, "make it a plain column", "a generated column cannot distribute a table")
	}
	first := a.anchor.after.Column(a.anchor.Column)
	if first == nil {
		return
	}
	if own, theirs := withoutModifier(column.Type), withoutModifier(first.Type); own != theirs {
		a.block(t.Name, t.Column, fmt.Sprintf("ALTER TABLE %s ALTER COLUMN %s TYPE %s", t.Name, catalog.Quote(t.Column), first.Type),
			"the tenant column is of type %s, and that of %s of type %s: they must be the same", own, a.anchor.Name, theirs)
	}
	if column.Collation != first.Collation {
		collation := first.Collation
		if collation == "" {
			collation = `"default"`
		}
		a.block(t.Name, t.Column, fmt.Sprintf("ALTER TABLE %s ALTER COLUMN %s TYPE %s COLLATE %s", t.Name, catalog.Quote(t.Column), first.Type, collation),
			"the tenant column has another collation than that of %s", a.anchor.Name)
	}
}

func withoutModifier(typ string) string {
	name, _, _ := strings.Cut(typ, "(")
	return name
}

// findInKeys finds uniques and exclusions that hold across tenants, which a shard
// cannot check.
func (a *Analysis) findInKeys(t *Table) {
	for i := range t.after.Indexes {
		index := &t.after.Indexes[i]
		if !index.Unique || index.Inherited || slices.ContainsFunc(index.Parts, func(p catalog.Part) bool { return p.Column == t.Column }) {
			continue
		}
		remedy := dropOrName + "; what must be unique over all tenants can be kept in a shared table"
		if !t.Root {
			remedy = "where it has to, name the table in Shared of the keys' options: it becomes a reference table, with all rows on each node; or " + remedy
		}
		if slices.Contains(index.Include, t.Column) {
			a.block(t.Name, index.Name, remedy, "the tenant is included in the unique, and no part of it: it would hold within a shard alone")
			continue
		}
		a.block(t.Name, index.Name, remedy, "the unique holds between tenants, whose rows lie on several nodes")
	}
	for i := range t.after.Constraints {
		c := &t.after.Constraints[i]
		if c.Kind == catalog.Exclusion && !c.Inherited && !strings.Contains(c.Text, catalog.Quote(t.Column)+" WITH =") {
			a.block(t.Name, c.Name, "add the tenant with the extension btree_gist: "+catalog.Quote(t.Column)+" WITH =; or "+dropOrName,
				"the exclusion holds between tenants")
		}
	}
	for _, c := range t.loose() {
		if a.options.Online && !t.spread() {
			a.block(t.Name, c.Name, "validate it, drop it, or do without Options.Online", "the check was never validated, and all rows have to pass it when they are copied")
		}
	}
	known := t.after.PrimaryKey() != nil || t.after.ReplicaIdentity == catalog.IdentityFull || t.after.ReplicaIdentity == catalog.IdentityIndex
	if !known && !a.options.Online {
		a.found(keys.Warning, t.Name, "", "give it a primary key, or ALTER TABLE "+t.Name.String()+" REPLICA IDENTITY FULL",
			"it has neither a primary key nor a replica identity: its shards cannot be moved while they are written")
	}
	if a.options.Online && t.after.PrimaryKey() == nil && t.after.ReplicaIdentity == catalog.IdentityDefault && !t.spread() {
		a.block(t.Name, "", "give it a primary key, or do without Options.Online",
			"it has neither a primary key nor a replica identity, which the online copy knows rows by")
	}
}
