package rls

import (
	"errors"
	"strings"

	"github.com/gorm-tenancy/tenancy/catalog"
)

// The errors of this package, possibly wrapped: use [errors.Is]. No text of
// theirs holds a DSN, an SQL argument or a tenant's id.
var (
	// ErrSpan: a set of tenants or a bypass runs on a pool without [Options].SpanRole.
	// Row-level security would show it nothing.
	ErrSpan = errors.New("rls: sets of tenants and bypasses need Options.SpanRole, which the pool was opened without")

	// ErrSessionTenant: the tenant's setting has a value for a whole session, by ALTER
	// ROLE … SET, ALTER DATABASE … SET, the DSN, or a plain SET behind a pooler.
	// Statements that this package does not send would run under it.
	ErrSessionTenant = errors.New("rls: the tenant's setting is set for the whole session")

	// ErrPipeline: messages bypassed database/sql and pgx's own statements in a way
	// that no setting can be put before them: a pipeline that is flushed in the middle
	// of a statement.
	ErrPipeline = errors.New("rls: a pipeline must be sent as a whole")

	// ErrUnprotected: the database or its role does not meet the policies'
	// requirements. It comes as joined [Problem] values.
	ErrUnprotected = errors.New("rls: row-level security does not hold")
)

// A Problem is a reason why row-level security does not hold. Unwrap returns
// [ErrUnprotected].
type Problem struct {
	// Kind is what is wrong.
	Kind ProblemKind
	// Table is the table or view concerned; zero if there is none.
	Table catalog.Name
	// Object is the role, policy or setting concerned; empty if there is none.
	Object string
	// SQL fixes the problem, one statement each, and removes nothing that cannot be
	// restored. Empty if a person has to decide.
	SQL []string
	// Advice says in words what to do if there is no SQL; otherwise it is empty.
	Advice string
}

// ProblemKind is a kind of [Problem].
type ProblemKind string

// The kinds of problems.
const (
	RoleBypasses    ProblemKind = "the role, or one that it can become, is not subject to row-level security"
	PrivilegeTooBig ProblemKind = "the role has a privilege that row-level security does not limit"
	NotEnabled      ProblemKind = "row-level security is not enabled"
	NotForced       ProblemKind = "row-level security is not forced, so the table's owner passes it"
	PolicyMissing   ProblemKind = "the policy is missing"
	PolicyChanged   ProblemKind = "the policy is not what was generated"
	PolicyForeign   ProblemKind = "a permissive policy of another origin widens what a tenant sees"
	ViewPasses      ProblemKind = "the view reads with its owner's rights"
	CopyReadable    ProblemKind = "the materialized view holds rows of all tenants"
	SessionSetting  ProblemKind = "a setting is made for every session of a role or database"
	ParentPasses    ProblemKind = "the table has no policies, and shows the rows of others that inherit from it"
	ForeignTable    ProblemKind = "the foreign table holds tenants' rows, and no policy can be on it"
	RuleRuns        ProblemKind = "the rule runs statements with the rights of its table's owner"
	SpanForgotten   ProblemKind = "there are policies for a role that spans tenants, and Policies.SpanRole is empty"
	NotThere        ProblemKind = "the table is not in the database"
)

// Error implements error.
func (p *Problem) Error() string {
	text := "rls: " + string(p.Kind)
	var where []string
	if p.Table != (catalog.Name{}) {
		where = append(where, p.Table.String())
	}
	if p.Object != "" {
		where = append(where, p.Object)
	}
	if len(where) > 0 {
		text += " (" + strings.Join(where, ", ") + ")"
	}
	if len(p.SQL) > 0 {
		text += ": " + strings.Join(p.SQL, "; ")
	}
	if p.Advice != "" {
		text += ": " + p.Advice
	}
	return text
}

// Unwrap returns [ErrUnprotected].
func (p *Problem) Unwrap() error { return ErrUnprotected }
