package rls

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"gorm.io/gorm"

	"github.com/gorm-tenancy/tenancy/catalog"
)

// Check reports whether row-level security holds for the role that the handle's pool
// connects as. It checks every table that [tenancy.Tables] knows and those of
// Policies.Tables, with their partitions and child tables, and whatever leads around
// them. The error joins [Problem] values, each with the SQL that fixes it. Warnings are
// what Check cannot judge, one line each: functions that run with the rights of a role
// that sees all rows, and a role that may make tables of its own, which have no policy.
//
// It changes nothing, and any role may call it. The scope of the context does not
// matter.
func Check(ctx context.Context, db *gorm.DB, p Policies, models ...any) (warnings []string, err error) {
	ctx = unscoped{ctx}
	s, err := p.survey(ctx, db, models)
	if err != nil {
		return nil, err
	}
	c := &checker{survey: s, role: catalog.Quote(s.catalog.Role.Name)}
	for _, step := range []func(context.Context) error{
		c.checkRoles, c.checkTables, c.checkPrivileges, c.checkViews, c.checkStrangers, c.checkRoutes, c.checkRules, c.checkSettings, c.listFunctions, c.listPlaces,
	} {
		if err := step(ctx); err != nil {
			return nil, fmt.Errorf("rls: check: %w", err)
		}
	}
	return c.warnings, errors.Join(c.problems...)
}

// unscoped is a context without values, and so without a scope.
type unscoped struct{ context.Context }

// Value implements context.Context.
func (unscoped) Value(any) any { return nil }

// A checker collects what is wrong.
type checker struct {
	*survey
	role     string // quoted
	problems []error
	warnings []string
}

func (c *checker) add(kind ProblemKind, table catalog.Name, object string, sql ...string) {
	c.problems = append(c.problems, &Problem{Kind: kind, Table: table, Object: object, SQL: sql})
}

// advise adds what no statement may put right by itself.
func (c *checker) advise(kind ProblemKind, table catalog.Name, object, advice string) {
	c.problems = append(c.problems, &Problem{Kind: kind, Table: table, Object: object, Advice: advice})
}

// each runs a query and hands its rows, which are texts, on.
func (c *checker) each(ctx context.Context, row func(fields []string), query string, args ...any) error {
	rows, err := c.pool.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	for rows.Next() {
		fields := make([]string, len(columns))
		targets := make([]any, len(columns))
		for i := range fields {
			targets[i] = &fields[i]
		}
		if err := rows.Scan(targets...); err != nil {
			return err
		}
		row(fields)
	}
	return rows.Err()
}

// checkTables compares the policies with those that are generated.
func (c *checker) checkTables(context.Context) error {
	for _, name := range c.missing {
		c.advise(NotThere, name, "", "migrate first, by db.AutoMigrate or your own migrations, and then call rls.Enable")
	}
	span := ""
	for _, t := range c.targets {
		alter := "ALTER TABLE " + t.Name.String()
		if !t.RowSecurity {
			c.add(NotEnabled, t.Name, "", alter+" ENABLE ROW LEVEL SECURITY")
		}
		if !t.ForceRowSecurity {
			c.add(NotForced, t.Name, "", alter+" FORCE ROW LEVEL SECURITY")
		}
		for i := range t.want {
			w := &t.want[i]
			switch old := t.Policy(w.name); {
			case old == nil:
				c.add(PolicyMissing, t.Name, "policy "+w.name, w.sql(t.Name))
			case !w.is(old):
				c.add(PolicyChanged, t.Name, "policy "+w.name, dropPolicy(t.Table, w.name), w.sql(t.Name))
			}
		}
		for i := range t.Policies {
			p := &t.Policies[i]
			isWanted := slices.ContainsFunc(t.want, func(w policy) bool { return w.name == p.Name })
			switch {
			case !p.Permissive || isWanted:
			case p.Name == spanPolicy && c.policies.SpanRole == "":
				span = strings.Join(p.Roles, ", ")
			default:
				c.add(PolicyForeign, t.Name, "policy "+catalog.Quote(p.Name), dropPolicy(t.Table, p.Name))
			}
		}
	}
	if span != "" {
		c.advise(SpanForgotten, catalog.Name{}, "role "+span, "set Policies.SpanRole and Options.SpanRole to it; "+
			"where nothing spans tenants any more, rls.Disable and rls.Enable drop its policies")
	}
	return nil
}

// $1: the tables as JSON. $2: the span role, or nothing.
const sqlPrivileges = `
SELECT "Schema", "Name", role.name, privilege
FROM json_to_recordset($1::text::json) AS wanted ("Schema" text, "Name" text)
CROSS JOIN (SELECT current_user::text UNION SELECT session_user::text
	UNION SELECT rolname::text FROM pg_catalog.pg_roles WHERE rolname = $2) AS role (name)
CROSS JOIN (VALUES ('TRUNCATE'), ('REFERENCES'), ('TRIGGER')) AS privileges (privilege)
WHERE has_table_privilege(role.name, format('%I.%I', "Schema", "Name"), privilege)
ORDER BY 1, 2, 3, 4`

// checkPrivileges looks for those that no policy limits: TRUNCATE removes
// everybody's rows, a foreign key tells whether a row is there, and a trigger runs
// with the rights of whoever sets it off.
func (c *checker) checkPrivileges(ctx context.Context) error {
	var names []catalog.Name
	for _, t := range c.targets {
		names = append(names, t.Name)
	}
	return c.each(ctx, func(fields []string) {
		table, role := catalog.Name{Schema: fields[0], Name: fields[1]}, catalog.Quote(fields[2])
		c.add(PrivilegeTooBig, table, fields[3]+" of role "+role, "REVOKE "+fields[3]+" ON "+table.String()+" FROM "+role)
	}, sqlPrivileges, jsonOf(names), c.policies.SpanRole)
}

func jsonOf[T catalog.Name | string](names []T) string {
	text, err := json.Marshal(append([]T{}, names...))
	if err != nil {
		panic(err) // names are strings
	}
	return string(text)
}

const sqlReadable = `
SELECT n.nspname, v.relname, (o.rolsuper OR o.rolbypassrls)::text
FROM json_to_recordset($1::text::json) AS wanted ("Schema" text, "Name" text)
JOIN pg_catalog.pg_namespace AS n ON n.nspname = wanted."Schema"
JOIN pg_catalog.pg_class AS v ON v.relnamespace = n.oid AND v.relname = wanted."Name"
JOIN pg_catalog.pg_roles AS o ON o.oid = v.relowner
WHERE has_table_privilege(current_user, v.oid, 'SELECT, INSERT, UPDATE, DELETE') OR has_any_column_privilege(current_user, v.oid, 'SELECT')
ORDER BY 1, 2`

// checkViews looks for views on the tables, and views on those, that do not read
// as the role that reads them.
func (c *checker) checkViews(ctx context.Context) error {
	reads, names := map[catalog.Name]*catalog.View{}, []catalog.Name{}
	for found := true; found; {
		found = false
		for _, v := range c.catalog.Views {
			uses := func(name catalog.Name) bool {
				return reads[name] != nil || c.target(name) != nil && c.target(name).known.Column != ""
			}
			if reads[v.Name] == nil && slices.ContainsFunc(v.Uses, uses) {
				reads[v.Name], found = v, true
				names = append(names, v.Name)
			}
		}
	}
	return c.each(ctx, func(fields []string) {
		v := reads[catalog.Name{Schema: fields[0], Name: fields[1]}]
		switch {
		case v.Materialized:
			c.add(CopyReadable, v.Name, "", "REVOKE ALL ON "+v.Name.String()+" FROM "+c.role)
		case v.SecurityInvoker:
		case c.catalog.Version >= 150000:
			c.add(ViewPasses, v.Name, "", "ALTER VIEW "+v.Name.String()+" SET (security_invoker = true)")
		case fields[2] == "true":
			c.add(ViewPasses, v.Name, "", "ALTER VIEW "+v.Name.String()+" OWNER TO "+c.role)
		}
	}, sqlReadable, jsonOf(names))
}

// checkStrangers looks for tables with a tenant column that no model is of.
func (c *checker) checkStrangers(ctx context.Context) error {
	columns, names := map[string]bool{}, []catalog.Name{}
	for _, t := range c.targets {
		key := t.PrimaryKey()
		if isRoot := key != nil && slices.Equal(key.Columns, []string{t.known.Column}); !isRoot {
			columns[t.known.Column] = true
		}
	}
	for _, t := range c.catalog.Tables {
		isTenants := slices.ContainsFunc(t.Columns, func(column catalog.Column) bool { return columns[column.Name] })
		if isTenants && !t.RowSecurity && t.Extension == "" && c.target(t.Name) == nil {
			names = append(names, t.Name)
		}
	}
	return c.each(ctx, func(fields []string) {
		c.add(NotEnabled, catalog.Name{Schema: fields[0], Name: fields[1]}, "a table with a tenant column that no model is of")
	}, sqlReadable, jsonOf(names))
}

const sqlSettings = `
SELECT CASE WHEN s.setrole = 0 THEN 'DATABASE ' || quote_ident(current_database()) ELSE 'ROLE ' || quote_ident(session_user) END,
	split_part(made, '=', 1), (s.setrole <> 0 AND s.setdatabase <> 0)::text, quote_ident(current_database())
FROM pg_catalog.pg_db_role_setting AS s, unnest(s.setconfig) AS made
WHERE s.setdatabase IN (0, (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database()))
	AND s.setrole IN (0, (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = session_user))
	AND split_part(made, '=', 1) IN ($1, $2)
ORDER BY 1, 2`

// checkSettings looks for tenants that are set for every session.
func (c *checker) checkSettings(ctx context.Context) error {
	return c.each(ctx, func(fields []string) {
		of := fields[0]
		if fields[2] == "true" {
			of += " IN DATABASE " + fields[3]
		}
		c.add(SessionSetting, catalog.Name{}, fields[1], "ALTER "+of+" RESET "+fields[1])
	}, sqlSettings, c.policies.Setting, c.policies.Setting+setSuffix)
}

const sqlFunctions = `
SELECT p.oid::regprocedure::text, quote_ident(o.rolname)
FROM pg_catalog.pg_proc AS p
JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
JOIN pg_catalog.pg_roles AS o ON o.oid = p.proowner
WHERE p.prosecdef AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
	AND has_function_privilege(current_user, p.oid, 'EXECUTE') AND p.prorettype <> 'trigger'::regtype
	AND (o.rolsuper OR o.rolbypassrls OR o.rolname = $1)
ORDER BY 1`

// listFunctions warns of functions that see everybody's rows.
func (c *checker) listFunctions(ctx context.Context) error {
	return c.each(ctx, func(fields []string) {
		c.warnings = append(c.warnings, strings.Join([]string{
			"rls: function ", fields[0], " runs with the rights of role ", fields[1],
			", who sees the rows of all tenants: see what it returns, or REVOKE EXECUTE ON FUNCTION ", fields[0], " FROM PUBLIC",
		}, ""))
	}, sqlFunctions, c.policies.SpanRole)
}

const sqlPlaces = `
SELECT 'temporary tables, which stay on a pooled connection', 'TEMPORARY ON DATABASE ' || quote_ident(current_database())
WHERE has_database_privilege(current_user, current_database(), 'TEMPORARY')
UNION ALL
SELECT 'tables in schema ' || quote_ident(name), 'CREATE ON SCHEMA ' || quote_ident(name)
FROM unnest(current_schemas(false)) AS name
WHERE has_schema_privilege(current_user, name::text, 'CREATE')`

// listPlaces warns of tables that could stand in place of those with policies.
func (c *checker) listPlaces(ctx context.Context) error {
	return c.each(ctx, func(fields []string) {
		c.warnings = append(c.warnings, "rls: the role may make "+fields[0]+" and hide tables with policies: REVOKE "+fields[1]+" FROM PUBLIC, "+c.role)
	}, sqlPlaces)
}
