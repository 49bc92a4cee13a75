package registry

import (
	"time"

	"github.com/gorm-tenancy/tenancy"
)

// Domain is a domain that a tenant claims, or, once it is verified, holds. It is
// a tenant's row, read and listed within the tenant like any other. Change it
// only through the registry, which makes sure that no two tenants hold the same
// domain.
//
// An unverified claim resolves to no tenant, and does not stop others from
// claiming the domain. Exactly one of a tenant's verified domains is primary.
type Domain struct {
	tenancy.Model
	Host       string     `gorm:"size:253;not null;uniqueIndex:tenant_domains_host" json:"host"` // normalised
	IsPrimary  bool       `gorm:"not null;uniqueIndex:tenant_domains_primary,where:is_primary" json:"is_primary"`
	Challenge  string     `gorm:"size:64;not null" json:"challenge"` // what the domain has to show; see CheckDNS
	VerifiedAt *time.Time `json:"verified_at"`                       // nil while it is a claim
}

// TableName implements GORM's schema.Tabler.
func (Domain) TableName() string { return "tenant_domains" }

// IsVerified reports whether the domain resolves to its tenant.
func (d Domain) IsVerified() bool { return d.VerifiedAt != nil }
