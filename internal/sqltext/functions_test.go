package sqltext

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var functionGroups = map[string]string{
	"form":      formFunctions,
	"type":      typeFunctions,
	"aggregate": aggregateFunctions,
	"math":      mathFunctions,
	"string":    stringFunctions,
	"date":      dateFunctions,
	"array":     arrayFunctions,
	"document":  documentFunctions,
	"search":    searchFunctions,
	"geometry":  geometryFunctions,
	"extension": extensionFunctions,
	"sqlite":    sqliteFunctions,
	"postgis":   postgisFunctions,
}

func TestFunctionGroups(t *testing.T) {
	t.Parallel()
	wellFormed := regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
	home := map[string]string{}
	for group, text := range functionGroups {
		names := strings.Fields(text)
		assert.True(t, slices.IsSorted(names), "%s is not alphabetical", group)
		for _, name := range names {
			assert.Regexp(t, wellFormed, name, "in %s", group)
			assert.Empty(t, home[name], "%s stands in %s as well", name, group)
			home[name] = group
			assert.True(t, SafeFunction(name), "%s of %s is not in the set", name, group)
		}
	}
	assert.Len(t, safeFunctions, len(home))
}

// A name that one of these patterns matches has to be an exception on purpose, whatever the review
// of its list thought of it.
func TestFunctionFamilies(t *testing.T) {
	t.Parallel()
	families := []struct {
		pattern string
		except  []string
		reason  string
	}{
		{`^pg_`, []string{"pg_collation_for", "pg_size_bytes", "pg_size_pretty", "pg_typeof"}, "administration and catalogue"},
		{`^(reg|to_reg)`, []string{
			"regexp", "regexp_count", "regexp_instr", "regexp_like", "regexp_match", "regexp_matches",
			"regexp_replace", "regexp_split_to_array", "regexp_split_to_table", "regexp_substr",
			"regr_avgx", "regr_avgy", "regr_count", "regr_intercept", "regr_r2", "regr_slope",
			"regr_sxx", "regr_sxy", "regr_syy",
		}, "looks a name up in the catalogue"},
		{`_to_xml|xmlschema`, nil, "turns tables into XML"},
		{`^lo_|^lo(read|write)`, nil, "large objects have no tenant"},
		{`^has_.*privilege`, nil, "reads the catalogue"},
		{`xid|xact|snapshot`, nil, "transactions of everybody"},
		{`^(next|curr|last|set)val$`, nil, "sequences are shared"},
		{`^(current|session|system)_`, []string{"current_date", "current_time", "current_timestamp"}, "the session"},
		{`_lock`, nil, "locks are shared"},
		{`^dblink|^crosstab|connectby`, nil, "runs text as SQL"},
		{`^(sqlite|pragma|fts[35]|rtree)`, nil, "SQLite's own state"},
		{`file|directory|_ls_`, nil, "files"},
		{`sleep|notify|terminate|cancel`, nil, "touches other sessions"},
	}
	for _, family := range families {
		re := regexp.MustCompile(family.pattern)
		for name := range safeFunctions {
			if re.MatchString(name) {
				assert.Contains(t, family.except, name, "%s: %s", family.pattern, family.reason)
			}
		}
	}
}

func TestSafeFunctionRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		reason string
		names  string
	}{
		{"not a name", "Upper UPPER pg_catalog.upper st_ upper( *"},
		{"runs its text as SQL", "query_to_xml query_to_xmlschema query_to_xml_and_xmlschema ts_stat ts_rewrite crosstab crosstab2 connectby dblink dblink_exec dblink_open dblink_send_query xpath_table sha3_query eval sqlexec st_findextent"},
		{"reads a table by name", "table_to_xml table_to_xmlschema schema_to_xml database_to_xml cursor_to_xml currtid2 satisfies_hash_partition find_srid"},
		{"reads statistics or sizes", "pg_relation_size pg_total_relation_size pg_table_size pg_indexes_size pg_database_size pg_stat_get_live_tuples pgstattuple pg_column_size st_estimatedextent st_memsize dbstat bm25 matchinfo"},
		{"reads the catalogue", "col_description obj_description shobj_description format_type pg_get_viewdef pg_get_functiondef pg_get_indexdef pg_get_expr pg_get_serial_sequence to_regclass to_regtype regclass regproc regtype regrole regnamespace regconfig ts_debug ts_token_type pg_describe_object pg_timezone_names pragma_table_info pragma_table_list"},
		{"reads rights", "has_table_privilege has_column_privilege has_schema_privilege pg_has_role row_security_active aclexplode"},
		{"sequences are shared", "nextval currval lastval setval pg_sequence_last_value last_insert_rowid"},
		{"transactions of everybody", "txid_current txid_status txid_snapshot_xmin pg_current_xact_id pg_current_snapshot pg_xact_commit_timestamp mxid_age pg_export_snapshot"},
		{"reads or changes the session", "current_setting set_config setseed set_limit show_limit current_query current_user session_user current_schema current_schemas current_database inet_client_addr pg_backend_pid get_current_ts_config isn_weak changes total_changes merge_action"},
		{"reads or changes the server", "version pg_reload_conf pg_cancel_backend pg_terminate_backend pg_rotate_logfile pg_switch_wal pg_postmaster_start_time pg_logical_emit_message inet_server_addr sqlite_version sqlite_compileoption_get sqlite_log"},
		{"waits, locks or tells others", "pg_sleep pg_sleep_for pg_sleep_until pg_advisory_lock pg_try_advisory_lock pg_advisory_xact_lock pg_advisory_unlock_all pg_notify pg_lock_status pg_blocking_pids usleep"},
		{"reads or writes files", "pg_read_file pg_read_binary_file pg_ls_dir pg_stat_file pg_file_write readfile writefile fsdir lsmode edit zipfile load_extension fts3_tokenizer lo_import lo_export lo_get lo_put lo_create lo_from_bytea loread lowrite"},
		{"writes", "addgeometrycolumn updategeometrysrid populate_geometry_columns st_fromflatgeobuftotable st_addisonode st_createtopogeo createtopology lo_unlink optimize sqlite_dbpage"},
		{"opens files or addresses through a raster", "st_addband st_fromgdalraster st_asgdalraster st_band raster"},
		{"keeps a clock and shows the host", "uuid_generate_v1 uuid_generate_v1mc"},
		{"begins a statement or a query", "select insert update delete merge values table with truncate copy call do execute explain vacuum pragma attach"},
		{"is support for a type, an operator or an index", "int4in textout textlike int4eq btint4cmp gin_extract_value textsend eqsel array_larger int8inc fmgr_c_validator plpgsql_call_handler"},
		{"is not known", "my_function full_name total_of_all_tenants geocode"},
	}
	for _, test := range tests {
		for _, name := range strings.Fields(test.names) {
			assert.False(t, SafeFunction(name), "%s: %s", name, test.reason)
		}
	}
	assert.False(t, SafeFunction(""))
	assert.False(t, SafeFunction(" upper"))
}

func TestSafeFunctionAllows(t *testing.T) {
	t.Parallel()
	tests := []struct {
		reason string
		names  string
	}{
		{"special forms", "coalesce nullif greatest least cast extract substring trim overlay position xmlparse xmlserialize xmlelement grouping row normalize json_object json_array json_value json_query json_exists json_scalar json_table xmltable"},
		{"types with a modifier or as a cast", "int4 text date varchar numeric timestamptz bit char float decimal interval time timestamp uuid jsonb vector geometry citext int4range"},
		{"aggregates and windows", "count sum avg min max array_agg string_agg jsonb_agg bool_or percentile_cont mode rank row_number lag first_value ntile any_value"},
		{"everyday scalars", "lower upper length concat format replace round abs ceil md5 sha256 left right split_part regexp_replace quote_ident random gen_random_uuid uuidv7"},
		{"dates", "now age date_trunc date_part to_char to_timestamp make_interval clock_timestamp statement_timestamp timezone"},
		{"sets", "unnest generate_series jsonb_array_elements jsonb_each regexp_split_to_table string_to_table jsonb_to_recordset"},
		{"documents", "to_json row_to_json jsonb_build_object jsonb_set jsonb_path_query jsonb_populate_record jsonb_exists xpath xmlagg xmlcomment"},
		{"text search", "to_tsvector to_tsquery plainto_tsquery websearch_to_tsquery ts_rank ts_rank_cd ts_headline setweight"},
		{"extensions", "similarity word_similarity unaccent hstore akeys digest crypt icount levenshtein soundex uuid_generate_v4 cosine_distance l2_distance nlevel earth_distance"},
		{"PostGIS", "st_dwithin st_distance st_intersects st_makepoint st_setsrid st_transform st_asgeojson st_asmvt st_asmvtgeom st_tileenvelope st_x"},
		{"SQLite", "ifnull iif instr strftime julianday unixepoch datetime json_extract json_each json_tree group_concat total printf typeof hex randomblob highlight snippet"},
	}
	for _, test := range tests {
		for _, name := range strings.Fields(test.names) {
			assert.True(t, SafeFunction(name), "%s: %s", name, test.reason)
		}
	}
}

// Not parallel: it counts the allocations of the whole process.
func TestSafeFunctionDoesNotAllocate(t *testing.T) {
	text := "lower(name)"
	require.True(t, SafeFunction(text[:5]))
	assert.Zero(t, testing.AllocsPerRun(100, func() { SafeFunction(text[:5]) }))
	assert.Zero(t, testing.AllocsPerRun(100, func() { SafeFunction(text[6:]) }))
}

func BenchmarkSafeFunction(b *testing.B) {
	b.Run("known", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			SafeFunction("jsonb_array_elements")
		}
	})
	b.Run("unknown", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			SafeFunction("query_to_xml_and_xmlschema")
		}
	})
}
