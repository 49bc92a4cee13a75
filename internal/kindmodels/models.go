// Package kindmodels has models of each kind of table. Tests run the conformance suite
// on them with the plugin, with scoped text, with row-level security, and on a
// cluster.
package kindmodels

import (
	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy"
)

type (
	// Person is linked: a tenant sees those who are its members.
	Person struct {
		ID          uint
		Email       string `gorm:"unique"`
		Name        string
		Age         int
		Memberships []Membership
		Chores      []Chore `gorm:"foreignKey:AssigneeID"`
		Secrets     []Passkey
	}

	// Membership is the link.
	Membership struct {
		tenancy.TenantModel
		ID        uint
		PersonID  uint
		Role      string
		Level     int
		DeletedAt gorm.DeletedAt
		Person    *Person
	}

	// Passkey is private, and so is what it belongs to.
	Passkey struct {
		ID       uint
		PersonID uint
		Key      string
		Uses     int
		Person   *Person
	}

	// Device is private, and rows of tenants refer to it.
	Device struct {
		_    struct{} `tenancy:"private"`
		ID   uint
		Name string
	}

	// Label is mixed: some are for everybody.
	Label struct {
		ID       uint
		TenantID *uuid.UUID `gorm:"type:uuid"`
		Name     string     `gorm:"uniqueIndex"`
		Color    string
		Weight   int
		ParentID *uint
		Parent   *Label
		Powers   []Power `gorm:"many2many:label_powers"`
		Chores   []Chore
	}

	// Power is shared.
	Power struct {
		_    struct{} `tenancy:"shared"`
		ID   uint
		Name string
	}

	// Rule is free.
	Rule struct {
		_    struct{} `tenancy:"free"`
		ID   uint
		Text string
		Rank int
	}

	// Chore is a tenant's, and refers to the others.
	Chore struct {
		tenancy.TenantModel
		ID         uint
		Title      string
		Points     int
		AssigneeID *uint
		Assignee   *Person
		DeviceID   *uint
		Device     *Device
		LabelID    *uint
		Label      *Label
		Labels     []Label `gorm:"many2many:chore_labels"`
	}
)

// Models are all of them.
var Models = []any{
	&Power{}, &Device{}, &Person{}, &Membership{}, &Passkey{}, &Label{}, &Rule{}, &Chore{},
}

// Config declares them. Tenants may write the linked rows that they see, or not.
func Config(writable bool) tenancy.Config {
	return tenancy.Config{
		Models:  Models,
		Private: []any{&Passkey{}},
		Linked:  []tenancy.Link{{Model: &Person{}, Via: &Membership{}, Writable: writable}},
		Mixed:   []any{&Label{}},
	}
}
