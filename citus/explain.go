package citus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gorm-tenancy/tenancy/internal/sqltext"
)

// Route is where a statement goes. The zero value is a statement that the
// coordinator answers alone.
type Route struct {
	// Tasks counts the statements that the plan sends to shards, those of its
	// subplans included, and those that read a subplan's result. A statement that
	// goes to one shard as it stands is one task. Two subplans of one task each
	// may go to two shards, so they count as two.
	Tasks int
	// Jobs counts the parts of the plan that have tasks.
	Jobs int
	// Nodes are those of the tasks that the plan shows, without repetition: with
	// citus.explain_all_tasks all, else the first task's of each job. A task
	// whose node gives no plan, such as one without a result, shows none.
	Nodes []string
	// Local says that the coordinator reads a table of its own for it, one that
	// Citus does not know.
	Local bool
	// Scatters says that rows are brought to the coordinator, or sent among the
	// nodes, to be written from there: Citus learns only then to which shards. It
	// does so for an INSERT or MERGE that it cannot push down to one shard's node.
	Scatters bool
}

// SingleShard reports whether the statement goes to one shard, to one copy of
// reference tables, or to no node at all.
func (r Route) SingleShard() bool { return r.Tasks <= 1 && !r.Scatters }

// TaskCount is the number of tasks that [Explain] finds.
func TaskCount(ctx context.Context, q Querier, statement string, args ...any) (int, error) {
	route, err := Explain(ctx, q, statement, args...)
	return route.Tasks, err
}

const sqlExplain = `EXPLAIN (FORMAT JSON, COSTS OFF) `

// Explain says where a SELECT, INSERT, UPDATE, DELETE or MERGE goes, by Citus's own
// plan for it with these values. The statement is not executed; the nodes that it
// would go to are asked for their plans.
//
// A text of several statements is [ErrNotExplainable], as is one that the session
// does not show the plan of (citus.explain_distributed_queries off). What Citus
// refuses to plan is its own error, and ends the caller's transaction as any error
// does; so does other SQL, which PostgreSQL takes for a syntax error. An INSERT …
// SELECT whose rows come to the coordinator first, and that has parameters, Citus
// executes but does not explain: "could not create distributed plan", or "no value
// found for parameter 1". Where the inserted tenant is a column of what is selected
// and not a parameter, it is pushed down, and explained.
func Explain(ctx context.Context, q Querier, statement string, args ...any) (Route, error) {
	if err := requireSingle(statement); err != nil {
		return Route{}, err
	}
	var plan []byte
	if err := queryRow(ctx, q, sqlExplain+statement, args, &plan); err != nil {
		return Route{}, failed("explain", err)
	}
	return parsePlan(plan)
}

// requireSingle refuses what would end the EXPLAIN: the second of two statements
// would be executed. Text without a semicolon is one statement, whatever else it
// is; where there is one, all of the text must be understood.
func requireSingle(statement string) error {
	if !strings.Contains(statement, ";") {
		return nil
	}
	lexer := sqltext.Lexer{Text: statement}
	ended := false
	for {
		switch token := lexer.Next(); {
		case token.Kind == sqltext.End:
			return nil
		case token.Kind == sqltext.Bad:
			return fmt.Errorf("%w: %s", ErrNotExplainable, lexer.Reason)
		case ended:
			return fmt.Errorf("%w: it goes on after its semicolon", ErrNotExplainable)
		case lexer.Is(token, ';'):
			ended = true
		}
	}
}

// parsePlan reads what EXPLAIN (FORMAT JSON) says.
func parsePlan(text []byte) (Route, error) {
	var plan []any
	if err := json.Unmarshal(text, &plan); err != nil {
		return Route{}, failed("explain", err)
	}
	var r reader
	r.read(plan)
	if r.silent {
		return Route{}, fmt.Errorf("%w: citus.explain_distributed_queries is off", ErrNotExplainable)
	}
	if r.scans > 0 && r.route.Jobs == 0 && !r.route.Scatters {
		return Route{}, failed("explain", errors.New("the plan names no tasks"))
	}
	slices.Sort(r.route.Nodes)
	r.route.Nodes = slices.Compact(r.route.Nodes)
	return r.route, nil
}

// reader walks a plan. It goes by what it finds at whatever place, for the nesting
// of subplans differs from version to version.
type reader struct {
	route  Route
	scans  int // nodes that are Citus's
	silent bool
}

func (r *reader) read(part any) {
	switch part := part.(type) {
	case []any:
		for _, element := range part {
			r.read(element)
		}
	case map[string]any:
		r.readNode(part)
		for name, element := range part {
			if name != "Remote Plan" { // how a node reads its shard
				r.read(element)
			}
		}
	}
}

func (r *reader) readNode(node map[string]any) {
	if provider, ok := node["Custom Plan Provider"].(string); ok && strings.HasPrefix(provider, "Citus") {
		r.scans++
		r.route.Scatters = r.route.Scatters || provider != "Citus Adaptive"
	}
	if _, ok := node["citus.explain_distributed_queries"]; ok {
		r.silent = true
	}
	if tasks, ok := node["Task Count"].(float64); ok {
		r.route.Jobs++
		r.route.Tasks += int(tasks)
	}
	if tasks, ok := node["Map Task Count"].(float64); ok { // rows are sent among the nodes
		r.route.Jobs++
		r.route.Tasks += int(tasks)
	}
	if name, ok := node["Node"].(string); ok {
		r.route.Nodes = append(r.route.Nodes, nodeAddress(name))
	}
	if _, ok := node["Relation Name"].(string); ok {
		r.route.Local = true
	}
}

// nodeAddress makes host:port of "host=… port=… dbname=…".
func nodeAddress(name string) string {
	var host, port string
	for word := range strings.FieldsSeq(name) {
		switch key, value, _ := strings.Cut(word, "="); key {
		case "host":
			host = value
		case "port":
			port = value
		}
	}
	return host + ":" + port
}
