package keys_test

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/gorm-tenancy/tenancy/catalog"
)

// surround draws what hangs on tables beside their keys: types, functions, triggers,
// policies of both kinds, publications, privileges by column, statistics and comments.
func (w *world) surround(t *rapid.T) {
	schema := catalog.Quote(w.schemas[0])
	w.add("CREATE DOMAIN %s.amount AS integer CHECK (VALUE > -1)", schema)
	w.add("CREATE TYPE %s.span AS RANGE (subtype = integer)", schema)
	w.add("CREATE FUNCTION %s.touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'", schema)
	for i, this := range w.tables {
		name := this.name.String()
		for _, what := range []string{
			fmt.Sprintf("ALTER TABLE %s ADD amount %s.amount DEFAULT 1, ADD span %[2]s.span DEFAULT '[1,2)'", name, schema),
			fmt.Sprintf("CREATE FUNCTION %s.all_%d() RETURNS SETOF %s LANGUAGE sql AS $$ SELECT * FROM %[3]s $$", schema, i, name),
			fmt.Sprintf("CREATE FUNCTION %s.count_%d() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT count(*) FROM %s; END", schema, i, name),
			fmt.Sprintf("CREATE TRIGGER touched AFTER INSERT ON %s FOR EACH ROW EXECUTE FUNCTION %s.touch(); COMMENT ON TRIGGER touched ON %[1]s IS 'touched'", name, schema),
			fmt.Sprintf("ALTER TABLE %s ENABLE ROW LEVEL SECURITY; CREATE POLICY mine ON %[1]s USING (true); "+
				"CREATE POLICY few ON %[1]s AS RESTRICTIVE FOR SELECT TO pg_monitor USING (tableoid > 0); COMMENT ON POLICY few ON %[1]s IS 'few'", name),
			fmt.Sprintf("CREATE PUBLICATION %s FOR TABLE %s", catalog.Quote(fmt.Sprintf("%s_%d", w.schemas[0], i)), name),
			fmt.Sprintf("GRANT SELECT (%[2]s), UPDATE (%[2]s) ON %[1]s TO pg_monitor", name, catalog.Quote(w.someColumn(this))),
			fmt.Sprintf("ALTER TABLE %s ALTER %s SET STATISTICS 200", name, catalog.Quote(w.someColumn(this))),
			fmt.Sprintf("COMMENT ON TABLE %s IS 'table %d'; COMMENT ON COLUMN %[1]s.%[3]s IS 'a column'", name, i, catalog.Quote(w.someColumn(this))),
		} {
			if this.style == noKey && strings.HasPrefix(what, "CREATE PUBLICATION") {
				continue // its updates would be refused
			}
			if rapid.Bool().Draw(t, "surroundings") {
				w.add("%s", what)
			}
		}
	}
	if rapid.Bool().Draw(t, "comments") {
		w.add("%s", commentOnAll(w.schemas))
	}
}

// someColumn is a column that the table has whatever its key is.
func (w *world) someColumn(this *table) string {
	if this.style == "root" {
		return "name"
	}
	return "code"
}

// commentOnAll comments on each constraint and each index, also of partitions but for
// their keys: the undo loses those where a partition is partitioned itself, which
// docs/live-keys.md says.
func commentOnAll(schemas []string) string {
	var names []string
	for _, schema := range schemas {
		names = append(names, catalog.Literal(schema))
	}
	in := strings.Join(names, ", ")
	return `DO $do$ DECLARE r record; BEGIN
	FOR r IN SELECT c.conname, c.conrelid::regclass AS of FROM pg_constraint AS c JOIN pg_class AS t ON t.oid = c.conrelid JOIN pg_namespace AS n ON n.oid = t.relnamespace
		WHERE n.nspname IN (` + in + `) AND (NOT t.relispartition OR c.contype NOT IN ('p', 'u')) LOOP
		EXECUTE format('COMMENT ON CONSTRAINT %I ON %s IS %L', r.conname, r.of, 'constraint ' || r.conname);
	END LOOP;
	FOR r IN SELECT i.indexrelid::regclass AS index FROM pg_index AS i JOIN pg_class AS t ON t.oid = i.indrelid JOIN pg_namespace AS n ON n.oid = t.relnamespace
		WHERE n.nspname IN (` + in + `) AND (NOT t.relispartition OR NOT i.indisunique) LOOP
		EXECUTE format('COMMENT ON INDEX %s IS %L', r.index, 'index ' || r.index);
	END LOOP;
END $do$`
}

// inventory is every object of the world, with its comments, rights and statistics.
func (w *world) inventory(t *rapid.T, db *sql.DB) catalog.Inventory {
	tx, err := db.BeginTx(context.Background(), nil)
	require.NoError(t, err)
	defer func() { _ = tx.Rollback() }() // it only read
	found, err := catalog.Take(context.Background(), tx, nil)
	require.NoError(t, err)
	return found
}

// requireInventory expects the same objects as before.
func (w *world) requireInventory(t *rapid.T, db *sql.DB, before catalog.Inventory) {
	differences := before.Differences(w.inventory(t, db))
	slices.Sort(differences)
	require.Empty(t, strings.Join(differences, "\n"), "objects after the undo")
}
