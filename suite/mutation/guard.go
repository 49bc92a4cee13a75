package main

// guardMutations switch off what sqlguard's own tests must see.
var guardMutations = []mutation{
	{"sqlguard: the target of ON CONFLICT lacks the tenant", "sqlguard/onconflict.go", "if in.own = target.widened; in.own {", "if false {", "TestConflictTargetsInText"},
	{"sqlguard: a text outlives the keys that it was written for", "sqlguard/plan.go", "err != nil || widened != target.widened", "err != nil && widened", "TestConflictTargetInTextFollowsTheKeys"},
	{"sqlguard: keys are not read anew", "rawsql.go", "if isTargetError(err) {", "if false {", "TestConflictTargetInTextFollowsTheKeys"},
	{"sqlguard: the plugin's own predicate asks once for all of a set", "predicate.go", "inText := ex.isInText(stmt)", "inText := false", "TestGORMSetAsksOnceAmongRawValues"},
}
