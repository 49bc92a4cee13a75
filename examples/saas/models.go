package main

import (
	"time"

	"github.com/google/uuid"

	"github.com/gorm-tenancy/tenancy"
)

// Post is an article of the blog, which all tenants read.
type Post struct {
	_         struct{} `tenancy:"shared"`
	ID        uint
	Title     string
	Body      string
	CreatedAt time.Time
}

// Project is a tenant's.
type Project struct {
	tenancy.Model
	Name  string `gorm:"not null" json:"name"`
	Tasks []Task `json:"tasks,omitempty"`
}

// Task is a tenant's. In the database its foreign key contains the tenant, so that
// it cannot be put into another tenant's project.
type Task struct {
	tenancy.Model
	ProjectID uuid.UUID `gorm:"type:uuid;not null" json:"project_id"`
	Title     string    `gorm:"not null" json:"title"`
	Done      bool      `gorm:"not null" json:"done"`
}

// Person has an account with the service, and may be a member of several tenants.
// People are no tenant's rows, nor may tenants read them as they read the blog: the
// handle that tenants use does not know their table, and refuses it.
type Person struct {
	ID           uuid.UUID `gorm:"type:uuid;primaryKey"`
	Email        string    `gorm:"not null;uniqueIndex"`
	PasswordHash []byte    `gorm:"not null"`
	CreatedAt    time.Time
}
