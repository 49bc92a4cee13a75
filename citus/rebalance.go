package citus

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// RebalanceOptions say how shards are distributed among nodes. The zero value
// balances them by size, and moves them by logical replication.
type RebalanceOptions struct {
	// Strategy is the name of one of pg_dist_rebalance_strategy. Empty means the
	// cluster's default.
	Strategy string
	// DrainOnly moves only shards off nodes that must not hold any. False balances
	// all shards.
	DrainOnly bool
	// Transfer is how a shard is moved. Empty means [TransferAuto].
	Transfer Transfer
	// Every is how often [Rebalance] asks for the status. Zero means a second.
	Every time.Duration
	// Progress is called with each status, in the caller's goroutine. Nil means
	// that nothing is called.
	Progress func(RebalanceStatus)
}

// RebalanceState is the state of a background job of the cluster.
type RebalanceState string

// The states of a rebalance. In the first two, and while it is cancelling or
// failing, it still runs; the others are final.
const (
	RebalanceScheduled  RebalanceState = "scheduled"
	RebalanceRunning    RebalanceState = "running"
	RebalanceCancelling RebalanceState = "cancelling"
	RebalanceFailing    RebalanceState = "failing"
	RebalanceFinished   RebalanceState = "finished"
	RebalanceCancelled  RebalanceState = "cancelled"
	RebalanceFailed     RebalanceState = "failed"
)

// RebalanceStatus is the progress of a rebalance. The zero value means that there
// was nothing to move.
type RebalanceStatus struct {
	Job   int64
	State RebalanceState
	// Moves counts the shards to be moved, each with those colocated; Done counts
	// those that have been.
	Moves, Done int
	// Running are the moves that are under way.
	Running []RebalanceMove
	// Errors are the messages of the moves that failed, or are tried again.
	Errors []string
}

// Ended reports whether the rebalance no longer runs.
func (s RebalanceStatus) Ended() bool {
	switch s.State {
	case "", RebalanceFinished, RebalanceCancelled, RebalanceFailed:
		return true
	}
	return false
}

// RebalanceMove is a shard that is being moved.
type RebalanceMove struct {
	From, To string // host:port
	Phase    string // as Citus names it
	Bytes    int64  // the size of what is moved
	Copied   int64  // the size of what has arrived
}

const (
	sqlRebalanceStart = `SELECT coalesce(pg_catalog.citus_rebalance_start(nullif($1::text, '')::name, $2::bool, $3), 0)`

	sqlRebalanceStatus = `SELECT job_id, state::text, details::text FROM pg_catalog.citus_rebalance_status(true)`

	sqlRebalanceStop = `SELECT pg_catalog.citus_rebalance_stop()`
)

// StartRebalance starts to balance the shards among the nodes in the background,
// and returns the job: 0 if there is nothing to move. Only one can run at a time.
// It starts when the caller's transaction, if there is one, commits. Call
// [RestoreRights] when it has ended: default privileges apply to the shards that it
// makes. Citus' own functions that make shards or add nodes need that, too.
func StartRebalance(ctx context.Context, q Querier, o RebalanceOptions) (job int64, err error) {
	err = queryRow(ctx, q, sqlRebalanceStart, []any{o.Strategy, o.DrainOnly, string(o.Transfer.orAuto())}, &job)
	if err != nil {
		return 0, failed("start a rebalance", err)
	}
	return job, nil
}

// LastRebalance returns the status of the newest rebalance, whoever started it;
// the zero status if there was none.
func LastRebalance(ctx context.Context, q Querier) (RebalanceStatus, error) {
	var s RebalanceStatus
	var details []byte
	err := queryRow(ctx, q, sqlRebalanceStatus, nil, &s.Job, &s.State, &details)
	if errors.Is(err, sql.ErrNoRows) {
		return RebalanceStatus{}, nil
	}
	if err != nil {
		return RebalanceStatus{}, failed("status of the rebalance", err)
	}
	return s, s.readDetails(details)
}

func (s *RebalanceStatus) readDetails(text []byte) error {
	var details struct {
		Tasks []struct {
			State, Message, Phase string
			Size                  struct{ Source, Target int64 }
			Hosts                 struct{ Source, Target string }
		}
		Counts map[string]int `json:"task_state_counts"`
	}
	if err := json.Unmarshal(text, &details); err != nil {
		return failed("status of the rebalance", err)
	}
	for _, n := range details.Counts {
		s.Moves += n
	}
	s.Done = details.Counts["done"]
	for _, task := range details.Tasks {
		if task.State != "running" {
			s.Errors = append(s.Errors, task.Message)
			continue
		}
		s.Running = append(s.Running, RebalanceMove{
			From: task.Hosts.Source, To: task.Hosts.Target, Phase: task.Phase, Bytes: task.Size.Source, Copied: task.Size.Target,
		})
	}
	return nil
}

// StopRebalance cancels the running rebalance. Shards that have been moved stay
// where they are; the move in progress is rolled back. The cluster returns an
// error if no rebalance runs.
func StopRebalance(ctx context.Context, q Querier) error {
	if _, err := q.ExecContext(ctx, sqlRebalanceStop); err != nil {
		return failed("stop the rebalance", err)
	}
	return nil
}

// Rebalance starts a rebalance, reports its progress, and returns when it has
// ended, with an error unless it has finished. It must not run in a transaction.
//
// When ctx ends, Rebalance returns, but the cluster continues: the rebalance does
// not belong to a session. [LastRebalance] then returns its status,
// [StopRebalance] cancels it, and a new Rebalance is refused while it runs. In
// that case, and after [StartRebalance], call [RestoreRights] when it has ended.
func Rebalance(ctx context.Context, q Querier, o RebalanceOptions) (RebalanceStatus, error) {
	job, err := StartRebalance(ctx, q, o)
	if err != nil || job == 0 {
		return RebalanceStatus{}, err
	}
	if o.Every <= 0 {
		o.Every = time.Second
	}
	tick := time.NewTicker(o.Every)
	defer tick.Stop()
	s := RebalanceStatus{Job: job, State: RebalanceScheduled}
	for {
		now, err := LastRebalance(ctx, q)
		switch {
		case ctx.Err() != nil:
			return s, failed("rebalance: the cluster goes on", ctx.Err())
		case err != nil:
			return s, err
		case now.Job != job:
			return s, failed("rebalance", fmt.Errorf("job %d has made way for job %d", job, now.Job))
		}
		s = now
		if o.Progress != nil {
			o.Progress(s)
		}
		switch {
		case s.State == RebalanceFinished:
			return s, RestoreRights(ctx, q)
		case s.Ended():
			return s, failed("rebalance", fmt.Errorf("job %d %s after %d of %d moves", job, s.State, s.Done, s.Moves))
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}
