package distribute_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorm-tenancy/tenancy/catalog"
	"github.com/gorm-tenancy/tenancy/citus/distribution"
	"github.com/gorm-tenancy/tenancy/internal/draw"
)

// typed are tables whose ids are of a type, with a shared one and a partitioned one.
var typed = []string{
	"CREATE TABLE kinds (code varchar PRIMARY KEY)",
	"CREATE TABLE tenants (id {type} PRIMARY KEY)",
	"CREATE TABLE users (id {type} PRIMARY KEY, tenant_id {type} NOT NULL REFERENCES tenants, kind varchar REFERENCES kinds)",
	"CREATE TABLE orders (id {type} PRIMARY KEY, tenant_id {type} NOT NULL REFERENCES tenants, user_id {type} REFERENCES users, code varchar(9) UNIQUE)",
	"CREATE TABLE lines (code varchar(9), tenant_id {type} NOT NULL REFERENCES tenants, id int, PRIMARY KEY (id)) PARTITION BY RANGE (id)",
	"CREATE TABLE lines_1 PARTITION OF lines DEFAULT",
	"INSERT INTO kinds VALUES ('a'), ('b')",
	"INSERT INTO tenants SELECT ({id})::{type} FROM generate_series(1, 3) AS g",
	"INSERT INTO users SELECT ({id})::{type}, (SELECT id FROM tenants ORDER BY id OFFSET g % 3 LIMIT 1), 'a' FROM generate_series(1, 3) AS g",
	"INSERT INTO orders SELECT id, tenant_id, id, 'c' || row_number() OVER () FROM users",
	"INSERT INTO lines SELECT code, tenant_id, row_number() OVER () FROM orders",
}

// TestTenantTypes spreads tables step by step whose tenants are of types that
// PostgreSQL compares by a cast, and of one that it compares as it is.
func TestTenantTypes(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "CREATE DOMAIN number AS int CHECK (VALUE > 0)", "CREATE DOMAIN code AS varchar(9)", "CREATE TYPE mood AS ENUM ('1', '2', '3')")
	for _, test := range draw.One(t, []struct{ typ, id string }{
		{"varchar", "g::text"}, {"char(4)", "g::text"}, {"number", "g"}, {"code", "g::text"}, {"mood", "g::text"}, {"text", "g::text"},
	}) {
		t.Run(test.typ, func(t *testing.T) {
			replace := strings.NewReplacer("{type}", test.typ, "{id}", test.id)
			for _, statement := range typed {
				p.do(t, replace.Replace(statement))
			}
			before := p.inventory(t)
			o := p.options(distribution.StepByStep)
			o.Keys.Shared = []catalog.Name{{Schema: "public", Name: "kinds"}}
			plan := p.plan(t, o)
			p.distribute(t, o)
			_, err := p.sql.Exec("INSERT INTO users SELECT id, tenant_id, 'none' FROM users LIMIT 1")
			require.Error(t, err)
			p.takeBack(t, plan, o)
			assert.Empty(t, before.Differences(p.inventory(t)))
			p.do(t, "DROP TABLE kinds, tenants, users, orders, lines")
		})
	}
}
