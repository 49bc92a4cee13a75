package main

import (
	"context"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/gorm-tenancy/tenancy"
)

// A step is one call of GORM's, as it is printed and as it is made.
type step struct {
	title, code string
	run         func() error
}

type section struct {
	title string
	steps []step
}

// program is what each tenant runs. No line of it mentions a tenant.
func program(ctx context.Context, db *gorm.DB) []section {
	db = db.WithContext(ctx)
	de, email := "DE", "bob@example.com"
	ann := User{
		Name: "Ann", Age: 41, CountryCode: &de, Company: &Company{Name: "Mill"},
		Orders: []Order{{Amount: 10}, {Amount: 30}}, Tags: []Tag{{Name: "vip"}},
	}
	team := []User{{Name: "Bob", Age: 29, Email: &email}, {Name: "Cid", Age: 35}}
	row := map[string]any{"name": "Dee", "age": 52}
	robert := User{Name: "Robert", Age: 30, Email: &email}
	onEmail := clause.OnConflict{
		Columns: []clause.Column{{Name: "email"}}, DoUpdates: clause.AssignmentColumns([]string{"name", "age"}),
	}
	spenders := db.Model(&Order{}).Select("user_id").Where("amount > ?", 20)
	move := func(tx *gorm.DB) error {
		if err := tx.Model(&ann.Orders[0]).Update("amount", 15).Error; err != nil {
			return err
		}
		return tx.Model(&ann.Orders[1]).Update("amount", 25).Error
	}
	global := db.Session(&gorm.Session{AllowGlobalUpdate: true})

	var user User
	var users []User
	var found []Order
	var count int64
	var ages []struct{ Age, N int }
	return []section{
		{"Create", []step{
			{"with associations", `db.Create(&ann)`, func() error { return db.Create(&ann).Error }},
			{"a batch", `db.Create(&team)`, func() error { return db.Create(&team).Error }},
			{"a map", `db.Model(&User{}).Create(row)`, func() error { return db.Model(&User{}).Create(row).Error }},
			{"an upsert", `db.Clauses(onEmail).Create(&robert)`, func() error { return db.Clauses(onEmail).Create(&robert).Error }},
		}},
		{"Read", []step{
			{"by key", `db.First(&user, ann.ID)`, func() error { return db.First(&user, ann.ID).Error }},
			{"text", `db.Find(&users, "age > ? OR name = ?", 50, "Ann")`, func() error { return db.Find(&users, "age > ? OR name = ?", 50, "Ann").Error }},
			{"a struct", `db.Where(&User{Name: "Cid"}).Find(&users)`, func() error { return db.Where(&User{Name: "Cid"}).Find(&users).Error }},
			{"a map", `db.Where(map[string]any{"age": []int{35, 41}}).Find(&users)`, func() error { return db.Where(map[string]any{"age": []int{35, 41}}).Find(&users).Error }},
			{"count", `db.Model(&User{}).Count(&count)`, func() error { return db.Model(&User{}).Count(&count).Error }},
			{"group", `db.Model(&User{}).Select("age, count(*) AS n").Group("age").Find(&ages)`, func() error { return db.Model(&User{}).Select("age, count(*) AS n").Group("age").Find(&ages).Error }},
			{"a subquery", `db.Where("id IN (?)", spenders).Find(&users)`, func() error { return db.Where("id IN (?)", spenders).Find(&users).Error }},
			{"join a relation", `db.Select("users.name").InnerJoins("Company").Find(&users)`, func() error { return db.Select("users.name").InnerJoins("Company").Find(&users).Error }},
			{"join by text", `db.Joins("LEFT JOIN orders o ON o.user_id = users.id").Find(&users, "o.amount > ?", 20)`, func() error {
				return db.Joins("LEFT JOIN orders o ON o.user_id = users.id").Find(&users, "o.amount > ?", 20).Error
			}},
			{"preload", `db.Preload("Orders").Preload("Tags").Preload("Country").Take(&user)`, func() error { return db.Preload("Orders").Preload("Tags").Preload("Country").Take(&user).Error }},
			{"generics", `gorm.G[User](db).Where("age < ?", 40).Find(ctx)`, func() error { _, err := gorm.G[User](db).Where("age < ?", 40).Find(ctx); return err }},
		}},
		{"Change", []step{
			{"a column", `db.Model(&robert).Update("age", 42)`, func() error { return db.Model(&robert).Update("age", 42).Error }},
			{"everybody", `global.Model(&User{}).Update("age", gorm.Expr("age + ?", 1))`, func() error { return global.Model(&User{}).Update("age", gorm.Expr("age + ?", 1)).Error }},
			{"save", `db.Save(&robert)`, func() error { return db.Save(&robert).Error }},
			{"append", `db.Model(&ann).Association("Tags").Append(&Tag{Name: "new"})`, func() error { return db.Model(&ann).Association("Tags").Append(&Tag{Name: "new"}) }},
			{"read them", `db.Model(&ann).Association("Orders").Find(&found)`, func() error { return db.Model(&ann).Association("Orders").Find(&found) }},
			{"a transaction", `db.Transaction(move)`, func() error { return db.Transaction(move) }},
			{"soft delete", `db.Delete(&ann.Orders[1])`, func() error { return db.Delete(&ann.Orders[1]).Error }},
			{"unscoped", `db.Unscoped().Find(&found)`, func() error { return db.Unscoped().Find(&found).Error }},
			{"delete", `db.Delete(&User{}, "name = ?", "Dee")`, func() error { return db.Delete(&User{}, "name = ?", "Dee").Error }},
		}},
	}
}

// refusals is what the context's tenant cannot do, told with a company of another's.
func refusals(ctx context.Context, root *gorm.DB, theirs Company) []step {
	db := root.WithContext(ctx)
	var mine Company
	var users []User
	var rows []map[string]any
	steps := []step{
		{"no tenant", `root.Find(&users)`, func() error { return root.Find(&users).Error }},
		{"their row", `db.First(&mine, theirs.ID)`, func() error { return db.First(&mine, theirs.ID).Error }},
		{"their value", `db.Delete(&theirs)`, func() error { return db.Delete(&theirs).Error }},
		{"their company", `db.Create(&User{Name: "Eve", CompanyID: &theirs.ID})`, func() error { return db.Create(&User{Name: "Eve", CompanyID: &theirs.ID}).Error }},
		{"another tenant", `db.WithContext(tenancy.With(ctx, "globex")).Find(&users)`, func() error { return db.WithContext(tenancy.With(ctx, "globex")).Find(&users).Error }},
		{"change of tenant", `db.Model(&User{}).Where("age > 1").Update("tenant_id", "globex")`, func() error { return db.Model(&User{}).Where("age > 1").Update("tenant_id", "globex").Error }},
		{"raw SQL", `db.Raw("SELECT * FROM users").Scan(&users)`, func() error { return db.Raw("SELECT * FROM users").Scan(&users).Error }},
		{"a query in text", `db.Find(&users, "id IN (SELECT user_id FROM orders)")`, func() error { return db.Find(&users, "id IN (SELECT user_id FROM orders)").Error }},
		{"text that gets out", `db.Find(&users, "age > 1) OR (1 = 1")`, func() error { return db.Find(&users, "age > 1) OR (1 = 1").Error }},
		{"a shared table", `db.Create(&Country{Code: "XX"})`, func() error { return db.Create(&Country{Code: "XX"}).Error }},
		{"an unknown table", `db.Table("secrets").Find(&rows)`, func() error { return db.Table("secrets").Find(&rows).Error }},
	}
	if db.Name() == "sqlite" { // whose integer keys are the same for all tenants; elsewhere each has its own 2
		steps = append(steps, step{"their key", `db.Save(&Company{ID: theirs.ID, Name: "Mine"})`, func() error { return db.Save(&Company{ID: theirs.ID, Name: "Mine"}).Error }})
	}
	return steps
}
