package tenancy

import (
	"time"

	"github.com/google/uuid"
)

// TenantID is the type of a tenant's id in a [TenantModelOf].
type TenantID interface {
	~string | ~int | ~int8 | ~int16 | ~int32 | ~int64 |
		~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64
}

// TenantModel is the tenant column and nothing else. Embed it to make a model a
// tenant's. The plugin fills the field on create, and keeps it out of every SET.
//
// The column is not part of GORM's primary key: First(&u, 10), batches and relations
// use the model's own id. In the database the key is composite.
type TenantModel struct {
	TenantID uuid.UUID `gorm:"type:uuid;not null" json:"tenant_id" tenancy:"tenant"`
}

// TenantModelOf is [TenantModel] for tenants whose ids are strings or integers.
type TenantModelOf[K TenantID] struct {
	TenantID K `gorm:"not null" json:"tenant_id" tenancy:"tenant"`
}

// Model has what most models need: the tenant, an id and two times. The id is a UUIDv7
// (RFC 9562). The plugin fills it on create if it is zero.
type Model struct {
	TenantModel
	ID        uuid.UUID `gorm:"type:uuid;primaryKey" json:"id" tenancy:"uuidv7"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}
