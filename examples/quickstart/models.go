package main

import (
	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy"
)

// Country is the same for everybody: tenants read it.
type Country struct {
	_    struct{} `tenancy:"shared"`
	Code string   `gorm:"primaryKey"`
	Name string
}

// Company is a tenant's because it embeds the tenant column.
type Company struct {
	tenancy.TenantModelOf[string]
	ID   uint
	Name string
}

// User is a tenant's because it has a column of that name. An e-mail address is
// unique within its tenant.
type User struct {
	TenantID    string `gorm:"not null;uniqueIndex:user_email,priority:1"`
	ID          uint
	Name        string
	Email       *string `gorm:"uniqueIndex:user_email,priority:2"`
	Age         int
	CompanyID   *uint
	Company     *Company
	CountryCode *string
	Country     *Country
	Orders      []Order
	Tags        []Tag `gorm:"many2many:user_tags"`
}

// Order is deleted softly.
type Order struct {
	tenancy.TenantModelOf[string]
	ID      uint
	UserID  uint
	Amount  int
	Deleted gorm.DeletedAt
}

// Tag is joined to users through a table that has its tenant column from the
// plugin.
type Tag struct {
	tenancy.TenantModelOf[string]
	ID   uint
	Name string
}
