package automigrate

import (
	"context"

	"gorm.io/gorm"
	"gorm.io/gorm/schema"

	"github.com/gorm-tenancy/tenancy/catalog"
)

// Tables is how the engine learns about the tables of models from the plugin.
type Tables interface {
	// Table returns what is known of a model's table.
	Table(*schema.Schema) (Table, error)
	// Register makes models known before their tables are made, because a plain
	// many-to-many table has its tenant column from the plugin.
	Register(db *gorm.DB, values []any) error
	// Current returns a model's schema after Register. A join table that got its
	// tenant column has a new schema.
	Current(*schema.Schema) *schema.Schema
	// IsRequired reports whether a field is a tenant column that must be NOT NULL,
	// even if the model allows NULL. isKey says that it is part of the table's
	// primary key.
	IsRequired(field *schema.Field, isKey bool) bool
	// CheckColumn returns an error if the table's tenant column may take the ids of
	// two tenants for the same.
	CheckColumn(context.Context, catalog.Querier, *schema.Schema) error
	// RowsWithoutTenant is the error for a table some of whose rows have no tenant.
	RowsWithoutTenant(table, detail string) error
	// ForgetKeys makes upserts read the keys of a model's table again.
	ForgetKeys(*schema.Schema)
}

// Table describes a model's table. For an undeclared table, all fields but Observed
// are zero.
type Table struct {
	Name   string
	Kind   Kind
	Column string // the tenant column; empty if the table has none
	// Keyed says that the tenant column belongs in the table's keys.
	Keyed bool
	// Observed says that the model's table is observed, and rows without a tenant may
	// be written to it.
	Observed bool
	// Hidden is set for a plain many-to-many table: its schema lacks the tenant
	// column, which has the type of this field.
	Hidden *schema.Field
}

// A Kind says whose the rows of a table are, as far as keys depend on it.
type Kind uint8

// The kinds of tables.
const (
	Other  Kind = iota // a table without a tenant column
	Tenant             // a tenant's table
	Root               // the tenants' own table
	Mixed              // a tenant's table with rows for everybody
)
