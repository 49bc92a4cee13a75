package modeltag

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"gorm.io/gorm/schema"
)

func TestHas(t *testing.T) {
	t.Parallel()
	field := &schema.Field{Tag: `tenancy:"uuidv7,global"`}
	assert.True(t, Has(field, UUIDv7))
	assert.True(t, Has(field, Global))
	assert.False(t, Has(field, Tenant))
	assert.False(t, Has(nil, Tenant))
	assert.False(t, Has(&schema.Field{}, Tenant))
}
