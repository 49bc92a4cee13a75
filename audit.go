package tenancy

// BypassUse is what [Config.OnBypass] gets of a statement.
type BypassUse struct {
	Op     string // create, query, update, delete, row or raw
	Table  string // empty for raw SQL
	Reason string // the reason that Bypass or Trust was given
	Actor  string // who acts, by Config.Actor; empty without it
	Source string // the file and line, outside GORM, that the statement comes from
}

// A Refusal is what [Config.OnRefusal] gets of a refused statement.
type Refusal struct {
	Op     string // create, query, update, delete, row or raw
	Table  string // empty if there is none
	Actor  string // who acts, by Config.Actor; empty without it
	Source string // the file and line, outside GORM, that the statement comes from
	Err    error  // the reason: a *ScopeError
}
