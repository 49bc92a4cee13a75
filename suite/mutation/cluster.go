package main

// clusterMutations switch off what keeps rows, rights and objects where tables are
// distributed. Their tests need a Citus cluster, and are skipped without one.
var clusterMutations = []mutation{
	{"citus: rights in the shards are not compared", "citus/distribution/at_once.go", "rights.RestoreSQL(relations), rights.CheckSQL(relations))", "rights.RestoreSQL(relations))", "TestRightsInShardsEndTheRun"},
	{"citus: default privileges stay in the shards", "citus/internal/rights/rights.go", "SELECT 1, pg_catalog.format('REVOKE %s%s ON %s FROM %s', CASE WHEN held THEN 'GRANT OPTION FOR ' ELSE '' END, privilege, name, role)\n\t\tFROM excess", "SELECT 1, NULL::text WHERE false", "TestNobodyMayMoreInShards"},
	{"citus: policies in the shards are not compared", "citus/internal/rights/rights.go", "WHERE p.polrelid = c.oid", "WHERE p.polrelid = c.oid AND false", "TestRestrictivePolicies"},
	{"citus: restrictive policies are distributed", "citus/distribution/obstacle.go", "if policy.Permissive {\n\t\treturn", "if true {\n\t\treturn", "TestRestrictivePolicies"},
	{"citus: restrictive policies come back as permissive ones", "citus/distribution/memory.go", "p.polrelid = relation.oid AND NOT p.polpermissive CROSS", "p.polrelid = relation.oid AND false CROSS", "TestRestrictivePolicies"},
	{"citus: nothing is tried before", "citus/distribution/analysis.go", "return a.trySpread(ctx, db)", "return nil", "TestWhatCitusRefuses"},
	{"citus: what Citus refuses is no blocker", "citus/distribution/trial.go", "if table.spread() || slices", "if true || slices", "TestWhatCitusRefuses"},
	{"citus: inventories are not compared", "citus/distribution/inventory.go", "IF otherwise IS NOT NULL THEN", "IF false THEN", "TestLossEndsTheRun"},
	{"citus: functions of row types do not come back", "citus/distribution/memory.go", "SELECT 1, n, pg_get_functiondef(oid) FROM routine", "SELECT 1, n, pg_get_functiondef(oid) FROM routine WHERE false", "TestEverythingComesBack"},
	{"citus: views do not come back", "citus/distribution/memory.go", "FROM relation WHERE relkind = 'v'\n\t\tUNION ALL\n\t\tSELECT 1, n, format('CREATE MATERIALIZED", "FROM relation WHERE false\n\t\tUNION ALL\n\t\tSELECT 1, n, format('CREATE MATERIALIZED", "TestEverythingComesBack"},
	{"citus: rights on functions do not come back", "citus/distribution/memory.go", "FROM routine, aclexplode(COALESCE(proacl, acldefault('f', proowner))) AS a\n\t\tGROUP", "FROM routine, aclexplode(COALESCE(proacl, acldefault('f', proowner))) AS a WHERE false\n\t\tGROUP", "TestEverythingComesBack"},
	{"citus: what cannot be made again is dropped", "citus/distribution/hanging.go", "case kind == \"lost\" && (a.back || a.options.Online):\n\t\ta.block(", "case kind == \"lost\" && (a.back || a.options.Online):\n\t\tfunc(...any) {}(", "TestNothingIsDroppedThatCannotComeBack"},
	{"citus: what came by since cannot be made again and is dropped", "citus/distribution/memory.go", "IF lost IS NOT NULL THEN", "IF false THEN", "TestNothingIsDroppedThatCannotComeBack"},
	{"citus: lost rows are not noticed", "citus/distribution/table_sql.go", "IF now <> before THEN", "IF false THEN", "TestRowsAreCounted"},
	{"citus: local rows are truncated with CASCADE", "citus/distribution/table_sql.go", "IF reached IS NOT NULL THEN", "IF false THEN", "TestTruncateTrap"},
	{"citus: another root's tables are not managed again", "citus/distribution/manage.go", "if t.managed {\n\t\t\tsql = append(sql, manageSQL(t))", "if false {\n\t\t\tsql = append(sql, manageSQL(t))", "TestTreesOfTwoRoots"},
	{"citus: shared tables come back with any tree", "citus/distribution/manage.go", "\tif last {\n", "\tif true {\n", "TestTreeThatComesBack"},
	{"citus: foreign keys may lead to another root's tenants", "citus/distribution/foreign.go", "case a.between(f):\n\t\ta.block(", "case a.between(f):\n\t\tfunc(...any) {}(", "TestSecondTree"},
}
