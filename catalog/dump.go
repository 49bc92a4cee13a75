package catalog

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"slices"
	"strings"
)

// Dump writes the structure as text with one object a line, for people and for
// comparing. Two catalogues have the same text exactly when they have the same
// structure. The order of columns counts. Sizes, estimates, OIDs, owners, the
// reading role and dropped columns do not count.
func (c *Catalog) Dump(w io.Writer) error {
	return c.write(w, func(Name, string, string) bool { return false })
}

// Fingerprint returns a hash of what [Catalog.Dump] writes, in hexadecimal,
// without the objects that ignore says; nil ignores nothing. The objects are
//
//	table, view                         with all that it has; the name is empty
//	column, constraint, index,
//	trigger, policy, publication        by name; a constraint takes its index along
//	replica identity, row security,
//	distribution                        the name is empty
func (c *Catalog) Fingerprint(ignore func(table Name, object, name string) bool) string {
	if ignore == nil {
		ignore = func(Name, string, string) bool { return false }
	}
	hash := sha256.New()
	_ = c.write(hash, ignore) // a hash takes everything
	return hex.EncodeToString(hash.Sum(nil))
}

func (c *Catalog) write(w io.Writer, ignore func(table Name, object, name string) bool) error {
	out := bufio.NewWriter(w)
	tables := slices.SortedFunc(slices.Values(c.Tables), func(a, b *Table) int { return a.Compare(b.Name) })
	for _, t := range tables {
		if !ignore(t.Name, "table", "") {
			t.dump(out, ignore)
		}
	}
	views := slices.SortedFunc(slices.Values(c.Views), func(a, b *View) int { return a.Compare(b.Name) })
	for _, v := range views {
		if !ignore(v.Name, "view", "") {
			v.dump(out)
		}
	}
	return out.Flush()
}

func (t *Table) dump(out *bufio.Writer, ignore func(table Name, object, name string) bool) {
	line(out, "table "+t.String()+t.kind())
	if (t.RowSecurity || t.ForceRowSecurity) && !ignore(t.Name, "row security", "") {
		line(out, "  row security "+t.rowSecurity())
	}
	if !ignore(t.Name, "replica identity", "") {
		line(out, "  replica identity "+t.identity())
	}
	if spread := t.Distribution.Definition(); spread != "" && !ignore(t.Name, "distribution", "") {
		line(out, "  distribution "+spread)
	}
	for _, c := range t.Columns {
		if !ignore(t.Name, "column", c.Name) {
			line(out, "  column "+Quote(c.Name)+" "+c.Definition()+when(c.Sequence != Name{}, " OWNS "+c.Sequence.String()))
		}
	}
	lines := t.lines(ignore)
	slices.Sort(lines)
	for _, text := range lines {
		line(out, alike(text))
	}
}

// kind is the kind of table.
func (t *Table) kind() string {
	kind := when(t.Partitioned, " PARTITION BY "+t.Key) +
		when(t.PartitionOf != Name{}, " PARTITION OF "+t.PartitionOf.String()+" "+t.Bound)
	for _, parent := range t.Inherits {
		kind += " INHERITS " + parent.String()
	}
	return kind + when(t.Extension != "", " EXTENSION "+Quote(t.Extension))
}

// lines returns the lines of the objects that have no order.
func (t *Table) lines(ignore func(table Name, object, name string) bool) []string {
	var lines []string
	add := func(object, name, text string) {
		if !ignore(t.Name, object, name) {
			lines = append(lines, "  "+object+" "+Quote(name)+text)
		}
	}
	for _, c := range t.Constraints {
		text := " " + c.Definition() + when(c.Inherited, " INHERITED")
		if len(c.Dependents) > 0 {
			text += " NEEDED BY " + strings.Join(c.Dependents, ", ")
		}
		add("constraint", c.Name, text)
	}
	for _, i := range t.Indexes {
		if i.Constraint == "" || !ignore(t.Name, "constraint", i.Constraint) {
			add("index", i.Name, " "+i.Definition()+when(i.Constraint != "", " OF CONSTRAINT "+Quote(i.Constraint))+
				when(i.Clustered, " CLUSTERED")+when(i.Inherited, " INHERITED"))
		}
	}
	for _, trigger := range t.Triggers {
		add("trigger", trigger.Name, " "+trigger.Definition()+when(trigger.Inherited, " INHERITED"))
	}
	for _, p := range t.Policies {
		add("policy", p.Name, " "+p.Definition())
	}
	for _, name := range t.Publications {
		add("publication", name, "")
	}
	return lines
}

func (v *View) dump(out *bufio.Writer) {
	line(out, when(v.Materialized, "materialized ")+"view "+v.String()+when(v.Options != "", " WITH ("+v.Options+")"))
	line(out, "  "+alike(lasting(v.Text)))
}

// line writes a line; text of several, a view's or a trigger's, is indented.
// An error stays with the writer until it is flushed.
func line(out *bufio.Writer, text string) {
	_, _ = out.WriteString(strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n      "))
	_ = out.WriteByte('\n')
}

func when(condition bool, text string) string {
	if condition {
		return text
	}
	return ""
}
