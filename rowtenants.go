package tenancy

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// AssignRows gives the rows that have no tenant to one: to the first customer of an
// application that becomes multi-tenant, say. It is the remedy for
// [ErrRowsWithoutTenant] where all such rows are one tenant's; on PostgreSQL
// [PlanKeys] plans it for those whose tenants other rows tell, and while the
// application runs.
//
// In one transaction, tables of the models that lack the tenant column get it, and
// every row with NULL in it gets the tenant. Then the models are migrated as
// [AutoMigrate] does, and the Migration says what was done and what is pending. Rows
// for everybody of a table that is [Config.Mixed] keep NULL. As
// there, the tables that the models are related to come along; roots, shared tables
// and tables that are observed stay as they are. On PostgreSQL the tables are locked
// for the time of the transaction.
//
// The tenant is an id or a value as [With] takes it; one that cannot be a tenant is
// [ErrInvalidTenant], and nothing is changed. It needs no tenant in the context.
func AssignRows(db *gorm.DB, tenant any, models ...any) (*Migration, error) {
	m, ok := db.Migrator().(migrator)
	if !ok {
		return &Migration{}, errors.New("tenancy: AssignRows needs the plugin: call db.Use(tenancy.New(…)) first")
	}
	one, err := newTenant(tenant)
	if err != nil {
		return &Migration{}, &ScopeError{Op: "AssignRows", Err: ErrInvalidTenant, Detail: err.Error()}
	}
	r, err := m.prepare(models)
	if err != nil {
		return &Migration{}, err
	}
	if err := r.assignRows(&one); err != nil {
		return &r.Migration, err
	}
	done, err := m.migrate(models)
	done.Done = slices.Concat(r.Done, done.Done)
	return done, err
}

// assignRows gives a tenant to the rows that have none, in one transaction.
func (r *migration) assignRows(one *tenant) error {
	if err := r.read(); err != nil {
		return err
	}
	return r.together(func() error {
		for _, t := range r.targets {
			if t.has == nil || !t.want.scoped() || t.want.partial {
				continue
			}
			if err := r.assignTable(t, one); err != nil {
				return err
			}
		}
		return nil
	})
}

func (r *migration) assignTable(t *target, one *tenant) error {
	m, err := r.migrator.plugin.tables.model(t.stmt.Schema)
	if err != nil {
		return err
	}
	value, err := m.id.value(one)
	if err != nil {
		return &ScopeError{Op: "AssignRows", Table: t.table(), Err: err, Detail: "the tenant column is of another type"}
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
func (r *migration) withoutColumn(t *target) error {
	return r.withoutTenant(t, fmt.Sprintf("the table has rows and no column %s, and every statement on it would fail", t.want.tenant))
}

// withoutTenant is the error for a table some of whose rows have no tenant.
func (r *migration) withoutTenant(t *target, what string) error {
	remedy := "AssignRows gives them to one tenant"
	if !r.sqlite {
		remedy = "PlanKeys plans the tenants that other rows tell, and " + remedy
	}
	return &ScopeError{Op: "AutoMigrate", Table: t.table(), Err: ErrRowsWithoutTenant, Detail: what + "; " + remedy}
}

// checkRows finds the tables some of whose rows have no tenant, in one query.
func (r *migration) checkRows() error {
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
	return eachRow(r.ctx, r.pool, func(rows rowScanner) error {
		var at int
		if err := rows.Scan(&at); err != nil {
			return err
		}
		t := r.targets[at]
		r.unowned = append(r.unowned, r.withoutTenant(t, "rows with NULL in "+t.want.tenant+" are seen by no tenant"))
		return nil
	}, strings.Join(query, " UNION ALL ")+" ORDER BY 1")
}
