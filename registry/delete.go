package registry

import (
	"context"
	"fmt"
	"reflect"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
	"gorm.io/gorm/schema"

	"github.com/gorm-tenancy/tenancy"
)

// modelTable is a table of tenants' rows that a purge empties.
type modelTable struct {
	name  string
	value any    // a pointer to the model's zero value
	owned string // the tenant column where rows for everybody lie beside; empty where none do
}

func (t modelTable) in(tx *gorm.DB) *gorm.DB {
	db := tx.Session(&gorm.Session{NewDB: true, AllowGlobalUpdate: true, SkipHooks: true}).
		Table(t.name).Model(t.value).Unscoped()
	if t.owned == "" {
		return db
	}
	return db.Where(clause.Neq{Column: clause.Column{Name: t.owned}}) // is not NULL
}

// modelTables lists the tables of Config.Models and their join tables, those
// first that refer to others.
func (r *Registry) modelTables() (tables []modelTable, err error) {
	own := map[string]bool{}
	for _, model := range Models(r.config.Account) {
		known, err := r.plugin.Table(model)
		if err != nil {
			return nil, err
		}
		own[known.Name] = true
	}
	var schemas, joins []*schema.Schema
	for i, model := range r.config.Models {
		known, err := r.plugin.Table(model)
		if err != nil {
			return nil, fmt.Errorf("Config.Models[%d]: %w", i, err)
		}
		if known.Column == "" {
			return nil, fmt.Errorf("%w: Config.Models[%d]: %s is no tenant's table", ErrInvalid, i, known.Name)
		}
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
		if !seen[s.Table] {
			seen[s.Table] = true
			table := modelTable{name: s.Table, value: reflect.New(s.ModelType).Interface()}
			if known, err := r.plugin.Table(table.value); err == nil && known.Kind == tenancy.KindMixed {
				table.owned = known.Column
			}
			tables = append(tables, table)
		}
	}
	return tables, nil
}

// childrenFirst orders schemas: those first that refer to others. Of a cycle some
// one comes first, which the database may refuse.
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

// CountRows counts the rows that [Registry.Purge] would delete, softly deleted
// ones included, in the order in which it would.
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
		counts[i].Table = table.name
		if err := table.in(tx).Count(&counts[i].Rows).Error; err != nil {
			return nil, err
		}
	}
	return counts, nil
}

// Purge deletes a tenant's rows in the tables of [Config.Models], in one
// transaction, those first that refer to others; hooks of the models do not run.
// The tenant has to be archived ([ErrState]), and counted has to be what
// [Registry.CountRows] has said: other numbers of rows are [ErrChanged], and
// nothing is deleted. What belongs to the registry stays until [Registry.Delete].
func (r *Registry) Purge(ctx context.Context, id uuid.UUID, counted []TableCount) error {
	expected := map[string]int64{}
	for _, count := range counted {
		expected[count.Table] = count.Rows
	}
	op := operation{event: Event{Op: OpPurge}, id: id, states: []State{Archived}, locks: lockAlone}
	_, err := r.run(ctx, op, func(c *change) error {
		for _, table := range r.tables {
			rows, ok := expected[table.name]
			if !ok {
				return fmt.Errorf("%w: %s was not counted", ErrChanged, table.name)
			}
			deleted := table.in(c.tx).Delete(table.value)
			if deleted.Error != nil {
				return deleted.Error
			}
			if deleted.RowsAffected != rows {
				return fmt.Errorf("%w: %s has %d rows, %d were counted", ErrChanged, table.name, deleted.RowsAffected, rows)
			}
		}
		return nil
	})
	return err
}

// Delete deletes an archived tenant ([ErrState]) with its domains, members and
// invitations. While it has rows in any other table that has the tenant column,
// listed in [Config.Models] or not, it is [ErrNotEmpty]. Its slug and domains
// cannot be taken by another tenant for [Config.Hold].
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
		everything := c.tx.Session(&gorm.Session{AllowGlobalUpdate: true})
		for _, model := range []any{&Invitation{}, &Member{}, &Domain{}} {
			if err := everything.Delete(model).Error; err != nil {
				return err
			}
		}
		if err := c.checkEmpty(); err != nil {
			return err
		}
		return only(c.tx.Unscoped().Delete(c.account), ErrNotFound)
	})
	return err
}

// checkEmpty refuses a tenant that has rows left: in the tables of the models, as
// the plugin sees them, and in what the catalogue says there is.
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
		return fmt.Errorf("%w: in %s, which is not listed in Config.Models", ErrNotEmpty, found)
	}
	return nil
}

// tenantColumns are the names of tenant columns.
func (r *Registry) tenantColumns() ([]string, error) {
	known := map[string]bool{"tenant_id": true, r.plugin.Column(): true}
	for _, model := range r.config.Models {
		table, err := r.plugin.Table(model)
		if err != nil {
			return nil, err
		}
		known[table.Column] = true
	}
	columns := make([]string, 0, len(known))
	for column := range known {
		columns = append(columns, column)
	}
	return columns, nil
}
