package catalog

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// The methods of this file take one row each, in the order of its query's
// columns.

func (r *reader) server(scan scan) error {
	c := r.catalog
	return scan(&c.Version, &c.Database, &c.Replica, &c.Citus, &r.cleanup, &c.Role.Name, &c.Role.Superuser, &c.Role.BypassRLS)
}

func (r *reader) table(scan scan) error {
	t := &Table{}
	var parents []Name
	var partition bool
	if err := scan(&t.OID, &t.Schema, &t.Name.Name, &t.Owner, &t.Owned, &t.Partitioned, &t.Key, &t.Bound,
		array[Name]{&parents}, &partition, &t.Extension, &t.RowSecurity, &t.ForceRowSecurity,
		&t.ReplicaIdentity, array[string]{&t.Publications}, array[Published]{&t.Published}, array[ColumnGrant]{&t.ColumnGrants}, &t.Rows, &t.Bytes, &t.IndexBytes); err != nil {
		return err
	}
	if partition && len(parents) > 0 {
		t.PartitionOf = parents[0]
	} else {
		t.Inherits = parents
	}
	r.catalog.Tables = append(r.catalog.Tables, t)
	r.tables[t.OID] = t
	return nil
}

func (r *reader) distribution(scan scan) error {
	var table uint32
	var d Distribution
	if err := scan(&table, &d.Method, &d.Column, &d.Colocation, &d.Shards, &d.LocalRows); err != nil {
		return err
	}
	r.tables[table].Distribution = d
	return nil
}

// orphan leaves out a shard that Citus is about to drop.
func (r *reader) orphan(scan scan) error {
	var table uint32
	if err := scan(&table); err != nil {
		return err
	}
	delete(r.tables, table)
	r.catalog.Tables = slices.DeleteFunc(r.catalog.Tables, func(t *Table) bool { return t.OID == table })
	return nil
}

func (r *reader) column(scan scan) error {
	var table uint32
	var c Column
	if err := scan(&table, &c.Name, &c.Type, &c.Collation, &c.NotNull, &c.Default, &c.Generated, &c.Virtual,
		&c.Identity, &c.Sequence.Schema, &c.Sequence.Name); err != nil {
		return err
	}
	switch c.Identity {
	case "a":
		c.Identity = "ALWAYS"
	case "d":
		c.Identity = "BY DEFAULT"
	}
	c.Default = lasting(c.Default)
	t := r.tables[table]
	t.Columns = append(t.Columns, c)
	return nil
}

func (r *reader) constraint(scan scan) error {
	var table uint32
	var c Constraint
	var options []string
	var f Foreign
	if err := scan(&table, &c.Name, &c.Kind, &c.Text, array[string]{&c.Columns}, &c.Index,
		&c.Deferrable, &c.Deferred, &c.Validated, &c.Unenforced, &c.Inherited, &c.Period,
		array[string]{&c.Include}, &c.NullsNotDistinct, array[string]{&options}, &c.Tablespace,
		&f.Table.Schema, &f.Table.Name, array[string]{&f.Columns}, &f.OnDelete, &f.OnUpdate, &f.MatchFull,
		array[string]{&f.DeleteColumns}, array[string]{&c.Dependents}, &c.Comment); err != nil {
		return err
	}
	if c.Text == "" && (c.Kind == Check || c.Kind == Exclusion) { // dropped meanwhile
		return nil
	}
	c.Options = storage(options)
	if c.Kind == ForeignKey {
		c.Foreign = &f
	}
	for _, attribute := range []string{" NOT VALID", " NOT ENFORCED", " INITIALLY DEFERRED", " DEFERRABLE"} {
		c.Text = strings.TrimSuffix(c.Text, attribute)
	}
	c.Text = lasting(withoutOptions(c.Text))
	t := r.tables[table]
	t.Constraints = append(t.Constraints, c)
	return nil
}

func (r *reader) index(scan scan) error {
	var table uint32
	var i Index
	var text, keys string
	var options, targets []string
	if err := scan(&table, &i.Name, &i.Constraint, &i.Method, &text, &keys,
		&i.Unique, &i.Primary, &i.Valid, &i.ReplicaIdentity, &i.Clustered, &i.NullsNotDistinct,
		&i.Inherited, array[string]{&options}, &i.Tablespace, &i.Predicate, &i.Bytes, &i.Comment, array[string]{&targets}); err != nil {
		return err
	}
	if text == "" { // dropped meanwhile
		return nil
	}
	i.Options = storage(options)
	i.Predicate = unparenthesized(i.Predicate)
	if !i.parse(text, strings.Fields(keys)) {
		return fmt.Errorf("%s: unknown form %q", Quote(i.Name), text)
	}
	i.Predicate = lasting(i.Predicate)
	for n := range min(len(i.Parts), len(targets)) {
		i.Parts[n].Statistics = targets[n]
	}
	t := r.tables[table]
	t.Indexes = append(t.Indexes, i)
	return nil
}

// parse takes the index's parts from the output of pg_get_indexdef: only that
// function knows which collations and operator classes are not the default.
// keys are the numbers of the columns, 0 for an expression.
func (i *Index) parse(text string, keys []string) bool {
	_, parts, rest, ok := cutParenthesized(text)
	items := split(parts)
	if !ok || len(items) > len(keys) {
		return false
	}
	for n, item := range items {
		part := Part{SQL: lasting(item)}
		if keys[n] != "0" {
			column, behind, ok := cutIdentifier(item)
			if !ok {
				return false
			}
			part.Column = column
			part.SQL = Quote(column) + behind
		}
		i.Parts = append(i.Parts, part)
	}
	if !strings.HasPrefix(rest, " INCLUDE (") {
		return true
	}
	_, included, _, _ := cutParenthesized(rest)
	for _, item := range split(included) {
		column, _, ok := cutIdentifier(item)
		if !ok {
			return false
		}
		i.Include = append(i.Include, column)
	}
	return true
}

func (r *reader) trigger(scan scan) error {
	var table uint32
	var trigger Trigger
	if err := scan(&table, &trigger.Name, &trigger.Text, &trigger.Enabled, &trigger.Inherited, &trigger.Comment); err != nil {
		return err
	}
	t := r.tables[table]
	t.Triggers = append(t.Triggers, trigger)
	return nil
}

func (r *reader) policy(scan scan) error {
	var table uint32
	var p Policy
	if err := scan(&table, &p.Name, &p.Permissive, &p.Command, array[string]{&p.Roles}, &p.Using, &p.WithCheck, &p.Comment); err != nil {
		return err
	}
	slices.Sort(p.Roles)
	p.Using, p.WithCheck = lasting(p.Using), lasting(p.WithCheck)
	t := r.tables[table]
	t.Policies = append(t.Policies, p)
	return nil
}

func (r *reader) function(scan scan) error {
	f := &Function{}
	if err := scan(&f.Schema, &f.Name.Name, &f.Arguments, &f.Language, &f.Body, &f.Parsed); err != nil {
		return err
	}
	r.catalog.Functions = append(r.catalog.Functions, f)
	return nil
}

func (r *reader) view(scan scan) error {
	v := &View{}
	var options []string
	if err := scan(&v.Schema, &v.Name.Name, &v.Materialized, &v.SecurityInvoker, array[string]{&options}, &v.Text,
		array[Name]{&v.Uses}); err != nil {
		return err
	}
	v.Options = storage(options)
	slices.SortFunc(v.Uses, Name.Compare)
	r.catalog.Views = append(r.catalog.Views, v)
	return nil
}

// storage writes storage parameters as WITH (…) takes them, ordered by name.
func storage(options []string) string {
	slices.Sort(options)
	for i, option := range options {
		name, value, _ := strings.Cut(option, "=")
		if !number(value) && (!plain(value) || keywords[value]) {
			value = "'" + strings.ReplaceAll(value, "'", "''") + "'"
		}
		options[i] = Quote(name) + "=" + value
	}
	return strings.Join(options, ", ")
}

func number(value string) bool {
	return value != "" && strings.Trim(value, "0123456789") == ""
}

// array is a destination for a JSON array. NULL leaves it nil.
type array[T any] struct{ to *[]T }

// Scan implements sql.Scanner.
func (a array[T]) Scan(source any) error {
	switch text := source.(type) {
	case nil:
		return nil
	case string:
		return json.Unmarshal([]byte(text), a.to)
	case []byte:
		return json.Unmarshal(text, a.to)
	default:
		return fmt.Errorf("an array came as %T", source)
	}
}
