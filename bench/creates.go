package main

import (
	"strconv"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/gorm-tenancy/tenancy"
)

// batch is how many rows a create of several writes.
const batch = 100

// creates are the statements that insert rows, or may do so.
func creates() []statement {
	return []statement{
		{
			name: "Create", prepare: emptied("events"),
			hand: func(db *gorm.DB, t uuid.UUID, _ int) (int64, error) {
				return rows(db.Create(&Event{TenantModel: tenancy.TenantModel{TenantID: t}, Kind: "login", Payload: "{}"}))
			},
			plugin: func(db *gorm.DB, _ uuid.UUID, _ int) (int64, error) {
				return rows(db.Create(&Event{Kind: "login", Payload: "{}"}))
			},
		},
		{
			name: "Create with a UUIDv7", prepare: emptied("documents"),
			hand: func(db *gorm.DB, t uuid.UUID, _ int) (int64, error) {
				id, err := uuid.NewV7()
				if err != nil {
					return 0, err
				}
				return rows(db.Create(&Document{
					Model: tenancy.Model{TenantModel: tenancy.TenantModel{TenantID: t}, ID: id}, Title: "title",
				}))
			},
			plugin: func(db *gorm.DB, _ uuid.UUID, _ int) (int64, error) {
				return rows(db.Create(&Document{Title: "title"}))
			},
		},
		{
			name: "Create from a map", prepare: emptied("events"),
			hand: func(db *gorm.DB, t uuid.UUID, _ int) (int64, error) {
				return rows(db.Model(&Event{}).Create(map[string]any{"tenant_id": t, "kind": "login", "payload": "{}"}))
			},
			plugin: func(db *gorm.DB, _ uuid.UUID, _ int) (int64, error) {
				return rows(db.Model(&Event{}).Create(map[string]any{"kind": "login", "payload": "{}"}))
			},
		},
		{
			name: "Create 100 rows", prepare: emptied("events"),
			hand: func(db *gorm.DB, t uuid.UUID, _ int) (int64, error) {
				events := make([]Event, batch)
				for i := range events {
					events[i] = Event{TenantModel: tenancy.TenantModel{TenantID: t}, Kind: "login", Payload: "{}"}
				}
				return rows(db.Create(&events))
			},
			plugin: func(db *gorm.DB, _ uuid.UUID, _ int) (int64, error) {
				events := make([]Event, batch)
				for i := range events {
					events[i] = Event{Kind: "login", Payload: "{}"}
				}
				return rows(db.Create(&events))
			},
		},
		{
			name: "Create with an association", prepare: emptied("invoices", "lines"),
			hand: func(db *gorm.DB, t uuid.UUID, _ int) (int64, error) {
				owner := tenancy.TenantModel{TenantID: t}
				return rows(db.Create(&Invoice{
					TenantModel: owner, Number: "1",
					Lines: []Line{{TenantModel: owner, Amount: 1}, {TenantModel: owner, Amount: 2}},
				}))
			},
			plugin: func(db *gorm.DB, _ uuid.UUID, _ int) (int64, error) {
				return rows(db.Create(&Invoice{Number: "1", Lines: []Line{{Amount: 1}, {Amount: 2}}}))
			},
		},
		{
			// By hand it takes the condition, lest another tenant's row with this
			// id be replaced.
			name: "Upsert by id, UpdateAll", prepare: oneEvent,
			hand: func(db *gorm.DB, t uuid.UUID, _ int) (int64, error) {
				return rows(db.Clauses(clause.OnConflict{
					Columns:   []clause.Column{{Name: "id"}},
					UpdateAll: true,
					Where: clause.Where{Exprs: []clause.Expression{
						clause.Expr{SQL: "events.tenant_id = excluded.tenant_id"},
					}},
				}).Create(&Event{TenantModel: tenancy.TenantModel{TenantID: t}, ID: 1, Kind: "login", Payload: "{}"}))
			},
			plugin: func(db *gorm.DB, _ uuid.UUID, _ int) (int64, error) {
				return rows(db.Clauses(clause.OnConflict{UpdateAll: true}).
					Create(&Event{ID: 1, Kind: "login", Payload: "{}"}))
			},
		},
		{
			name: "Upsert by the tenant's key", prepare: oneSetting,
			hand: func(db *gorm.DB, t uuid.UUID, _ int) (int64, error) {
				return rows(db.Clauses(clause.OnConflict{
					Columns:   []clause.Column{{Name: "tenant_id"}, {Name: "key"}},
					DoUpdates: clause.AssignmentColumns([]string{"value"}),
				}).Create(&Setting{TenantID: t, Key: "key", Value: "new"}))
			},
			plugin: func(db *gorm.DB, _ uuid.UUID, _ int) (int64, error) {
				return rows(db.Clauses(clause.OnConflict{
					Columns:   []clause.Column{{Name: "key"}},
					DoUpdates: clause.AssignmentColumns([]string{"value"}),
				}).Create(&Setting{Key: "key", Value: "new"}))
			},
		},
		{
			name: "FirstOrCreate of a row that is there", prepare: oneSetting,
			hand: func(db *gorm.DB, t uuid.UUID, _ int) (int64, error) {
				var setting Setting
				err := db.Where(&Setting{TenantID: t, Key: "key"}).FirstOrCreate(&setting).Error
				return int64(setting.ID), err
			},
			plugin: func(db *gorm.DB, _ uuid.UUID, _ int) (int64, error) {
				var setting Setting
				err := db.Where(&Setting{Key: "key"}).FirstOrCreate(&setting).Error
				return int64(setting.ID), err
			},
		},
		{
			name: "FirstOrCreate of a new row", prepare: emptied("settings"),
			hand: func(db *gorm.DB, t uuid.UUID, i int) (int64, error) {
				var setting Setting
				return rows(db.Where(&Setting{TenantID: t, Key: strconv.Itoa(i)}).FirstOrCreate(&setting))
			},
			plugin: func(db *gorm.DB, _ uuid.UUID, i int) (int64, error) {
				var setting Setting
				return rows(db.Where(&Setting{Key: strconv.Itoa(i)}).FirstOrCreate(&setting))
			},
		},
	}
}

func oneEvent(f *fixture, _ int) error {
	return f.refill("events", "kind, payload", "'login', '{}'", 1)
}

func oneSetting(f *fixture, _ int) error {
	return f.refill("settings", "key, value", "'key', 'old'", 1)
}
