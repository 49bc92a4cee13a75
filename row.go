package tenancy

import (
	"context"
	"database/sql"

	"gorm.io/gorm"
)

// refusedRow returns a row whose Scan gives an error, because gorm.DB.Row
// returns nil after one and its callers dereference that. database/sql takes the
// error from a context that is done, before it asks for a connection.
func refusedRow(stmt *gorm.Statement, err error) *sql.Row {
	pool := stmt.ConnPool
	for {
		switch p := pool.(type) {
		case *gorm.PreparedStmtDB:
			pool = p.ConnPool
			continue
		case *gorm.PreparedStmtTX:
			pool = p.Tx
			continue
		}
		break
	}
	return pool.QueryRowContext(refusedContext{stmt.Context, err}, "")
}

// refusedContext is a context that is done for a reason of its own.
type refusedContext struct {
	context.Context
	err error
}

var closed = func() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

// Done implements context.Context.
func (refusedContext) Done() <-chan struct{} { return closed }

// Err implements context.Context.
func (c refusedContext) Err() error { return c.err }
