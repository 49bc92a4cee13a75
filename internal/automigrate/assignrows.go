package automigrate

import (
	"fmt"
	"slices"
	"strings"

	"gorm.io/gorm/clause"
	"gorm.io/gorm/schema"

	"github.com/gorm-tenancy/tenancy/internal/sqlrows"
)

// AssignRows assigns the rows without a tenant to one tenant, and migrates the
// models. valueFor returns that tenant as a value of the table's tenant column.
func (m Migrator) AssignRows(values []any, valueFor TenantValue) (*Result, error) {
	r, err := m.prepare(values)
	if err != nil {
		return &Result{}, err
	}
	if err := r.assignRows(valueFor); err != nil {
		return &r.Result, err
	}
	done, err := m.Migrate(values)
	done.Done = slices.Concat(r.Done, done.Done)
	return done, err
}

// A TenantValue returns a tenant as a value of a table's tenant column.
type TenantValue func(s *schema.Schema, table string) (any, error)

// assignRows assigns the rows without a tenant to one tenant, in one
// transaction.
func (r *run) assignRows(valueFor TenantValue) error {
	if err := r.read(); err != nil {
		return err
	}
	return r.together(func() error {
		for _, t := range r.targets {
			if t.has == nil || !t.want.scoped() || t.want.partial {
				continue
			}
			if err := r.assignTable(t, valueFor); err != nil {
				return err
			}
		}
		return nil
	})
}

func (r *run) assignTable(t *target, valueFor TenantValue) error {
	value, err := valueFor(t.stmt.Schema, t.table())
	if err != nil {
		return err
	}
	column := t.want.tenant
	if !slices.Contains(t.has.columns, column) {
		definition := r.quote(column) + " " + r.typeOf(t.stmt.Schema.FieldsByDBName[column])
		if err := r.send(t, "column", column, "ALTER TABLE "+t.sql+" ADD "+definition); err != nil {
			return err
		}
	} else if t.want.mixed || !slices.Contains(t.has.nullable, column) {
		return nil
	}
	update := "UPDATE " + t.sql + " SET " + r.quote(column) + " = ? WHERE " + r.quote(column) + " IS NULL"
	if err := r.exec.Exec("?", clause.Expr{SQL: update, Vars: []any{value}}).Error; err != nil {
		return err
	}
	r.note(t, "rows", "", update)
	if r.sqlite || t.want.mixed {
		return nil
	}
	return r.send(t, "column", column, "ALTER TABLE "+t.sql+" ALTER "+r.quote(column)+" SET NOT NULL")
}

// withoutColumn is the error for a table with rows that has no tenant column.
func (r *run) withoutColumn(t *target) error {
	return r.withoutTenant(t, fmt.Sprintf("the table has rows and no column %s, and every statement on it would fail", t.want.tenant))
}

// withoutTenant is the error for a table some of whose rows have no tenant.
func (r *run) withoutTenant(t *target, what string) error {
	remedy := "AssignRows gives them to one tenant"
	if !r.sqlite {
		remedy = "PlanKeys plans the tenants that other rows tell, and " + remedy
	}
	return r.migrator.tables.RowsWithoutTenant(t.table(), what+"; "+remedy)
}

// checkRows finds the tables some of whose rows have no tenant, in one query.
func (r *run) checkRows() error {
	var query []string
	for i, t := range r.targets {
		switch {
		case t.waiting:
			r.unowned = append(r.unowned, r.withoutColumn(t))
		case t.has != nil && !t.isNew && t.want.scoped() && !t.want.mixed && slices.Contains(t.has.nullable, t.want.tenant):
			query = append(query, fmt.Sprintf("SELECT %d WHERE EXISTS (SELECT 1 FROM %s WHERE %s IS NULL)", i, t.sql, r.quote(t.want.tenant)))
		}
	}
	if len(query) == 0 {
		return nil
	}
	return sqlrows.Each(r.ctx, r.pool, func(rows sqlrows.Row) error {
		var at int
		if err := rows.Scan(&at); err != nil {
			return err
		}
		t := r.targets[at]
		r.unowned = append(r.unowned, r.withoutTenant(t, "rows with NULL in "+t.want.tenant+" are seen by no tenant"))
		return nil
	}, strings.Join(query, " UNION ALL ")+" ORDER BY 1")
}
