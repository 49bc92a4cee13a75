package tenancy

import (
	"fmt"

	"gorm.io/gorm"
)

// lookup returns a table by the name that stands in the SQL.
func (ex *execution) lookup(schemaName, name string) (*table, error) {
	t := ex.plugin.tables.byName(schemaName, name)
	if t != nil {
		return t, ex.mayReach(t)
	}
	if ex.scope.kind == scopeNone {
		if err := ex.lacksTenant(name); err != nil {
			return nil, err
		}
	}
	switch {
	case ex.scope.kind == scopeBypass, ex.plugin.tables.allowsUndeclared(schemaName, name):
		return undeclared, nil
	case ex.strange && ex.plugin.config.RawSQL != nil:
		return unjudged, nil
	}
	remedy := "list its model in Config.Models, or in Config.Shared if it belongs to no tenant"
	if rel := ex.plugin.tables.joinedBy(name); rel != nil {
		remedy = fmt.Sprintf("give the join model %s of %s.%s the tenant column: embed TenantModel, or mark the column",
			rel.JoinTable.ModelType.Name(), rel.Schema.Name, rel.Name)
	}
	return nil, ex.errorOn(name, ErrUndeclared, remedy)
}

// lookupOwn is lookup for the table that the statement's model is used with: a
// model with a tenant column brings it along to a table of another name.
func (ex *execution) lookupOwn(schemaName, name string) (*table, error) {
	t, err := ex.lookup(schemaName, name)
	if t != nil && t != undeclared || ex.model == nil || ex.model.tenant == nil || ex.model.table == nil || ex.scope.kind == scopeNone {
		return t, err
	}
	if schemaName != "" {
		name = schemaName + "." + name
	}
	own := ex.plugin.tables.newTable(name, ex.model.column, ex.model.id)
	own.kind, own.key = ex.model.kind, ex.model.key
	return own, nil
}

// setTable makes a table the statement's own, under the name that it has there.
func (ex *execution) setTable(stmt *gorm.Statement, t *table) {
	ex.table, ex.qualifier = t, ""
	switch {
	case !t.isScoped() || stmt.Table == "":
	case stmt.Table == t.name:
		ex.qualifier = t.qualifier
	default:
		ex.qualifier = stmt.Quote(stmt.Table)
	}
}

// undeclared stands for every table that AllowUndeclared or a bypass lets pass.
var undeclared = &table{kind: KindShared}

// unjudged stands for a table that is not known, in a statement that Config.RawSQL
// judges whole when it is sent: another plugin's WITH may have made its name.
var unjudged = &table{kind: KindShared}
