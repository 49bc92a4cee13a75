package tenancy

import (
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/gorm-tenancy/tenancy/internal/gormfacts"
)

// skipSharedInsert leaves a shared parent as it is when a row that refers to it is
// saved: its statement is built and not sent. A parent without a key would have
// to be written.
func (ex *execution) skipSharedInsert(stmt *gorm.Statement, readOnly error) error {
	if _, nested := stmt.Settings.Load(gormfacts.SavedAssociations); !nested || !haveKeys(stmt.Context, stmt.Schema, stmt.ReflectValue) || reparents(stmt) {
		return readOnly
	}
	stmt.SkipHooks = true
	ex.skipped = true
	return nil
}

// reparents reports whether rows that are saved along with another are its children,
// which are given its key.
func reparents(stmt *gorm.Statement) bool {
	conflict, _ := stmt.Clauses["ON CONFLICT"].Expression.(clause.OnConflict)
	return len(conflict.DoUpdates) > 0
}

// skipSending keeps the INSERT of a shared parent from being sent. What is saved before
// and after it is not kept.
func (ex *execution) skipSending(db *gorm.DB) {
	ex.config = db.Config
	config := *db.Config
	config.DryRun = true
	db.Config = &config
}
