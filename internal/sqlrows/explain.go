package sqlrows

import (
	"context"
	"encoding/json"
)

// Printed returns the expressions of a selection as PostgreSQL prints them. selection
// is a SELECT, which is explained and not executed. It is nil if PostgreSQL does not
// show them.
func Printed(ctx context.Context, q Querier, selection string) ([]string, error) {
	var plan string
	err := Each(ctx, q, func(row Row) error { return row.Scan(&plan) }, "EXPLAIN (VERBOSE, FORMAT JSON) "+selection)
	if err != nil {
		return nil, err
	}
	var explained []struct{ Plan struct{ Output []string } }
	if err := json.Unmarshal([]byte(plan), &explained); err != nil {
		return nil, err
	}
	if len(explained) != 1 {
		return nil, nil
	}
	return explained[0].Plan.Output, nil
}
