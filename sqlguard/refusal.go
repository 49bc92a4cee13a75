//go:build cgo

package sqlguard

import (
	"strconv"
	"strings"
)

// A Rule names why a statement is refused; the table in the package's
// documentation has all of them.
type Rule string

// The rules.
const (
	RuleText        Rule = "text"        // not valid UTF-8, or holds a NUL byte
	RuleDialect     Rule = "dialect"     // not PostgreSQL's
	RuleSyntax      Rule = "syntax"      // PostgreSQL's parser does not take it
	RuleTooComplex  Rule = "complexity"  // nested or chained too deeply
	RuleSeveral     Rule = "several"     // not exactly one statement
	RuleStatement   Rule = "statement"   // a statement of a kind that is not scoped
	RuleTable       Rule = "table"       // an undeclared table
	RuleShared      Rule = "shared"      // writes a shared table that is read-only
	RuleFunction    Rule = "function"    // a function that is not known to be safe
	RuleType        Rule = "type"        // a type that looks names up
	RuleInto        Rule = "into"        // SELECT INTO
	RuleCursor      Rule = "cursor"      // WHERE CURRENT OF
	RuleColumns     Rule = "columns"     // INSERT without a list of columns
	RuleTenantValue Rule = "tenantvalue" // INSERT gives the tenant column something that cannot be judged
	RuleMismatch    Rule = "mismatch"    // INSERT names another tenant
	RuleConflict    Rule = "conflict"    // which unique index ON CONFLICT means is not certain
	RuleImmutable   Rule = "immutable"   // SET of the tenant column
	RuleSet         Rule = "set"         // under a set, tenants' rows could meet
	RuleValue       Rule = "value"       // a placeholder without a value, or a value that is an instruction
	RuleNode        Rule = "node"        // a construct that is not known
	RulePlace       Rule = "place"       // the place for the predicate was not found
	RuleUnproven    Rule = "unproven"    // the verifier was not convinced
)

// A Refusal is the error for a statement that cannot be scoped with certainty.
// It holds no values.
type Refusal struct {
	Rule Rule
	// Line and Column are where in the text it is, from one; zero if it
	// concerns all of it. Offset is the same in bytes, from zero.
	Line, Column, Offset int
	// Reason says what was found, and what to write instead.
	Reason string
	// Err is the error of package tenancy that the refusal wraps.
	Err error
}

// Error implements error.
func (r *Refusal) Error() string {
	var b strings.Builder
	b.WriteString(r.Err.Error())
	if r.Line > 0 {
		b.WriteString(" (line ")
		b.WriteString(strconv.Itoa(r.Line))
		b.WriteString(", column ")
		b.WriteString(strconv.Itoa(r.Column))
		b.WriteString(")")
	}
	b.WriteString(": ")
	b.WriteString(r.Reason)
	return b.String()
}

// Unwrap returns the error of package tenancy.
func (r *Refusal) Unwrap() error { return r.Err }

// at sets the place from an offset in bytes.
func (r *Refusal) at(text string, offset int) *Refusal {
	if offset < 0 || offset > len(text) {
		return r
	}
	before := text[:offset]
	r.Offset = offset
	r.Line = strings.Count(before, "\n") + 1
	r.Column = offset - strings.LastIndexByte(before, '\n')
	return r
}
