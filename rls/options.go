package rls

import (
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// DefaultSetting is the setting that holds the tenant if no other is named.
const DefaultSetting = "app.tenant_id"

// setSuffix makes the name of the setting that holds several tenants.
const setSuffix = "_set"

// Options say how the tenant of a statement reaches the database. The zero value
// lets one tenant at a time through.
type Options struct {
	// Setting is the name of the setting that the policies read: two words of
	// lower-case letters, digits and underscores with a dot between them. A second one,
	// with "_set" after its name, holds sets. Empty means [DefaultSetting].
	Setting string

	// SpanRole is the role that statements for a set of tenants or in a bypass run as:
	// the one that [Policies].SpanRole names. The pool's role must be a member that
	// does not inherit. Empty means that such statements are refused with [ErrSpan].
	SpanRole string

	// Citus sends the setting in the one form that reaches the workers of a Citus
	// cluster: SET LOCAL inside a transaction block, which is begun and committed
	// around a statement that is outside of one. False means set_config, in the
	// implicit transaction of the statement itself.
	Citus bool

	// Driver are options of pgx's own database/sql driver. Empty means none.
	Driver []stdlib.OptionOpenDB
}

// complete fills in the defaults on a copy.
func (o Options) complete() (Options, error) {
	if o.Setting == "" {
		o.Setting = DefaultSetting
	}
	return o, checkSetting(o.Setting)
}

// checkSetting: the name stands in SQL text.
func checkSetting(name string) error {
	dots, start := 0, true
	for i := range len(name) {
		switch c := name[i]; {
		case c >= 'a' && c <= 'z', c == '_':
			start = false
		case c >= '0' && c <= '9' && !start:
		case c == '.' && !start:
			dots, start = dots+1, true
		default:
			dots = 2
		}
	}
	if dots != 1 || start || len(name) > 60 {
		return fmt.Errorf("rls: Setting %q is not a name like %s", name, DefaultSetting)
	}
	return nil
}

// keepsStatements says whether statements stay prepared on a connection, which
// is then the same server process for as long as it lives.
func keepsStatements(mode pgx.QueryExecMode) bool {
	return mode == pgx.QueryExecModeCacheStatement || mode == pgx.QueryExecModeDescribeExec
}
