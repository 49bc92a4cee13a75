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
	// goes to one shard as a whole is one task. Two subplans of one task each may
	// go to two shards, so they count as two.
	Tasks int
	// Jobs counts the parts of the plan that have tasks.
	Jobs int
	// Nodes are the nodes of the tasks that the plan shows, without duplicates.
	// With citus.explain_all_tasks the plan shows all tasks, otherwise the first of
	// each job. A task whose node returns no plan, such as one without a result,
	// shows no node.
	Nodes []string
	// Local says that the statement reads a local table on the coordinator, which
	// Citus does not know.
	Local bool
	// Scatters says that Citus collects rows on the coordinator, or exchanges them
	// between nodes, and only then decides which shards to write them to. It does
	// so for an INSERT or MERGE that it cannot push down to one shard's node.
	Scatters bool
}

// SingleShard reports whether the statement goes to one shard, to one copy of
// reference tables, or to no node.
func (r Route) SingleShard() bool { return r.Tasks <= 1 && !r.Scatters }

// TaskCount returns the number of tasks that [Explain] finds.
func TaskCount(ctx context.Context, q Querier, statement string, args ...any) (int, error) {
	route, err := Explain(ctx, q, statement, args...)
	return route.Tasks, err
}

const sqlExplain = `EXPLAIN (FORMAT JSON, COSTS OFF) `

// Explain says where a SELECT, INSERT, UPDATE, DELETE or MERGE goes, from Citus's
// own plan for it with these values. The statement is not executed, but the nodes
// that it would go to plan it.
//
// The error is [ErrNotExplainable] for several statements in one text, and if the
// session hides distributed plans (citus.explain_distributed_queries off). If Citus
// refuses to plan the statement, the error is Citus's own, and ends the caller's
// transaction as any error does. Other SQL is a syntax error. Citus executes, but
// does not explain, an INSERT … SELECT with parameters whose rows come to the
// coordinator first: "could not create distributed plan", or "no value found for
// parameter 1". It pushes the statement down, and explains it, if the inserted
// tenant is a column of the selection instead of a parameter.
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

// requireSingle refuses text that would end the EXPLAIN, because a second statement
// would be executed. Text without a semicolon is always one statement. If there is
// a semicolon, all of the text must be understood.
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

// reader walks a plan. It recognizes nodes wherever they stand: the nesting of
// subplans differs between versions.
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
