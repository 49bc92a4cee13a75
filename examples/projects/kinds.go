package main

import (
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// A kind of statement is what an application does for a tenant. It returns what
// it learned, without keys that the database makes: those differ from run to run.
type kind struct {
	name string
	run  func(db *gorm.DB) (any, error)
}

// kinds of statements. None mentions a tenant; each runs in a transaction that is
// rolled back.
var kinds = []kind{
	{"by id", byID},
	{"list and order", func(db *gorm.DB) (found any, err error) {
		var projects []Project
		return &projects, db.Order("name DESC, id").Limit(20).Find(&projects, "name LIKE ? OR id < ?", "Project 1%", 100).Error
	}},
	{"count", func(db *gorm.DB) (any, error) {
		var n int64
		return &n, db.Model(&Task{}).Where("done").Count(&n).Error
	}},
	{"join", func(db *gorm.DB) (any, error) {
		var tasks []Task
		return &tasks, db.InnerJoins("Project").Order("tasks.id").Limit(50).Find(&tasks, "tasks.hours > ?", 8).Error
	}},
	{"join by text", func(db *gorm.DB) (any, error) {
		var n int64
		return &n, db.Model(&Task{}).Joins("JOIN projects p ON p.id = tasks.project_id").
			Joins("JOIN project_managers l ON l.project_id = p.id").Joins("JOIN managers m ON m.id = l.manager_id").
			Joins("LEFT JOIN countries c ON c.id = m.country_id").Where("c.code IN ?", []string{"DE", "JP"}).Count(&n).Error
	}},
	{"preload", func(db *gorm.DB) (any, error) {
		var projects []Project
		inOrder := func(db *gorm.DB) *gorm.DB { return db.Order("id") }
		return &projects, db.Preload("Account").Preload("Tasks", inOrder).Preload("Managers", inOrder).Preload("Managers.Country").
			Order("id").Limit(5).Find(&projects).Error
	}},
	{"aggregate", func(db *gorm.DB) (any, error) {
		var sums []struct{ ProjectID, Tasks, Hours int64 }
		return &sums, db.Model(&Task{}).Select("project_id, count(*) AS tasks, sum(hours) AS hours").
			Group("project_id").Having("count(*) > ?", 2).Order("hours DESC, project_id").Limit(20).Find(&sums).Error
	}},
	{"subquery", func(db *gorm.DB) (any, error) {
		var projects []Project
		long := db.Model(&Task{}).Select("project_id").Where("hours > ?", 14)
		return &projects, db.Order("id").Limit(50).Find(&projects, "id IN (?)", long).Error
	}},
	{"update", func(db *gorm.DB) (any, error) {
		changed := db.Model(&Task{}).Where("done AND hours > ?", 4).Update("hours", gorm.Expr("hours - ?", 1))
		if changed.Error != nil {
			return nil, changed.Error
		}
		var hours int64
		return []any{changed.RowsAffected, &hours}, db.Model(&Task{}).Select("COALESCE(sum(hours), 0)").Scan(&hours).Error
	}},
	{"upsert", upsert},
	{"delete", func(db *gorm.DB) (any, error) {
		gone := db.Where("done").Delete(&Task{})
		if gone.Error != nil {
			return nil, gone.Error
		}
		var left int64
		return []any{gone.RowsAffected, &left}, db.Model(&Task{}).Count(&left).Error
	}},
	{"create with associations", createWhole},
	{"many-to-many", manyToMany},
}

func byID(db *gorm.DB) (any, error) {
	var first, same Project
	if err := db.Order("id").Take(&first).Error; err != nil {
		return nil, err
	}
	return &same, db.First(&same, first.ID).Error
}

func upsert(db *gorm.DB) (any, error) {
	onEmail := clause.OnConflict{
		Columns: []clause.Column{{Name: "email"}}, DoUpdates: clause.AssignmentColumns([]string{"name"}),
	}
	managers := []*Manager{
		{Name: "Renamed", Email: "manager0@example.com"}, {Name: "New", Email: "new@example.com"},
	}
	if err := db.Clauses(onEmail).Create(&managers).Error; err != nil {
		return nil, err
	}
	var names []string
	return &names, db.Model(&Manager{}).Order("email").Pluck("name", &names).Error
}

func createWhole(db *gorm.DB) (any, error) {
	project := &Project{
		Name: "New", Tasks: []*Task{{Title: "One", Hours: 1}, {Title: "Two", Hours: 2}},
		Managers: []*Manager{{Name: "New", Email: "new@example.com"}},
	}
	if err := db.Create(project).Error; err != nil {
		return nil, err
	}
	var found Project
	if err := db.Preload("Tasks").Preload("Managers").First(&found, project.ID).Error; err != nil {
		return nil, err
	}
	return []any{found.AccountID, found.Name, len(found.Tasks), found.Managers[0].Email}, nil
}

func manyToMany(db *gorm.DB) (any, error) {
	var project Project
	if err := db.Order("id").Take(&project).Error; err != nil {
		return nil, err
	}
	before := db.Model(&project).Association("Managers").Count()
	if err := db.Model(&project).Association("Managers").Append(&Manager{Name: "New", Email: "new@example.com"}); err != nil {
		return nil, err
	}
	var found []Manager
	if err := db.Model(&project).Order("email").Association("Managers").Find(&found); err != nil {
		return nil, err
	}
	emails := []string{}
	for _, m := range found {
		emails = append(emails, m.Email)
	}
	if err := db.Model(&project).Association("Managers").Clear(); err != nil {
		return nil, err
	}
	return []any{before, emails, db.Model(&project).Association("Managers").Count()}, nil
}
