package tenancy

import (
	"context"
	"errors"
	"reflect"

	"gorm.io/gorm"
)

// SchemaOnly returns a plugin for tools, such as Atlas's provider, that open their own
// handles to ask GORM for the DDL of models, and send nothing:
//
//	gormschema.WithConfig(&gorm.Config{Plugins: map[string]gorm.Plugin{
//		"tenancy": tenancy.SchemaOnly(config),
//	}})
//
// The DDL has the keys that [AutoMigrate] makes. The tool's own migrator stays in use.
// Unlike the plugin of [New], several handles may share it. It scopes no statement: if
// a handle's database answers, Use fails, and the handle refuses all statements from
// then on. Errors of the configuration come from Use. [DDL] needs no such tool.
func SchemaOnly(config Config) gorm.Plugin { return schemaOnly{config} }

type schemaOnly struct{ config Config }

// Name implements gorm.Plugin.
func (schemaOnly) Name() string { return "tenancy" }

// Initialize implements gorm.Plugin.
func (s schemaOnly) Initialize(db *gorm.DB) error {
	plugin := New(s.config)
	err := unanswered(db)
	if err == nil {
		err = plugin.readModels(db)
	}
	if err != nil {
		shut(db, err)
		return err
	}
	db.Config.Dialector = beneath(db.Config.Dialector, plugin)
	return nil
}

// unanswered returns an error where a handle's database answers.
func unanswered(db *gorm.DB) error {
	rows, err := db.ConnPool.QueryContext(context.Background(), "SELECT 1")
	if err != nil {
		return err
	}
	defer rows.Close()
	if rows.Next() {
		return errors.New("tenancy: SchemaOnly scopes no statement, and this handle has a database that answers: use New")
	}
	return rows.Err()
}

// beneath puts the plugin's dialector around the driver's, beneath those that embed
// it: their migrator stays the handle's, and builds on the plugin's.
func beneath(d gorm.Dialector, plugin *Plugin) gorm.Dialector {
	if _, done := d.(dialector); done {
		return d
	}
	outer := reflect.ValueOf(d)
	isPointer := outer.Kind() == reflect.Pointer
	outer = reflect.Indirect(outer)
	if outer.Kind() == reflect.Struct {
		copied := reflect.New(outer.Type())
		copied.Elem().Set(outer)
		if embedded, ok := copied.Elem().Type().FieldByName("Dialector"); ok && embedded.Anonymous && len(embedded.Index) == 1 {
			field := copied.Elem().FieldByIndex(embedded.Index)
			if inner, ok := field.Interface().(gorm.Dialector); ok && field.Kind() == reflect.Interface {
				field.Set(reflect.ValueOf(beneath(inner, plugin)))
				if isPointer {
					return copied.Interface().(gorm.Dialector)
				}
				return copied.Elem().Interface().(gorm.Dialector)
			}
		}
	}
	return dialector{Dialector: d, plugin: plugin}
}
