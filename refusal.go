package tenancy

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"

	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy/internal/gormfacts"
)

// refuse fails a statement so that nothing of it is sent and the error cannot be
// overlooked: a subquery without a scope renders as text that the database
// refuses, and Row returns a row that holds the error.
func refuse(db *gorm.DB, op string, parent *parentScope, err error) {
	var scoped *ScopeError
	if errors.As(err, &scoped) && scoped == err { //nolint:errorlint // a context's error is that of all its statements
		own := *scoped
		own.reported = parent != nil && parent.preview != nil
		err = &own
	}
	err = db.AddError(err)
	stmt := db.Statement
	switch {
	case parent != nil:
		parent.err = err
	case gormfacts.IsSubquery(db):
		stmt.SQL.Reset()
		stmt.SQL.WriteString(refusedText)
		stmt.Vars = nil
	case op == opRow && !db.DryRun:
		if rows, ok := db.Get("rows"); !ok || rows != true {
			stmt.Dest = refusedRow(err)
		}
	}
}

// refusedText stands where a refused subquery would: no database takes it.
const refusedText = "; refused by tenancy"

// refuseLate makes sure that an error that occurred while the statement was built
// is not overlooked. One that is observed fails as it would without the plugin,
// unless it was refused.
func (ex *execution) refuseLate(db *gorm.DB) {
	if db.Error == nil || ex.observed != nil && !isRefusal(db.Error) {
		return
	}
	_, isRow := db.Statement.Dest.(*sql.Row)
	if ex.op == opRow && !isRow || ex.parent == nil && gormfacts.IsSubquery(db) {
		refuse(db, ex.op, ex.parent, nil)
	}
}

// refusedRow returns a row whose Scan gives an error, because gorm.DB.Row
// returns nil after one and its callers dereference that. Only database/sql can
// make a row, and does so of a connection that is not to be had.
func refusedRow(err error) *sql.Row {
	pool := sql.OpenDB(refusingConnector{err})
	defer pool.Close()
	return pool.QueryRowContext(context.Background(), "")
}

// refusingConnector connects to nothing.
type refusingConnector struct{ err error }

// Connect implements driver.Connector.
func (c refusingConnector) Connect(context.Context) (driver.Conn, error) { return nil, c.err }

// Driver implements driver.Connector.
func (c refusingConnector) Driver() driver.Driver { return refusingDriver{} }

type refusingDriver struct{}

// Open implements driver.Driver.
func (refusingDriver) Open(string) (driver.Conn, error) {
	return nil, errors.New("tenancy: a refused statement has no connection")
}

func isRefusal(err error) bool {
	var refused *ScopeError
	return errors.As(err, &refused)
}
