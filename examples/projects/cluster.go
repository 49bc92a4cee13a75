package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"text/tabwriter"

	"github.com/gorm-tenancy/tenancy"
	"github.com/gorm-tenancy/tenancy/citus"
	"github.com/gorm-tenancy/tenancy/citus/distribution"
	"github.com/gorm-tenancy/tenancy/keys"
	"github.com/gorm-tenancy/tenancy/migration"
)

var errScattered = errors.New("statements of a tenant leave their shard")

// planOnly shows what would become of the tables on a cluster. That there is none
// must be all that stands in the way.
func (s *station) planOnly(ctx context.Context) error {
	s.heading("The plan: what each table becomes")
	_, err := tenancy.Distribute(ctx, s.db, tenancy.DistributeOptions{Out: s.out}, models...)
	if !errors.Is(err, distribution.ErrUndecided) {
		return errors.Join(errors.New("a database without a cluster was not refused"), err)
	}
	analysis, err := tenancy.PlanDistribution(ctx, s.db, tenancy.DistributeOptions{}, models...)
	if err != nil {
		return err
	}
	for _, finding := range analysis.Findings {
		if finding.Severity == keys.Blocker && finding.Table.Schema != "" { // a server has none
			return fmt.Errorf("a cluster would not take the tables: %w", analysis.Blocked())
		}
	}
	if len(analysis.Questions) > 0 {
		return analysis.Blocked()
	}
	fmt.Fprintln(s.out, "\nNothing but the cluster is missing.")
	return nil
}

// distribute shows the plan, or carries it out.
func (s *station) distribute(ctx context.Context, apply bool) error {
	// No other version of the application is running: the barrier is passed.
	o := tenancy.DistributeOptions{Run: migration.Options{Apply: apply, Passed: []string{distribution.Spread}, Progress: s.progress}}
	if apply {
		s.heading("The tables are spread over the cluster")
	} else {
		s.heading("The plan: a dry run")
		o.Out = s.out
	}
	if err := s.requireAlone(ctx); err != nil {
		return err
	}
	result, err := tenancy.Distribute(ctx, s.db, o, models...)
	if err != nil {
		return err
	}
	return finished(result, apply)
}

// undistribute makes plain tables again.
func (s *station) undistribute(ctx context.Context) error {
	s.heading("The tables come back")
	if err := s.requireAlone(ctx); err != nil {
		return err
	}
	result, err := tenancy.Undistribute(ctx, s.db, tenancy.DistributeOptions{
		Run: migration.Options{Apply: true, Progress: s.progress},
	})
	if err != nil {
		return err
	}
	if err := finished(result, true); err != nil {
		return err
	}
	left, err := citus.Tables(ctx, s.pool)
	if err == nil && len(left) > 0 {
		err = fmt.Errorf("%d tables are still the cluster's", len(left))
	}
	return err
}

func (s *station) progress(e migration.Event) {
	if e.Kind == migration.StepDone {
		fmt.Fprintf(s.out, "done: %s\n", e.Step)
	}
}

// finished reports what a run has left to do, as an error.
func finished(r *migration.Result, apply bool) error {
	switch {
	case r.Barrier != nil && apply:
		return fmt.Errorf("stopped before phase %s: %s", r.Barrier.Phase, r.Barrier.Text)
	case apply && len(r.Remaining) > 0:
		return fmt.Errorf("%d steps are left", len(r.Remaining))
	case !apply && len(r.Would) == 0:
		return errors.New("there is nothing to spread")
	}
	return nil
}

// route asks the cluster where statements go, which were sent for single tenants.
func (s *station) route(ctx context.Context, sent map[string][]statement) error {
	s.heading("Where the statements of a tenant go")
	w := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "KIND\tSTATEMENTS\tTASKS OF EACH, AT MOST")
	scattered := 0
	for _, k := range kinds {
		most := 0
		for _, one := range sent[k.name] {
			route, err := citus.Explain(ctx, s.pool, one.sql, one.args...)
			if err != nil {
				return fmt.Errorf("explain a statement of %q: %w", k.name, err)
			}
			if route.Tasks != 1 || !route.SingleShard() {
				scattered++
				fmt.Fprintf(s.out, "%d tasks: %s\n", route.Tasks, one.sql)
			}
			most = max(most, route.Tasks)
		}
		fmt.Fprintf(w, "%s\t%d\t%d\n", k.name, len(sent[k.name]), most)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if scattered > 0 {
		return fmt.Errorf("%d %w", scattered, errScattered)
	}
	return nil
}

// How many tenants have their rows in a shard.
const sqlNeighbours = `SELECT count(*) FROM unnest($1::bigint[]) AS tenant
	WHERE get_shard_id_for_distribution_column('accounts', tenant) = $2`

// isolate gives the biggest tenant a shard of its own.
func (s *station) isolate(ctx context.Context) error {
	biggest := strconv.FormatInt(s.tenants[0], 10)
	s.heading("The biggest tenant, %s, gets a shard of its own", biggest)
	show := func(when string) (neighbours int, err error) {
		at, err := citus.Locate(ctx, s.pool, "accounts", biggest)
		if err != nil {
			return 0, err
		}
		if err := s.pool.QueryRowContext(ctx, sqlNeighbours, s.tenants, at.ID).Scan(&neighbours); err != nil {
			return 0, err
		}
		fmt.Fprintf(s.out, "%s: shard %d on %s, with %d other tenants\n", when, at.ID, at.Node, neighbours-1)
		return neighbours, nil
	}
	if _, err := show("before"); err != nil {
		return err
	}
	// Nobody writes here, so there is no need for logical replication.
	if _, err := citus.IsolateTenant(ctx, s.pool, "accounts", biggest, citus.TransferBlocking); err != nil {
		return err
	}
	neighbours, err := show("now")
	if err == nil && neighbours != 1 {
		err = errors.New("the biggest tenant is not alone in its shard")
	}
	return err
}
