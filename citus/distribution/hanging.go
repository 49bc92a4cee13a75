package distribution

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/gorm-tenancy/tenancy/catalog"
	"github.com/gorm-tenancy/tenancy/internal/sqlrows"
	"github.com/gorm-tenancy/tenancy/keys"
)

// undistribute_table makes a new table of the same name and drops the old one with
// CASCADE. Everything that depends on the old table's row type goes with it: views,
// and functions that take, return or read it. The plan drops these itself, each by its
// name, and makes them again. An object that it cannot make again prevents the table
// from being undistributed.

// databaseName stands for the table in findings about the database.
var databaseName = catalog.Name{Name: "database"}

// relationsSQL is an array of the OIDs of the tables and their partitions.
func relationsSQL(tables []*Table) string {
	var names []string
	for _, t := range tables {
		for _, member := range t.family() {
			names = append(names, catalog.Literal(member.Name.String())+"::regclass")
		}
	}
	return "ARRAY[" + strings.Join(names, ", ") + "]::oid[]"
}

// hangingSQL are common table expressions, to be written after WITH RECURSIVE, of
// what hangs on the tables:
//
//	sub (classid, objid, objsubid, relid) what is reached, and the relation that it is a part of
//	part (classid, objid, ofclass, ofid)  the parts of hanging objects
//	rank (classid, objid, n)              hanging objects; each needs some of a smaller n
//	lost (what, why, remedy)              what cannot be made again
func hangingSQL(relations string) string {
	return catalog.HangingSQL(relations) + hangingQuery
}

const hangingQuery = `, sub (classid, objid, objsubid, relid) AS (
	SELECT DISTINCT r.classid, r.objid, r.objsubid,
		COALESCE(i.indrelid, owned.refobjid, c.oid, con.conrelid, def.adrelid, tri.tgrelid, pol.polrelid, rew.ev_class, st.stxrelid, pub.prrelid,
			NULLIF(t.typrelid, 0), NULLIF(element.typrelid, 0))
	FROM reached AS r
	LEFT JOIN pg_class AS c ON r.classid = 'pg_class'::regclass AND c.oid = r.objid
	LEFT JOIN pg_index AS i ON i.indexrelid = c.oid
	LEFT JOIN pg_depend AS owned ON c.relkind = 'S' AND owned.classid = r.classid AND owned.objid = r.objid
		AND owned.refclassid = 'pg_class'::regclass AND owned.deptype IN ('a', 'i')
	LEFT JOIN pg_constraint AS con ON r.classid = 'pg_constraint'::regclass AND con.oid = r.objid AND con.conrelid <> 0
	LEFT JOIN pg_attrdef AS def ON r.classid = 'pg_attrdef'::regclass AND def.oid = r.objid
	LEFT JOIN pg_trigger AS tri ON r.classid = 'pg_trigger'::regclass AND tri.oid = r.objid
	LEFT JOIN pg_policy AS pol ON r.classid = 'pg_policy'::regclass AND pol.oid = r.objid
	LEFT JOIN pg_rewrite AS rew ON r.classid = 'pg_rewrite'::regclass AND rew.oid = r.objid
	LEFT JOIN pg_statistic_ext AS st ON r.classid = 'pg_statistic_ext'::regclass AND st.oid = r.objid
	LEFT JOIN pg_publication_rel AS pub ON r.classid = 'pg_publication_rel'::regclass AND pub.oid = r.objid
	LEFT JOIN pg_type AS t ON r.classid = 'pg_type'::regclass AND t.oid = r.objid
	LEFT JOIN pg_type AS element ON element.typarray = t.oid
	WHERE c.relkind IS DISTINCT FROM 't' AND NOT EXISTS (SELECT FROM pg_class AS toast WHERE toast.oid = i.indrelid AND toast.relkind = 't')
		AND con.contype IS DISTINCT FROM 'f' AND tri.tgisinternal IS DISTINCT FROM true -- the plan drops foreign keys itself
), part (classid, objid, ofclass, ofid) AS (
	SELECT classid, objid, classid, objid FROM hanging
	UNION
	SELECT sub.classid, sub.objid, h.classid, h.objid
	FROM sub JOIN hanging AS h ON h.classid = 'pg_class'::regclass AND h.objid = sub.relid
), edge AS (
	SELECT DISTINCT p.ofclass AS classid, p.ofid AS objid, needed.ofclass AS refclassid, needed.ofid AS refobjid
	FROM part AS p
	JOIN pg_depend AS d ON d.classid = p.classid AND d.objid = p.objid
	JOIN part AS needed ON needed.classid = d.refclassid AND needed.objid = d.refobjid
	WHERE (p.ofclass, p.ofid) <> (needed.ofclass, needed.ofid)
), depth (classid, objid, n) AS (
	SELECT classid, objid, 0::bigint FROM hanging
	UNION
	SELECT edge.classid, edge.objid, depth.n + 1
	FROM depth JOIN edge ON edge.refclassid = depth.classid AND edge.refobjid = depth.objid
	WHERE depth.n < (SELECT count(*) FROM hanging)
), rank (classid, objid, n) AS (
	SELECT classid, objid, max(n) FROM depth GROUP BY classid, objid
), needs (classid, objid, refclassid, refobjid) AS (
	SELECT * FROM edge
	UNION
	SELECT needs.classid, needs.objid, edge.refclassid, edge.refobjid
	FROM needs JOIN edge ON edge.classid = needs.refclassid AND edge.objid = needs.refobjid
), belongs (relid) AS (
	SELECT oid FROM moved UNION SELECT objid FROM hanging WHERE classid = 'pg_class'::regclass
), lost (what, why, remedy) AS (
	SELECT pg_describe_object(classid, objid, objsubid), 'depends on a table that is made again, or on its row type',
		'drop it, and make it again afterwards'
	FROM sub
	WHERE COALESCE(relid NOT IN (SELECT relid FROM belongs), (classid, objid) NOT IN (SELECT classid, objid FROM hanging))
	UNION ALL
	SELECT pg_describe_object(sub.classid, sub.objid, sub.objsubid), 'needs ' || string_agg(DISTINCT pg_describe_object(p.ofclass, p.ofid, 0), ', ')
		|| ', which depends on a table that is made again', 'drop it, and make it again afterwards'
	FROM sub
	JOIN moved ON moved.oid = sub.relid
	JOIN pg_depend AS d ON d.classid = sub.classid AND d.objid = sub.objid
	JOIN part AS p ON p.classid = d.refclassid AND p.objid = d.refobjid
	WHERE sub.classid <> 'pg_rewrite'::regclass -- rules are dropped first
	GROUP BY sub.classid, sub.objid, sub.objsubid
	UNION ALL
	SELECT pg_describe_object(classid, objid, 0), 'needs itself by way of others', 'replace one of these views or functions'
	FROM rank WHERE n >= (SELECT count(*) FROM hanging)
	UNION ALL
	SELECT pg_describe_object(h.classid, h.objid, 0), 'belongs to the extension ' || e.extname, 'drop the extension, and make it again afterwards'
	FROM hanging AS h
	JOIN pg_depend AS d ON d.classid = h.classid AND d.objid = h.objid AND d.deptype IN ('e', 'x') AND d.refclassid = 'pg_extension'::regclass
	JOIN pg_extension AS e ON e.oid = d.refobjid
	UNION ALL
	SELECT pg_describe_object(h.classid, h.objid, 0), CASE WHEN n.nspname ~ '^pg_temp' THEN 'is a session''s, and goes with the old table'
			ELSE 'is owned by ' || quote_ident(pg_get_userbyid(owner)) || ', and has to be made again' END,
		CASE WHEN n.nspname ~ '^pg_temp' THEN 'end that session' ELSE 'carry the plan out as a member of that role' END
	FROM hanging AS h
	LEFT JOIN pg_class AS c ON h.classid = 'pg_class'::regclass AND c.oid = h.objid
	LEFT JOIN pg_proc AS p ON h.classid = 'pg_proc'::regclass AND p.oid = h.objid
	CROSS JOIN LATERAL (SELECT COALESCE(c.relowner, p.proowner), COALESCE(c.relnamespace, p.pronamespace)) AS of (owner, namespace)
	JOIN pg_namespace AS n ON n.oid = of.namespace
	WHERE n.nspname ~ '^pg_temp' OR NOT pg_has_role(owner, 'USAGE')
)`

// findHanging asks the database what depends on the tables. It lists objects that are
// made again when the tables are undistributed or distributed online. Objects that
// cannot be made again are obstacles. If the tables are distributed another way, they
// are obstacles for the way back only.
func (a *Analysis) findHanging(ctx context.Context, db keys.Beginner) error {
	moving := a.moving()
	if len(moving) == 0 {
		return nil
	}
	tx, err := db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // it only read
	if _, err := tx.ExecContext(ctx, setUp[0]); err != nil {
		return err
	}
	h := hangingFinder{analysis: a}
	if err := sqlrows.Each(ctx, tx, h.row, "WITH RECURSIVE "+hangingSQL(relationsSQL(moving))+sqlFindHanging); err != nil {
		return fmt.Errorf("distribution: what hangs on the tables: %w", err)
	}
	h.list()
	return nil
}

// When a table is distributed, Citus makes its views on the workers as well, but not
// the functions of the table's row type.
const sqlFindHanging = `
SELECT 'lost', what, why, remedy FROM lost
UNION ALL
SELECT 'again', pg_describe_object(classid, objid, 0), '', '' FROM hanging
UNION ALL
SELECT DISTINCT 'refused', pg_describe_object(needs.classid, needs.objid, 0), pg_describe_object(refclassid, refobjid, 0), ''
FROM needs
JOIN pg_class AS c ON needs.classid = 'pg_class'::regclass AND c.oid = needs.objid
WHERE refclassid = 'pg_proc'::regclass
ORDER BY 1, 2, 3`

// A hangingFinder makes findings about objects that depend on tables.
type hangingFinder struct {
	analysis *Analysis
	again    []string
}

func (h *hangingFinder) row(row sqlrows.Row) error {
	var kind, what, why, remedy string
	if err := row.Scan(&kind, &what, &why, &remedy); err != nil {
		return err
	}
	a := h.analysis
	switch {
	case kind == "again":
		h.again = append(h.again, what)
	case kind == "lost" && (a.back || a.options.Online):
		a.block(databaseName, what, remedy, "it %s", why)
	case kind == "lost":
		a.found(keys.Warning, databaseName, what, remedy+", before the tables come back", "the tables could not come back while it is there: it %s", why)
	case !a.back:
		a.block(databaseName, what, "drop it, or write into it what the function does",
			"Citus does not take a view that calls a function of a spread table's row type: %s", why)
	}
	return nil
}

// list lists the objects that are made again.
func (h *hangingFinder) list() {
	when := "dropped, and made again with the tables that they depend on: "
	if a := h.analysis; !a.back && !a.options.Online {
		when = "dropped and made again when the tables come back some day: "
	}
	if len(h.again) > 0 {
		h.analysis.found(keys.Note, databaseName, "", "", "%s", when+strings.Join(h.again, ", "))
	}
}
