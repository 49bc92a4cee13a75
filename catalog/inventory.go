package catalog

import (
	"context"
	"fmt"
	"strings"
)

// InventorySQL returns a query that describes some relations and everything that
// depends on them: views, functions, rules, triggers, policies, indexes,
// constraints, statistics, sequences and publications. Each comes with its owner,
// privileges, comments and settings, as pg_dump would write them. Objects are
// identified by name. The result does not depend on OIDs, on grantors, or on
// PostgreSQL's internal options (those that begin with pg_).
//
// relations is an SQL expression for an array of OIDs. The columns are object,
// aspect and value, all text; object and aspect together are unique. Run the query
// with search_path = pg_catalog.
func InventorySQL(relations string) string {
	return fmt.Sprintf(inventoryQuery, "WITH RECURSIVE "+HangingSQL(relations))
}

// HangingSQL returns common table expressions, to be written after WITH RECURSIVE,
// that find what depends on some relations and what DROP … CASCADE would drop with
// them:
//
//	moved (oid)                      the relations
//	reached (classid, objid, objsubid) they and all that depends on them, as in pg_depend
//	hanging (classid, objid)         the views and functions among these
//
// relations is as in [InventorySQL].
func HangingSQL(relations string) string {
	return fmt.Sprintf(hangingQuery, relations)
}

// A view's rule reads what the view reads, and takes the view along.
const hangingQuery = `moved (oid) AS (
	SELECT unnest(%s)::oid
), reached (classid, objid, objsubid) AS (
	SELECT 'pg_class'::regclass::oid, oid, 0 FROM moved
	UNION
	SELECT further.*
	FROM reached
	CROSS JOIN LATERAL (
		SELECT d.classid, d.objid, d.objsubid
		FROM pg_depend AS d
		WHERE d.refclassid = reached.classid AND d.refobjid = reached.objid
			AND (reached.objsubid = 0 OR d.refobjsubid = reached.objsubid)
		UNION ALL
		SELECT d.refclassid, d.refobjid, 0
		FROM pg_depend AS d
		WHERE d.classid = reached.classid AND d.objid = reached.objid AND d.deptype = 'i' AND d.classid = 'pg_rewrite'::regclass
	) AS further
), hanging (classid, objid) AS (
	SELECT r.classid, r.objid
	FROM reached AS r
	JOIN pg_class AS c ON r.classid = 'pg_class'::regclass AND c.oid = r.objid AND c.relkind IN ('v', 'm') AND r.objsubid = 0
	UNION
	SELECT r.classid, r.objid
	FROM reached AS r
	JOIN pg_proc AS p ON r.classid = 'pg_proc'::regclass AND p.oid = r.objid AND p.prokind <> 'a'
)`

const inventoryQuery = `%s, relation AS (
	SELECT c.*
	FROM pg_class AS c
	WHERE c.oid IN (SELECT oid FROM moved UNION SELECT objid FROM hanging WHERE classid = 'pg_class'::regclass)
), copied (objid) AS ( -- of a foreign key to a partitioned table, one for each partition
	SELECT c.oid
	FROM reached AS r
	JOIN pg_constraint AS c ON r.classid = 'pg_constraint'::regclass AND c.oid = r.objid
	JOIN pg_constraint AS p ON p.oid = c.conparentid AND p.conrelid = c.conrelid
), object (classid, objid) AS (
	SELECT DISTINCT classid, objid
	FROM reached
	WHERE objsubid = 0 AND NOT (classid = 'pg_constraint'::regclass AND objid IN (SELECT objid FROM copied))
), line (classid, objid, aspect, value) AS (
	SELECT 'pg_class'::regclass, relation.oid, 'table', concat_ws(' ', relkind, relpersistence, reltablespace, relreplident,
		relrowsecurity, relforcerowsecurity, relispopulated, reloftype::regtype,
		(SELECT amname FROM pg_am WHERE pg_am.oid = relam), pg_get_partkeydef(relation.oid), pg_get_expr(relpartbound, relation.oid),
		array_to_string(reloptions, ','), (SELECT array_to_string(t.reloptions, ',') FROM pg_class AS t WHERE t.oid = relation.reltoastrelid))
	FROM relation
	UNION ALL
	SELECT 'pg_class'::regclass, relation.oid, 'owner', pg_get_userbyid(relowner) FROM relation
	UNION ALL
	SELECT 'pg_class'::regclass, relation.oid, 'query', pg_get_viewdef(relation.oid) FROM relation WHERE relkind IN ('v', 'm')
	UNION ALL
	SELECT 'pg_class'::regclass, i.inhrelid, 'parent ' || i.inhseqno, i.inhparent::regclass::text
	FROM relation JOIN pg_inherits AS i ON i.inhrelid = relation.oid
	UNION ALL
	SELECT 'pg_class'::regclass, relation.oid, 'right of ' || CASE a.grantee WHEN 0 THEN 'everybody' ELSE pg_get_userbyid(a.grantee) END
		|| ' to ' || a.privilege_type, bool_or(a.is_grantable)::text
	FROM relation, aclexplode(COALESCE(relacl, acldefault(CASE relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", relowner))) AS a
	GROUP BY relation.oid, a.grantee, a.privilege_type
	UNION ALL
	SELECT 'pg_class'::regclass, relation.oid, 'column ' || quote_ident(c.attname), concat_ws(' ',
		(SELECT count(*) FROM pg_attribute AS b WHERE b.attrelid = relation.oid AND b.attnum BETWEEN 1 AND c.attnum AND NOT b.attisdropped),
		format_type(c.atttypid, c.atttypmod), NULLIF(c.attcollation, 0)::regcollation, c.attnotnull, c.attidentity, c.attgenerated,
		c.attstorage, to_jsonb(c) ->> 'attcompression', NULLIF(COALESCE((to_jsonb(c) ->> 'attstattarget')::int, -1), -1),
		(SELECT string_agg(option, ',' ORDER BY option) FROM unnest(c.attoptions) AS option WHERE option !~ '^pg_'), pg_get_expr(d.adbin, d.adrelid))
	FROM relation
	JOIN pg_attribute AS c ON c.attrelid = relation.oid AND c.attnum > 0 AND NOT c.attisdropped
	LEFT JOIN pg_attrdef AS d ON d.adrelid = relation.oid AND d.adnum = c.attnum
	UNION ALL
	SELECT 'pg_class'::regclass, relation.oid, 'right of ' || CASE a.grantee WHEN 0 THEN 'everybody' ELSE pg_get_userbyid(a.grantee) END
		|| ' to ' || a.privilege_type || ' of ' || quote_ident(c.attname), bool_or(a.is_grantable)::text
	FROM relation JOIN pg_attribute AS c ON c.attrelid = relation.oid AND NOT c.attisdropped, aclexplode(c.attacl) AS a
	GROUP BY relation.oid, c.attname, a.grantee, a.privilege_type
	UNION ALL
	SELECT 'pg_constraint'::regclass, c.oid, 'definition', pg_get_constraintdef(c.oid)
	FROM relation JOIN pg_constraint AS c ON c.conrelid = relation.oid AND c.oid NOT IN (SELECT objid FROM copied)
	UNION ALL
	SELECT 'pg_class'::regclass, i.indexrelid, 'definition', concat_ws(' ', pg_get_indexdef(i.indexrelid), i.indisvalid, i.indisclustered,
		i.indisreplident, c.reltablespace, (
			SELECT string_agg(a.attnum || ':' || a.attstattarget, ',' ORDER BY a.attnum)
			FROM pg_attribute AS a WHERE a.attrelid = i.indexrelid AND a.attstattarget >= 0
		))
	FROM relation JOIN pg_index AS i ON i.indrelid = relation.oid JOIN pg_class AS c ON c.oid = i.indexrelid
	WHERE relation.relkind <> 't'
	UNION ALL
	SELECT 'pg_trigger'::regclass, t.oid, 'definition', pg_get_triggerdef(t.oid) || ' ' || t.tgenabled::text
	FROM relation JOIN pg_trigger AS t ON t.tgrelid = relation.oid AND NOT t.tgisinternal
	UNION ALL
	SELECT 'pg_rewrite'::regclass, r.oid, 'definition', pg_get_ruledef(r.oid) || ' ' || r.ev_enabled::text
	FROM relation JOIN pg_rewrite AS r ON r.ev_class = relation.oid AND r.rulename <> '_RETURN'
	UNION ALL
	SELECT 'pg_policy'::regclass, p.oid, 'definition', concat_ws(' ', CASE WHEN p.polpermissive THEN 'permissive' ELSE 'restrictive' END, p.polcmd,
		(SELECT string_agg(CASE role WHEN 0 THEN 'everybody' ELSE pg_get_userbyid(role) END, ',' ORDER BY role) FROM unnest(p.polroles) AS role),
		'using', pg_get_expr(p.polqual, p.polrelid), 'check', pg_get_expr(p.polwithcheck, p.polrelid))
	FROM relation JOIN pg_policy AS p ON p.polrelid = relation.oid
	UNION ALL
	SELECT 'pg_statistic_ext'::regclass, s.oid, 'definition', concat_ws(' ', pg_get_statisticsobjdef(s.oid), pg_get_userbyid(s.stxowner),
		NULLIF(COALESCE((to_jsonb(s) ->> 'stxstattarget')::int, -1), -1))
	FROM relation JOIN pg_statistic_ext AS s ON s.stxrelid = relation.oid
	UNION ALL
	SELECT 'pg_class'::regclass, relation.oid, 'publication ' || quote_ident(p.pubname), (to_jsonb(p) - '{schemaname,tablename}'::text[])::text
	FROM relation JOIN pg_namespace AS n ON n.oid = relation.relnamespace
	JOIN pg_publication_tables AS p ON p.schemaname = n.nspname AND p.tablename = relation.relname
	UNION ALL
	SELECT 'pg_proc'::regclass, p.oid, 'definition', pg_get_functiondef(p.oid)
	FROM hanging JOIN pg_proc AS p ON hanging.classid = 'pg_proc'::regclass AND p.oid = hanging.objid
	UNION ALL
	SELECT 'pg_proc'::regclass, p.oid, 'owner', pg_get_userbyid(p.proowner)
	FROM hanging JOIN pg_proc AS p ON hanging.classid = 'pg_proc'::regclass AND p.oid = hanging.objid
	UNION ALL
	SELECT 'pg_proc'::regclass, p.oid, 'right of ' || CASE a.grantee WHEN 0 THEN 'everybody' ELSE pg_get_userbyid(a.grantee) END,
		bool_or(a.is_grantable)::text
	FROM hanging JOIN pg_proc AS p ON hanging.classid = 'pg_proc'::regclass AND p.oid = hanging.objid,
		aclexplode(COALESCE(p.proacl, acldefault('f', p.proowner))) AS a
	GROUP BY p.oid, a.grantee
	UNION ALL
	SELECT 'pg_class'::regclass, s.seqrelid, 'sequence', concat_ws(' ', s.seqtypid::regtype, s.seqstart, s.seqincrement, s.seqmax, s.seqmin, s.seqcache, s.seqcycle,
		pg_get_userbyid(c.relowner), d.refobjid::regclass, d.refobjsubid > 0, d.deptype)
	FROM pg_depend AS d
	JOIN relation ON d.refclassid = 'pg_class'::regclass AND d.refobjid = relation.oid AND d.classid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
	JOIN pg_sequence AS s ON s.seqrelid = d.objid
	JOIN pg_class AS c ON c.oid = s.seqrelid
	UNION ALL
	SELECT d.classoid, d.objoid, 'comment' || CASE WHEN d.objsubid > 0 THEN ' on ' || quote_ident(a.attname) ELSE '' END, d.description
	FROM object
	JOIN pg_description AS d ON d.classoid = object.classid AND d.objoid = object.objid
	LEFT JOIN pg_attribute AS a ON d.classoid = 'pg_class'::regclass AND a.attrelid = d.objoid AND a.attnum = d.objsubid
	UNION ALL
	SELECT l.classoid, l.objoid, 'label of ' || l.provider || ' ' || l.objsubid, l.label
	FROM object JOIN pg_seclabel AS l ON l.classoid = object.classid AND l.objoid = object.objid
	UNION ALL
	SELECT d.classid, d.objid, 'needs extension ' || e.extname, d.deptype::text
	FROM object
	JOIN pg_depend AS d ON d.classid = object.classid AND d.objid = object.objid AND d.deptype IN ('e', 'x')
	JOIN pg_extension AS e ON d.refclassid = 'pg_extension'::regclass AND e.oid = d.refobjid
	UNION ALL
	SELECT object.classid, object.objid, 'is there', ''
	FROM object
	LEFT JOIN pg_class AS c ON object.classid = 'pg_class'::regclass AND c.oid = object.objid
	LEFT JOIN pg_trigger AS t ON object.classid = 'pg_trigger'::regclass AND t.oid = object.objid
	WHERE c.relkind IS DISTINCT FROM 't' AND c.relname IS DISTINCT FROM 'pg_toast_' || c.oid AND t.tgisinternal IS DISTINCT FROM true
)
SELECT named.type || ' ' || named.identity AS object, line.aspect, CASE WHEN line.aspect !~ '^(comment|label)' THEN
	regexp_replace(regexp_replace(COALESCE(line.value, ''), '\((E?''(?:[^'']|'''')*''::character varying)\)::text', '\1', 'g'),
		'\(ARRAY\[((?:E?''(?:[^'']|'''')*''::character varying(?:, )?)+)\]\)::text\[\]', 'ARRAY[\1]', 'g') -- as alike does
	ELSE COALESCE(line.value, '') END AS value
FROM line
CROSS JOIN LATERAL pg_identify_object(line.classid, line.objid, 0) AS named
WHERE named.identity !~ '^pg_toast[._]' AND named.identity IS NOT NULL`

// An Inventory is what [InventorySQL] finds: values by object and aspect.
type Inventory map[string]string

// Take reads the inventory of tables; nil means all tables but those of
// extensions. The Querier must be a *sql.Conn or *sql.Tx. Take sets its
// search_path for the transaction.
func Take(ctx context.Context, q Querier, tables []Name) (Inventory, error) {
	relations := `ARRAY(SELECT c.oid FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
		WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
			AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'))`
	if tables != nil {
		var names []string
		for _, name := range tables {
			names = append(names, Literal(name.String())+"::regclass")
		}
		relations = "ARRAY[" + strings.Join(names, ", ") + "]::oid[]"
	}
	found := Inventory{}
	if err := run(ctx, q, settingsQuery); err != nil {
		return nil, fmt.Errorf("catalog: inventory: %w", err)
	}
	err := each(ctx, q, func(scan scan) error {
		var object, aspect, value string
		err := scan(&object, &aspect, &value)
		found[object+", "+aspect] = value
		return err
	}, InventorySQL(relations))
	if err != nil {
		return nil, fmt.Errorf("catalog: inventory: %w", err)
	}
	return found, nil
}

// Differences lists what another inventory lacks, has changed or has in addition,
// one line each, in no particular order.
func (i Inventory) Differences(other Inventory) (lines []string) {
	for what, value := range i {
		switch now, there := other[what]; {
		case !there:
			lines = append(lines, "lost: "+what+": "+value)
		case now != value:
			lines = append(lines, "changed: "+what+": "+value+" → "+now)
		}
	}
	for what, value := range other {
		if _, there := i[what]; !there {
			lines = append(lines, "come by: "+what+": "+value)
		}
	}
	return lines
}
