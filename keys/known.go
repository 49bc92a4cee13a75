package keys

import (
	"slices"

	"github.com/gorm-tenancy/tenancy/catalog"
)

// Tables that need no question: the registry's names, which hold over all tenants, and
// what the tools write down that carry out the files of a plan. They are known by name
// and columns together; an option that names one says more.
var knownTables = []struct {
	name    string
	role    Role
	columns []string
}{
	{"tenant_names", Shared, []string{"kind", "name", "tenant_id", "held_until"}},
	{"goose_db_version", Skipped, []string{"id", "version_id", "is_applied", "tstamp"}},
	{"schema_migrations", Skipped, []string{"version"}}, // golang-migrate's has dirty as well; Rails'
	{"ar_internal_metadata", Skipped, []string{"key", "value", "created_at", "updated_at"}},
	{"atlas_schema_revisions", Skipped, []string{"version", "description", "type", "applied", "total", "executed_at"}},
}

// knownRole is the role of a table that is known; empty for all others.
func knownRole(t *catalog.Table) Role {
	for _, known := range knownTables {
		if t.Name.Name == known.name && len(t.Columns) >= len(known.columns) &&
			!slices.ContainsFunc(known.columns, func(column string) bool { return t.Column(column) == nil }) {
			return known.role
		}
	}
	return ""
}
