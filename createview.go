package tenancy

import (
	"gorm.io/gorm"
)

// CreateView implements gorm.Migrator. A view is everybody's, and so its query needs
// no scope: without one it spans all tenants, as under [Bypass], and its joins match
// tenant with tenant. A query that has a scope keeps it.
func (m migrator) CreateView(name string, option gorm.ViewOption) error {
	if query := option.Query; query != nil && query.Statement.SQL.Len() == 0 {
		ctx := query.Statement.Context
		if _, has := From(ctx); !has {
			ctx = Bypass(ctx, "CreateView")
		}
		option.Query = query.WithContext(ctx)
		// GORM drops the error of a query that is a part of a statement.
		dry := option.Query.Session(&gorm.Session{DryRun: true}).Find(&[]map[string]any{})
		if dry.Error != nil {
			return dry.Error
		}
	}
	return m.Migrator.CreateView(name, option)
}
