package main

const (
	asNone    = "it concerns a statement without a scope, which nobody can verify"
	asAnswer  = "the statement is scoped, and its answer or its error is another"
	asErrors  = "it concerns what becomes of an error, not a statement"
	asMeeting = "the verifier judges whose rows a statement reads and writes, not which of a set's meet"
	asContext = "it concerns which scope a context has: the statement is scoped to it"
)

// invisible are the mutations that no statement shows, or that leave each
// statement within its scope, and why.
var invisible = map[string]string{
	"rewriter: rows of a set's tenants meet": asMeeting,
}
