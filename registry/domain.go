package registry

import (
	"time"

	"github.com/gorm-tenancy/tenancy"
)

// Domain is a domain that a tenant claims, or holds once it is verified. It is a
// tenant's row: read and listed like any other, within the tenant. Change it by
// the registry alone, which also keeps the domains of all tenants apart.
//
// A claim that is not verified blocks nobody and resolves to nobody. Of the
// verified ones exactly one is primary.
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
