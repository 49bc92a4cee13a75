package catalog

import "strings"

// settingsQuery fixes, for the transaction, what PostgreSQL's own rendering of
// expressions depends on. With pg_catalog alone in the search_path every other
// name comes with its schema, and the queries below mean what they say;
// pg_temp is named to be searched last.
const settingsQuery = `
SELECT set_config(name, value, true)
FROM (VALUES
	('search_path', 'pg_catalog, pg_temp'),
	('datestyle', 'ISO, YMD'),
	('intervalstyle', 'postgres'),
	('timezone', 'UTC'),
	('extra_float_digits', '1'),
	('bytea_output', 'hex'),
	('standard_conforming_strings', 'on'),
	('quote_all_identifiers', 'off')
) AS settings (name, value)`

const serverQuery = `
SELECT current_setting('server_version_num')::int, current_database(), pg_is_in_recovery(),
	to_regclass('pg_catalog.pg_dist_partition') IS NOT NULL, to_regclass('pg_catalog.pg_dist_cleanup') IS NOT NULL,
	rolname, rolsuper, rolbypassrls
FROM pg_roles
WHERE rolname = current_user`

// forVersion returns the query for a server of that version: what younger
// versions have is replaced by what it was before.
func forVersion(query string, version int) string {
	if version < 150000 {
		query = before15.Replace(query)
	}
	if version < 180000 {
		query = before18.Replace(query)
	}
	return query
}

var (
	before15 = strings.NewReplacer("i.indnullsnotdistinct", "false", "c.confdelsetcols", "NULL::int2[]")
	before18 = strings.NewReplacer("c.conenforced", "true", "c.conperiod", "false")
)

// $1: the schemas, a JSON array; empty for all but PostgreSQL's own.
// $2: the tables, a JSON array of objects; empty for all.
const tablesQuery = `
SELECT c.oid, n.nspname, c.relname, pg_get_userbyid(c.relowner), pg_has_role(c.relowner, 'USAGE'),
	c.relkind = 'p', COALESCE(pg_get_partkeydef(c.oid), ''), COALESCE(pg_get_expr(c.relpartbound, c.oid), ''),
	inherits.parents, c.relispartition,
	COALESCE((
		SELECT e.extname FROM pg_depend AS d JOIN pg_extension AS e ON e.oid = d.refobjid
		WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.objsubid = 0 AND d.deptype = 'e'
			AND d.refclassid = 'pg_extension'::regclass
	), ''),
	c.relrowsecurity, c.relforcerowsecurity, c.relreplident::text, published.names,
	(
		SELECT json_agg(json_build_object('Publication', p.pubname, 'Columns', (
			SELECT json_agg(a.attname ORDER BY a.attnum)
			FROM pg_attribute AS a
			WHERE a.attrelid = c.oid AND to_jsonb(r) -> 'prattrs' @> to_jsonb(a.attnum)
		)) ORDER BY p.pubname)
		FROM pg_publication_rel AS r JOIN pg_publication AS p ON p.oid = r.prpubid
		WHERE r.prrelid = c.oid AND to_jsonb(r) ->> 'prattrs' IS NOT NULL
	),
	(
		SELECT json_agg(json_build_object('Role', role, 'Privilege', privilege, 'Columns', columns) ORDER BY role, privilege)
		FROM (
			SELECT CASE g.grantee WHEN 0 THEN 'public' ELSE pg_get_userbyid(g.grantee) END AS role, g.privilege_type AS privilege,
				json_agg(a.attname ORDER BY a.attnum) AS columns
			FROM pg_attribute AS a, aclexplode(a.attacl) AS g
			WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
				AND NOT EXISTS (
					SELECT FROM aclexplode(c.relacl) AS whole
					WHERE whole.grantee = g.grantee AND whole.privilege_type = g.privilege_type
				)
			GROUP BY g.grantee, g.privilege_type
		) AS granted
	),
	c.reltuples, COALESCE(pg_table_size(c.oid), 0), COALESCE(pg_indexes_size(c.oid), 0)
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN (
	SELECT i.inhrelid, json_agg(json_build_object('Schema', pn.nspname, 'Name', p.relname) ORDER BY i.inhseqno) AS parents
	FROM pg_inherits AS i
	JOIN pg_class AS p ON p.oid = i.inhparent
	JOIN pg_namespace AS pn ON pn.oid = p.relnamespace
	WHERE p.relkind IN ('r', 'p')
	GROUP BY i.inhrelid
) AS inherits ON inherits.inhrelid = c.oid
LEFT JOIN (
	SELECT relid, json_agg(pubname ORDER BY pubname) AS names
	FROM (
		SELECT r.prrelid AS relid, p.pubname FROM pg_publication_rel AS r JOIN pg_publication AS p ON p.oid = r.prpubid
		UNION
		SELECT t.relid, p.pubname FROM pg_publication AS p, pg_get_publication_tables(p.pubname::text) AS t
	) AS members
	GROUP BY relid
) AS published ON published.relid = c.oid
WHERE c.relkind IN ('r', 'p')
	AND CASE
		WHEN $1::text = '[]' THEN n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
		ELSE n.nspname IN (SELECT json_array_elements_text($1::text::json))
	END
	AND ($2::text = '[]' OR (n.nspname, c.relname) IN (
		SELECT "Schema", "Name" FROM json_to_recordset($2::text::json) AS wanted ("Schema" text, "Name" text)
	))`

// $1, here and below: the tables' OIDs.
const columnsQuery = `
SELECT a.attrelid, a.attname, format_type(a.atttypid, a.atttypmod),
	COALESCE(CASE WHEN a.attcollation <> t.typcollation THEN a.attcollation::regcollation::text END, ''),
	a.attnotnull AND NOT EXISTS (
		SELECT FROM pg_constraint AS c
		WHERE c.conrelid = a.attrelid AND c.contype = 'n' AND c.conkey[1] = a.attnum AND NOT c.convalidated
	),
	COALESCE(pg_get_expr(d.adbin, d.adrelid), ''), a.attgenerated <> '', a.attgenerated = 'v', a.attidentity::text,
	COALESCE(owned.nspname, ''), COALESCE(owned.relname, '')
FROM unnest($1::text::oid[]) AS target (id)
JOIN pg_attribute AS a ON a.attrelid = target.id AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_type AS t ON t.oid = a.atttypid
LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
LEFT JOIN (
	SELECT DISTINCT ON (d.refobjid, d.refobjsubid) d.refobjid, d.refobjsubid, n.nspname, s.relname
	FROM pg_class AS s
	JOIN pg_namespace AS n ON n.oid = s.relnamespace
	JOIN pg_depend AS d ON d.classid = 'pg_class'::regclass AND d.objid = s.oid AND d.objsubid = 0
		AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
	WHERE s.relkind = 'S'
	ORDER BY d.refobjid, d.refobjsubid, d.deptype DESC, s.oid
) AS owned ON owned.refobjid = a.attrelid AND owned.refobjsubid = a.attnum
ORDER BY a.attrelid, a.attnum`

// A foreign key to a partitioned table has an internal constraint for each
// partition, which is left out. Checks are put together as pg_get_constraintdef
// does it, and the index of an exclusion is looked up first: that function fails
// if the table was dropped after the snapshot.
const constraintsQuery = `
SELECT c.conrelid, c.conname, c.contype::text, COALESCE(CASE c.contype
		WHEN 'c' THEN 'CHECK (' || pg_get_expr(c.conbin, c.conrelid) || ')' || CASE WHEN c.connoinherit THEN ' NO INHERIT' ELSE '' END
		WHEN 'x' THEN CASE WHEN pg_get_indexdef(c.conindid) IS NOT NULL THEN pg_get_constraintdef(c.oid) END
	END, ''),
	(
		SELECT json_agg(a.attname ORDER BY k.n)
		FROM unnest(c.conkey) WITH ORDINALITY AS k (num, n)
		JOIN pg_attribute AS a ON a.attrelid = c.conrelid AND a.attnum = k.num
	),
	COALESCE(ic.relname, ''), c.condeferrable, c.condeferred, c.convalidated, NOT c.conenforced,
	c.coninhcount > 0 OR c.conparentid <> 0, c.conperiod,
	CASE WHEN i.indnatts > i.indnkeyatts THEN (
		SELECT json_agg(a.attname ORDER BY k.n)
		FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k (num, n)
		JOIN pg_attribute AS a ON a.attrelid = c.conrelid AND a.attnum = k.num
		WHERE k.n > i.indnkeyatts
	) END,
	COALESCE(i.indnullsnotdistinct, false), CASE WHEN c.contype <> 'f' THEN to_json(ic.reloptions) END,
	CASE WHEN c.contype <> 'f' THEN COALESCE(ts.spcname, '') ELSE '' END,
	COALESCE(fn.nspname, ''), COALESCE(f.relname, ''),
	(
		SELECT json_agg(a.attname ORDER BY k.n)
		FROM unnest(c.confkey) WITH ORDINALITY AS k (num, n)
		JOIN pg_attribute AS a ON a.attrelid = c.confrelid AND a.attnum = k.num
	),
	c.confdeltype::text, c.confupdtype::text, c.confmatchtype = 'f',
	(
		SELECT json_agg(a.attname ORDER BY k.n)
		FROM unnest(c.confdelsetcols) WITH ORDINALITY AS k (num, n)
		JOIN pg_attribute AS a ON a.attrelid = c.conrelid AND a.attnum = k.num
	),
	CASE WHEN c.contype IN ('p', 'u') THEN (
		SELECT json_agg(DISTINCT CASE
			WHEN v.oid IS NULL THEN pg_describe_object(d.classid, d.objid, d.objsubid)
			ELSE v.oid::regclass::text
		END)
		FROM pg_depend AS d
		LEFT JOIN pg_rewrite AS r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
		LEFT JOIN pg_class AS v ON v.oid = r.ev_class
		WHERE d.refclassid = 'pg_constraint'::regclass AND d.refobjid = c.oid AND d.deptype = 'n'
	) END,
	COALESCE(obj_description(c.oid, 'pg_constraint'), '')
FROM unnest($1::text::oid[]) AS target (id)
JOIN pg_constraint AS c ON c.conrelid = target.id AND c.contype IN ('p', 'u', 'f', 'c', 'x')
LEFT JOIN pg_class AS ic ON ic.oid = c.conindid
LEFT JOIN pg_index AS i ON i.indexrelid = c.conindid AND c.contype <> 'f'
LEFT JOIN pg_tablespace AS ts ON ts.oid = ic.reltablespace
LEFT JOIN pg_class AS f ON f.oid = c.confrelid
LEFT JOIN pg_namespace AS fn ON fn.oid = f.relnamespace
WHERE NOT EXISTS (SELECT FROM pg_constraint AS p WHERE p.oid = c.conparentid AND p.conrelid = c.conrelid)`

// An index that is not live is half dropped, and was made invalid before that. It
// still occupies its name, and nothing else removes it.
const indexesQuery = `
SELECT i.indrelid, ic.relname, COALESCE(c.conname, ''), am.amname, COALESCE(pg_get_indexdef(i.indexrelid), ''), i.indkey::text,
	i.indisunique, i.indisprimary, i.indisvalid, i.indisreplident, i.indisclustered, i.indnullsnotdistinct,
	ic.relispartition, to_json(ic.reloptions), COALESCE(ts.spcname, ''),
	COALESCE(pg_get_expr(i.indpred, i.indrelid), ''), COALESCE(pg_relation_size(i.indexrelid), 0),
	COALESCE(obj_description(i.indexrelid, 'pg_class'), ''),
	(
		SELECT json_agg(CASE WHEN a.attstattarget >= 0 THEN a.attstattarget::text ELSE '' END ORDER BY a.attnum)
		FROM pg_attribute AS a
		WHERE a.attrelid = i.indexrelid
	)
FROM unnest($1::text::oid[]) AS target (id)
JOIN pg_index AS i ON i.indrelid = target.id
JOIN pg_class AS ic ON ic.oid = i.indexrelid
JOIN pg_am AS am ON am.oid = ic.relam
LEFT JOIN pg_constraint AS c ON c.conindid = i.indexrelid AND c.conrelid = i.indrelid AND c.contype IN ('p', 'u', 'x')
LEFT JOIN pg_tablespace AS ts ON ts.oid = ic.reltablespace`

// A partition's triggers are internal in PostgreSQL 14, and have a parent.
const triggersQuery = `
SELECT t.tgrelid, t.tgname, COALESCE(pg_get_triggerdef(t.oid), ''), t.tgenabled::text, t.tgparentid <> 0,
	COALESCE(obj_description(t.oid, 'pg_trigger'), '')
FROM unnest($1::text::oid[]) AS target (id)
JOIN pg_trigger AS t ON t.tgrelid = target.id
WHERE NOT t.tgisinternal OR t.tgparentid <> 0 AND t.tgconstraint = 0`

const policiesQuery = `
SELECT p.polrelid, p.polname, p.polpermissive,
	CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END,
	(
		SELECT json_agg(CASE role.id WHEN 0 THEN 'public' ELSE pg_get_userbyid(role.id) END ORDER BY role.id)
		FROM unnest(p.polroles) AS role (id)
	),
	COALESCE(pg_get_expr(p.polqual, p.polrelid), ''), COALESCE(pg_get_expr(p.polwithcheck, p.polrelid), ''),
	COALESCE(obj_description(p.oid, 'pg_policy'), '')
FROM unnest($1::text::oid[]) AS target (id)
JOIN pg_policy AS p ON p.polrelid = target.id`

// Shards on this node that Citus has moved elsewhere and will drop. Citus stops
// hiding them when their table is undistributed.
const orphansQuery = `
SELECT to_regclass(object_name)::oid
FROM pg_dist_cleanup
WHERE object_type = 1 AND node_group_id = (SELECT groupid FROM pg_dist_local_group LIMIT 1)
	AND to_regclass(object_name) IS NOT NULL`

// For databases with Citus. A reference table is recognized by its replication
// model ('t'), and a single-shard table by its colocation group. A partitioned
// table has no storage of its own: its partitions say whether local rows are
// left.
const distributionsQuery = `
SELECT p.logicalrelid::oid,
	CASE
		WHEN p.partmethod = 'h' THEN 'HASH'
		WHEN p.partmethod = 'n' AND p.repmodel = 't' THEN 'REFERENCE'
		WHEN p.partmethod = 'n' AND p.colocationid > 0 THEN 'SINGLE SHARD'
		WHEN p.partmethod = 'n' THEN 'MANAGED'
		ELSE 'OTHER'
	END,
	COALESCE(column_to_column_name(p.logicalrelid, p.partkey), ''), p.colocationid,
	(SELECT count(*) FROM pg_dist_shard AS s WHERE s.logicalrelid = p.logicalrelid),
	COALESCE(pg_relation_size(p.logicalrelid), 0) > 0
FROM unnest($1::text::oid[]) AS target (id)
JOIN pg_dist_partition AS p ON p.logicalrelid = target.id`

// $1: the schemas, as above.
const functionsQuery = `
SELECT n.nspname, p.proname, pg_get_function_identity_arguments(p.oid), l.lanname, COALESCE(pg_get_function_sqlbody(p.oid), p.prosrc), p.prosqlbody IS NOT NULL
FROM pg_proc AS p
JOIN pg_namespace AS n ON n.oid = p.pronamespace
JOIN pg_language AS l ON l.oid = p.prolang
WHERE l.lanname IN ('sql', 'plpgsql')
	AND CASE
		WHEN $1::text = '[]' THEN n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
		ELSE n.nspname IN (SELECT json_array_elements_text($1::text::json))
	END
	AND NOT EXISTS (
		SELECT FROM pg_depend AS d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
	)`

// $1: the schemas, as above. $2: only what uses a table that was read. $3: these.
const viewsQuery = `
SELECT n.nspname, v.relname, v.relkind = 'm',
	EXISTS (
		SELECT FROM pg_options_to_table(v.reloptions)
		WHERE CASE option_name WHEN 'security_invoker' THEN option_value::bool END
	),
	to_json(v.reloptions), COALESCE(pg_get_viewdef(v.oid), ''), uses.names
FROM pg_class AS v
JOIN pg_namespace AS n ON n.oid = v.relnamespace
LEFT JOIN (
	SELECT r.ev_class, json_agg(DISTINCT jsonb_build_object('Schema', un.nspname, 'Name', u.relname)) AS names,
		array_agg(u.oid) AS ids
	FROM pg_rewrite AS r
	JOIN pg_depend AS d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
		AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> r.ev_class
	JOIN pg_class AS u ON u.oid = d.refobjid AND u.relkind IN ('r', 'p', 'v', 'm', 'f')
	JOIN pg_namespace AS un ON un.oid = u.relnamespace
	GROUP BY r.ev_class
) AS uses ON uses.ev_class = v.oid
WHERE v.relkind IN ('v', 'm')
	AND (
		uses.ids && $3::text::oid[]
		OR NOT $2::bool AND CASE
			WHEN $1::text = '[]' THEN n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
			ELSE n.nspname IN (SELECT json_array_elements_text($1::text::json))
		END
	)`
