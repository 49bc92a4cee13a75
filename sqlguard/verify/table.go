//go:build cgo

package verify

import (
	"strings"

	"github.com/gorm-tenancy/tenancy"
	pg "github.com/pganalyze/pg_query_go/v6"
)

type tableName struct{ schema, name string }

// A table is a known table.
type table struct {
	name     string
	known    string // as its model has it
	column   string // the tenant column; empty for a shared table
	writable bool
	mixed    bool // rows without a tenant are for everybody
	link     *tenancy.TableLink
	tenants  tenants
}

// key is the column that binds a reference: the tenant column, or the column that
// linking rows refer to; empty for a shared table.
func (t *table) key() string {
	if t.link != nil {
		return t.link.Key
	}
	return t.column
}

// table looks a table up. It refuses an unknown one and returns nil.
func (j *judge) table(rv *pg.RangeVar) *table {
	key := tableName{rv.GetSchemaname(), rv.GetRelname()}
	if t, ok := j.tables[key]; ok {
		return t
	}
	t := j.lookup(key, rv)
	j.tables[key] = t
	return t
}

func (j *judge) lookup(key tableName, rv *pg.RangeVar) *table {
	refuse := func(reason string, err error) *table {
		j.refuseWith(Error{Fragment: "table", Table: key.name, Offset: int(rv.GetLocation()), Reason: reason, Err: err})
		return nil
	}
	switch {
	case rv.GetCatalogname() != "":
		return refuse("a database's name before a table is not judged; leave it out", nil)
	case key.schema == "information_schema" || strings.HasPrefix(key.schema, "pg_"):
		return refuse("the system's tables show other tenants; read them under tenancy.Bypass", nil)
	}
	known, ok := j.stmt.Table(key.schema, key.name)
	if !ok {
		return refuse("neither a tenant's nor shared; declare it in Config.Models or Config.Shared", tenancy.ErrUndeclared)
	}
	if known.Kind != tenancy.KindFree && j.stmt.Scope == (tenancy.Scope{}) {
		return refuse("the context has no scope, and the table needs one", tenancy.ErrNoTenant)
	}
	switch known.Kind {
	case tenancy.KindTenant, tenancy.KindRoot, tenancy.KindShared, tenancy.KindFree, tenancy.KindMixed, tenancy.KindLinked:
	case tenancy.KindPrivate:
		return refuse("private to the application; read it under tenancy.Bypass", tenancy.ErrPrivate)
	default:
		return refuse("a "+known.Kind.String()+" table is not judged", nil)
	}
	t := &table{name: key.name, known: known.Name, column: known.Column, writable: known.Writable, mixed: known.Kind == tenancy.KindMixed, link: known.Link}
	if t.column == "" {
		return t
	}
	if known.Bind == nil {
		return refuse("the scope's tenants are not known for it", nil)
	}
	values, err := known.Bind(j.stmt.Scope)
	if err != nil {
		return refuse("the scope does not fit its tenant column", err)
	}
	if t.tenants, ok = newTenants(values); !ok {
		return refuse("the scope has no tenants that can be compared", nil)
	}
	return t
}

// target looks up a table that is written.
func (j *judge) target(rv *pg.RangeVar) *table {
	t := j.table(rv)
	if t != nil && !t.writable {
		j.refuseWith(Error{Fragment: "table", Table: t.name, Offset: int(rv.GetLocation()), Reason: "shared and not writable", Err: tenancy.ErrSharedReadOnly})
	}
	return t
}
