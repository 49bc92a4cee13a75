package registry

import (
	"time"

	"github.com/google/uuid"
)

// kind says what a name is for.
type kind string

const (
	kindSlug kind = "slug"
	kindHost kind = "host"
)

// claim is a name that one tenant has, among all tenants: a slug, or the host of a
// verified domain. It is what lookups read. The row of a name that was given up
// stays until HeldUntil, so that nobody else takes it.
//
// The key is global, which is the purpose of this table. It does not contain the
// tenant, which would be impossible in a table that Citus distributes by tenant.
type claim struct {
	Kind      kind       `gorm:"primaryKey;size:8" tenancy:"global"`
	Name      string     `gorm:"primaryKey;size:253" tenancy:"global"`
	TenantID  uuid.UUID  `gorm:"type:uuid;not null" tenancy:"tenant"`
	HeldUntil *time.Time // nil while it is in use
}

// TableName implements GORM's schema.Tabler.
func (claim) TableName() string { return "tenant_names" }
