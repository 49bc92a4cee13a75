package tenancy

import (
	"context"
	"database/sql"
	"errors"

	"gorm.io/gorm"
)

// Installed returns nil if a [Plugin] scopes the handle's statements. It returns an
// error if nobody called gorm.DB.Use, and the error of Use if that failed. Call it
// where a program takes a handle that it did not open. A nil handle is an error. It
// sends nothing, and is safe for concurrent use.
func Installed(db *gorm.DB) error {
	if db == nil || db.Config == nil {
		return errors.New("tenancy: the handle is nil")
	}
	if err := failureOf(db); err != nil {
		return err
	}
	if pluginOf(db) == nil || db.Callback().Query().Get(beginCallback) == nil {
		return errors.New("tenancy: the plugin is not in use, and no statement is scoped: " +
			"call db.Use(tenancy.New(tenancy.Config{…})), and stop when it returns an error")
	}
	return nil
}

// The names of the first callback: of a handle in use, and of one whose Use failed.
const (
	beginCallback  = "tenancy:begin"
	failedCallback = "tenancy:failed"
)

// failureOf returns the error that Use failed with on this handle, or on one that
// it shares its callbacks with.
func failureOf(db *gorm.DB) error {
	fail := db.Callback().Query().Get(failedCallback)
	if fail == nil {
		return nil
	}
	asked := &gorm.DB{Config: &gorm.Config{}, Statement: &gorm.Statement{}}
	fail(asked)
	return asked.Error
}

// shut makes a handle refuse every statement with the error that Use failed with: a
// program that goes on all the same would send each one unscoped. GORM hands the
// error of a handle on to what is derived from it; handles that were derived before
// share its callbacks; what goes around those meets the pool.
func shut(db *gorm.DB, cause error) {
	fail := func(op string) func(*gorm.DB) {
		return func(db *gorm.DB) {
			err := cause
			if errors.Is(db.Error, cause) {
				err = nil
			}
			refuse(db, op, nil, err)
		}
	}
	all := db.Callback()
	if err := errors.Join(
		all.Create().Before("*").Register(failedCallback, fail(opCreate)),
		all.Query().Before("*").Register(failedCallback, fail(opQuery)),
		all.Update().Before("*").Register(failedCallback, fail(opUpdate)),
		all.Delete().Before("*").Register(failedCallback, fail(opDelete)),
		all.Row().Before("*").Register(failedCallback, fail(opRow)),
		all.Raw().Before("*").Register(failedCallback, fail(opRaw)),
	); err != nil {
		cause = errors.Join(cause, err)
	}
	db.Error = cause
	pool := failedPool{cause: cause, db: db.ConnPool}
	db.ConnPool = pool
	if db.Statement != nil {
		db.Statement.ConnPool = pool
	}
}

// failedPool is the pool of a handle whose Use failed.
type failedPool struct {
	cause error
	db    gorm.ConnPool // to be closed
}

// PrepareContext implements gorm.ConnPool.
func (p failedPool) PrepareContext(context.Context, string) (*sql.Stmt, error) { return nil, p.cause }

// ExecContext implements gorm.ConnPool.
func (p failedPool) ExecContext(context.Context, string, ...any) (sql.Result, error) {
	return nil, p.cause
}

// QueryContext implements gorm.ConnPool.
func (p failedPool) QueryContext(context.Context, string, ...any) (*sql.Rows, error) {
	return nil, p.cause
}

// QueryRowContext implements gorm.ConnPool.
func (p failedPool) QueryRowContext(context.Context, string, ...any) *sql.Row {
	return refusedRow(p.cause)
}

// BeginTx implements gorm.ConnPoolBeginner.
func (p failedPool) BeginTx(context.Context, *sql.TxOptions) (gorm.ConnPool, error) {
	return nil, p.cause
}

// GetDBConn implements gorm.GetDBConnector, for gorm.DB.DB and so for Close.
func (p failedPool) GetDBConn() (*sql.DB, error) {
	return (&gorm.DB{Config: &gorm.Config{ConnPool: p.db}}).DB()
}
