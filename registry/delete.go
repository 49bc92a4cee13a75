package registry

import (
	"context"
	"fmt"
	"reflect"
	"slices"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
	"gorm.io/gorm/schema"

	"github.com/gorm-tenancy/tenancy"
)

// modelTable is a table of tenants' rows, which a purge or the deletion of a tenant
// empties.
type modelTable struct {
	tenancy.TenantTable
	value any // a pointer to the model's zero value
}

// in returns a handle for the rows of the tenant that a handle is scoped to,
// without rows for everybody. It names the tenant itself: deletion does not rely on
// the plugin alone, and GORM refuses it if the condition is missing.
func (t *modelTable) in(tx *gorm.DB) *gorm.DB {
	rows := tx.Session(&gorm.Session{NewDB: true, SkipHooks: true}).Table(t.Name).Model(t.value).Unscoped()
	scope, _ := tenancy.From(tx.Statement.Context)
	ids, err := t.Bind(scope)
	if err == nil && len(ids) != 1 {
		err = &tenancy.ScopeError{Table: t.Name, Err: tenancy.ErrNoTenant, Detail: "one tenant's rows are counted and deleted"}
	}
	if err != nil {
		_ = rows.AddError(err)
		return rows
	}
	return rows.Where(clause.Eq{Column: clause.Column{Table: clause.CurrentTable, Name: t.Column}, Value: ids[0]})
}

// delete deletes the tenant's rows, and returns how many there were.
func (t *modelTable) delete(tx *gorm.DB) (int64, error) {
	deleted := t.in(tx).Delete(t.value)
	return deleted.RowsAffected, deleted.Error
}

// ownTables lists the registry's tables whose rows end with a tenant, referring
// tables first.
func (r *Registry) ownTables() (tables []modelTable, err error) {
	for _, model := range []any{&Invitation{}, &Member{}, &Domain{}} {
		known, err := r.plugin.Table(model)
		if err != nil {
			return nil, err
		}
		tables = append(tables, modelTable{known, model})
	}
	return tables, nil
}

// modelTables lists the tables of Config.Models and their join tables, referring
// tables first.
func (r *Registry) modelTables() (tables []modelTable, err error) {
	own := map[string]bool{}
	for _, model := range Models(r.config.Account) {
		known, err := r.plugin.Table(model)
		if err != nil {
			return nil, err
		}
		own[known.Name] = true
	}
	list, err := tenancy.Tables(r.db, r.config.Models...)
	if err != nil {
		return nil, fmt.Errorf("Config.Models: %w", err)
	}
	known := make(map[string]tenancy.TenantTable, len(list))
	for _, table := range list {
		known[table.Name] = table
	}
	var schemas, joins []*schema.Schema
	for _, model := range r.config.Models {
		stmt := &gorm.Statement{DB: r.db}
		if err := stmt.Parse(model); err != nil {
			return nil, err
		}
		if own[stmt.Table] {
			continue
		}
		schemas = append(schemas, stmt.Schema)
		for _, rel := range stmt.Schema.Relationships.Many2Many {
			joins = append(joins, rel.JoinTable)
		}
	}
	seen := map[string]bool{}
	for _, s := range append(joins, childrenFirst(schemas)...) {
		if seen[s.Table] {
			continue
		}
		seen[s.Table] = true
		if known[s.Table].Column == "" {
			return nil, fmt.Errorf("%w: Config.Models: %s is no table of tenants' rows", ErrInvalid, s.Table)
		}
		tables = append(tables, modelTable{known[s.Table], reflect.New(s.ModelType).Interface()})
	}
	return tables, nil
}

// childrenFirst orders schemas, referring ones first. In a cycle any of them comes
// first, and the database may refuse that.
func childrenFirst(schemas []*schema.Schema) []*schema.Schema {
	ordered := make([]*schema.Schema, 0, len(schemas))
	seen := map[*schema.Schema]bool{}
	var visit func(s *schema.Schema)
	visit = func(s *schema.Schema) {
		if seen[s] {
			return
		}
		seen[s] = true
		for _, other := range schemas {
			if refersTo(other, s) {
				visit(other)
			}
		}
		ordered = append(ordered, s)
	}
	for _, s := range schemas {
		visit(s)
	}
	return ordered
}

// refersTo reports whether a table has a foreign key to another.
func refersTo(child, parent *schema.Schema) bool {
	if child == parent {
		return false
	}
	for _, s := range []*schema.Schema{child, parent} { // either may declare the relation
		for _, rel := range s.Relationships.Relations {
			if c := rel.ParseConstraint(); c != nil && c.Schema == child && c.ReferenceSchema == parent {
				return true
			}
		}
	}
	return false
}

// TableCount is the number of a tenant's rows in a table.
type TableCount struct {
	Table string `json:"table"`
	Rows  int64  `json:"rows"`
}

// CountRows counts the rows that [Registry.Purge] would delete, including
// soft-deleted ones, in the order of their deletion.
func (r *Registry) CountRows(ctx context.Context, id uuid.UUID) ([]TableCount, error) {
	tx := r.in(ctx, id)
	if _, err := r.load(tx); err != nil {
		return nil, err
	}
	return countRows(tx, r.tables)
}

func countRows(tx *gorm.DB, tables []modelTable) ([]TableCount, error) {
	counts := make([]TableCount, len(tables))
	for i, table := range tables {
		counts[i].Table = table.Name
		if err := table.in(tx).Count(&counts[i].Rows).Error; err != nil {
			return nil, err
		}
	}
	return counts, nil
}

// Purge deletes a tenant's rows in the tables of [Config.Models] in one
// transaction, referring rows first; the models' hooks do not run. The tenant must
// be archived ([ErrState]), and counted must be the result of [Registry.CountRows]:
// if the numbers of rows differ, the error is [ErrChanged], and nothing is deleted.
// The registry's own rows stay until [Registry.Delete].
func (r *Registry) Purge(ctx context.Context, id uuid.UUID, counted []TableCount) error {
	expected := map[string]int64{}
	for _, count := range counted {
		expected[count.Table] = count.Rows
	}
	op := operation{event: Event{Op: OpPurge}, id: id, states: []State{Archived}, locks: lockAlone}
	_, err := r.run(ctx, op, func(c *change) error {
		for _, table := range r.tables {
			rows, ok := expected[table.Name]
			if !ok {
				return fmt.Errorf("%w: %s was not counted", ErrChanged, table.Name)
			}
			deleted, err := table.delete(c.tx)
			if err != nil {
				return err
			}
			if deleted != rows {
				return fmt.Errorf("%w: %s has %d rows, %d were counted", ErrChanged, table.Name, deleted, rows)
			}
		}
		return nil
	})
	return err
}

// Delete deletes an archived tenant ([ErrState]) with its domains, members and
// invitations. The error is [ErrNotEmpty] while the tenant has rows in any other
// table with a tenant column, whether or not [Config.Models] lists it, or in a
// materialized view; refresh the view then. Other tenants cannot take its slug and
// domains for [Config.Hold], and its id is never used again ([ErrRetired]): rows
// that are written for it past the registry, now or later, never become another
// tenant's.
func (r *Registry) Delete(ctx context.Context, id uuid.UUID) error {
	op := operation{event: Event{Op: OpDelete}, id: id, states: []State{Archived}, locks: lockAlone}
	_, err := r.run(ctx, op, func(c *change) error {
		var claims []claim
		if err := c.tx.Where("held_until IS NULL").Find(&claims).Error; err != nil {
			return err
		}
		for _, held := range claims {
			if err := c.giveUp(key{held.Kind, held.Name}); err != nil {
				return err
			}
		}
		for _, table := range r.own {
			if _, err := table.delete(c.tx); err != nil {
				return err
			}
		}
		if err := c.checkEmpty(); err != nil {
			return err
		}
		if err := c.retire(); err != nil {
			return err
		}
		return only(c.tx.Unscoped().Delete(c.account), ErrNotFound)
	})
	return err
}

// checkEmpty refuses a tenant that has rows left, in the models' tables as the
// plugin sees them, or in any table of the catalogue.
func (c *change) checkEmpty() error {
	counts, err := countRows(c.tx, c.r.tables)
	if err != nil {
		return err
	}
	for _, count := range counts {
		if count.Rows > 0 {
			return fmt.Errorf("%w: %d in %s", ErrNotEmpty, count.Rows, count.Table)
		}
	}
	columns, err := c.r.tenantColumns()
	if err != nil {
		return err
	}
	found, err := remaining(c.ctx, c.tx.Statement.ConnPool, c.tx.Name(), columns, c.tenant.ID)
	if err != nil {
		return err
	}
	if found != "" {
		return fmt.Errorf("%w: in %s", ErrNotEmpty, found)
	}
	return nil
}

// tenantColumns returns the names of tenant columns: the usual ones, and those of
// the tables that the plugin knows. The key of the tenants' own table is not among
// them, because other tables have a key of that name.
func (r *Registry) tenantColumns() ([]string, error) {
	root, err := r.plugin.Table(r.config.Account)
	if err != nil {
		return nil, err
	}
	known, err := tenancy.Tables(r.db)
	if err != nil {
		return nil, err
	}
	columns := []string{"tenant_id", r.plugin.Column()}
	for _, table := range known {
		if table.Column != "" && table.Column != root.Column {
			columns = append(columns, table.Column)
		}
	}
	slices.Sort(columns)
	return slices.Compact(columns), nil
}
