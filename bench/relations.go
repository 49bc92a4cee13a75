package main

import (
	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy"
)

// relations are the statements that read several tables.
func relations() []statement {
	return []statement{
		{
			name: "Joins of a relation",
			hand: func(db *gorm.DB, t uuid.UUID, _ int) (int64, error) {
				var users []User
				return rows(db.Joins("Company", db.Where(`"Company"."tenant_id" = "users"."tenant_id"`)).
					Where("users.tenant_id = ?", t).Find(&users))
			},
			plugin: func(db *gorm.DB, _ uuid.UUID, _ int) (int64, error) {
				var users []User
				return rows(db.Joins("Company").Find(&users))
			},
		},
		{
			name: "Joins of text",
			hand: func(db *gorm.DB, t uuid.UUID, _ int) (int64, error) {
				var users []User
				return rows(db.Joins("JOIN orders o ON o.user_id = users.id AND o.tenant_id = users.tenant_id").
					Where("users.tenant_id = ? AND o.amount > ?", t, 2).Find(&users))
			},
			plugin: func(db *gorm.DB, _ uuid.UUID, _ int) (int64, error) {
				var users []User
				return rows(db.Joins("JOIN orders o ON o.user_id = users.id").Where("o.amount > ?", 2).Find(&users))
			},
		},
		{
			name: "Preload has many",
			hand: func(db *gorm.DB, t uuid.UUID, _ int) (int64, error) {
				var users []User
				return rows(db.Preload("Orders", "orders.tenant_id = ?", t).Where("users.tenant_id = ?", t).Find(&users))
			},
			plugin: func(db *gorm.DB, _ uuid.UUID, _ int) (int64, error) {
				var users []User
				return rows(db.Preload("Orders").Find(&users))
			},
		},
		{
			name: "Preload belongs to",
			hand: func(db *gorm.DB, t uuid.UUID, _ int) (int64, error) {
				var users []User
				return rows(db.Preload("Company", "companies.tenant_id = ?", t).Where("users.tenant_id = ?", t).Find(&users))
			},
			plugin: func(db *gorm.DB, _ uuid.UUID, _ int) (int64, error) {
				var users []User
				return rows(db.Preload("Company").Find(&users))
			},
		},
		{
			name: "Association Find has many",
			hand: func(db *gorm.DB, t uuid.UUID, _ int) (int64, error) {
				var orders []Order
				user := seventh(t)
				err := db.Model(&user).Where("orders.tenant_id = ?", t).Association("Orders").Find(&orders)
				return int64(len(orders)), err
			},
			plugin: func(db *gorm.DB, t uuid.UUID, _ int) (int64, error) {
				var orders []Order
				user := seventh(t)
				err := db.Model(&user).Association("Orders").Find(&orders)
				return int64(len(orders)), err
			},
		},
		{
			name: "Association Find many to many",
			hand: func(db *gorm.DB, t uuid.UUID, _ int) (int64, error) {
				var tags []Tag
				user := seventh(t)
				err := db.Model(&user).Where("tags.tenant_id = ? AND user_tags.tenant_id = ?", t, t).
					Association("Tags").Find(&tags)
				return int64(len(tags)), err
			},
			plugin: func(db *gorm.DB, t uuid.UUID, _ int) (int64, error) {
				var tags []Tag
				user := seventh(t)
				err := db.Model(&user).Association("Tags").Find(&tags)
				return int64(len(tags)), err
			},
		},
	}
}

// seventh is a user as a statement before would have read it.
func seventh(t uuid.UUID) User {
	company := uint(3)
	return User{
		TenantModel: tenancy.TenantModel{TenantID: t}, ID: 7,
		Name: "user 6", Email: "user6@example.com", Age: 26, CompanyID: &company,
	}
}
