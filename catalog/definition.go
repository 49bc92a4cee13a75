package catalog

import (
	"strings"
)

// Definition returns what stands after the column's name in CREATE TABLE:
//
//	uuid NOT NULL DEFAULT gen_random_uuid()
func (c *Column) Definition() string {
	var b strings.Builder
	b.WriteString(c.Type)
	if c.Collation != "" {
		b.WriteString(" COLLATE " + c.Collation)
	}
	if c.NotNull {
		b.WriteString(" NOT NULL")
	}
	switch {
	case c.Generated && c.Virtual:
		b.WriteString(" GENERATED ALWAYS AS " + parenthesized(c.Default) + " VIRTUAL")
	case c.Generated:
		b.WriteString(" GENERATED ALWAYS AS " + parenthesized(c.Default) + " STORED")
	case c.Identity != "":
		b.WriteString(" GENERATED " + c.Identity + " AS IDENTITY")
	case c.Default != "":
		b.WriteString(" DEFAULT " + c.Default)
	}
	return b.String()
}

// Definition returns what stands after ALTER TABLE … ADD CONSTRAINT name:
//
//	FOREIGN KEY (tenant_id, user_id) REFERENCES public.users (tenant_id, id) ON DELETE CASCADE NOT VALID
func (c *Constraint) Definition() string {
	var b strings.Builder
	switch c.Kind {
	case PrimaryKey:
		b.WriteString("PRIMARY KEY ")
		c.writeKey(&b)
	case Unique:
		b.WriteString("UNIQUE ")
		if c.NullsNotDistinct {
			b.WriteString("NULLS NOT DISTINCT ")
		}
		c.writeKey(&b)
	case ForeignKey:
		c.writeForeign(&b)
	case Exclusion:
		// The tablespace stands before the predicate.
		element, predicate := cutPredicate(c.Text)
		b.WriteString(element)
		c.writeStorage(&b)
		b.WriteString(predicate)
	default:
		b.WriteString(c.Text)
	}
	if c.Deferrable {
		b.WriteString(" DEFERRABLE")
	}
	if c.Deferred {
		b.WriteString(" INITIALLY DEFERRED")
	}
	switch {
	case c.Unenforced:
		b.WriteString(" NOT ENFORCED")
	case !c.Validated && (c.Kind == ForeignKey || c.Kind == Check):
		b.WriteString(" NOT VALID")
	}
	return b.String()
}

func (c *Constraint) writeKey(b *strings.Builder) {
	b.WriteString(list(c.Columns, "", c.periodEnd()))
	if len(c.Include) > 0 {
		b.WriteString(" INCLUDE " + list(c.Include, "", ""))
	}
	c.writeStorage(b)
}

func (c *Constraint) periodEnd() string {
	if c.Period {
		return " WITHOUT OVERLAPS"
	}
	return ""
}

func (c *Constraint) writeStorage(b *strings.Builder) {
	if c.Options != "" {
		b.WriteString(" WITH (" + c.Options + ")")
	}
	if c.Tablespace != "" {
		b.WriteString(" USING INDEX TABLESPACE " + Quote(c.Tablespace))
	}
}

func (c *Constraint) writeForeign(b *strings.Builder) {
	f := c.Foreign
	period := ""
	if c.Period {
		period = "PERIOD "
	}
	b.WriteString("FOREIGN KEY " + list(c.Columns, period, "") +
		" REFERENCES " + f.Table.String() + " " + list(f.Columns, period, ""))
	if f.MatchFull {
		b.WriteString(" MATCH FULL")
	}
	if action := f.OnUpdate.sql(); action != "" {
		b.WriteString(" ON UPDATE " + action)
	}
	if action := f.OnDelete.sql(); action != "" {
		b.WriteString(" ON DELETE " + action)
		if len(f.DeleteColumns) > 0 {
			b.WriteString(" " + list(f.DeleteColumns, "", ""))
		}
	}
}

// sql returns the action as SQL spells it; empty for NO ACTION, the default.
func (a Action) sql() string {
	switch a {
	case Restrict:
		return "RESTRICT"
	case Cascade:
		return "CASCADE"
	case SetNull:
		return "SET NULL"
	case SetDefault:
		return "SET DEFAULT"
	default:
		return ""
	}
}

// Definition returns the index without its name and table, in the order of CREATE
// INDEX:
//
//	UNIQUE USING btree (tenant_id, lower(email)) INCLUDE (name) WHERE (deleted_at IS NULL)
//
// It ends in INVALID if a concurrent build has failed or is still running.
func (i *Index) Definition() string {
	definition := i.body()
	if i.Unique {
		definition = "UNIQUE " + definition
	}
	if !i.Valid {
		definition += " INVALID"
	}
	return definition
}

// Definition returns the statement that makes the trigger, and whether it fires:
//
//	CREATE TRIGGER … EXECUTE FUNCTION public.touch() ENABLED O
func (t *Trigger) Definition() string { return t.Text + " ENABLED " + t.Enabled }

// CreateSQL returns the CREATE INDEX that makes an index like this one, under
// that name and on that table.
func (i *Index) CreateSQL(name string, table Name, concurrently bool) string {
	var b strings.Builder
	b.WriteString("CREATE ")
	if i.Unique {
		b.WriteString("UNIQUE ")
	}
	b.WriteString("INDEX ")
	if concurrently {
		b.WriteString("CONCURRENTLY ")
	}
	b.WriteString(Quote(name) + " ON " + table.String() + " " + i.body())
	return b.String()
}

// body is what stands after the table in CREATE INDEX.
func (i *Index) body() string {
	parts := make([]string, len(i.Parts))
	for n, part := range i.Parts {
		parts[n] = part.SQL
		if part.SQL == "" {
			parts[n] = Quote(part.Column)
		}
	}
	var b strings.Builder
	method := i.Method
	if method == "" {
		method = "btree"
	}
	b.WriteString("USING " + Quote(method) + " (" + strings.Join(parts, ", ") + ")")
	if len(i.Include) > 0 {
		b.WriteString(" INCLUDE " + list(i.Include, "", ""))
	}
	if i.NullsNotDistinct {
		b.WriteString(" NULLS NOT DISTINCT")
	}
	if i.Options != "" {
		b.WriteString(" WITH (" + i.Options + ")")
	}
	if i.Tablespace != "" {
		b.WriteString(" TABLESPACE " + Quote(i.Tablespace))
	}
	if i.Predicate != "" {
		b.WriteString(" WHERE " + parenthesized(i.Predicate))
	}
	return b.String()
}

// Definition returns how the table is distributed: "HASH (tenant_id)",
// "REFERENCE" and the like. It is empty for a table that Citus does not know. It
// leaves out the shards, their number and the colocation group.
func (d Distribution) Definition() string {
	if d.Method == Hash {
		return string(Hash) + " (" + Quote(d.Column) + ")"
	}
	return string(d.Method)
}

// localRows is "PRESENT" if rows are left in a distributed table's local storage.
func (d Distribution) localRows() string {
	if d.LocalRows {
		return "PRESENT"
	}
	return ""
}

// identity is the table's replica identity as ALTER TABLE … REPLICA IDENTITY
// spells it. It is empty if the index has been dropped.
func (t *Table) identity() string {
	switch t.ReplicaIdentity {
	case IdentityFull:
		return "FULL"
	case IdentityIndex:
		for i := range t.Indexes {
			if t.Indexes[i].ReplicaIdentity {
				return "USING INDEX " + Quote(t.Indexes[i].Name)
			}
		}
		return "NOTHING"
	case IdentityNothing:
		return "NOTHING"
	default:
		return "DEFAULT"
	}
}

// rowSecurity says whether policies are enabled, and forced on the owner:
// "ENABLED FORCED". It is empty if they are neither.
func (t *Table) rowSecurity() string {
	return strings.TrimSpace(when(t.RowSecurity, "ENABLED") + when(t.ForceRowSecurity, " FORCED"))
}

// Definition returns what stands after the policy's table in CREATE POLICY:
//
//	FOR SELECT TO public USING ((tenant_id = 1))
func (p *Policy) Definition() string {
	roles := make([]string, len(p.Roles))
	for i, role := range p.Roles {
		roles[i] = Quote(role)
	}
	text := when(!p.Permissive, "AS RESTRICTIVE ") + "FOR " + p.Command + " TO " + strings.Join(roles, ", ")
	// A subquery keeps its own parentheses.
	if p.Using != "" {
		text += " USING (" + p.Using + ")"
	}
	if p.WithCheck != "" {
		text += " WITH CHECK (" + p.WithCheck + ")"
	}
	return text
}

// list returns the columns in parentheses, with something before and after the
// last of them.
func list(columns []string, before, behind string) string {
	var b strings.Builder
	b.WriteByte('(')
	for i, column := range columns {
		if i > 0 {
			b.WriteString(", ")
		}
		if i == len(columns)-1 {
			b.WriteString(before)
		}
		b.WriteString(Quote(column))
	}
	b.WriteString(behind + ")")
	return b.String()
}
