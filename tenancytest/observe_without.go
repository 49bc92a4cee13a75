package tenancytest

import (
	"context"
	"errors"
	"fmt"

	"gorm.io/gorm"
)

// withoutForeign removes the other tenant's rows from one table and lets what refers to
// them be. It returns what fills the tables again.
func (f *Fixture) withoutForeign(m *model) (restore func() error, err error) {
	references := []foreignKey{}
	remove := func(pool gorm.ConnPool) error {
		_, err := pool.ExecContext(context.Background(),
			"DELETE FROM "+f.quote(m.table)+" WHERE "+f.quote(m.tenant.DBName)+" = "+f.placeholder(), f.tenants[1])
		return err
	}
	switch f.owner.Name() {
	case "postgres":
		err = f.transaction(f.owner, func(pool gorm.ConnPool) error {
			if references, err = f.suspend(pool, m); err != nil {
				return err
			}
			if err := remove(pool); err != nil {
				return err
			}
			for _, r := range references {
				if _, err := pool.ExecContext(context.Background(), r.add); err != nil {
					return err
				}
			}
			return nil
		})
	default:
		err = f.unchecked(remove)
	}
	return func() error {
		refill := []func() error{
			func() error { return f.empty(f.owner) },
			func() error { return f.fillTenant(1) },
			func() error { return f.fillTenant(0) },
		}
		for _, step := range refill {
			if err := step(); err != nil {
				return fmt.Errorf("fill the tables again: %w", err)
			}
		}
		for _, r := range references {
			if _, err := f.owner.Statement.ConnPool.ExecContext(context.Background(), r.validate); err != nil {
				return err
			}
		}
		return nil
	}, err
}

func (f *Fixture) placeholder() string {
	stmt := &gorm.Statement{DB: f.owner, Vars: []any{nil}}
	f.owner.Dialector.BindVarTo(stmt, stmt, nil)
	return stmt.SQL.String()
}

// foreignKey is a foreign key to a table, as statements.
type foreignKey struct{ drop, add, validate string }

// suspend drops the foreign keys to a table. They are to be added again without a look
// at the rows that there are.
func (f *Fixture) suspend(pool gorm.ConnPool, m *model) (list []foreignKey, err error) {
	const query = `SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname),
		format('ALTER TABLE %s ADD CONSTRAINT %I %s NOT VALID', conrelid::regclass, conname, pg_get_constraintdef(oid)),
		format('ALTER TABLE %s VALIDATE CONSTRAINT %I', conrelid::regclass, conname)
		FROM pg_constraint WHERE contype = 'f' AND confrelid = $1::regclass AND convalidated`
	rows, err := pool.QueryContext(context.Background(), query, f.quote(m.table))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var r foreignKey
		if err := rows.Scan(&r.drop, &r.add, &r.validate); err != nil {
			return nil, err
		}
		list = append(list, r)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return nil, err
	}
	for _, r := range list {
		if _, err := pool.ExecContext(context.Background(), r.drop); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// unchecked runs statements on a connection of SQLite that checks no references.
func (f *Fixture) unchecked(work func(gorm.ConnPool) error) error {
	ctx := context.Background()
	db, err := f.owner.DB()
	if err != nil {
		return err
	}
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	var was int
	if err := conn.QueryRowContext(ctx, "PRAGMA foreign_keys").Scan(&was); err != nil {
		return err
	}
	if _, err := conn.ExecContext(ctx, "PRAGMA foreign_keys = 0"); err != nil {
		return err
	}
	err = work(conn)
	_, back := conn.ExecContext(ctx, fmt.Sprintf("PRAGMA foreign_keys = %d", was))
	return errors.Join(err, back)
}
