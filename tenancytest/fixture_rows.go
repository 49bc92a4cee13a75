package tenancytest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"

	"gorm.io/gorm"
	"gorm.io/gorm/logger"
	"gorm.io/gorm/schema"
)

func (f *Fixture) checkEmpty() error {
	for _, m := range f.models {
		var n int
		row := f.owner.Statement.ConnPool.QueryRowContext(context.Background(),
			"SELECT COUNT(*) FROM "+f.quote(m.table))
		if err := row.Scan(&n); err != nil {
			return fmt.Errorf("%s: %w", m.table, err)
		}
		if n > 0 {
			return fmt.Errorf("table %s is not empty: the suite needs a database of its own", m.table)
		}
	}
	return nil
}

// fill writes both tenants' rows into the shared database, and the first one's
// into the oracle. Where keys do not contain the tenant, the second tenant's
// rows get others.
func (f *Fixture) fill() error {
	for _, m := range f.models {
		for _, owner := range m.owners(0) {
			if err := f.insertRows(f.owner, m, owner); err != nil {
				return fmt.Errorf("%s: %w", m.table, err)
			}
		}
	}
	for _, m := range f.models {
		if m.tenant == nil || f.suite.oneTenant {
			continue
		}
		if err := f.fillForeign(m); err != nil {
			return fmt.Errorf("%s: %w", m.table, err)
		}
	}
	// Once it is known which keys fit, the other tenant's rows go first: what
	// takes the first row that comes along then takes one of theirs.
	if err := f.empty(f.owner); err != nil {
		return err
	}
	f.crosses = !f.suite.oneTenant
	for _, tenant := range []int{1, 0} {
		if err := f.fillTenant(tenant); err != nil {
			return err
		}
	}
	return f.fillLone(0)
}

// fillTenant writes a tenant's rows into the shared database.
func (f *Fixture) fillTenant(tenant int) error {
	if tenant == 1 && f.suite.oneTenant {
		return nil
	}
	for _, m := range f.models {
		if m.tenant == nil && (tenant == 1) == m.refersToOwned() && !f.suite.oneTenant {
			continue // written once
		}
		for _, owner := range m.owners(tenant) {
			if owner == everybody && tenant == 0 && !f.suite.oneTenant {
				continue // written once
			}
			if err := f.insertRows(f.owner, m, owner); err != nil {
				return fmt.Errorf("%s: %w", m.table, err)
			}
		}
	}
	return f.joinForward(f.owner, tenant)
}

func (f *Fixture) fillForeign(m *model) (err error) {
	for _, try := range [][2]bool{{false, false}, {false, true}, {true, false}, {true, true}} {
		m.disjointKeys, m.disjointValues = try[0], try[1]
		if err = f.insertRows(f.owner, m, 1); err == nil {
			return nil
		}
	}
	return err
}

// fillLone makes the oracle hold this tenant alone.
func (f *Fixture) fillLone(tenant int) error {
	if err := errors.Join(f.unguardLone(), f.empty(f.lone)); err != nil {
		return err
	}
	f.loneTenant = tenant
	for _, m := range f.models {
		for _, owner := range m.loneOwners(tenant) {
			if err := f.insertRows(f.lone, m, owner); err != nil {
				return fmt.Errorf("%s, in the oracle: %w", m.table, err)
			}
		}
	}
	if err := f.joinForward(f.lone, tenant); err != nil {
		return err
	}
	return f.guardLone()
}

// insertRows writes a tenant's rows of a table, all or none.
func (f *Fixture) insertRows(db *gorm.DB, m *model, tenant int) error {
	return f.transaction(db, func(pool gorm.ConnPool) error {
		for row := range m.size(tenant) {
			if db == f.lone && !m.isInOracle(row) {
				continue
			}
			if err := m.insert(db, pool, m.build(tenant, row)); err != nil {
				return err
			}
		}
		return nil
	})
}

// size is how many rows of the table a tenant has.
func (m *model) size(tenant int) int {
	switch {
	case m.single():
		return 1
	case m.isLinked():
		return linkedCount
	case tenant == everybody:
		return everybodyCount
	}
	return rowCounts[tenant]
}

func (m *model) insert(db *gorm.DB, pool gorm.ConnPool, value reflect.Value) error {
	stmt := &gorm.Statement{DB: db}
	var columns []string
	var values []any
	for _, field := range m.storedIn(db) {
		v, isZero := field.ValueOf(context.Background(), value)
		if isZero && field.HasDefaultValue || m.isForward(field) {
			continue
		}
		columns, values = append(columns, field.DBName), append(values, v)
	}
	stmt.WriteString("INSERT INTO ")
	stmt.WriteQuoted(m.table)
	for i, column := range columns {
		stmt.WriteString([]string{" (", ", "}[min(i, 1)])
		stmt.WriteQuoted(column)
	}
	stmt.WriteString(") VALUES (")
	stmt.AddVar(stmt, values...)
	stmt.WriteString(")")
	_, err := pool.ExecContext(context.Background(), stmt.SQL.String(), stmt.Vars...)
	return err
}

// isForward reports whether a field refers to a table that is filled later, as
// is so where two tables refer to each other.
func (m *model) isForward(field *schema.Field) bool {
	for _, l := range m.links {
		if !l.nullable || !l.has(field) {
			continue
		}
		for _, t := range l.targets {
			if t.parent.number > m.number {
				return true
			}
		}
	}
	return false
}

// joinForward sets the references that insert left out.
func (f *Fixture) joinForward(db *gorm.DB, tenant int) error {
	for _, m := range f.models {
		for _, owner := range m.owners(tenant) {
			for row := range m.size(owner) {
				if err := m.updateForward(db, m.build(owner, row)); err != nil {
					return fmt.Errorf("%s: %w", m.table, err)
				}
			}
		}
	}
	return nil
}

func (m *model) updateForward(db *gorm.DB, value reflect.Value) error {
	stmt := &gorm.Statement{DB: db}
	stmt.WriteString("UPDATE ")
	stmt.WriteQuoted(m.table)
	word := " SET "
	for _, field := range m.stored() {
		if !m.isForward(field) {
			continue
		}
		v, _ := field.ValueOf(context.Background(), value)
		stmt.WriteString(word)
		stmt.WriteQuoted(field.DBName)
		stmt.WriteString(" = ")
		stmt.AddVar(stmt, v)
		word = ", "
	}
	if word == " SET " {
		return nil
	}
	word = " WHERE "
	fields := slices.Clone(m.schema.PrimaryFields)
	if m.tenant != nil && !slices.Contains(fields, m.tenant) {
		fields = append(fields, m.tenant)
	}
	for _, field := range fields {
		if !slices.Contains(m.storedIn(db), field) {
			continue
		}
		v, _ := field.ValueOf(context.Background(), value)
		stmt.WriteString(word)
		stmt.WriteQuoted(field.DBName)
		stmt.WriteString(" = ")
		stmt.AddVar(stmt, v)
		word = " AND "
	}
	_, err := db.Statement.ConnPool.ExecContext(context.Background(), stmt.SQL.String(), stmt.Vars...)
	return err
}

// empty removes all rows of the suite's tables.
func (f *Fixture) empty(db *gorm.DB) error {
	return f.transaction(db, func(pool gorm.ConnPool) error {
		for _, m := range slices.Backward(f.models) {
			if err := m.cutForward(pool); err != nil {
				return err
			}
		}
		for _, m := range slices.Backward(f.models) {
			if _, err := pool.ExecContext(context.Background(), "DELETE FROM "+f.quote(m.table)); err != nil {
				return fmt.Errorf("%s: %w", m.table, err)
			}
		}
		return nil
	})
}

func (m *model) cutForward(pool gorm.ConnPool) error {
	for _, field := range m.stored() {
		if !m.isForward(field) {
			continue
		}
		_, err := pool.ExecContext(context.Background(),
			"UPDATE "+m.f.quote(m.table)+" SET "+m.f.quote(field.DBName)+" = NULL")
		if err != nil {
			return err
		}
	}
	return nil
}

// transaction runs statements past the plugin, all or none.
func (f *Fixture) transaction(db *gorm.DB, work func(gorm.ConnPool) error) error {
	tx := f.session(context.Background(), db, logger.Discard).Begin()
	if tx.Error != nil {
		return tx.Error
	}
	err := f.prepareTransaction(tx.Statement.ConnPool, db)
	if err == nil {
		err = work(tx.Statement.ConnPool)
	}
	if err != nil {
		tx.Rollback()
		return err
	}
	return tx.Commit().Error
}
