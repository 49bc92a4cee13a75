//go:build cgo

package verify_test

import (
	"context"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/gorm-tenancy/tenancy"
)

var (
	tenantA = uuid.MustParse("aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa")
	tenantB = uuid.MustParse("bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb")
	tenantC = uuid.MustParse("cccccccc-cccc-4ccc-8ccc-cccccccccccc")
)

// scopeOf returns the scope of one tenant or of a set.
func scopeOf(tb testing.TB, tenants ...any) tenancy.Scope {
	tb.Helper()
	ctx := tenancy.With(context.Background(), tenants[0])
	if len(tenants) > 1 {
		ctx = tenancy.WithSet(context.Background(), tenants...)
	}
	s, ok := tenancy.From(ctx)
	require.True(tb, ok)
	require.NoError(tb, s.Err())
	return s
}

// tables are tables as the plugin describes them.
type tables map[string]tenancy.TenantTable

func (t tables) find(schema, name string) (tenancy.TenantTable, bool) {
	if schema != "" && schema != "public" {
		name = schema + "." + name
	}
	found, ok := t[name]
	return found, ok
}

func tenantTable(name, column string, read func(string) any) tenancy.TenantTable {
	return tenancy.TenantTable{Name: name, Column: column, Writable: true, Bind: func(s tenancy.Scope) ([]any, error) {
		values := []any{}
		for _, key := range s.Tenants() {
			values = append(values, read(key))
		}
		return values, s.Err()
	}}
}

func asUUID(key string) any { return uuid.MustParse(key) }
func asText(key string) any { return key }

// world is the schema of the tests: the suite's models, and odd names.
func world() tables {
	t := tables{
		"countries": {Name: "countries"},
		"events":    {Name: "events", Writable: true},
		"accounts":  tenantTable("accounts", "id", asUUID),
		"app.bills": tenantTable("app.bills", "tenant_id", asUUID),
		"Odd Table": tenantTable("Odd Table", "Tenant ID", asUUID),
		"invoices":  tenantTable("invoices", "account_id", asUUID),
	}
	for _, name := range []string{"users", "orders", "tags", "user_tags", "companies", "notes", "profiles", "docs", "nodes"} {
		t[name] = tenantTable(name, "tenant_id", asUUID)
	}
	return t
}

func statement(s tenancy.Scope, sql string, vars ...any) tenancy.RawStatement {
	return tenancy.RawStatement{SQL: sql, Vars: vars, Dialect: "postgres", Scope: s, Table: world().find}
}
