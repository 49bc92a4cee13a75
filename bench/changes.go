package main

import (
	"github.com/google/uuid"
	"gorm.io/gorm"
)

// changes are the statements that update and delete.
func changes() []statement {
	return []statement{
		{
			name: "Update one column",
			hand: func(db *gorm.DB, t uuid.UUID, _ int) (int64, error) {
				user := seventh(t)
				return rows(db.Model(&user).Where("users.tenant_id = ?", t).Update("name", "user 6"))
			},
			plugin: func(db *gorm.DB, t uuid.UUID, _ int) (int64, error) {
				user := seventh(t)
				return rows(db.Model(&user).Update("name", "user 6"))
			},
		},
		{
			name: "Update with a condition",
			hand: func(db *gorm.DB, t uuid.UUID, _ int) (int64, error) {
				return rows(db.Model(&User{}).Where("users.tenant_id = ? AND age > ?", t, 34).Update("name", "older"))
			},
			plugin: func(db *gorm.DB, _ uuid.UUID, _ int) (int64, error) {
				return rows(db.Model(&User{}).Where("age > ?", 34).Update("name", "older"))
			},
		},
		{
			name: "Updates from a struct",
			hand: func(db *gorm.DB, t uuid.UUID, _ int) (int64, error) {
				user := seventh(t)
				return rows(db.Model(&user).Where("users.tenant_id = ?", t).Updates(User{Name: "user 6", Age: 26}))
			},
			plugin: func(db *gorm.DB, t uuid.UUID, _ int) (int64, error) {
				user := seventh(t)
				return rows(db.Model(&user).Updates(User{Name: "user 6", Age: 26}))
			},
		},
		{
			name: "Updates from a map",
			hand: func(db *gorm.DB, t uuid.UUID, _ int) (int64, error) {
				user := seventh(t)
				return rows(db.Model(&user).Where("users.tenant_id = ?", t).Updates(map[string]any{"name": "user 6", "age": 26}))
			},
			plugin: func(db *gorm.DB, t uuid.UUID, _ int) (int64, error) {
				user := seventh(t)
				return rows(db.Model(&user).Updates(map[string]any{"name": "user 6", "age": 26}))
			},
		},
		{
			name: "Save",
			hand: func(db *gorm.DB, t uuid.UUID, _ int) (int64, error) {
				user := seventh(t)
				return rows(db.Where("users.tenant_id = ?", t).Save(&user))
			},
			plugin: func(db *gorm.DB, t uuid.UUID, _ int) (int64, error) {
				user := seventh(t)
				return rows(db.Save(&user))
			},
		},
		{
			name: "Delete softly", prepare: someNotes,
			hand: func(db *gorm.DB, t uuid.UUID, i int) (int64, error) {
				return rows(db.Where("notes.tenant_id = ?", t).Delete(&Note{}, i))
			},
			plugin: func(db *gorm.DB, _ uuid.UUID, i int) (int64, error) {
				return rows(db.Delete(&Note{}, i))
			},
		},
		{
			name: "Delete", prepare: someEvents,
			hand: func(db *gorm.DB, t uuid.UUID, i int) (int64, error) {
				return rows(db.Where("events.tenant_id = ?", t).Delete(&Event{}, i))
			},
			plugin: func(db *gorm.DB, _ uuid.UUID, i int) (int64, error) {
				return rows(db.Delete(&Event{}, i))
			},
		},
		{
			name: "Delete with a condition", prepare: someEvents,
			hand: func(db *gorm.DB, t uuid.UUID, i int) (int64, error) {
				return rows(db.Where("events.tenant_id = ? AND id = ? AND kind = ?", t, i, "login").Delete(&Event{}))
			},
			plugin: func(db *gorm.DB, _ uuid.UUID, i int) (int64, error) {
				return rows(db.Where("id = ? AND kind = ?", i, "login").Delete(&Event{}))
			},
		},
	}
}

func someNotes(f *fixture, n int) error { return f.refill("notes", "text", "'text'", n) }

func someEvents(f *fixture, n int) error {
	return f.refill("events", "kind, payload", "'login', '{}'", n)
}
