package rls

import (
	"context"
	"database/sql"

	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy"
)

// Transaction runs fn in a transaction under the scope of the context, and commits if
// it returns nil. Use it for one transaction a request. On a pool of [Open] it is
// [gorm.DB.Transaction], whose statements each bring their own scope.
//
// On any other pool of PostgreSQL it sets one tenant for the whole transaction, in a
// round trip of its own. fn must then not leave that scope ([tenancy.Switch]), because
// its statements under another one see no rows. There it uses [DefaultSetting]; sets
// and bypasses are refused with [ErrSpan], and a missing scope with
// tenancy.ErrNoTenant. Inside a running transaction it is a savepoint, and the tenant
// that was set before is restored after fn.
func Transaction(ctx context.Context, db *gorm.DB, fn func(tx *gorm.DB) error, o ...*sql.TxOptions) error {
	scope, ok := tenancy.From(ctx)
	if !ok {
		return (tenancy.Scope{}).Err()
	}
	if err := scope.Err(); err != nil {
		return err
	}
	db = db.WithContext(ctx)
	if carries(db) {
		return db.Transaction(fn, o...)
	}
	tenant, single := scope.Tenant()
	if !single {
		return ErrSpan
	}
	_, nested := db.Statement.ConnPool.(gorm.TxCommitter)
	return db.Transaction(func(tx *gorm.DB) error {
		before, err := setTenant(ctx, tx.Statement.ConnPool, tenant, nested)
		if err == nil {
			err = fn(tx)
		}
		if err == nil && nested {
			_, err = setTenant(ctx, tx.Statement.ConnPool, before, false)
		}
		return err
	}, o...)
}

// setTenant sets the tenant for a transaction, and reads which it was.
func setTenant(ctx context.Context, pool gorm.ConnPool, tenant string, reads bool) (before string, err error) {
	if reads {
		const current = "SELECT coalesce(pg_catalog.current_setting($1, true), '')"
		if err := pool.QueryRowContext(ctx, current, DefaultSetting).Scan(&before); err != nil {
			return "", err
		}
	}
	_, err = pool.ExecContext(ctx, "SELECT pg_catalog.set_config($1, $2, true)", DefaultSetting, tenant)
	return before, err
}

// carries says whether the handle's pool is one of Open.
func carries(db *gorm.DB) bool {
	pool, err := db.DB()
	if err != nil {
		return false
	}
	_, ok := pool.Driver().(carrierDriver)
	return ok
}
