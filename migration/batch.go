package migration

import (
	"context"
	"fmt"
	"time"
)

const sqlBlocks = `
SELECT pg_catalog.pg_relation_size($1::text::regclass) / pg_catalog.current_setting('block_size')::bigint`

// fruitlessPasses is how many passes may change nothing before the rest counts as
// impossible to fill. A single pass may miss rows that other sessions move from
// block to block meanwhile.
const fruitlessPasses = 2

// batch carries out the batch of step i, unless nothing is left to do.
func (r *run) batch(ctx context.Context, i int) (did bool, err error) {
	b := r.line.steps[i].Batch
	left, err := r.left(ctx, b)
	did = left > 0
	for pass, fruitless := 1, 0; err == nil && left > 0; pass++ {
		var rows int64
		if rows, err = r.pass(ctx, i, pass); err != nil {
			break
		}
		if left, err = r.left(ctx, b); err != nil || left == 0 {
			break
		}
		if fruitless++; rows > 0 {
			fruitless = 0
		}
		if fruitless == fruitlessPasses {
			failed := r.at(i, ErrUnfilled)
			failed.Detail = fmt.Sprintf("%d rows of %s are left, as far as the plan counts them, and its statement changes none of them",
				left, b.Table)
			return true, failed
		}
	}
	return did, r.located(i, err)
}

// pass walks over the table once, up to its size at the beginning: rows that are
// added later are left to the next pass.
func (r *run) pass(ctx context.Context, i, pass int) (rows int64, err error) {
	b := r.line.steps[i].Batch
	event := r.event(i, BatchDone)
	event.Pass = pass
	if event.Of, err = r.count(ctx, sqlBlocks, b.Table.String()); err != nil {
		return 0, err
	}
	before := r.result.Rows
	for event.Blocks < event.Of {
		if event.Blocks > 0 {
			if err := sleep(ctx, r.o.BatchPause); err != nil {
				return 0, err
			}
			if err := r.between(ctx); err != nil {
				return 0, err
			}
		}
		from, to := event.Blocks, min(event.Blocks+r.o.BatchBlocks, event.Of)
		if err := r.retry(ctx, r.event(i, Retrying), func() error { return r.blocks(ctx, b, from, to) }); err != nil {
			return 0, err
		}
		event.Blocks, event.Rows = to, r.result.Rows-before
		if pass == 1 { // the others find next to nothing
			share := float64(to-from) / float64(event.Of)
			r.forecast.saw(time.Duration(share * float64(r.line.steps[i].Estimate())))
			r.foretell(&event, i, float64(event.Of-to)/float64(event.Of))
		}
		r.emit(event)
	}
	return r.result.Rows - before, nil
}

// blocks changes the rows of a range of blocks, in a transaction.
func (r *run) blocks(ctx context.Context, b *Batch, from, to int64) error {
	if err := r.session.wait(ctx, r.session.brief); err != nil {
		return err
	}
	done, err := r.session.work.ExecContext(ctx, b.SQL, tid(from), tid(to))
	if err != nil {
		return err
	}
	rows, err := done.RowsAffected()
	r.result.Rows += rows
	return err
}

// tid is the place of a block's first row.
func tid(block int64) string { return fmt.Sprintf("(%d,0)", block) }

func (r *run) left(ctx context.Context, b *Batch) (int64, error) { return r.count(ctx, b.Left) }

func (r *run) count(ctx context.Context, query string, args ...any) (n int64, err error) {
	err = r.retry(ctx, Event{}, func() error {
		return r.session.work.QueryRowContext(ctx, query, args...).Scan(&n)
	})
	return n, err
}
