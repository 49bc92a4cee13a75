package rls

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/catalog"
	"github.com/gorm-tenancy/tenancy/keys"
)

// TablesOf returns whose the rows of a database's tables are, by an analysis of its
// catalogue. Use it for Policies.Tables, if the program has no models for some or all
// tables. A person who knows better can change the result: a shared table is read-only
// until its Writable is set, and a table that no tenant may see gets
// tenancy.KindPrivate.
//
// It leaves out tables that the analysis skips, and partitions, which have the policies
// of the whole. It returns an error that wraps keys.ErrUndecided if the analysis does
// not know whose a table's rows are, or if the tenant column is missing; a plan of keys
// adds it. Other questions and blockers of the analysis do not matter here.
func TablesOf(a *keys.Analysis) ([]tenancy.TenantTable, error) {
	var list []tenancy.TenantTable
	var errs []error
	for _, t := range a.Tables {
		if t.Role == keys.Skipped || t.PartitionOf != (catalog.Name{}) {
			continue
		}
		known, err := tableOf(a, t)
		errs = append(errs, err)
		list = append(list, known)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return list, nil
}

func tableOf(a *keys.Analysis, t *keys.Table) (known tenancy.TenantTable, err error) {
	column, mixed := a.TenantColumn(t)
	known = tenancy.TenantTable{Name: t.Schema + "." + t.Name.Name, Column: column, Writable: true}
	switch {
	case strings.Contains(t.Schema, "."):
		return known, fmt.Errorf("rls: %s is in a schema whose name has a dot, which no model can name: rename the schema, or skip the table", t.Name)
	case t.Role == keys.Undecided:
		return known, undecided(a, t)
	case mixed && column == "":
		return known, fmt.Errorf("rls: %s is mixed, and has no tenant column", t.Name)
	case column != "" && t.Table.Column(column) == nil:
		return known, fmt.Errorf("rls: %w: %s has no column %s yet: carry out the phases %s and %s of a plan of keys, and read the catalogue again",
			keys.ErrUndecided, t.Name, catalog.Quote(column), keys.Expand, keys.Backfill)
	case column == "":
		known.Kind, known.Writable = tenancy.KindShared, false
		return known, nil
	case mixed:
		known.Kind = tenancy.KindMixed
	case t.Role == keys.Root:
		known.Kind = tenancy.KindRoot
	}
	if key := t.PrimaryKey(); key != nil {
		known.Key = slices.DeleteFunc(slices.Clone(key.Columns), func(name string) bool { return name == column })
	}
	return known, nil
}

// undecided is what the analysis asks about a table.
func undecided(a *keys.Analysis, t *keys.Table) error {
	var errs []error
	for _, q := range a.Questions {
		if q.About(t.Name) {
			errs = append(errs, fmt.Errorf("rls: %w: %s %s (%v)", keys.ErrUndecided, t.Name, q.Asks, q.Answers))
		}
	}
	if len(errs) == 0 { // another table's question comes first
		errs = append(errs, fmt.Errorf("rls: %w: whose the rows of %s are", keys.ErrUndecided, t.Name))
	}
	return errors.Join(errs...)
}

// known are the tables that the models are of, and those besides. A model says more
// than the catalogue.
func (p Policies) known(of []tenancy.TenantTable, schema string) (list []tenancy.TenantTable) {
	seen := map[catalog.Name]bool{}
	for _, t := range slices.Concat(of, p.Tables) {
		if name := nameIn(schema, t.Name); !seen[name] {
			seen[name] = true
			list = append(list, t)
		}
	}
	return list
}

// A domain is a type over another one, which says what ids it holds.
type domain struct {
	base  string
	loose bool // its collation takes different texts for equal
}

const sqlDomains = `
WITH RECURSIVE domains (oid, below, modifier, collated) AS (
	SELECT oid, typbasetype, typtypmod, typcollation FROM pg_catalog.pg_type WHERE typtype = 'd'
	UNION ALL
	SELECT d.oid, t.typbasetype, CASE WHEN d.modifier < 0 THEN t.typtypmod ELSE d.modifier END, d.collated
	FROM domains AS d JOIN pg_catalog.pg_type AS t ON t.oid = d.below WHERE t.typtype = 'd'
)
SELECT format('%I.%I', n.nspname, t.typname), format_type(d.below, d.modifier), (NOT COALESCE(c.collisdeterministic, true))::text
FROM domains AS d
JOIN pg_catalog.pg_type AS b ON b.oid = d.below AND b.typtype <> 'd'
JOIN pg_catalog.pg_type AS t ON t.oid = d.oid
JOIN pg_catalog.pg_namespace AS n ON n.oid = t.typnamespace
LEFT JOIN pg_catalog.pg_collation AS c ON c.oid = d.collated
WHERE n.nspname <> 'information_schema'`

// typeOf is how the ids in a column of that type are bound, where no model says it.
func typeOf(columnType string) string {
	base, _, _ := strings.Cut(columnType, "(")
	switch base {
	case "uuid":
		return "uuid"
	case "smallint", "integer", "bigint", "numeric":
		return "integer"
	}
	return "text"
}
