package rls

import (
	"context"
	"strings"

	"github.com/gorm-tenancy/tenancy/catalog"
)

// What leads around policies that are as they should be: parents and foreign
// tables, through which rows are read that other tables have policies on, and
// rules, which run statements with the rights of whoever owns their table.

// $1: the tables with tenants' rows, $2: their tenant columns, $3: the tables with
// generated policies, all as JSON.
const sqlRoutes = `
WITH RECURSIVE
named (oid) AS (
	SELECT c.oid FROM json_to_recordset($1::text::json) AS wanted ("Schema" text, "Name" text)
	JOIN pg_catalog.pg_namespace AS n ON n.nspname = wanted."Schema"
	JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid AND c.relname = wanted."Name"
),
protected (oid) AS (
	SELECT c.oid FROM json_to_recordset($3::text::json) AS wanted ("Schema" text, "Name" text)
	JOIN pg_catalog.pg_namespace AS n ON n.nspname = wanted."Schema"
	JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid AND c.relname = wanted."Name"
),
ancestors (oid) AS (
	SELECT i.inhparent FROM pg_catalog.pg_inherits AS i JOIN named ON named.oid = i.inhrelid
	UNION SELECT i.inhparent FROM pg_catalog.pg_inherits AS i JOIN ancestors AS a ON a.oid = i.inhrelid
),
heirs (oid) AS (
	SELECT i.inhrelid FROM pg_catalog.pg_inherits AS i JOIN named ON named.oid = i.inhparent
	UNION SELECT i.inhrelid FROM pg_catalog.pg_inherits AS i JOIN heirs AS h ON h.oid = i.inhparent
)
SELECT n.nspname, c.relname, c.relkind::text
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.oid NOT IN (SELECT oid FROM protected)
	AND (c.oid IN (SELECT oid FROM ancestors)
		OR c.relkind = 'f' AND (c.oid IN (SELECT oid FROM heirs) OR EXISTS (
			SELECT FROM pg_catalog.pg_attribute AS a
			WHERE a.attrelid = c.oid AND NOT a.attisdropped AND a.attname IN (SELECT json_array_elements_text($2::text::json)))))
	AND (has_table_privilege(current_user, c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE') OR has_any_column_privilege(current_user, c.oid, 'SELECT, INSERT, UPDATE'))
ORDER BY 1, 2`

// checkRoutes looks for tables without policies that lead to rows which have some.
func (c *checker) checkRoutes(ctx context.Context) error {
	var tenants, protected []catalog.Name
	var columns []string
	for _, t := range c.targets {
		protected = append(protected, t.Name)
		if t.known.Column == "" {
			continue
		}
		tenants = append(tenants, t.Name)
		if key := t.PrimaryKey(); key == nil || len(key.Columns) != 1 || key.Columns[0] != t.known.Column {
			columns = append(columns, t.known.Column)
		}
	}
	return c.each(ctx, func(fields []string) {
		table, kind := catalog.Name{Schema: fields[0], Name: fields[1]}, ParentPasses
		if fields[2] == "f" {
			kind = ForeignTable
		}
		c.add(kind, table, "", "REVOKE ALL ON "+table.String()+" FROM PUBLIC, "+c.role)
	}, sqlRoutes, jsonOf(tenants), jsonOf(columns), jsonOf(protected))
}

// The rule of a view that reads is the view itself.
const sqlRules = `
SELECT n.nspname, c.relname, r.rulename, c.relkind::text
FROM pg_catalog.pg_rewrite AS r
JOIN pg_catalog.pg_class AS c ON c.oid = r.ev_class
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE r.ev_type <> '1' AND r.ev_enabled <> 'D' AND pg_get_ruledef(r.oid) !~ '\mDO (INSTEAD|ALSO)? *NOTHING;$'
	AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
	AND EXISTS (SELECT FROM pg_catalog.pg_roles AS role WHERE role.rolname IN (current_user, session_user, $1)
		AND (has_table_privilege(role.oid, c.oid, 'INSERT, UPDATE, DELETE') OR has_any_column_privilege(role.oid, c.oid, 'INSERT, UPDATE')))
ORDER BY 1, 2, 3`

// checkRules looks for rules that the role may set off.
func (c *checker) checkRules(ctx context.Context) error {
	return c.each(ctx, func(fields []string) {
		table, rule := catalog.Name{Schema: fields[0], Name: fields[1]}, catalog.Quote(fields[2])
		if fields[3] == "v" {
			c.advise(RuleRuns, table, "rule "+rule, "make a trigger INSTEAD OF of it, which runs with the rights of who sets it off, and drop the rule")
			return
		}
		c.add(RuleRuns, table, "rule "+rule, "ALTER TABLE "+table.String()+" DISABLE RULE "+rule)
	}, sqlRules, c.policies.SpanRole)
}

// $1: the span role, or nothing. Of a superuser pg_has_role says that it is a member
// of every role. Roles whose names begin with pg_ are PostgreSQL's own: those that
// read no rows and run no program are named, so that a new one is none of them.
const sqlRoles = `
SELECT r.rolname, (r.rolname IN (session_user, current_user))::text,
	CASE WHEN r.rolsuper THEN 'SUPERUSER'
		WHEN r.rolname ~ '^pg_' THEN 'PREDEFINED'
		ELSE concat_ws(' ', CASE WHEN r.rolbypassrls THEN 'BYPASSRLS' END, CASE WHEN r.rolcreaterole THEN 'CREATEROLE' END,
			CASE WHEN r.rolreplication THEN 'REPLICATION' END) END,
	CASE WHEN r.rolname ~ '^pg_' THEN 'goes around policies'
		ELSE concat_ws(' and ', CASE WHEN r.rolcreaterole THEN 'makes members of other roles' END,
			CASE WHEN r.rolreplication THEN 'reads the write-ahead log' END) END
FROM pg_catalog.pg_roles AS r
WHERE (r.rolsuper OR r.rolbypassrls OR r.rolcreaterole OR r.rolreplication OR r.rolname ~ '^pg_'
		AND r.rolname NOT IN ('pg_read_all_settings', 'pg_signal_backend', 'pg_checkpoint', 'pg_use_reserved_connections'))
	AND (r.rolname IN (session_user, current_user)
		OR NOT (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = session_user) AND pg_has_role(session_user, r.oid, 'MEMBER'))
ORDER BY 1`

const sqlInherits = `
SELECT rolname FROM pg_catalog.pg_roles
WHERE rolname = $1 AND NOT (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = session_user)
	AND pg_has_role(current_user, oid, 'USAGE')`

// anotherRole is what to do where the role itself is the wrong one: it may be the
// only one that can manage the server.
const anotherRole = "connect as another role, which is no superuser and owns no table: leave this one as it is, for migrations"

// checkRoles looks at what the role is, and may become.
func (c *checker) checkRoles(ctx context.Context) error {
	err := c.each(ctx, func(fields []string) {
		name, powers := catalog.Quote(fields[0]), strings.Fields(fields[2])
		object := "role " + name
		if fields[3] != "" {
			object += ", which " + fields[3]
		}
		switch {
		case fields[2] == "SUPERUSER" && fields[1] == "true":
			c.advise(RoleBypasses, catalog.Name{}, object, anotherRole)
		case fields[1] == "true" && fields[2] != "PREDEFINED":
			c.add(RoleBypasses, catalog.Name{}, object, "ALTER ROLE "+name+" NO"+strings.Join(powers, " NO"))
		case fields[0] == "pg_database_owner":
			c.advise(RoleBypasses, catalog.Name{}, "the role owns the database", anotherRole)
		default:
			c.add(RoleBypasses, catalog.Name{}, object, "REVOKE "+name+" FROM "+c.role)
		}
	}, sqlRoles)
	if err != nil {
		return err
	}
	for _, t := range c.targets {
		if t.Owned && !c.catalog.Role.Superuser {
			c.advise(RoleBypasses, t.Name, "the role owns the table, or is a member of its owner", anotherRole)
			break
		}
	}
	if c.policies.SpanRole == "" {
		return nil
	}
	return c.each(ctx, func([]string) {
		span, mend := catalog.Quote(c.policies.SpanRole), "ALTER ROLE "+c.role+" NOINHERIT"
		if c.catalog.Version >= 160000 { // where the grant says so
			mend = "GRANT " + span + " TO " + c.role + " WITH INHERIT FALSE"
		}
		c.add(RoleBypasses, catalog.Name{}, "role "+span+" is inherited", mend)
	}, sqlInherits, c.policies.SpanRole)
}
