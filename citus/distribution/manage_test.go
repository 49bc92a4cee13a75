package distribution_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorm-tenancy/tenancy/catalog"
	"github.com/gorm-tenancy/tenancy/citus/distribution"
	"github.com/gorm-tenancy/tenancy/keys"
)

// twoTrees are the tables of two roots, with a shared one and one that refers to both.
const twoTrees = `
CREATE TABLE kinds (id int PRIMARY KEY);
CREATE TABLE tenants (id int PRIMARY KEY);
CREATE TABLE jobs (id int, tenant_id int NOT NULL REFERENCES tenants, kind int REFERENCES kinds, PRIMARY KEY (tenant_id, id));
CREATE TABLE shops (id int PRIMARY KEY);
CREATE TABLE sales (id int PRIMARY KEY, shop_id int NOT NULL REFERENCES shops, kind int REFERENCES kinds);
CREATE TABLE lines (id int PRIMARY KEY, shop_id int NOT NULL REFERENCES shops, tenant int);`

func distributed(c *catalog.Catalog, group int, column string, tables ...string) {
	for _, name := range tables {
		c.Table(public(name)).Distribution = catalog.Distribution{Method: catalog.Hash, Column: column, Colocation: group, Shards: 4}
	}
}

func analyzeTree(t *testing.T, c *catalog.Catalog, o distribution.Options, root string, skip ...string) *distribution.Analysis {
	t.Helper()
	k := keys.Options{Root: public(root), Column: root[:len(root)-1] + "_id", Shared: []catalog.Name{public("kinds")}}
	for _, name := range skip {
		k.Skip = append(k.Skip, public(name))
	}
	analysis, err := keys.Analyze(c, k)
	require.NoError(t, err)
	a, err := distribution.Analyze(c, analysis, cluster(), o)
	require.NoError(t, err)
	return a
}

func methods(a *distribution.Analysis) map[string]catalog.DistributionMethod {
	methods := map[string]catalog.DistributionMethod{}
	for _, t := range a.Tables {
		methods[t.Name.Name] = t.Method
	}
	return methods
}

// TestNeighboursOfSharedTables leaves another root's tables alone unless Options.Manage
// is set, and asks for that where their foreign keys would no longer hold.
func TestNeighboursOfSharedTables(t *testing.T) {
	t.Parallel()
	_, c := database(t, twoTrees)
	o := answered(distribution.Transactional)
	err := analyzeTree(t, c, o, "tenants", "shops", "sales", "lines").Blocked()
	require.ErrorIs(t, err, distribution.ErrUndecided)
	assert.ErrorContains(t, err, "public.sales: sales_kind_fkey: a table that stays on the coordinator alone refers to public.kinds")
	assert.ErrorContains(t, err, "set Options.Manage")

	o.Manage = true
	a := analyzeTree(t, c, o, "tenants", "shops", "sales", "lines")
	require.NoError(t, a.Blocked())
	assert.Equal(t, map[string]catalog.DistributionMethod{"kinds": catalog.Reference, "tenants": catalog.Hash, "jobs": catalog.Hash,
		"shops": catalog.Managed, "sales": catalog.Managed, "lines": catalog.Managed}, methods(a))

	o.Drop = []keys.Object{{Table: public("sales"), Name: "sales_kind_fkey"}}
	assert.Len(t, analyzeTree(t, c, o, "tenants", "shops", "sales", "lines").Tables, 3, "no foreign key is left that has to hold")
}

// TestSecondTree finds nothing to object to in a tree that is distributed already, but
// for a foreign key from one tree to the other.
func TestSecondTree(t *testing.T) {
	t.Parallel()
	_, c := database(t, twoTrees)
	c.Table(public("kinds")).Distribution = catalog.Distribution{Method: catalog.Reference}
	distributed(c, 1, "id", "tenants")
	distributed(c, 1, "tenant_id", "jobs")
	for _, name := range []string{"shops", "sales", "lines"} {
		c.Table(public(name)).Distribution = catalog.Distribution{Method: catalog.Managed}
	}
	a := analyzeTree(t, c, answered(distribution.Transactional), "shops", "tenants", "jobs")
	require.NoError(t, a.Blocked())
	assert.Len(t, a.Tables, 4)
	err := analyzeTree(t, c, answered(distribution.StepByStep), "shops", "tenants", "jobs").Blocked()
	assert.ErrorContains(t, err, "public.lines: Citus manages it, and makes no keys of a managed table without long locks")

	lines := c.Table(public("lines"))
	lines.Constraints = append(lines.Constraints, catalog.Constraint{Name: "across", Kind: catalog.ForeignKey, Columns: []string{"tenant"},
		Validated: true, Foreign: &catalog.Foreign{Table: public("tenants"), Columns: []string{"id"}}, Index: "tenants_pkey"})
	err = analyzeTree(t, c, answered(distribution.Transactional), "shops", "tenants", "jobs").Blocked()
	assert.ErrorContains(t, err, "public.lines: across: it refers to public.tenants, whose rows are distributed by the tenants of another root")
}

// TestTreeThatComesBack takes a single tree back, and the shared tables with the last.
func TestTreeThatComesBack(t *testing.T) {
	t.Parallel()
	_, c := database(t, twoTrees)
	c.Table(public("kinds")).Distribution = catalog.Distribution{Method: catalog.Reference}
	distributed(c, 1, "id", "tenants")
	distributed(c, 1, "tenant_id", "jobs")
	distributed(c, 2, "id", "shops")
	distributed(c, 2, "shop_id", "sales", "lines")
	assert.Len(t, distribution.AnalyzeBack(c, cluster()).Tables, 6)
	a := distribution.AnalyzeBack(c, cluster(), public("tenants"))
	require.NoError(t, a.Blocked())
	assert.Equal(t, map[string]catalog.DistributionMethod{"tenants": catalog.Hash, "jobs": catalog.Hash}, methods(a))
	assert.Len(t, distribution.AnalyzeBack(c, cluster(), public("tenants"), public("shops")).Tables, 6)
	for _, name := range []string{"tenants", "jobs"} {
		c.Table(public(name)).Distribution = catalog.Distribution{Method: catalog.Managed}
	}
	assert.Empty(t, distribution.AnalyzeBack(c, cluster(), public("tenants")).Tables, "it is back already")
	assert.Len(t, distribution.AnalyzeBack(c, cluster(), public("shops")).Tables, 6, "it is the last")
	assert.ErrorContains(t, distribution.AnalyzeBack(c, cluster(), public("shop")).Blocked(), "public.shop: there is no such table")
}
