package tenancy

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
)

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
