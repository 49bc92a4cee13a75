package tenancy

// TenantTable is what the plugin knows of a table.
type TenantTable struct {
	Name     string // as its model has it
	Kind     Kind   // whose rows it holds
	Column   string // the tenant column; empty for a table without one
	Writable bool   // whether tenants may write it
	// Type is the type of the tenant column as far as Bind distinguishes types: tables
	// of the same Type get the same values. Empty for a table without the column.
	Type string
	// Key is the primary key of the table's model without the tenant column. It is
	// empty if the tenant column is the whole key, and for a shared table. Do not
	// change it.
	Key []string
	// Bind returns the scope's tenants in the type of the tenant column, in the scope's
	// order; nil for a table without one.
	Bind func(Scope) ([]any, error)
	// Link is the link that shows a linked table's rows; nil for other kinds.
	Link *TableLink
}

// TableLink is what the plugin knows of the link to the rows of a [KindLinked] table. A
// tenant sees a row if one of Via's rows belongs to the tenant and names the row.
type TableLink struct {
	Via        TenantTable
	ForeignKey string // the column of Via that names a row
	Key        string // the column of the linked table that it names
	// Where is a condition on Via's rows, under the name Alias, without values, such as
	// that of soft deletion. Empty if every row counts.
	Where string
	Alias string
}
