package registry

import (
	"slices"
	"time"

	"github.com/gorm-tenancy/tenancy"
)

// Member is a user's membership of a tenant. It is a tenant's row: read and
// listed like any other, within the tenant. Change it only through the registry.
type Member struct {
	tenancy.Model
	// UserID is the application's id of the user, always as the same text. The
	// second index is for TenantsOf; it is a hash, because the tenant column
	// leads every B-tree.
	UserID string `gorm:"size:191;not null;uniqueIndex:tenant_members_user;index:tenant_members_any,type:hash" json:"user_id"`
	// Role is the application's name of what the member may do.
	Role string `gorm:"size:64;not null" json:"role"`
	// Permissions are further permissions, in addition to the role's.
	Permissions []string `gorm:"serializer:json;type:jsonb;not null" json:"permissions"`
	// IsOwner marks the one owner of the tenant.
	IsOwner bool `gorm:"not null;uniqueIndex:tenant_members_owner,where:is_owner" json:"is_owner"`
}

// TableName implements GORM's schema.Tabler.
func (Member) TableName() string { return "tenant_members" }

// Can reports whether the member is the owner or has the permission. The
// application decides what a role allows.
func (m Member) Can(permission string) bool {
	return m.IsOwner || slices.Contains(m.Permissions, permission)
}

// Invitation asks a person to become a member. It is a tenant's row like
// [Member]. The token itself is not stored, so that reading the table is not
// enough to accept.
type Invitation struct {
	tenancy.Model
	Email       string     `gorm:"size:254;not null" json:"email"`
	Role        string     `gorm:"size:64;not null" json:"role"`
	Permissions []string   `gorm:"serializer:json;type:jsonb;not null" json:"permissions"`
	InvitedBy   string     `gorm:"size:191;not null" json:"invited_by"` // a member's user id; empty for the application itself
	TokenHash   []byte     `gorm:"not null;uniqueIndex:tenant_invitations_token" json:"-"`
	ExpiresAt   time.Time  `gorm:"not null" json:"expires_at"`
	AcceptedAt  *time.Time `json:"accepted_at"`
	AcceptedBy  string     `gorm:"size:191;not null" json:"accepted_by"`
	RevokedAt   *time.Time `json:"revoked_at"`
}

// TableName implements GORM's schema.Tabler.
func (Invitation) TableName() string { return "tenant_invitations" }

// IsPending reports whether the invitation can be accepted at a time.
func (i Invitation) IsPending(at time.Time) bool {
	return i.AcceptedAt == nil && i.RevokedAt == nil && at.Before(i.ExpiresAt)
}
