// Package modeltag reads the struct tag `tenancy` of models.
package modeltag

import (
	"slices"
	"strings"

	"gorm.io/gorm/schema"
)

// Name is the tag's key. The others are its values; several are separated by commas.
const (
	Name    = "tenancy"
	Tenant  = "tenant"  // the tenant column; on a primary key: the root
	UUIDv7  = "uuidv7"  // an id that the plugin fills
	Global  = "global"  // on a field: its key and uniques do not contain the tenant
	Shared  = "shared"  // on a blank field: the model is shared; "shared,writable"
	Private = "private" // on a blank field: the model is the application's own
	Mixed   = "mixed"   // on a blank field: rows without a tenant are for everybody
	Free    = "free"    // on a blank field: the model needs no scope
)

// Has reports whether a field has a value of the tag. A nil field has none.
func Has(field *schema.Field, value string) bool {
	return field != nil && slices.Contains(strings.Split(field.Tag.Get(Name), ","), value)
}
