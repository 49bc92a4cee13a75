package tenancytest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/logger"
)

// answer is what an operation leaves its caller with.
type answer struct {
	values   []any
	affected int64
	err      error
}

// got is the answer of a chain: what it wrote to, and its own result.
func got(db *gorm.DB, values ...any) answer {
	return answer{values: values, affected: db.RowsAffected, err: db.Error}
}

// gave is the answer of what returns an error alone.
func gave(err error, values ...any) answer { return answer{values: values, err: err} }

// and joins the answers of two steps.
func (a answer) and(b answer) answer {
	return answer{
		values:   append(append([]any{}, a.values...), b.values...),
		affected: a.affected + b.affected,
		err:      errors.Join(a.err, b.err),
	}
}

// outcome is an answer in normal form, with what the tables hold after it.
type outcome struct {
	values   []any // with the own tenant masked
	plain    []any // the same with nothing masked
	affected int64
	err      error
	panicked any
	state    *state // nil if the operation only reads
}

// operationLimit ends an operation that does not come to an end by itself.
const operationLimit = 20 * time.Second

// execute runs an operation in a transaction and rolls it back. It is false when
// the operation does not apply.
func (f *Fixture) execute(ctx context.Context, db *gorm.DB, t *task) (out *outcome, ok bool) {
	return f.executeLogged(ctx, db, t, logger.Discard)
}

func (f *Fixture) executeLogged(ctx context.Context, db *gorm.DB, t *task, log logger.Interface) (out *outcome, ok bool) {
	ctx, cancel := context.WithTimeout(ctx, operationLimit)
	defer cancel()
	tx := f.session(ctx, db, log).Begin()
	if tx.Error != nil {
		return &outcome{err: tx.Error}, true
	}
	defer tx.Rollback()
	out = &outcome{}
	if !t.reads() {
		if _, err := tx.Statement.ConnPool.ExecContext(ctx, "SAVEPOINT tenancytest"); err != nil {
			return &outcome{err: err}, true
		}
	}
	a, panicked := call(t, tx)
	if _, is := panicked.(inapplicable); is {
		return out, false
	}
	out.affected, out.err, out.panicked = a.affected, a.err, panicked
	for _, isMasked := range []bool{true, false} {
		n := &normalizer{f: f, bases: f.bases[db], ordered: t.flags&inOrder != 0, masked: isMasked}
		var values []any
		for _, value := range a.values {
			values = append(values, n.value(value))
		}
		if isMasked {
			out.values = values
		} else {
			out.plain = values
		}
	}
	if !t.reads() {
		var err error
		if out.state, err = f.stateAfter(tx, db); err != nil {
			out.panicked = fmt.Errorf("the tables cannot be read after it: %w", err)
		}
	}
	return out, true
}

// statements runs an operation once more to see what it sends.
func (f *Fixture) statements(ctx context.Context, t *task) []string {
	log := &recorder{Interface: logger.Discard}
	f.executeLogged(ctx, f.shared, t, log)
	return log.statements
}

// stateAfter reads the tables. Where an error of the database has ended the
// transaction, what it did is undone first, as it would be anyway.
func (f *Fixture) stateAfter(tx, db *gorm.DB) (*state, error) {
	pool := tx.Statement.ConnPool
	s, err := f.readState(pool, db)
	if err == nil {
		return s, nil
	}
	if _, undo := pool.ExecContext(context.Background(), "ROLLBACK TO SAVEPOINT tenancytest"); undo != nil {
		return nil, errors.Join(err, undo)
	}
	return f.readState(pool, db)
}

// call runs the operation and catches its panic.
func call(t *task, tx *gorm.DB) (a answer, panicked any) {
	defer func() { panicked = recover() }()
	return t.run(tx), nil
}

// session is a new session under fixed circumstances.
func (f *Fixture) session(ctx context.Context, db *gorm.DB, log logger.Interface) *gorm.DB {
	return db.Session(&gorm.Session{
		NewDB: true, Context: ctx, Logger: log,
		NowFunc: func() time.Time { return operationTime },
	})
}

// recorder keeps the statements that GORM would log.
type recorder struct {
	logger.Interface
	statements []string
}

// LogMode implements logger.Interface.
func (r *recorder) LogMode(logger.LogLevel) logger.Interface { return r }

// Trace implements logger.Interface.
func (r *recorder) Trace(_ context.Context, _ time.Time, statement func() (string, int64), err error) {
	sql, _ := statement()
	if err != nil {
		sql += "  -- " + err.Error()
	}
	r.statements = append(r.statements, sql)
}
