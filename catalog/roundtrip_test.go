package catalog_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorm-tenancy/tenancy/catalog"
)

// TestRoundTrip rebuilds the tables from what was read of them.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	from, _ := everything(t)
	want := read(t, from, catalog.Options{})
	to, _ := database(t)
	load(t, to, "prelude.sql")
	for _, statement := range recreate(want) {
		_, err := to.ExecContext(t.Context(), statement)
		require.NoError(t, err, statement)
	}
	got := read(t, to, catalog.Options{})
	// Each test database has an owner of its own.
	owner := want.Role.Name
	text := strings.ReplaceAll(dump(t, want), owner, got.Role.Name)
	assert.Equal(t, text, dump(t, got))
}

// recreate returns the statements that make a catalogue's tables and views.
func recreate(c *catalog.Catalog) []string {
	var statements []string
	add := func(format string, args ...any) { statements = append(statements, fmt.Sprintf(format, args...)) }
	made := map[catalog.Name]bool{}
	for len(made) < len(c.Tables) { // parents first
		for _, t := range c.Tables {
			if !made[t.Name] && !slices.ContainsFunc(append(t.Inherits, t.PartitionOf), func(parent catalog.Name) bool {
				return c.Table(parent) != nil && !made[parent]
			}) {
				made[t.Name] = true
				addTable(c, t, add)
			}
		}
	}
	for _, keys := range []bool{true, false} { // foreign keys need the others
		for _, t := range c.Tables {
			for _, constraint := range t.Constraints {
				if !constraint.Inherited && keys == (constraint.Kind != catalog.ForeignKey) {
					add("ALTER TABLE %s ADD CONSTRAINT %s %s", t, catalog.Quote(constraint.Name), constraint.Definition())
				}
			}
		}
	}
	for _, t := range c.Tables {
		addRest(c, t, add)
	}
	for range c.Views { // what they use first
		for _, v := range c.Views {
			if !made[v.Name] && !slices.ContainsFunc(v.Uses, func(used catalog.Name) bool { return !made[used] }) {
				made[v.Name] = true
				addView(v, add)
			}
		}
	}
	return statements
}

func addTable(c *catalog.Catalog, t *catalog.Table, add func(format string, args ...any)) {
	var columns, parents []string
	for _, parent := range t.Inherits {
		parents = append(parents, parent.String())
	}
	for _, column := range t.Columns {
		inherited := slices.ContainsFunc(t.Inherits, func(parent catalog.Name) bool {
			return c.Table(parent).Column(column.Name) != nil
		})
		if inherited {
			continue
		}
		if column.Sequence != (catalog.Name{}) && column.Identity == "" {
			add("CREATE SEQUENCE %s", column.Sequence)
		}
		columns = append(columns, catalog.Quote(column.Name)+" "+column.Definition())
	}
	statement := "CREATE TABLE " + t.String()
	if t.PartitionOf != (catalog.Name{}) {
		statement += " PARTITION OF " + t.PartitionOf.String() + " " + t.Bound
	} else {
		statement += " (" + strings.Join(columns, ", ") + ")"
	}
	if len(parents) > 0 {
		statement += " INHERITS (" + strings.Join(parents, ", ") + ")"
	}
	if t.Partitioned {
		statement += " PARTITION BY " + t.Key
	}
	add("%s", statement)
	for _, column := range t.Columns {
		if column.Sequence != (catalog.Name{}) && column.Identity == "" {
			add("ALTER SEQUENCE %s OWNED BY %s.%s", column.Sequence, t, catalog.Quote(column.Name))
		}
	}
}

func addRest(c *catalog.Catalog, t *catalog.Table, add func(format string, args ...any)) {
	for _, index := range t.Indexes {
		if index.Constraint == "" && !index.Inherited {
			add("%s", index.CreateSQL(index.Name, t.Name, false))
		}
		if index.Clustered {
			add("ALTER TABLE %s CLUSTER ON %s", t, catalog.Quote(index.Name))
		}
	}
	add("ALTER TABLE %s REPLICA IDENTITY %s", t, c.Definition(t.Name, "replica identity", ""))
	for _, trigger := range t.Triggers {
		if !trigger.Inherited {
			add("%s", trigger.Text)
		}
		enable := map[string]string{"O": "ENABLE", "D": "DISABLE", "R": "ENABLE REPLICA", "A": "ENABLE ALWAYS"}[trigger.Enabled]
		add("ALTER TABLE %s %s TRIGGER %s", t, enable, catalog.Quote(trigger.Name))
	}
	if t.RowSecurity {
		add("ALTER TABLE %s ENABLE ROW LEVEL SECURITY", t)
	}
	if t.ForceRowSecurity {
		add("ALTER TABLE %s FORCE ROW LEVEL SECURITY", t)
	}
	for _, policy := range t.Policies {
		statement := "CREATE POLICY " + catalog.Quote(policy.Name) + " ON " + t.String()
		if !policy.Permissive {
			statement += " AS RESTRICTIVE"
		}
		statement += " FOR " + policy.Command
		if !slices.Contains(policy.Roles, "public") {
			statement += " TO CURRENT_USER"
		}
		if policy.Using != "" {
			statement += " USING (" + policy.Using + ")"
		}
		if policy.WithCheck != "" {
			statement += " WITH CHECK (" + policy.WithCheck + ")"
		}
		add("%s", statement)
	}
	for _, publication := range t.Publications {
		name := catalog.Quote(publication)
		add("DO $$ BEGIN CREATE PUBLICATION %s; EXCEPTION WHEN duplicate_object THEN END $$", name)
		if t.PartitionOf == (catalog.Name{}) { // else by its root
			add("ALTER PUBLICATION %s ADD TABLE %s", name, t)
		}
	}
}

func addView(v *catalog.View, add func(format string, args ...any)) {
	kind, options := "VIEW", ""
	if v.Materialized {
		kind = "MATERIALIZED VIEW"
	}
	if v.Options != "" {
		options = " WITH (" + v.Options + ")"
	}
	add("CREATE %s %s%s AS %s", kind, v, options, v.Text)
}

// TestReadInvalidIndex reads what a concurrent build leaves behind.
func TestReadInvalidIndex(t *testing.T) {
	t.Parallel()
	db, _ := database(t)
	exec(t, db, `CREATE TABLE things AS SELECT 1 AS a FROM generate_series(1, 2)`)
	_, err := db.ExecContext(t.Context(), `CREATE UNIQUE INDEX CONCURRENTLY broken ON things (a)`)
	require.Error(t, err)
	c := read(t, db, catalog.Options{})
	things := catalog.Name{Schema: "public", Name: "things"}
	assert.Equal(t, "UNIQUE USING btree (a) INVALID", c.Definition(things, "index", "broken"))
	exec(t, db, `DELETE FROM things; REINDEX INDEX broken`)
	c = read(t, db, catalog.Options{Tables: []catalog.Name{things}})
	assert.Equal(t, "UNIQUE USING btree (a)", c.Definition(things, "index", "broken"))
}
