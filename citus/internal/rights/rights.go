// Package rights writes SQL that compares the privileges on tables with those on
// their shards, and SQL that repairs the latter.
//
// Citus makes shards, and the tables of the same names on the workers, with
// statements of its own. The executing server adds its default privileges, so that a
// role may get more there than on the coordinator. And Citus turns restrictive
// policies into permissive ones.
package rights

import (
	"strings"

	"github.com/gorm-tenancy/tenancy/catalog"
)

// All is an expression for the OIDs of all tables that Citus knows.
const All = "ARRAY(SELECT logicalrelid::oid FROM pg_catalog.pg_dist_partition)"

// RestoreSQL returns a statement that revokes the privileges that roles have gained
// on the shards of some tables, on the workers, and on views there. Citus creates
// views on the workers without their privileges, so the statement grants those on
// views of the tables again. Run it on the coordinator. If it runs in the transaction
// that makes the shards, no one ever has more privileges. relations is an expression
// for an array of OIDs.
func RestoreSQL(relations string) string {
	text := strings.NewReplacer("{relations}", relations, "{given}", catalog.Dollars("given", given)).Replace(restore)
	return "DO " + catalog.Dollars("rights", text)
}

// given reads the default privileges of a node.
const given = `
SELECT COALESCE(pg_catalog.json_agg(pg_catalog.json_build_array(pg_catalog.pg_get_userbyid(d.defaclrole),
	CASE a.grantee WHEN 0 THEN '' ELSE pg_catalog.pg_get_userbyid(a.grantee) END, a.privilege_type, a.is_grantable)), '[]')::text
FROM pg_catalog.pg_default_acl AS d, pg_catalog.aclexplode(d.defaclacl) AS a
WHERE d.defaclobjtype = 'r'`

// Revoking a privilege on a table also revokes it on the columns, so these are
// granted again.
const restore = `
DECLARE
	statement text;
	statements text[];
	answers text[];
	failed text;
BEGIN
	PERFORM pg_catalog.set_config('citus.multi_shard_modify_mode', 'sequential', true); -- tables refer to each other
	SELECT pg_catalog.array_agg(result) FILTER (WHERE success), pg_catalog.string_agg(result, '; ') FILTER (WHERE NOT success)
	INTO answers, failed
	FROM pg_catalog.run_command_on_all_nodes({given});
	IF failed IS NOT NULL THEN
		RAISE EXCEPTION USING MESSAGE = 'a node cannot be asked for its default privileges: ' || failed;
	END IF;
	WITH RECURSIVE given AS (
		SELECT DISTINCT one ->> 0 AS owner, one ->> 1 AS grantee, one ->> 2 AS privilege, (one ->> 3)::bool AS grantable
		FROM pg_catalog.unnest(answers) AS answer, pg_catalog.json_array_elements(answer::json) AS one
	), role (id, name, sql) AS (
		SELECT oid, rolname, pg_catalog.quote_ident(rolname) FROM pg_catalog.pg_roles
		UNION ALL
		SELECT 0, '', 'PUBLIC'
	), relation AS (
		SELECT c.oid, pg_catalog.format('%I.%I', n.nspname, c.relname) AS name, c.relowner,
			COALESCE(c.relacl, pg_catalog.acldefault('r', c.relowner)) AS acl
		FROM pg_catalog.pg_class AS c
		JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
		WHERE pg_catalog.pg_has_role(c.relowner, 'USAGE') AND (c.oid = ANY ({relations}) OR c.relkind = 'v' AND EXISTS (
			SELECT FROM pg_catalog.pg_dist_object AS o WHERE o.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND o.objid = c.oid
		))
	), above (oid) AS (
		SELECT pg_catalog.unnest({relations})
		UNION
		SELECT r.ev_class
		FROM above
		JOIN pg_catalog.pg_depend AS d ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass
			AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid = above.oid
		JOIN pg_catalog.pg_rewrite AS r ON r.oid = d.objid
	), had AS (
		SELECT relation.oid, a.grantee, a.privilege_type AS privilege, bool_or(a.is_grantable) AS grantable
		FROM relation, pg_catalog.aclexplode(relation.acl) AS a
		GROUP BY relation.oid, a.grantee, a.privilege_type
	), got AS (
		SELECT relation.oid, role.id AS grantee, given.privilege, given.grantable
		FROM relation
		JOIN given ON given.owner = pg_catalog.pg_get_userbyid(relation.relowner)
		JOIN role ON role.name = given.grantee
		WHERE role.id <> relation.relowner
		UNION
		SELECT relation.oid, relation.relowner, a.privilege_type, false
		FROM relation, pg_catalog.aclexplode(pg_catalog.acldefault('r', relation.relowner)) AS a
	), excess AS (
		SELECT relation.oid, relation.name, got.grantee, role.sql AS role, got.privilege, had.oid IS NOT NULL AS held
		FROM got
		JOIN relation ON relation.oid = got.oid
		JOIN role ON role.id = got.grantee
		LEFT JOIN had ON had.oid = got.oid AND had.grantee = got.grantee AND had.privilege = got.privilege
		WHERE had.oid IS NULL OR got.grantable AND NOT had.grantable
	), lines (step, sql) AS (
		SELECT 1, pg_catalog.format('REVOKE %s%s ON %s FROM %s', CASE WHEN held THEN 'GRANT OPTION FOR ' ELSE '' END, privilege, name, role)
		FROM excess
		UNION
		SELECT 2, pg_catalog.format('GRANT %s (%I) ON %s TO %s%s', excess.privilege, c.attname, excess.name, excess.role,
			CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
		FROM excess
		JOIN pg_catalog.pg_attribute AS c ON c.attrelid = excess.oid AND NOT c.attisdropped
		JOIN LATERAL pg_catalog.aclexplode(c.attacl) AS a ON a.grantee = excess.grantee AND a.privilege_type = excess.privilege
		UNION
		SELECT 3, pg_catalog.format('GRANT %s%s ON %s TO %s%s', a.privilege_type, ' (' || pg_catalog.quote_ident(a.attname) || ')', relation.name, role.sql,
			CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
		FROM relation
		JOIN above USING (oid)
		JOIN pg_catalog.pg_class AS c ON c.oid = relation.oid AND c.relkind = 'v'
		CROSS JOIN LATERAL (
			SELECT NULL::name AS attname, own.* FROM pg_catalog.aclexplode(c.relacl) AS own
			UNION ALL
			SELECT x.attname, own.* FROM pg_catalog.pg_attribute AS x, pg_catalog.aclexplode(x.attacl) AS own WHERE x.attrelid = c.oid AND NOT x.attisdropped
		) AS a
		JOIN role ON role.id = a.grantee
		WHERE a.grantee <> c.relowner AND a.grantor = c.relowner
	)
	SELECT pg_catalog.array_agg(sql ORDER BY step, sql) INTO statements FROM lines;
	FOREACH statement IN ARRAY COALESCE(statements, '{}') LOOP
		EXECUTE statement;
	END LOOP;
END
`

// DifferencesSQL returns a query for differences between nodes and the coordinator:
// the node's number, the table or view, the relation on the node, what differs, and
// whether the node has or lacks it. A row without a table says why a node does not
// answer. Run it on the coordinator. It does not see what its own transaction has
// changed.
func DifferencesSQL() string {
	return strings.ReplaceAll(differences, "{node}", catalog.Dollars("node", node))
}

const differences = `
WITH answer AS (
	SELECT n.nodeid, n.groupid, r.success, r.result, CASE WHEN r.success THEN r.result ELSE '[]' END::json AS list
	FROM pg_catalog.run_command_on_all_nodes({node}) AS r
	JOIN pg_catalog.pg_dist_node AS n USING (nodeid)
), relation AS (
	SELECT answer.nodeid, answer.groupid = 0 AND one ->> 0 = one ->> 1 AS own, one ->> 0 AS name, one ->> 1 AS there,
		ARRAY(SELECT pg_catalog.json_array_elements_text(one -> 2)) AS rights
	FROM answer, pg_catalog.json_array_elements(list) AS one
)
SELECT relation.nodeid, relation.name, relation.there, further.what, further.more
FROM relation
JOIN relation AS wanted ON wanted.own AND wanted.name = relation.name
CROSS JOIN LATERAL (
	SELECT what, true FROM pg_catalog.unnest(relation.rights) AS what WHERE what <> ALL (wanted.rights)
	UNION ALL
	SELECT what, false FROM pg_catalog.unnest(wanted.rights) AS what WHERE what <> ALL (relation.rights)
) AS further (what, more)
UNION ALL
SELECT nodeid, '', '', 'answer: ' || result, false FROM answer WHERE NOT success`

// CheckSQL returns a statement that fails while some tables, or any views, have
// differences.
func CheckSQL(relations string) string {
	text := strings.NewReplacer("{relations}", relations, "{differences}", DifferencesSQL()).Replace(check)
	return "DO " + catalog.Dollars("check_rights", text)
}

const check = `
DECLARE
	otherwise text;
BEGIN
	SELECT pg_catalog.string_agg(pg_catalog.format('%s %s %s in %s places', name, CASE WHEN more THEN 'has' ELSE 'lacks' END, what, n), '; ')
	INTO otherwise
	FROM (
		SELECT d.name, d.more, d.what, count(*) AS n FROM ({differences}) AS d (node, name, there, what, more) GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
	) AS d
	WHERE d.name = '' OR d.name IN (SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) FROM pg_catalog.pg_class AS c
		JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
		WHERE c.oid = ANY ({relations}) OR c.relkind = 'v' AND pg_catalog.pg_has_role(c.relowner, 'USAGE'));
	IF otherwise IS NOT NULL THEN
		RAISE EXCEPTION USING MESSAGE = 'rights are others in the shards than on the coordinator: ' || otherwise,
			HINT = 'Put them right, or bring the tables back.', ERRCODE = 'insufficient_privilege';
	END IF;
END
`

// node is the query for a node: for each table, shard and view it returns the table's
// name, its own name, and everything that limits access to it. In a shard's
// conditions the shard's name is replaced by the table's. The role that asks owns the
// tables. So the query searches no schema that others may write to, where a function
// could replace PostgreSQL's. Citus leaves public out of a shard's name.
const node = `
WITH settings AS MATERIALIZED (
	SELECT pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true)
), relation AS (
	SELECT p.logicalrelid::oid AS of, p.logicalrelid::oid AS id FROM settings, pg_catalog.pg_dist_partition AS p
	UNION ALL
	SELECT s.logicalrelid, to_regclass(CASE n.nspname WHEN 'public' THEN 'public.' ELSE '' END || shard_name(s.logicalrelid, s.shardid))
	FROM settings, pg_catalog.pg_dist_shard AS s
	JOIN pg_catalog.pg_class AS whole ON whole.oid = s.logicalrelid
	JOIN pg_catalog.pg_namespace AS n ON n.oid = whole.relnamespace
	JOIN pg_catalog.pg_dist_placement AS place USING (shardid)
	WHERE place.groupid = (SELECT groupid FROM pg_catalog.pg_dist_local_group)
	UNION ALL
	SELECT v.oid, v.oid
	FROM settings, pg_catalog.pg_dist_object AS o
	JOIN pg_catalog.pg_class AS v ON o.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND v.oid = o.objid AND v.relkind = 'v'
)
SELECT COALESCE(json_agg(json_build_array(
	format('%I.%I', tn.nspname, t.relname), format('%I.%I', tn.nspname, c.relname), ARRAY(
		SELECT 'owner ' || quote_ident(pg_get_userbyid(c.relowner))
		UNION ALL
		SELECT 'row-level security' WHERE c.relrowsecurity
		UNION ALL
		SELECT 'forced row-level security' WHERE c.relforcerowsecurity
		UNION ALL
		SELECT DISTINCT concat_ws(' ', a.privilege_type, 'of ' || quote_ident(a.attname), 'for',
			CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END,
			CASE WHEN a.is_grantable AND a.grantee <> c.relowner THEN 'with grant option' END)
		FROM (
			SELECT NULL::name AS attname, acl.* FROM aclexplode(COALESCE(c.relacl, acldefault('r', c.relowner))) AS acl
			UNION ALL
			SELECT x.attname, acl.* FROM pg_catalog.pg_attribute AS x, aclexplode(x.attacl) AS acl WHERE x.attrelid = c.oid AND NOT x.attisdropped
		) AS a
		UNION ALL
		SELECT concat_ws(' ', CASE WHEN p.polpermissive THEN 'permissive' ELSE 'restrictive' END, 'policy', quote_ident(p.polname), 'for',
			CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END, 'to', (
				SELECT string_agg(CASE role WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(role)) END, ', ' ORDER BY pg_get_userbyid(role))
				FROM unnest(p.polroles) AS role
			),
			'using (' || replace(pg_get_expr(p.polqual, p.polrelid), c.relname, t.relname) || ')',
			'check (' || replace(pg_get_expr(p.polwithcheck, p.polrelid), c.relname, t.relname) || ')')
		FROM pg_catalog.pg_policy AS p
		WHERE p.polrelid = c.oid
	))), '[]')::text
FROM relation
JOIN pg_catalog.pg_class AS c ON c.oid = relation.id
JOIN pg_catalog.pg_class AS t ON t.oid = relation.of
JOIN pg_catalog.pg_namespace AS tn ON tn.oid = t.relnamespace`
