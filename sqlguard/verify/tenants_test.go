//go:build cgo

package verify_test

import (
	"database/sql/driver"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/sqlguard/verify"
)

func asNumber(key string) any {
	n := int64(0)
	for _, digit := range key {
		n = n*10 + int64(digit-'0')
	}
	return n
}

type textID string

// liar says another value than it holds.
type liar string

func (liar) Value() (driver.Value, error) { return "other", nil }

func TestTenantsOfEachType(t *testing.T) {
	t.Parallel()
	world := tables{
		"u": tenantTable("u", "tenant_id", asUUID), "s": tenantTable("s", "tenant_id", asText),
		"n": tenantTable("n", "tenant_id", asNumber), "c": {Name: "c"},
	}
	acme, id := "acme", tenantA
	odd := int64(9007199254740993) // no float has it
	for _, test := range []struct {
		reason string
		tenant any
		sql    string
		vars   []any
		yes    bool
	}{
		{"a UUID", id, "SELECT 1 FROM u WHERE tenant_id = $1", []any{id}, true},
		{"a pointer to a UUID", id, "SELECT 1 FROM u WHERE tenant_id = $1", []any{&id}, true},
		{"bytes of a UUID", id, "SELECT 1 FROM u WHERE tenant_id = $1", []any{[16]byte(id)}, true},
		{"a UUID in text", id, "SELECT 1 FROM u WHERE tenant_id = $1", []any{id.String()}, true},
		{"a UUID in upper case", id, "SELECT 1 FROM u WHERE tenant_id = $1", []any{strings.ToUpper(id.String())}, true},
		{"a UUID cast to text", id, "SELECT 1 FROM u WHERE tenant_id = $1::text", []any{id}, false},
		{"no UUID", id, "SELECT 1 FROM u WHERE tenant_id = $1", []any{"acme"}, false},
		{"nil", id, "SELECT 1 FROM u WHERE tenant_id = $1", []any{nil}, false},
		{"a nil pointer", id, "SELECT 1 FROM u WHERE tenant_id = $1", []any{(*uuid.UUID)(nil)}, false},
		{"a value is missing", id, "SELECT 1 FROM u WHERE tenant_id = $1", nil, false},
		{"a placeholder that cannot be", id, "SELECT 1 FROM u WHERE tenant_id = $0", []any{id}, false},
		{"a list of UUIDs in text", id, "SELECT 1 FROM u WHERE tenant_id = ANY($1)", []any{[]string{id.String()}}, true},
		{"an empty list", id, "SELECT 1 FROM u WHERE tenant_id = ANY($1)", []any{[]uuid.UUID{}}, true},
		{"a list for a value", id, "SELECT 1 FROM u WHERE tenant_id = $1", []any{[]uuid.UUID{id}}, false},
		{"a value for a list", id, "SELECT 1 FROM u WHERE tenant_id = ANY($1)", []any{id}, false},
		{"bytes for a list", id, "SELECT 1 FROM u WHERE tenant_id = ANY($1)", []any{id[:]}, false},
		{"a UUID parameter elsewhere: no type takes it and is lossy", id, "SELECT $1 FROM u WHERE tenant_id = $1", []any{id}, true},

		{"a string", acme, "SELECT 1 FROM s WHERE tenant_id = $1", []any{acme}, true},
		{"a string of another type", acme, "SELECT 1 FROM s WHERE tenant_id = $1", []any{textID(acme)}, true},
		{"a value that sends another", acme, "SELECT 1 FROM s WHERE tenant_id = $1", []any{liar(acme)}, false},
		{"a pointer to it", acme, "SELECT 1 FROM s WHERE tenant_id = $1", []any{new(liar)}, false},
		{"a list of them", acme, "SELECT 1 FROM s WHERE tenant_id = ANY($1)", []any{[]liar{"acme"}}, false},
		{"another string", acme, "SELECT 1 FROM s WHERE tenant_id = $1", []any{"Acme"}, false},
		{"a literal", acme, "SELECT 1 FROM s WHERE tenant_id = 'acme'", nil, true},
		{"an escaped literal", acme, `SELECT 1 FROM s WHERE tenant_id = E'\x61cme'`, nil, true},
		{"a dollar-quoted literal", acme, `SELECT 1 FROM s WHERE tenant_id = $$acme$$`, nil, true},
		{"cast to text", acme, "SELECT 1 FROM s WHERE tenant_id = $1::text", []any{acme}, true},
		{"cast to varchar", acme, "SELECT 1 FROM s WHERE tenant_id = $1::varchar", []any{acme}, true},
		{"cut off by a cast", acme, "SELECT 1 FROM s WHERE tenant_id = $1::varchar(2)", []any{acme}, false},
		{"cut off by a cast to char", acme, "SELECT 1 FROM s WHERE tenant_id = $1::char", []any{acme}, false},
		{"cut off by a cast to \"char\"", acme, `SELECT 1 FROM s WHERE tenant_id = $1::"char"`, []any{acme}, false},
		{"cut off by a cast to name", acme, "SELECT 1 FROM s WHERE tenant_id = $1::name", []any{acme}, false},
		{"case is lost by a cast", acme, "SELECT 1 FROM s WHERE tenant_id = $1::citext", []any{acme}, false},
		{"another collation", acme, `SELECT 1 FROM s WHERE tenant_id = $1 COLLATE "nocase"`, []any{acme}, false},
		{"another collation on the column", acme, `SELECT 1 FROM s WHERE tenant_id COLLATE "nocase" = $1`, []any{acme}, false},
		{"another use decides the type", acme, `SELECT 1 FROM s WHERE $1::"char" IS NOT NULL AND tenant_id = $1`, []any{acme}, false},
		{"another use decides the type, behind", acme, `SELECT 1 FROM s WHERE tenant_id = $1 LIMIT $1`, []any{acme}, false},
		{"another use in a subquery", acme, `SELECT 1 FROM s WHERE tenant_id = $1 AND EXISTS (SELECT 1 FROM c WHERE c.code = $1)`, []any{acme}, false},
		{"bound twice", acme, `SELECT $2::"char" FROM s WHERE tenant_id = $1`, []any{acme, acme}, true},
		{"the tenant twice", acme, "SELECT 1 FROM s JOIN s r ON r.tenant_id = $1 WHERE s.tenant_id = $1", []any{acme}, true},

		{"a number", 7, "SELECT 1 FROM n WHERE tenant_id = $1", []any{7}, true},
		{"a number of another type", 7, "SELECT 1 FROM n WHERE tenant_id = $1", []any{uint16(7)}, true},
		{"a number's literal", 7, "SELECT 1 FROM n WHERE tenant_id = 7", nil, true},
		{"a number's quoted literal", 7, "SELECT 1 FROM n WHERE tenant_id = '7'", nil, true},
		{"another number", 7, "SELECT 1 FROM n WHERE tenant_id = 8", nil, false},
		{"the negative number", 7, "SELECT 1 FROM n WHERE tenant_id = -7", nil, false},
		{"an expression", 7, "SELECT 1 FROM n WHERE tenant_id = 7 + 0", nil, false},
		{"a large number", odd, "SELECT 1 FROM n WHERE tenant_id = 9007199254740993", nil, true},
		{"a large number's neighbour", odd, "SELECT 1 FROM n WHERE tenant_id = 9007199254740992", nil, false},
		{"cast to bigint", odd, "SELECT 1 FROM n WHERE tenant_id = $1::bigint", []any{odd}, true},
		{"a float's cast is lossy", odd, "SELECT 1 FROM n WHERE tenant_id = $1::float8", []any{odd}, false},
		{"a float", 7, "SELECT 1 FROM n WHERE tenant_id = 7.0", nil, false},
		{"a bound float", 7, "SELECT 1 FROM n WHERE tenant_id = $1", []any{7.0}, false},
		{"a number in text is not bound", 7, "SELECT 1 FROM n WHERE tenant_id = $1", []any{"7"}, false},
		{"a boolean", 1, "SELECT 1 FROM n WHERE tenant_id = true", nil, false},
		{"a list of numbers", 7, "SELECT 1 FROM n WHERE tenant_id = ANY($1::bigint[])", []any{[]int64{7}}, true},
		{"a list of any", 7, "SELECT 1 FROM n WHERE tenant_id = ANY($1)", []any{[]any{7, 8}}, false},
		{"tables of different types", acme, "SELECT 1 FROM s JOIN c ON true WHERE s.tenant_id = c.tenant_id", nil, false},
	} {
		stmt := tenancy.RawStatement{SQL: test.sql, Vars: test.vars, Dialect: "postgres", Scope: scopeOf(t, test.tenant), Table: world.find}
		if err := verify.Statement(stmt); (err == nil) != test.yes {
			t.Errorf("%s: %s: %v", test.reason, test.sql, err)
		}
	}
}

func TestSet(t *testing.T) {
	t.Parallel()
	set := scopeOf(t, tenantA, tenantB)
	for _, test := range []struct {
		reason string
		sql    string
		vars   []any
		yes    bool
	}{
		{"IN", "SELECT 1 FROM users WHERE tenant_id IN ($1, $2)", []any{tenantA, tenantB}, true},
		{"a part of the set", "SELECT 1 FROM users WHERE tenant_id IN ($1)", []any{tenantB}, true},
		{"one of the set", "SELECT 1 FROM users WHERE tenant_id = $1", []any{tenantB}, true},
		{"OR", "SELECT 1 FROM users WHERE tenant_id = $1 OR tenant_id = $2", []any{tenantA, tenantB}, true},
		{"= ANY", "SELECT 1 FROM users WHERE tenant_id = ANY($1)", []any{[]uuid.UUID{tenantB, tenantA}}, true},
		{"a list with another", "SELECT 1 FROM users WHERE tenant_id IN ($1, $2)", []any{tenantA, tenantC}, false},
		{"a list with NULL", "SELECT 1 FROM users WHERE tenant_id IN ($1, NULL)", []any{tenantA}, false},
		{"a join", "SELECT 1 FROM users u JOIN orders o ON o.tenant_id = u.tenant_id WHERE u.tenant_id IN ($1, $2)", []any{tenantA, tenantB}, true},
		{"an insert of several", "INSERT INTO tags (tenant_id, id) VALUES ($1, 1), ($2, 2)", []any{tenantA, tenantB}, true},
		{"an insert of another", "INSERT INTO tags (tenant_id, id) VALUES ($1, 1), ($2, 2)", []any{tenantA, tenantC}, false},
	} {
		if err := verify.Statement(statement(set, test.sql, test.vars...)); (err == nil) != test.yes {
			t.Errorf("%s: %v", test.reason, err)
		}
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	scope := scopeOf(t, tenantA)
	var refused *verify.Error

	err := verify.Statement(statement(scope, "SELECT *\nFROM users u,\n  orders\nWHERE u.tenant_id = $1", tenantA))
	require.ErrorAs(t, err, &refused)
	require.Equal(t, verify.Error{
		Fragment: "table", Table: "orders", Offset: 25, Line: 3,
		Reason: `not bound to the tenant for certain: add "orders"."tenant_id" = the tenant's value to WHERE`,
	}, *refused)
	require.EqualError(t, err, `tenancy: SQL text cannot be scoped (line 3, offset 25): table orders: `+refused.Reason)

	err = verify.Statement(statement(scope, "SELECT 1 FROM users u LEFT JOIN orders o ON o.user_id = u.id WHERE u.tenant_id = $1", tenantA))
	require.ErrorContains(t, err, `add "o"."tenant_id" = the tenant's value to ON`)

	for sql, want := range map[string]error{
		"SELECT * FROM secrets":                tenancy.ErrUndeclared,
		"DELETE FROM countries":                tenancy.ErrSharedReadOnly,
		"UPDATE users SET tenant_id = NULL":    tenancy.ErrTenantImmutable,
		"INSERT INTO tags (id) VALUES (1)":     tenancy.ErrTenantMismatch,
		"SELECT 'aaaaaaaa-aaaa' + nothing(1 2": tenancy.ErrUnscopedSQL,
	} {
		err := verify.Statement(statement(scope, sql))
		require.ErrorIs(t, err, want)
		require.ErrorIs(t, err, tenancy.ErrUnscopedSQL)
		require.NotContains(t, err.Error(), "aaaaaaaa")
	}
}

func TestWhatCannotBeJudged(t *testing.T) {
	t.Parallel()
	scope := scopeOf(t, tenantA)
	good := statement(scope, "SELECT 1")
	require.NoError(t, verify.Statement(good))
	for reason, change := range map[string]func(*tenancy.RawStatement){
		"another dialect":  func(s *tenancy.RawStatement) { s.Dialect = "sqlite" },
		"no tables":        func(s *tenancy.RawStatement) { s.Table = nil },
		"no scope":         func(s *tenancy.RawStatement) { s.Scope = tenancy.Scope{} },
		"a NUL byte":       func(s *tenancy.RawStatement) { s.SQL = "SELECT 1\x00; DELETE FROM users" },
		"no UTF-8":         func(s *tenancy.RawStatement) { s.SQL = "SELECT '\xff'" },
		"no way to bind":   func(s *tenancy.RawStatement) { s.SQL = "SELECT * FROM x"; s.Table = tables{"x": {Column: "c"}}.find },
		"nothing to parse": func(s *tenancy.RawStatement) { s.SQL = " ; " },
	} {
		stmt := good
		change(&stmt)
		require.ErrorIs(t, verify.Statement(stmt), tenancy.ErrUnscopedSQL, reason)
	}
}

func TestDeclaredFunctions(t *testing.T) {
	t.Parallel()
	scope := scopeOf(t, tenantA)
	v := verify.New(verify.Options{Functions: []string{"full_name", "app.score"}})
	for sql, yes := range map[string]bool{
		"SELECT full_name(1)":     true,
		"SELECT app.score(1)":     true,
		"SELECT (1).full_name":    true,
		"SELECT app.full_name(1)": false,
		"SELECT score(1)":         false,
	} {
		require.Equal(t, yes, v.Statement(statement(scope, sql)) == nil, sql)
		require.Error(t, verify.Statement(statement(scope, sql)), sql)
	}
}
