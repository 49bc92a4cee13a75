// Package model holds the models that the programs beside GORM are tried with.
package model

import "github.com/gorm-tenancy/tenancy"

// Project is a tenant's.
type Project struct {
	tenancy.TenantModel
	ID    uint `gorm:"primaryKey;autoIncrement:false"`
	Name  string
	Tasks []Task
}

// Task is a tenant's, and belongs to one of its projects.
type Task struct {
	tenancy.TenantModel
	ID        uint `gorm:"primaryKey;autoIncrement:false"`
	ProjectID uint
	Title     string
}
