package tenancy

import (
	"errors"
	"maps"
	"slices"

	"gorm.io/gorm"
)

// Tables returns what the plugin of the handle knows of its tables, by their names:
// those of the models given here, of [Config].Models and [Config].Shared, of what
// their relations lead to, join tables included, and of models that were used
// before. A model that is neither a tenant's nor shared is [ErrUndeclared], a
// handle without the plugin an error.
func Tables(db *gorm.DB, models ...any) ([]TenantTable, error) {
	p, _ := db.Plugins["tenancy"].(*Plugin)
	if p == nil {
		return nil, errors.New("tenancy: Tables needs the plugin to know what models are: db.Use(tenancy.New(…))")
	}
	for _, value := range models {
		if err := p.tables.declare(value, "Tables"); err != nil {
			return nil, err
		}
	}
	names := p.tables.snapshot.Load().names
	known := make([]TenantTable, 0, len(names))
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if t, ok := p.tables.describe("", name); ok {
			known = append(known, t)
		}
	}
	return known, nil
}
