package tenancy

// TenantTable is what is known of a table.
type TenantTable struct {
	Name     string // as its model has it
	Kind     Kind   // whose rows it holds
	Column   string // the tenant column; empty for a table without one
	Writable bool   // whether tenants may write it
	// Type is the type of the tenant column as far as Bind knows it: tables of
	// the same one get the same values. Empty for a table without one.
	Type string
	// Key is the primary key of the table's model without the tenant column; empty
	// where that is all of it, and for a shared table. It is not to be changed.
	Key []string
	// Bind returns the scope's tenants in the type of the tenant column, in the
	// scope's order; nil for a table without one.
	Bind func(Scope) ([]any, error)
	// Link is what a row of a linked table is seen through; nil for other kinds.
	Link *TableLink
}

// TableLink is what is known of the link to a [KindLinked] table's rows: a tenant
// sees a row where one of Via's rows is its own and names it.
type TableLink struct {
	Via        TenantTable
	ForeignKey string // the column of Via that names a row
	Key        string // the column of the linked table that it names
	// Where is a condition on Via's rows, under the name Alias, without values, as
	// that of soft deletion; empty where each row counts.
	Where string
	Alias string
}
