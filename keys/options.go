package keys

import "github.com/gorm-tenancy/tenancy/catalog"

// Options say what the catalogue cannot. With the zero value, tables with a column
// tenant_id are tenants' tables, and Analyze asks about everything else.
//
// In the names of Shared, Mixed, Skip, Columns, Global, PerTenant and OnDelete a * stands
// for any text, so that one answer covers many: {Schema: "audit", Name: "*"} means all
// tables of a schema. Partitions are not matched: they follow their table. A plain name
// takes precedence over a pattern.
type Options struct {
	// Column is the tenant column's name in tables that Columns does not name. Empty
	// means "tenant_id".
	Column string
	// Columns are tenant columns with another name, by table. A column that does not
	// exist is added under this name.
	Columns map[catalog.Name]string
	// Type is the SQL type of tenant columns that are added. Empty means the type of the
	// root's key, or that of the existing tenant columns.
	Type string
	// Root is the tenants' own table: its key is a tenant's id. Zero means the table that
	// tenant columns refer to, if there is one.
	Root catalog.Name
	// Shared tables belong to no tenant and are left alone. One that has a tenant column
	// may be named as well, if its keys hold across tenants. On a cluster it becomes a
	// reference table, and the plugin still scopes it.
	Shared []catalog.Name
	// Mixed tables hold rows of tenants and rows for everybody, whose tenant column is
	// NULL. Their keys are left alone, since a key cannot contain NULL. On a cluster they
	// become reference tables.
	Mixed []catalog.Name
	// Skip are tables that the plan leaves alone, whatever they are.
	Skip []catalog.Name
	// Global are keys and uniques, by constraint or index, that stay without the tenant
	// column.
	Global []Object
	// PerTenant are uniques, by constraint or index, that seem to identify the tenant
	// (tokens, hashes of secrets, domains) and may nevertheless hold within each tenant.
	// Analyze asks about one that is neither here nor in Global.
	PerTenant []Object
	// Paths names, for a table without a tenant column, the foreign key that leads to its
	// tenant. It is needed where several do.
	Paths map[catalog.Name]string
	// References lead to the tenant of a table's rows where no foreign key does.
	References map[catalog.Name]Reference
	// OnDelete is the ON DELETE action of foreign keys that the plan makes, or makes
	// again for this. A foreign key that is not named keeps its action. A plan that is
	// made after phase Swap no longer knows the old action for its undo: keep the first
	// plan.
	OnDelete map[Object]catalog.Action
	// Uniques are added to the existing ones. Their columns do not include the tenant
	// column.
	Uniques []Wanted
}

// An Object is a constraint or an index of a table.
type Object struct {
	Table catalog.Name
	Name  string
}

// A Reference says how a table's rows refer to another table without a foreign key.
type Reference struct {
	Columns []string
	// Table is the table that they refer to: a tenant's table, or a Reaching one.
	Table catalog.Name
	// Keys are the columns of Table that are referred to; they must be a key. Empty means
	// the primary key.
	Keys []string
}

// Wanted is a unique that the plan adds to a table.
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
