package registry

import (
	"context"
	"fmt"

	"gorm.io/gorm/clause"

	"github.com/gorm-tenancy/tenancy"
)

// Query is what [Registry.Report] computes for every tenant.
type Query struct {
	// Model is the model whose rows are grouped by tenant.
	Model any
	// Select are aggregates with the names of their columns: "count(*) AS orders",
	// "sum(amount) AS total". They run across tenants, where text is not judged:
	// never build them from a user's input.
	Select []string
	// Where is a condition with its values, as for GORM's Where. The same caution
	// applies. Empty means all rows.
	Where []any
}

// Report answers a question about all tenants with one query that is grouped by
// tenant. dest is a pointer to a slice of structs that have a field TenantID, or
// the column tenant_id, and one for each aggregate; it comes ordered by tenant,
// without tenants that have no row. The context must not be scoped to a tenant.
func (r *Registry) Report(ctx context.Context, q Query, dest any) error {
	if err := unscoped(ctx, "report"); err != nil {
		return err
	}
	if q.Model == nil || len(q.Select) == 0 {
		return fmt.Errorf("%w: Query.Model and Query.Select are needed", ErrInvalid)
	}
	table, err := r.plugin.Table(q.Model)
	if err != nil {
		return err
	}
	if table.Column == "" || table.Kind == tenancy.KindMixed {
		return fmt.Errorf("%w: not all rows of %s are a tenant's", ErrInvalid, table.Name)
	}
	tenant := clause.Column{Table: clause.CurrentTable, Name: table.Column}
	columns := []clause.Column{{Table: clause.CurrentTable, Name: table.Column, Alias: "tenant_id"}}
	for _, aggregate := range q.Select {
		columns = append(columns, clause.Column{Name: aggregate, Raw: true})
	}
	db := r.across(ctx, r.db, "report").Model(q.Model).
		Clauses(clause.Select{Columns: columns}, clause.GroupBy{Columns: []clause.Column{tenant}}).
		Order(clause.OrderByColumn{Column: tenant})
	if len(q.Where) > 0 {
		db = db.Where(q.Where[0], q.Where[1:]...)
	}
	return db.Scan(dest).Error
}
