package distribution

import (
	"strings"

	"github.com/gorm-tenancy/tenancy/catalog"
)

// In the transaction that moves the tables, each run compares everything that the
// catalogue says of them and of the objects that depend on them. If something is
// lost, or privileges have changed, the transaction fails.

// noteSQL keeps the inventory for the transaction.
func noteSQL(tables []*Table) string {
	return "DO " + catalog.Dollars("note", `
BEGIN
	PERFORM set_config('tenancy.inventory', `+inventorySQL(tables)+`, true),
		set_config('tenancy.inherited', `+inheritedSQL(tables)+`, true);
END
`)
}

// inventorySQL is an expression for the inventory as JSON text: values by object
// and aspect, which a line feed separates.
func inventorySQL(tables []*Table) string {
	return "(SELECT COALESCE(json_object_agg(i.object || E'\\n' || i.aspect, i.value), '{}')::text FROM (" +
		catalog.InventorySQL(relationsSQL(tables)) + ") AS i)"
}

// inheritedSQL is an expression for the objects that partitions have from their
// tables, as JSON text. PostgreSQL makes up their names.
func inheritedSQL(tables []*Table) string {
	return strings.ReplaceAll(sqlInherited, "{tables}", relationsSQL(tables))
}

const sqlInherited = `(
	SELECT COALESCE(json_agg(named.type || ' ' || named.identity), '[]')::text
	FROM (
		SELECT 'pg_constraint'::regclass, oid FROM pg_constraint
		WHERE (conrelid = ANY ({tables}) OR confrelid = ANY ({tables})) AND (conparentid <> 0 OR coninhcount > 0)
		UNION ALL
		SELECT 'pg_class'::regclass, h.inhrelid FROM pg_inherits AS h JOIN pg_index AS i ON i.indexrelid = h.inhrelid
		WHERE i.indrelid = ANY ({tables})
		UNION ALL
		SELECT 'pg_trigger'::regclass, oid FROM pg_trigger WHERE tgrelid = ANY ({tables}) AND tgparentid <> 0
	) AS part (classid, objid)
	CROSS JOIN LATERAL pg_identify_object(part.classid, part.objid, 0) AS named
)`

// compareSQL fails if the inventory differs from the one before, apart from what
// the plan changes. Comments must stay on objects that exist before and after.
func compareSQL(tables []*Table, changed []string) string {
	var list []string
	for _, object := range changed {
		list = append(list, catalog.Literal(object))
	}
	text := strings.NewReplacer("{now}", inventorySQL(tables), "{inherited}", inheritedSQL(tables),
		"{changed}", "ARRAY["+strings.Join(list, ", ")+"]::text[]").Replace(sqlCompare)
	return "DO " + catalog.Dollars("compare", text)
}

const sqlCompare = `
DECLARE
	changed constant text[] := {changed} || ARRAY(
		SELECT json_array_elements_text(current_setting('tenancy.inherited')::json) UNION SELECT json_array_elements_text({inherited}::json)
	);
	otherwise text;
BEGIN
	WITH noted (inventory) AS (
		SELECT current_setting('tenancy.inventory')::jsonb
	), found (inventory) AS (
		SELECT {now}::jsonb
	)
	SELECT string_agg(CASE
			WHEN now.value IS NULL THEN format('lost: %s: %s', what, before.value)
			WHEN before.value IS NULL THEN format('come by: %s: %s', what, now.value)
			ELSE format('%s: %s before, and %s now', what, before.value, now.value)
		END, '; ' ORDER BY key)
	INTO otherwise
	FROM (SELECT one.* FROM noted, jsonb_each_text(inventory) AS one) AS before
	FULL JOIN (SELECT one.* FROM found, jsonb_each_text(inventory) AS one) AS now USING (key)
	CROSS JOIN LATERAL (SELECT split_part(key, E'\n', 1), replace(key, E'\n', ', ')) AS of (object, what)
	CROSS JOIN noted CROSS JOIN found
	WHERE before.value IS DISTINCT FROM now.value AND key <> ALL (changed) AND NOT (
		object = ANY (changed) AND (key !~ E'\ncomment'
			OR NOT noted.inventory ? (object || E'\nis there') OR NOT found.inventory ? (object || E'\nis there'))
	);
	IF otherwise IS NOT NULL THEN
		RAISE EXCEPTION USING MESSAGE = 'the structure would not be what it was: ' || otherwise, HINT = 'Nothing has changed.';
	END IF;
END
`

// changed returns the objects that the plan changes besides moving the tables,
// named as in the inventory.
func (a *Analysis) changed() (objects []string) {
	for _, t := range a.Tables {
		d := changes(t.live, t.after)
		for _, c := range append(d.columns.gone, d.columns.made...) {
			objects = append(objects, t.columnObjects(c.Name)...)
		}
		for _, c := range append(d.constraints.gone, d.constraints.made...) {
			objects = append(objects, constraintObject(t.Name, c.Name), indexObject(t.Name, c.Name))
		}
		for _, i := range append(d.indexes.gone, d.indexes.made...) {
			objects = append(objects, indexObject(t.Name, i.Name))
		}
		for _, trigger := range append(d.triggers.gone, d.triggers.made...) {
			objects = append(objects, "trigger "+catalog.Quote(trigger.Name)+" on "+t.Name.String())
		}
	}
	for _, f := range a.changing() {
		if f.live == nil || f.want == nil || f.live.Definition() != f.want.Definition() {
			objects = append(objects, constraintObject(f.child, f.name))
		}
	}
	return objects
}

// columnObjects returns the inventory's objects for a column, including those of
// partitions.
func (t *Table) columnObjects(name string) (objects []string) {
	column := catalog.Quote(name)
	for _, member := range t.family() {
		table := "table " + member.Name.String()
		objects = append(objects, table+"\ncolumn "+column, table+"\ncomment on "+column, "default value for "+member.Name.String()+"."+column)
	}
	return objects
}

func constraintObject(table catalog.Name, name string) string {
	return "table constraint " + catalog.Quote(name) + " on " + table.String()
}

func indexObject(table catalog.Name, name string) string {
	return "index " + catalog.Name{Schema: table.Schema, Name: name}.String()
}
