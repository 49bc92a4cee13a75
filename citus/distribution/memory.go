package distribution

import (
	"fmt"
	"strings"
)

// undistribute_table makes a new table of the same name, and new views on it. It
// forgets comments, rules, the privileges of views and the indexes of
// materialized ones, and gives tables and views what default privileges say
// besides what they had: somebody could read what he was denied. So what there is
// of these is remembered before, as SQL, and brought back at the end.

// rememberSQL keeps it for the transaction, of the tables with their partitions
// and of the views on them, views on views included.
func rememberSQL(tables []*Table) string {
	var names []string
	for _, t := range tables {
		for _, member := range t.family() {
			names = append(names, literal(member.Name.String())+"::pg_catalog.regclass")
		}
	}
	return "DO " + dollars("remember", fmt.Sprintf(sqlRemember, strings.Join(names, ", ")))
}

const sqlRemember = `
BEGIN
	PERFORM set_config('tenancy.remembered', remembered.relations::text, true), set_config('tenancy.recall', remembered.statements, true)
	FROM (
		WITH RECURSIVE reached (id) AS (
			SELECT unnest(ARRAY[%s])::oid
			UNION
			SELECT r.ev_class
			FROM reached
			JOIN pg_depend AS d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = reached.id AND d.classid = 'pg_rewrite'::regclass
			JOIN pg_rewrite AS r ON r.oid = d.objid AND r.ev_class <> reached.id
		), relation AS (
			SELECT c.oid, c.oid::regclass::text AS name, c.relowner, c.relacl, c.relkind,
				CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'TABLE' END AS kind
			FROM reached JOIN pg_class AS c ON c.oid = reached.id
		), statements (step, sql) AS (
			SELECT 1, pg_get_ruledef(r.oid)
			FROM relation JOIN pg_rewrite AS r ON r.ev_class = relation.oid AND r.rulename <> '_RETURN'
			UNION ALL
			SELECT 2, pg_get_indexdef(i.indexrelid)
			FROM relation JOIN pg_index AS i ON i.indrelid = relation.oid
			WHERE relkind = 'm'
			UNION ALL
			SELECT 3, format('ALTER %%s %%s OWNER TO %%I', kind, name, pg_get_userbyid(relowner)) FROM relation WHERE relkind IN ('v', 'm')
			UNION ALL
			SELECT 4, format('GRANT %%s ON %%s TO %%s%%s', a.privilege_type, name,
				CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END,
				CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
			FROM relation, aclexplode(relacl) AS a
			UNION ALL
			SELECT 5, format('GRANT %%s (%%I) ON %%s TO %%s%%s', a.privilege_type, c.attname, name,
				CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END,
				CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
			FROM relation JOIN pg_attribute AS c ON c.attrelid = relation.oid AND NOT c.attisdropped, aclexplode(c.attacl) AS a
			UNION ALL
			SELECT 6, CASE d.objsubid
				WHEN 0 THEN format('COMMENT ON %%s %%s IS %%L', kind, name, d.description)
				ELSE format('COMMENT ON COLUMN %%s.%%I IS %%L', name, c.attname, d.description)
			END
			FROM relation
			JOIN pg_description AS d ON d.classoid = 'pg_class'::regclass AND d.objoid = relation.oid
			LEFT JOIN pg_attribute AS c ON c.attrelid = relation.oid AND c.attnum = d.objsubid
			UNION ALL
			SELECT 6, format('COMMENT ON INDEX %%s IS %%L', i.indexrelid::regclass, d.description)
			FROM relation
			JOIN pg_index AS i ON i.indrelid = relation.oid
			JOIN pg_description AS d ON d.classoid = 'pg_class'::regclass AND d.objoid = i.indexrelid
			UNION ALL
			SELECT 6, format('COMMENT ON CONSTRAINT %%I ON %%s IS %%L', c.conname, name, d.description)
			FROM relation
			JOIN pg_constraint AS c ON c.conrelid = relation.oid
			JOIN pg_description AS d ON d.classoid = 'pg_constraint'::regclass AND d.objoid = c.oid
			UNION ALL
			SELECT 6, format('COMMENT ON POLICY %%I ON %%s IS %%L', p.polname, name, d.description)
			FROM relation
			JOIN pg_policy AS p ON p.polrelid = relation.oid
			JOIN pg_description AS d ON d.classoid = 'pg_policy'::regclass AND d.objoid = p.oid
		)
		SELECT (SELECT array_agg(name) FROM relation) AS relations,
			COALESCE((SELECT string_agg(sql, '; ' ORDER BY step, sql) FROM statements), '') AS statements
	) AS remembered;
END
`

// recallSQL brings it back. Whoever has come by privileges loses them first.
const recallSQL = `DO $recall$
DECLARE
	statement text;
BEGIN
	FOR statement IN
		SELECT DISTINCT format('REVOKE ALL ON %s FROM %s', relation.name,
			CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END)
		FROM unnest(current_setting('tenancy.remembered')::text[]) AS relation (name)
		JOIN pg_class AS c ON c.oid = relation.name::regclass, aclexplode(c.relacl) AS a
		WHERE a.grantee <> c.relowner
	LOOP
		EXECUTE statement;
	END LOOP;
	IF current_setting('tenancy.recall') <> '' THEN
		EXECUTE current_setting('tenancy.recall');
	END IF;
END
$recall$`
