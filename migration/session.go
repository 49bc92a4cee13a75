package migration

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"
)

// A session holds the connections of a run: one works, and one keeps other runs
// out. They do not go back to the pool, so that their settings end with them.
type session struct {
	work  *sql.Conn
	guard *sql.Conn // nil in a dry run

	lockTimeout time.Duration // as set on work

	// brief is how long to wait for a lock while others are held. It is shorter
	// than the server's deadlock_timeout: in a deadlock the run gives way, and the
	// server does not end the other session.
	brief time.Duration
}

// The settings that would change what a plan does. Without row_security = off, a
// policy would hide rows from a batch and from the count of its remaining rows.
const (
	sqlSettings = `
SELECT set_config(name, value, false)
FROM (VALUES
	('search_path', 'pg_catalog, pg_temp'),
	('row_security', 'off'),
	('default_transaction_isolation', 'read committed'),
	('default_transaction_read_only', 'off'),
	('default_transaction_deferrable', 'off'),
	('application_name', 'tenancy migration'),
	('statement_timeout', $1::text),
	('lock_timeout', $2::text)
) AS settings (name, value)`

	sqlApplicationPath = `
SELECT pg_catalog.set_config('search_path', concat('pg_catalog, ', NULLIF(reset_val, '') || ', ', 'pg_temp'), false)
FROM pg_catalog.pg_settings WHERE name = 'search_path'`

	sqlNoTimeouts = `
SELECT set_config(name, '0', false)
FROM pg_catalog.pg_settings
WHERE name IN ('transaction_timeout', 'idle_session_timeout', 'idle_in_transaction_session_timeout')`

	// On platforms that support it, the server notices within a second that the
	// program is gone, and ends its statement.
	sqlNoticeEnd = `SELECT pg_catalog.set_config('client_connection_check_interval', '1s', false)`

	sqlDeadlockTimeout = `SELECT setting::bigint FROM pg_catalog.pg_settings WHERE name = 'deadlock_timeout'`

	sqlSetLockTimeout = `SELECT pg_catalog.set_config('lock_timeout', $1, false)`
)

// Advisory locks are per database. The first is the guard's. The second belongs to
// the connection that works: a statement may outlive the program that sent it.
const (
	lockSpace = 0x676f726d // "gorm"
	guardLock = 1
	workLock  = 2

	sqlLock = `SELECT pg_catalog.pg_try_advisory_lock($1::int, $2::int)`

	sqlUnlock = `SELECT pg_catalog.pg_advisory_unlock_all()`

	sqlHolds = `
SELECT EXISTS (
	SELECT FROM pg_catalog.pg_locks
	WHERE locktype = 'advisory' AND classid = $1::int AND objid = $2::int AND objsubid = 2
		AND pid = pg_catalog.pg_backend_pid() AND granted
)`

	sqlHolder = `
SELECT l.pid, COALESCE(a.backend_start::text, 'an unknown time')
FROM pg_catalog.pg_locks AS l
LEFT JOIN pg_catalog.pg_stat_activity AS a USING (pid)
WHERE l.locktype = 'advisory' AND l.classid = $1::int AND l.objid = $2::int AND l.objsubid = 2 AND l.granted
	AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())`
)

// orphanWait is how long the server has to end the statement of an interrupted
// run.
const orphanWait = 10 * time.Second

func openSession(ctx context.Context, db *sql.DB, plan *Plan, o Options) (_ *session, err error) {
	s := &session{lockTimeout: o.LockTimeout}
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	if o.Apply {
		if db.Stats().MaxOpenConnections == 1 {
			return nil, &detailError{ErrRefused, "the pool needs two connections, one to hold the lock against a second operator (SetMaxOpenConns)"}
		}
		if s.guard, err = connect(ctx, db, o); err != nil {
			return nil, err
		}
		if err := s.lock(ctx, s.guard, guardLock, 0); err != nil {
			return nil, err
		}
	}
	if s.work, err = connect(ctx, db, o); err != nil {
		return nil, err
	}
	if plan.ApplicationPath {
		if _, err := s.work.ExecContext(ctx, sqlApplicationPath); err != nil {
			return nil, fmt.Errorf("migration: set up the session: %w", err)
		}
	}
	if o.Apply {
		if err := s.lock(ctx, s.work, workLock, orphanWait); err != nil {
			return nil, err
		}
		var deadlock int64
		if err := s.work.QueryRowContext(ctx, sqlDeadlockTimeout).Scan(&deadlock); err != nil {
			return nil, fmt.Errorf("migration: set up the session: %w", err)
		}
		s.brief = min(o.LockTimeout, time.Duration(deadlock)*time.Millisecond/2)
	}
	return s, nil
}

func connect(ctx context.Context, db *sql.DB, o Options) (*sql.Conn, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, &connectError{err}
	}
	if _, err = conn.ExecContext(ctx, sqlSettings, milliseconds(o.StatementTimeout), milliseconds(o.LockTimeout)); err == nil {
		_, err = conn.ExecContext(ctx, sqlNoTimeouts)
	}
	if err != nil {
		discard(conn)
		return nil, fmt.Errorf("migration: set up the session: %w", err)
	}
	_, _ = conn.ExecContext(ctx, sqlNoticeEnd) // not every platform can
	return conn, nil
}

func milliseconds(d time.Duration) string {
	if d <= 0 {
		return "0"
	}
	return fmt.Sprintf("%dms", max(1, d.Milliseconds()))
}

// lock takes an advisory lock for the session, or says who has it.
func (s *session) lock(ctx context.Context, conn *sql.Conn, key int, wait time.Duration) error {
	for deadline := time.Now().Add(wait); ; {
		var got bool
		if err := conn.QueryRowContext(ctx, sqlLock, lockSpace, key).Scan(&got); err != nil {
			return fmt.Errorf("migration: lock out a second operator: %w", err)
		}
		if got {
			return nil
		}
		if time.Now().After(deadline) {
			break
		}
		if err := sleep(ctx, 100*time.Millisecond); err != nil {
			return err
		}
	}
	var pid int
	var since string
	err := conn.QueryRowContext(ctx, sqlHolder, lockSpace, key).Scan(&pid, &since)
	if err != nil {
		return ErrRunning // it has just ended
	}
	return &detailError{ErrRunning, fmt.Sprintf("process %d of the server, connected since %s; wait for its end", pid, since)}
}

// alive checks that the lock is still held, so that no other run can have begun.
func (s *session) alive(ctx context.Context) error {
	for _, c := range []struct {
		conn *sql.Conn
		key  int
	}{{s.guard, guardLock}, {s.work, workLock}} {
		var held bool
		err := c.conn.QueryRowContext(ctx, sqlHolds, lockSpace, c.key).Scan(&held)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			return errors.Join(ErrLockLost, err)
		case !held: // a pooler between here and the server gave it to another session
			return &detailError{ErrLockLost, "connect to the server itself, or through a pooler in session mode"}
		}
	}
	return nil
}

// wait sets how long the next statements wait for locks; zero means no limit.
func (s *session) wait(ctx context.Context, timeout time.Duration) error {
	if s.lockTimeout == timeout {
		return nil
	}
	if _, err := s.work.ExecContext(ctx, sqlSetLockTimeout, milliseconds(timeout)); err != nil {
		return err
	}
	s.lockTimeout = timeout
	return nil
}

// close unlocks and closes the connections, even if the run's context is done, so
// that the next run need not wait.
func (s *session) close() {
	for _, conn := range []*sql.Conn{s.work, s.guard} {
		if conn == nil {
			continue
		}
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		_, _ = conn.ExecContext(ctx, sqlUnlock) // a lost connection holds no locks
		cancel()
		discard(conn)
	}
}

// discard closes the connection itself, with all that is set on it.
func discard(conn *sql.Conn) {
	_ = conn.Raw(func(any) error { return driver.ErrBadConn })
	_ = conn.Close()
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
