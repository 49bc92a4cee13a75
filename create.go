package tenancy

import (
	"reflect"
	"slices"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// beginCreate judges all that a create would write, associations included, and
// fills in tenants and ids, before anything is sent.
func (ex *execution) beginCreate(stmt *gorm.Statement) error {
	if ex.table == nil && stmt.TableExpr == nil {
		if _, err := ex.lookupOwn("", ex.plugin.tables.fold(stmt.Table)); err != nil {
			return err
		}
	}
	if ex.table != nil {
		if err := ex.mayWrite(ex.table); err != nil {
			return ex.skipSharedInsert(stmt, err)
		}
	}
	if ex.model == nil || ex.model.table == nil || ex.model.tenant == nil && len(ex.model.rels) == 0 && len(ex.model.ids) == 0 {
		return nil
	}
	return ex.judgeValues(stmt)
}

// writeValues writes the rows of an INSERT, each with its tenant.
func writeValues(ex *execution, stmt *gorm.Statement, c clause.Clause, _ clause.ClauseBuilder) {
	values, ok := c.Expression.(clause.Values)
	if !ok {
		stmt.AddError(ex.errorOn(stmt.Table, ErrUnscopedSQL, "VALUES has an expression that the plugin does not know: create from structs or maps"))
		return
	}
	if values, ok = ex.withTenant(stmt, values); !ok {
		return
	}
	values = ex.withIDs(stmt, values)
	ex.openClause(stmt, c)
	if len(values.Columns) == 0 {
		stmt.WriteString("DEFAULT VALUES")
		return
	}
	stmt.WriteByte('(')
	for i, column := range values.Columns {
		if i > 0 {
			stmt.WriteByte(',')
		}
		ex.writeName(stmt, column)
	}
	stmt.WriteString(") VALUES ")
	for i, row := range values.Values {
		if i > 0 {
			stmt.WriteByte(',')
		}
		stmt.WriteByte('(')
		for j := range row {
			if j > 0 {
				stmt.WriteByte(',')
			}
			ex.writeValue(stmt, row[j:j+1])
		}
		stmt.WriteByte(')')
	}
	ex.closeClause(stmt, c)
	ex.conflict.values = values
}

// withTenant returns the values with each row's tenant in them. The column may
// be missing, as in a map or after Select and Omit.
func (ex *execution) withTenant(stmt *gorm.Statement, values clause.Values) (clause.Values, bool) {
	if ex.table == nil || ex.table.column == "" {
		return values, true
	}
	at := -1
	for i := range values.Columns {
		if !ex.isTenantColumn(values.Columns[i].Name) {
			continue
		}
		if at >= 0 {
			stmt.AddError(ex.errorOn(ex.table.name, ErrTenantMismatch, "the row has two values for the tenant column: leave one out"))
			return values, false
		}
		at = i
	}
	if ex.table.kind == KindRoot && ex.scope.kind == scopeBypass {
		return values, true // a new tenant, whose key the database may make
	}
	var own any
	if ex.scope.kind == scopeSingle {
		var err error
		if own, err = ex.table.id.value(&ex.scope.tenants[0]); err != nil {
			stmt.AddError(ex.errorOn(ex.table.name, err, ex.table.misfit()))
			return values, false
		}
	}
	if at < 0 {
		if own == nil && ex.writesForEverybody() {
			return values, true
		}
		if own == nil {
			stmt.AddError(ex.errorOn(ex.table.name, ErrTenantMismatch, "under a set or a bypass a create must name its row's tenant"))
			return values, false
		}
		ex.preview.note(notedFill)
		return appendColumn(values, ex.table.column, func() any { return own }), true
	}
	for _, row := range values.Values {
		if at >= len(row) || own != nil && row[at] == own {
			continue
		}
		bound, err := ex.tenantToBind(row[at], own)
		if err != nil {
			stmt.AddError(err)
			return values, false
		}
		row[at] = bound
	}
	return values, true
}

// tenantToBind returns the one spelling of a row's tenant that is bound, which is
// the one that it was judged by.
func (ex *execution) tenantToBind(value, own any) (any, error) {
	named, zero := tenantOf(value)
	switch {
	case zero && own != nil:
		ex.preview.note(notedFill)
		return own, nil
	case zero && ex.writesForEverybody():
		return nil, nil
	case zero:
		return nil, ex.errorOn(ex.table.name, ErrTenantMismatch, "under a set or a bypass a create must name its row's tenant")
	case !ex.allows(named):
		return nil, ex.errorOn(ex.table.name, ErrTenantMismatch, "")
	case own != nil:
		return own, nil
	}
	bound, err := ex.table.id.value(&named)
	if err != nil {
		return nil, ex.errorOn(ex.table.name, err, ex.table.misfit())
	}
	return bound, nil
}

const notedFill = "fills in the tenant"

// withIDs adds the ids that the plugin fills where a map leaves them out, and
// those of structs that Select or Omit leave out.
func (ex *execution) withIDs(stmt *gorm.Statement, values clause.Values) clause.Values {
	if ex.model == nil {
		return values
	}
	isStruct := stmt.Schema != nil && !isMap(stmt.ReflectValue)
	for _, field := range ex.model.ids {
		at := slices.IndexFunc(values.Columns, func(c clause.Column) bool { return c.Name == field.DBName })
		if at < 0 {
			at = len(values.Columns)
			values = appendColumn(values, field.DBName, func() any { return nil })
		}
		n := 0
		if isStruct {
			eachValue(stmt.ReflectValue, func(v reflect.Value) {
				if n < len(values.Values) && values.Values[n][at] == nil {
					values.Values[n][at], _ = field.ValueOf(stmt.Context, v)
				}
				n++
			})
		}
		for _, row := range values.Values {
			if named, zero := tenantOf(row[at]); zero && named.key == "" {
				row[at] = uuid.Must(uuid.NewV7())
			}
		}
	}
	return values
}

// appendColumn adds a column to rows of which there is at least one.
func appendColumn(values clause.Values, name string, value func() any) clause.Values {
	values.Columns = append(values.Columns, clause.Column{Name: name})
	if len(values.Values) == 0 {
		values.Values = [][]any{nil}
	}
	for i := range values.Values {
		values.Values[i] = append(values.Values[i], value())
	}
	return values
}
