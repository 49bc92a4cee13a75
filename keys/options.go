package keys

import "github.com/gorm-tenancy/tenancy/catalog"

// Options say what the catalogue does not. The zero value takes tables with a
// column tenant_id for tenants' and asks about everything else.
//
// In the names of Shared, Mixed, Skip, Columns, Global, PerTenant and OnDelete a *
// stands for any text, so that one answer is for many: {Schema: "audit", Name: "*"}
// are all tables of a schema but partitions, which are what their table is. What is
// named as it is comes before what a pattern stands for.
type Options struct {
	// Column is the tenant column's name where Columns says nothing else. Empty
	// means "tenant_id".
	Column string
	// Columns are tenant columns of another name, by table. One that is not there
	// is added under this name.
	Columns map[catalog.Name]string
	// Type is the SQL type of tenant columns that are added. Empty means the type
	// of the root's key, or of the tenant columns that there are.
	Type string
	// Root is the tenants' own table: its key is a tenant's id. Zero means the
	// one that tenant columns refer to, if there is one.
	Root catalog.Name
	// Shared tables belong to no tenant and are left alone. One that has a tenant
	// column may be named as well, for keys that hold over all tenants: it is
	// spread whole, as a reference table, and the plugin scopes it as ever.
	Shared []catalog.Name
	// Mixed tables hold rows of tenants and rows for everybody, whose tenant column is
	// NULL. No key holds NULL: theirs are left alone, and on a cluster they are spread
	// whole, as reference tables.
	Mixed []catalog.Name
	// Skip are tables that the plan leaves alone, whatever they are.
	Skip []catalog.Name
	// Global are keys and uniques, by constraint or index, that stay without the
	// tenant.
	Global []Object
	// PerTenant are uniques, by constraint or index, that look as if they told who
	// the tenant is (tokens, hashes of secrets, domains) and may hold within a tenant
	// nevertheless. One that is neither here nor in Global is asked about.
	PerTenant []Object
	// Paths names for a table without a tenant column the foreign key that leads
	// to its tenant, where there are several.
	Paths map[catalog.Name]string
	// References tell the tenant of a table's rows where no foreign key does.
	References map[catalog.Name]Reference
	// OnDelete is what foreign keys that the plan makes, or makes again for this, do when
	// the row is deleted that they refer to. One that is not named does what it did. A plan
	// that is made again after phase Swap does not know what that was: keep the first.
	OnDelete map[Object]catalog.Action
	// Uniques are wanted besides those that there are, the tenant column not
	// among their columns.
	Uniques []Wanted
}

// An Object is a constraint or an index of a table.
type Object struct {
	Table catalog.Name
	Name  string
}

// A Reference is what a table's rows refer to others by without a foreign key.
type Reference struct {
	Columns []string
	// Table is what they refer to: a tenant's table, or one that reaches its tenant.
	Table catalog.Name
	// Keys are its columns that they hold the values of, which must be a key of it.
	// Empty means its primary key.
	Keys []string
}

// Wanted is a unique that a table is to have.
type Wanted struct {
	Object
	Columns []string
}

func (o Options) withDefaults() Options {
	if o.Column == "" {
		o.Column = "tenant_id"
	}
	return o
}
