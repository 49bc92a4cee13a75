package main

// Country is the same for all tenants; on a cluster each node has a copy.
type Country struct {
	_    struct{} `tenancy:"shared"`
	ID   int64
	Code string `gorm:"not null;uniqueIndex"`
	Name string `gorm:"not null"`
}

// Account is a tenant. Its key is the tenant column of all other tables.
type Account struct {
	ID     int64  `gorm:"primaryKey" tenancy:"tenant"`
	Name   string `gorm:"not null"`
	Domain string `gorm:"not null"`
}

// Manager has an address that is unique within its account.
type Manager struct {
	ID        int64
	AccountID int64 `gorm:"not null;uniqueIndex:manager_email,priority:1"`
	Account   *Account
	Name      string `gorm:"not null"`
	Email     string `gorm:"not null;uniqueIndex:manager_email,priority:2"`
	CountryID *int64
	Country   *Country
	Projects  []*Project `gorm:"many2many:project_managers"`
}

// Project is what managers run; the table between them has its tenant column from
// the plugin.
type Project struct {
	ID        int64
	AccountID int64 `gorm:"not null"`
	Account   *Account
	Name      string `gorm:"not null"`
	Tasks     []*Task
	Managers  []*Manager `gorm:"many2many:project_managers"`
}

// Task is most of the rows.
type Task struct {
	ID        int64
	AccountID int64 `gorm:"not null;index:task_project,priority:1"`
	Account   *Account
	ProjectID int64 `gorm:"not null;index:task_project,priority:2"`
	Project   *Project
	Title     string `gorm:"not null"`
	Hours     int    `gorm:"not null"`
	Done      bool   `gorm:"not null"`
}

var (
	models = []any{&Country{}, &Account{}, &Manager{}, &Project{}, &Task{}}
	tables = []string{"countries", "accounts", "managers", "projects", "project_managers", "tasks"}
)
