package main

import (
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy"
)

// The models are the same on both sides. Those that statements read are filled
// once; Event, Note, Invoice, Document and Setting belong to the statements that
// write.

// Company is what a user belongs to.
type Company struct {
	tenancy.TenantModel
	ID   uint
	Name string
}

// Tag is what a user has many of, and a tag of users.
type Tag struct {
	tenancy.TenantModel
	ID   uint
	Name string
}

// UserTag is the join table of users and tags.
type UserTag struct {
	tenancy.TenantModel
	UserID uint `gorm:"primaryKey;autoIncrement:false"`
	TagID  uint `gorm:"primaryKey;autoIncrement:false"`
}

// Order is what a user has many of.
type Order struct {
	tenancy.TenantModel
	ID     uint
	UserID uint `gorm:"index"`
	Amount int
}

// User is what most statements read.
type User struct {
	tenancy.TenantModel
	ID        uint
	CreatedAt time.Time
	UpdatedAt time.Time
	Name      string
	Email     string
	Age       int
	CompanyID *uint
	Company   *Company
	Orders    []Order
	Tags      []Tag `gorm:"many2many:user_tags"`
}

// Event is created, replaced and deleted.
type Event struct {
	tenancy.TenantModel
	ID        uint
	CreatedAt time.Time
	Kind      string
	Payload   string
}

// Note is deleted softly.
type Note struct {
	tenancy.TenantModel
	ID        uint
	Text      string
	DeletedAt gorm.DeletedAt `gorm:"index"`
}

// Line is created with its invoice.
type Line struct {
	tenancy.TenantModel
	ID        uint
	InvoiceID uint
	Amount    int
}

// Invoice is created with its lines.
type Invoice struct {
	tenancy.TenantModel
	ID     uint
	Number string
	Lines  []Line
}

// Document has an id that is a UUIDv7.
type Document struct {
	tenancy.Model
	Title string
}

// Setting has a key of its tenant's.
type Setting struct {
	TenantID uuid.UUID `gorm:"type:uuid;not null;uniqueIndex:settings_key,priority:1" tenancy:"tenant"`
	ID       uint
	Key      string `gorm:"uniqueIndex:settings_key,priority:2"`
	Value    string
}

func models() []any {
	return []any{
		&Company{}, &Tag{}, &User{}, &UserTag{}, &Order{},
		&Event{}, &Note{}, &Invoice{}, &Line{}, &Document{}, &Setting{},
	}
}
