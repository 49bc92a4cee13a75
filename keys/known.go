package keys

import (
	"slices"

	"github.com/gorm-tenancy/tenancy/catalog"
)

// Tables that need no question: those of the registry whose names hold across tenants,
// and those in which migration tools keep their versions. They are recognized by name
// and columns together. An option that names such a table takes precedence.
var wellKnownTables = []struct {
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

// knownRole returns the role of a well-known table; empty for all others.
func knownRole(t *catalog.Table) Role {
	for _, known := range wellKnownTables {
		if t.Name.Name == known.name && len(t.Columns) >= len(known.columns) &&
			!slices.ContainsFunc(known.columns, func(column string) bool { return t.Column(column) == nil }) {
			return known.role
		}
	}
	return ""
}
