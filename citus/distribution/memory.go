package distribution

import (
	"strings"

	"github.com/gorm-tenancy/tenancy/catalog"
)

// undistribute_table loses comments, rules, statistics targets and NO INHERIT. It turns
// restrictive policies into permissive ones, and adds default privileges to those of the
// tables, so that a role could read what it was denied. So these things are saved as SQL
// before, together with the objects that depend on the tables, and restored at the end.

// rememberSQL saves this for the transaction, for the tables, their partitions and the
// objects that depend on them, and drops the latter.
func rememberSQL(tables []*Table) string {
	text := strings.NewReplacer("{hanging}", hangingSQL(relationsSQL(tables))).Replace(sqlRemember)
	return "DO " + catalog.Dollars("remember", text)
}

// Citus refuses to change objects here that it does not propagate to the workers, unless
// propagation is switched off. The statements come in three groups, in their order: those
// that make objects, those that grant privileges, and those that add comments and
// settings.
const sqlRemember = `
DECLARE
	lost text;
	drops text[];
	statement text;
BEGIN
	WITH RECURSIVE {hanging}
	SELECT string_agg(what || ' ' || why || ': ' || remedy, '; ') INTO lost FROM lost;
	IF lost IS NOT NULL THEN
		RAISE EXCEPTION USING MESSAGE = 'not all could be made again: ' || lost, ERRCODE = 'dependent_objects_still_exist';
	END IF;
	WITH RECURSIVE {hanging}, relation AS (
		SELECT c.*, format('%I.%I', n.nspname, c.relname) AS name, rank.n,
			CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'TABLE' END AS kind,
			(SELECT ' WITH (' || string_agg(format('%s=%L', option_name, option_value), ', ') || ')' FROM pg_options_to_table(c.reloptions)) AS options
		FROM belongs
		JOIN pg_class AS c ON c.oid = belongs.relid
		JOIN pg_namespace AS n ON n.oid = c.relnamespace
		LEFT JOIN rank ON rank.classid = 'pg_class'::regclass AND rank.objid = c.oid
	), routine AS (
		SELECT p.*, named.identity AS name, rank.n, (
			SELECT count(*) FROM pg_depend AS d
			WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype IN ('e', 'x')
		) AS extensions
		FROM rank
		JOIN pg_proc AS p ON rank.classid = 'pg_proc'::regclass AND p.oid = rank.objid
		CROSS JOIN LATERAL pg_identify_object(rank.classid, p.oid, 0) AS named
	), made (step, n, sql) AS (
		SELECT 1, n, format('CREATE VIEW %s%s AS %s', name, options, rtrim(pg_get_viewdef(oid), ';')) FROM relation WHERE relkind = 'v'
		UNION ALL
		SELECT 1, n, format('CREATE MATERIALIZED VIEW %s%s%s%s AS %s%s', name, ' USING ' || (SELECT quote_ident(amname) FROM pg_am WHERE pg_am.oid = relam),
			options, ' TABLESPACE ' || (SELECT quote_ident(spcname) FROM pg_tablespace AS s WHERE s.oid = reltablespace),
			rtrim(pg_get_viewdef(oid), ';'), CASE WHEN relispopulated THEN '' ELSE ' WITH NO DATA' END)
		FROM relation WHERE relkind = 'm'
		UNION ALL
		SELECT 1, n, pg_get_functiondef(oid) FROM routine
		UNION ALL
		SELECT 2, 0, format('SET LOCAL citus.enable_ddl_propagation = off; ALTER VIEW %s ALTER COLUMN %I SET DEFAULT %s; '
			'SET LOCAL citus.enable_ddl_propagation = on', name, a.attname, pg_get_expr(d.adbin, d.adrelid))
		FROM relation JOIN pg_attrdef AS d ON d.adrelid = relation.oid JOIN pg_attribute AS a ON a.attrelid = relation.oid AND a.attnum = d.adnum
		WHERE relkind = 'v'
		UNION ALL
		SELECT 2, 0, pg_get_indexdef(i.indexrelid) FROM relation JOIN pg_index AS i ON i.indrelid = relation.oid WHERE relkind = 'm'
		UNION ALL
		SELECT 2, 0, pg_get_statisticsobjdef(s.oid) FROM relation JOIN pg_statistic_ext AS s ON s.stxrelid = relation.oid WHERE relkind = 'm'
		UNION ALL
		SELECT 2, 0, pg_get_triggerdef(t.oid) FROM relation JOIN pg_trigger AS t ON t.tgrelid = relation.oid AND NOT t.tgisinternal WHERE relkind = 'v'
		UNION ALL
		SELECT 2, 0, pg_get_ruledef(r.oid) FROM relation JOIN pg_rewrite AS r ON r.ev_class = relation.oid AND r.rulename <> '_RETURN'
		UNION ALL
		SELECT 2, ord, format(CASE ord WHEN 1 THEN 'ALTER TABLE %s DROP CONSTRAINT %I' ELSE 'ALTER TABLE %s ADD CONSTRAINT %I %s' END,
			name, c.conname, pg_get_constraintdef(c.oid))
		FROM relation JOIN pg_constraint AS c ON c.conrelid = relation.oid AND c.contype = 'c' AND c.connoinherit AND c.coninhcount = 0
		CROSS JOIN generate_series(1, 2) AS ord
		UNION ALL
		SELECT 4, ord, CASE ord WHEN 1 THEN format('DROP POLICY %I ON %s', p.polname, name)
			ELSE format('CREATE POLICY %I ON %s AS RESTRICTIVE FOR %s TO %s%s%s', p.polname, name,
				CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END,
				(SELECT string_agg(CASE role WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(role)) END, ', ') FROM unnest(p.polroles) AS role),
				' USING (' || pg_get_expr(p.polqual, p.polrelid) || ')', ' WITH CHECK (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')') END
		FROM relation JOIN pg_policy AS p ON p.polrelid = relation.oid AND NOT p.polpermissive CROSS JOIN generate_series(1, 2) AS ord
		UNION ALL
		SELECT 5, 0, format('ALTER %s %s OWNER TO %I', kind, name, pg_get_userbyid(relowner)) FROM relation WHERE relkind IN ('v', 'm')
		UNION ALL
		SELECT 5, 0, format('ALTER ROUTINE %s OWNER TO %I', name, pg_get_userbyid(proowner)) FROM routine
		UNION ALL
		SELECT 5, 0, format('ALTER STATISTICS %I.%I OWNER TO %I', n.nspname, s.stxname, pg_get_userbyid(s.stxowner))
		FROM relation JOIN pg_statistic_ext AS s ON s.stxrelid = relation.oid JOIN pg_namespace AS n ON n.oid = s.stxnamespace
	), rights (step, n, sql) AS (
		SELECT 6, 0, format('GRANT %s%s ON %s TO %s%s', a.privilege_type, ' (' || quote_ident(a.attname) || ')', name,
			CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END,
			CASE WHEN bool_or(a.is_grantable) AND a.grantee <> relowner THEN ' WITH GRANT OPTION' ELSE '' END)
		FROM relation
		CROSS JOIN LATERAL (
			SELECT NULL::name AS attname, acl.* FROM aclexplode(COALESCE(relacl, acldefault('r', relowner))) AS acl
			UNION ALL
			SELECT c.attname, acl.* FROM pg_attribute AS c, aclexplode(c.attacl) AS acl WHERE c.attrelid = relation.oid AND NOT c.attisdropped
		) AS a
		GROUP BY name, relowner, a.attname, a.grantee, a.privilege_type
		UNION ALL
		SELECT 6, 0, format('GRANT EXECUTE ON ROUTINE %s TO %s%s', name,
			CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END,
			CASE WHEN bool_or(a.is_grantable) AND a.grantee <> proowner THEN ' WITH GRANT OPTION' ELSE '' END)
		FROM routine, aclexplode(COALESCE(proacl, acldefault('f', proowner))) AS a
		GROUP BY name, proowner, a.grantee
	), said (sql) AS (
		SELECT format('ALTER STATISTICS %I.%I SET STATISTICS %s', n.nspname, s.stxname, to_jsonb(s) ->> 'stxstattarget')
		FROM relation JOIN pg_statistic_ext AS s ON s.stxrelid = relation.oid JOIN pg_namespace AS n ON n.oid = s.stxnamespace
		WHERE (to_jsonb(s) ->> 'stxstattarget')::int >= 0
		UNION ALL
		SELECT format('ALTER TABLE %s ALTER COLUMN %I SET STATISTICS %s', name, a.attname, a.attstattarget)
		FROM relation JOIN pg_attribute AS a ON a.attrelid = relation.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attstattarget >= 0
		WHERE relkind <> 'v'
		UNION ALL
		SELECT format('SET LOCAL citus.enable_ddl_propagation = off; ALTER TABLE %s ALTER COLUMN %I SET (%s); '
			'SET LOCAL citus.enable_ddl_propagation = on', name, a.attname, array_to_string(own.settings, ', '))
		FROM relation JOIN pg_attribute AS a ON a.attrelid = relation.oid AND a.attnum > 0 AND NOT a.attisdropped
		CROSS JOIN LATERAL (SELECT array_agg(option) FROM unnest(a.attoptions) AS option WHERE option !~ '^pg_') AS own (settings)
		WHERE relkind <> 'v' AND own.settings IS NOT NULL
		UNION ALL
		SELECT format('ALTER TABLE %s ALTER COLUMN %I SET STORAGE %s', name, a.attname,
			CASE a.attstorage WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL' WHEN 'm' THEN 'MAIN' ELSE 'EXTENDED' END)
		FROM relation JOIN pg_attribute AS a ON a.attrelid = relation.oid AND a.attnum > 0 AND NOT a.attisdropped
		JOIN pg_type AS t ON t.oid = a.atttypid
		WHERE relkind <> 'v' AND a.attstorage <> t.typstorage
		UNION ALL
		SELECT format('ALTER TABLE %s CLUSTER ON %I', name, c.relname)
		FROM relation JOIN pg_index AS i ON i.indrelid = relation.oid AND i.indisclustered JOIN pg_class AS c ON c.oid = i.indexrelid
		WHERE relation.relkind <> 'p'
		UNION ALL
		SELECT format('SET LOCAL citus.enable_ddl_propagation = off; ALTER TABLE %s %s RULE %I; SET LOCAL citus.enable_ddl_propagation = on', name, CASE r.ev_enabled WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA' ELSE 'ENABLE ALWAYS' END, r.rulename)
		FROM relation JOIN pg_rewrite AS r ON r.ev_class = relation.oid AND r.rulename <> '_RETURN' AND r.ev_enabled <> 'O'
		UNION ALL
		SELECT format('ALTER INDEX %s ALTER COLUMN %s SET STATISTICS %s', i.indexrelid::regclass, a.attnum, a.attstattarget)
		FROM relation JOIN pg_index AS i ON i.indrelid = relation.oid
		JOIN pg_attribute AS a ON a.attrelid = i.indexrelid AND a.attstattarget >= 0 AND i.indkey[a.attnum - 1] = 0
		UNION ALL
		SELECT format('COMMENT ON %s %s IS %L',
			CASE WHEN d.objsubid > 0 THEN 'COLUMN' WHEN named.type = 'table constraint' THEN 'CONSTRAINT'
				WHEN named.type = 'statistics object' THEN 'STATISTICS' ELSE upper(named.type) END, named.identity, d.description)
		FROM (SELECT DISTINCT classid, objid FROM reached WHERE objsubid = 0) AS object
		JOIN pg_description AS d ON d.classoid = object.classid AND d.objoid = object.objid
		CROSS JOIN LATERAL pg_identify_object(d.classoid, d.objoid, d.objsubid) AS named
	)
	SELECT set_config('tenancy.made', (SELECT COALESCE(json_agg(sql ORDER BY step, n, sql), '[]') FROM made)::text, true),
		set_config('tenancy.rights', (SELECT COALESCE(json_agg(sql ORDER BY step, n, sql), '[]') FROM rights)::text, true),
		set_config('tenancy.said', (SELECT COALESCE(json_agg(sql), '[]') FROM said)::text, true),
		set_config('tenancy.remembered', (SELECT COALESCE(json_agg(name), '[]') FROM relation)::text, true),
		set_config('tenancy.routines', (SELECT COALESCE(json_agg(name), '[]') FROM routine)::text, true),
		(SELECT array_agg(sql ORDER BY n DESC, sql) FROM (
			SELECT n, format('DROP %s %s', kind, name) AS sql FROM relation WHERE n IS NOT NULL
			UNION ALL
			SELECT n, format('DROP ROUTINE %s', name) FROM routine
			UNION ALL
			SELECT (SELECT count(*) FROM hanging), format('DROP RULE %I ON %s', r.rulename, name)
			FROM relation JOIN pg_rewrite AS r ON r.ev_class = relation.oid AND r.rulename <> '_RETURN'
		) AS gone)
	INTO statement, statement, statement, statement, statement, drops;
	FOREACH statement IN ARRAY COALESCE(drops, '{}') LOOP
		EXECUTE statement;
	END LOOP;
END
`

// recallSQL restores it. Privileges that were gained are revoked first. Bodies of
// functions are not checked: they may name objects that do not exist yet.
const recallSQL = `DO $recall$
DECLARE
	statement text;
BEGIN
	SET LOCAL check_function_bodies = off;
	FOR statement IN SELECT json_array_elements_text(current_setting('tenancy.made')::json) LOOP
		EXECUTE statement;
	END LOOP;
	FOR statement IN
		SELECT DISTINCT format('REVOKE ALL ON %s FROM %s CASCADE', one.name,
			CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END)
		FROM (
			SELECT c.oid::regclass::text, COALESCE(c.relacl, acldefault('r', c.relowner))
			FROM json_array_elements_text(current_setting('tenancy.remembered')::json) AS relation (name)
			JOIN pg_class AS c ON c.oid = relation.name::regclass
			UNION ALL
			SELECT 'ROUTINE ' || routine.name, COALESCE(p.proacl, acldefault('f', p.proowner))
			FROM json_array_elements_text(current_setting('tenancy.routines')::json) AS routine (name)
			JOIN pg_proc AS p ON p.oid = routine.name::regprocedure
		) AS one (name, acl), aclexplode(one.acl) AS a
	LOOP
		EXECUTE statement;
	END LOOP;
	FOR statement IN SELECT json_array_elements_text(current_setting('tenancy.rights')::json) LOOP
		EXECUTE statement;
	END LOOP;
	FOR statement IN SELECT json_array_elements_text(current_setting('tenancy.said')::json) LOOP
		BEGIN
			EXECUTE statement;
		EXCEPTION WHEN undefined_object OR undefined_table OR feature_not_supported THEN
			-- It is of a key that the undo takes back, or is still there and Citus does
			-- not change it. Whether anything is missing, the comparison says.
		END;
	END LOOP;
END
$recall$`
