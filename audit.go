package tenancy

// BypassUse is what [Config.OnBypass] sees of a statement.
type BypassUse struct {
	Op     string // create, query, update, delete, row or raw
	Table  string // empty for raw SQL
	Reason string // what Bypass or Trust was given
	Actor  string // who, as Config.Actor tells; empty without it
	Source string // the file and line outside of GORM that it comes from
}

// A Refusal is what [Config.OnRefusal] sees of a statement that was refused.
type Refusal struct {
	Op     string // create, query, update, delete, row or raw
	Table  string // empty where there is none
	Actor  string // who, as Config.Actor tells; empty without it
	Source string // the file and line outside of GORM that it comes from
	Err    error  // why: a *ScopeError
}
