package main

import (
	"github.com/google/uuid"
	"gorm.io/gorm"
)

// reads are the statements that read one table.
func reads() []statement {
	return []statement{
		{
			name: "First by id",
			hand: func(db *gorm.DB, t uuid.UUID, _ int) (int64, error) {
				var user User
				return rows(db.Where("users.tenant_id = ?", t).First(&user, 7))
			},
			plugin: func(db *gorm.DB, _ uuid.UUID, _ int) (int64, error) {
				var user User
				return rows(db.First(&user, 7))
			},
		},
		{
			name: "First by condition",
			hand: func(db *gorm.DB, t uuid.UUID, _ int) (int64, error) {
				var user User
				return rows(db.First(&user, "users.tenant_id = ? AND email = ?", t, "user7@example.com"))
			},
			plugin: func(db *gorm.DB, _ uuid.UUID, _ int) (int64, error) {
				var user User
				return rows(db.First(&user, "email = ?", "user7@example.com"))
			},
		},
		{
			name: "Find with a condition",
			hand: func(db *gorm.DB, t uuid.UUID, _ int) (int64, error) {
				var users []User
				return rows(db.Where("users.tenant_id = ? AND age > ?", t, 34).Find(&users))
			},
			plugin: func(db *gorm.DB, _ uuid.UUID, _ int) (int64, error) {
				var users []User
				return rows(db.Where("age > ?", 34).Find(&users))
			},
		},
		{
			name: "Find with OR, order, limit",
			hand: func(db *gorm.DB, t uuid.UUID, _ int) (int64, error) {
				var users []User
				return rows(db.Where("users.tenant_id = ? AND (age > ? OR name = ?)", t, 34, "user 3").
					Order("name DESC").Limit(5).Find(&users))
			},
			plugin: func(db *gorm.DB, _ uuid.UUID, _ int) (int64, error) {
				var users []User
				return rows(db.Where("age > ? OR name = ?", 34, "user 3").Order("name DESC").Limit(5).Find(&users))
			},
		},
		{
			name: "Find all 20 rows",
			hand: func(db *gorm.DB, t uuid.UUID, _ int) (int64, error) {
				var users []User
				return rows(db.Where("users.tenant_id = ?", t).Find(&users))
			},
			plugin: func(db *gorm.DB, _ uuid.UUID, _ int) (int64, error) {
				var users []User
				return rows(db.Find(&users))
			},
		},
		{
			name: "Count",
			hand: func(db *gorm.DB, t uuid.UUID, _ int) (n int64, _ error) {
				err := db.Model(&User{}).Where("users.tenant_id = ?", t).Count(&n).Error
				return n, err
			},
			plugin: func(db *gorm.DB, _ uuid.UUID, _ int) (n int64, _ error) {
				err := db.Model(&User{}).Count(&n).Error
				return n, err
			},
		},
		{
			name: "Pluck",
			hand: func(db *gorm.DB, t uuid.UUID, _ int) (int64, error) {
				var names []string
				return rows(db.Model(&User{}).Where("users.tenant_id = ?", t).Pluck("name", &names))
			},
			plugin: func(db *gorm.DB, _ uuid.UUID, _ int) (int64, error) {
				var names []string
				return rows(db.Model(&User{}).Pluck("name", &names))
			},
		},
		{
			name: "Group into a struct",
			hand: func(db *gorm.DB, t uuid.UUID, _ int) (int64, error) {
				var totals []total
				return rows(db.Model(&Order{}).Select("user_id, sum(amount) AS amount").
					Where("orders.tenant_id = ?", t).Group("user_id").Scan(&totals))
			},
			plugin: func(db *gorm.DB, _ uuid.UUID, _ int) (int64, error) {
				var totals []total
				return rows(db.Model(&Order{}).Select("user_id, sum(amount) AS amount").Group("user_id").Scan(&totals))
			},
		},
		{
			name: "Subquery in WHERE",
			hand: func(db *gorm.DB, t uuid.UUID, _ int) (int64, error) {
				var users []User
				return rows(db.Where("users.tenant_id = ? AND id IN (?)", t,
					db.Model(&Order{}).Select("user_id").Where("orders.tenant_id = ? AND amount > ?", t, 2)).Find(&users))
			},
			plugin: func(db *gorm.DB, _ uuid.UUID, _ int) (int64, error) {
				var users []User
				return rows(db.Where("id IN (?)",
					db.Model(&Order{}).Select("user_id").Where("amount > ?", 2)).Find(&users))
			},
		},
		{
			name: "Generics First",
			hand: func(db *gorm.DB, t uuid.UUID, _ int) (int64, error) {
				_, err := gorm.G[User](db).Where("users.tenant_id = ? AND id = ?", t, 7).First(db.Statement.Context)
				return 1, err
			},
			plugin: func(db *gorm.DB, _ uuid.UUID, _ int) (int64, error) {
				_, err := gorm.G[User](db).Where("id = ?", 7).First(db.Statement.Context)
				return 1, err
			},
		},
		{
			name:   "Transaction: First, Update",
			hand:   readAndWriteByHand,
			plugin: readAndWrite,
		},
	}
}

type total struct {
	UserID uint
	Amount int
}

func readAndWriteByHand(db *gorm.DB, t uuid.UUID, _ int) (n int64, err error) {
	err = db.Transaction(func(tx *gorm.DB) error {
		var user User
		if err := tx.Where("users.tenant_id = ?", t).First(&user, 7).Error; err != nil {
			return err
		}
		n, err = rows(tx.Model(&user).Where("users.tenant_id = ?", t).Update("age", user.Age))
		return err
	})
	return n, err
}

func readAndWrite(db *gorm.DB, _ uuid.UUID, _ int) (n int64, err error) {
	err = db.Transaction(func(tx *gorm.DB) error {
		var user User
		if err := tx.First(&user, 7).Error; err != nil {
			return err
		}
		n, err = rows(tx.Model(&user).Update("age", user.Age))
		return err
	})
	return n, err
}
