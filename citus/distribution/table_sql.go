package distribution

import (
	"fmt"
	"strings"

	"github.com/gorm-tenancy/tenancy/catalog"
)

// setUp comes first in each transaction. One setting keeps Citus from converting
// tables that foreign keys connect. The other uses one connection to each node, so
// that foreign keys to reference tables can follow changes of distributed ones. All
// names come with their schemas.
var setUp = []string{
	"SET LOCAL search_path = pg_catalog, pg_temp",
	"SET LOCAL citus.enable_local_reference_table_foreign_keys = off",
	"SET LOCAL citus.multi_shard_modify_mode = 'sequential'",
}

// applicationPath comes before statements that run functions of triggers, checks
// and indexes, and setUp[0] after them.
const applicationPath = `SELECT pg_catalog.set_config('search_path', concat('pg_catalog, ', NULLIF(reset_val, '') || ', ', 'pg_temp'), true)
FROM pg_catalog.pg_settings WHERE name = 'search_path'`

// lockSQL takes all locks at once, before any work that a lock timeout would waste.
func lockSQL(tables []*Table) string {
	var names []string
	for _, t := range tables {
		names = append(names, t.Name.String())
	}
	return "LOCK TABLE " + strings.Join(names, ", ") + " IN ACCESS EXCLUSIVE MODE"
}

// countSQL records the number of rows for the transaction. A single query might set it
// on the node where Citus counts.
func countSQL(n int, t *Table) string {
	return "DO " + dollars("count", fmt.Sprintf(" DECLARE rows bigint; BEGIN SELECT count(*) INTO rows FROM %s; "+
		"PERFORM pg_catalog.set_config('tenancy.rows_%d', rows::text, true); END ", t.Name, n))
}

// checkSQL fails unless the number of rows is the same.
func checkSQL(n int, t *Table) string {
	return "DO " + dollars("check", fmt.Sprintf(`
DECLARE
	before constant bigint := pg_catalog.current_setting('tenancy.rows_%d')::bigint;
	now bigint;
BEGIN
	SELECT count(*) INTO now FROM %s;
	IF now <> before THEN
		RAISE EXCEPTION USING MESSAGE = %s || before || ' rows before, and ' || now || ' now';
	END IF;
END
`, n, t.Name, literal(t.Name.String()+" has lost or won rows: ")))
}

// spreadSQL distributes a table.
func (a *Analysis) spreadSQL(t *Table, online bool) string {
	switch t.Method {
	case catalog.Reference:
		return "SELECT pg_catalog.create_reference_table(" + literal(t.Name.String()) + ")"
	case catalog.Managed:
		return manageSQL(t)
	}
	function := "create_distributed_table"
	if online {
		function += "_concurrently"
	}
	with := "colocate_with => " + literal(t.anchor.Name.String())
	if t == t.anchor {
		with = "colocate_with => 'none'"
		if shards := max(a.options.Shards, t.live.Distribution.Shards); shards > 0 {
			with += fmt.Sprintf(", shard_count => %d", shards)
		}
	}
	return fmt.Sprintf("SELECT pg_catalog.%s(%s, %s, %s)", function, literal(t.Name.String()), literal(t.Column), with)
}

// gatherSQL undistributes a table, unless it is plain already. There are no foreign
// keys to cascade along. The extension may no longer exist by then.
func gatherSQL(t *Table) string {
	return "DO " + dollars("gather", strings.ReplaceAll(`
BEGIN
	IF pg_catalog.to_regclass('pg_catalog.pg_dist_partition') IS NULL THEN
		RETURN;
	END IF;
	PERFORM pg_catalog.undistribute_table(p.logicalrelid)
	FROM pg_catalog.pg_dist_partition AS p
	WHERE p.logicalrelid = {table}::pg_catalog.regclass;
END
`, "{table}", literal(t.Name.String())))
}

// cleanUp drops what online copies leave. Citus' own maintenance would do so, but
// only every few minutes.
const cleanUp = "CALL pg_catalog.citus_cleanup_orphaned_resources()"

// block executes statements as one if a condition on the table's placement holds.
func block(t *Table, condition string, statements []string) string {
	return conditional("EXISTS", t, " AND "+condition, statements)
}

// unless executes statements as one if Citus does not know the table.
func unless(t *Table, statements []string) string {
	return conditional("NOT EXISTS", t, "", statements)
}

func conditional(exists string, t *Table, condition string, statements []string) string {
	var b strings.Builder
	for _, statement := range statements {
		b.WriteString("\t\tEXECUTE " + dollars("statement", statement) + ";\n")
	}
	return "DO " + dollars("block", fmt.Sprintf(`
BEGIN
	IF %s (SELECT FROM pg_catalog.pg_dist_partition WHERE logicalrelid = %s::pg_catalog.regclass%s) THEN
%s	END IF;
END
`, exists, literal(t.Name.String()), condition, b.String()))
}

// EmptySQL removes the rows that stay in a table's local storage after they were
// copied into shards. It makes a check that Citus lacks: Citus' function truncates
// with CASCADE along foreign keys that it has not examined, and would empty tables
// that were never copied.
func EmptySQL(table catalog.Name) string {
	return "DO " + dollars("empty", fmt.Sprintf(`
DECLARE
	reached text;
BEGIN
	WITH RECURSIVE emptied (id) AS (
		SELECT %[1]s::pg_catalog.regclass::oid
		UNION
		SELECT further.id
		FROM emptied
		CROSS JOIN LATERAL (
			SELECT c.conrelid FROM pg_catalog.pg_constraint AS c WHERE c.contype = 'f' AND c.confrelid = emptied.id
			UNION ALL
			SELECT i.inhrelid FROM pg_catalog.pg_inherits AS i WHERE i.inhparent = emptied.id
		) AS further (id)
	)
	SELECT string_agg(id::pg_catalog.regclass::text, ', ' ORDER BY id) INTO reached
	FROM emptied
	WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_dist_partition AS p WHERE p.logicalrelid = emptied.id);
	IF reached IS NOT NULL THEN
		RAISE EXCEPTION USING MESSAGE = 'emptying the local copy of ' || %[2]s || ' would empty ' || reached,
			HINT = 'Foreign keys lead there from tables that refer to it: drop them, or spread those tables, too.';
	END IF;
	PERFORM pg_catalog.truncate_local_data_after_distributing_table(%[1]s::pg_catalog.regclass);
END
`, literal(table.String()), literal(table.String())))
}

// togetherSQL fails unless the tables are colocated.
func (a *Analysis) togetherSQL() string {
	var names []string
	for _, t := range a.Tables {
		if t.Method == catalog.Hash {
			names = append(names, literal(t.Name.String())+"::pg_catalog.regclass")
		}
	}
	return "DO " + dollars("together", fmt.Sprintf(`
BEGIN
	IF (
		SELECT count(*) <> %d OR count(DISTINCT colocationid) <> 1 FROM pg_catalog.pg_dist_partition
		WHERE partmethod = 'h' AND logicalrelid IN (%s)
	) THEN
		RAISE EXCEPTION 'the shards of the tables do not lie together';
	END IF;
END
`, len(names), strings.Join(names, ", ")))
}

// dropSQL drops a foreign key.
func (f *foreign) dropSQL() string {
	return "ALTER TABLE " + f.child.String() + " DROP CONSTRAINT " + catalog.Quote(f.name)
}

// addSQL makes a constraint, with its comment.
func addSQL(table catalog.Name, c *catalog.Constraint) []string {
	sql := []string{"ALTER TABLE " + table.String() + " ADD CONSTRAINT " + catalog.Quote(c.Name) + " " + c.Definition()}
	if comment := c.CommentSQL(c.Name, table); comment != "" {
		sql = append(sql, comment)
	}
	return sql
}
