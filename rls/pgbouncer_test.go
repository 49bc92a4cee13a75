package rls_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// pgbouncer starts a pooler in transaction mode with four connections to the
// application's database, and returns the DSN of the application through it.
func pgbouncer(t *testing.T, d *database) string {
	t.Helper()
	program := "/usr/sbin/pgbouncer"
	if found, err := exec.LookPath("pgbouncer"); err == nil {
		program = found
	} else if _, err := os.Stat(program); err != nil {
		t.Skip("no PgBouncer to test with (Debian, Ubuntu: apt-get install pgbouncer)")
	}
	config, err := pgx.ParseConfig(d.DSN)
	require.NoError(t, err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	port := listener.Addr().(*net.TCPAddr).Port
	require.NoError(t, listener.Close())
	dir, err := os.MkdirTemp("", "tenancy-pgbouncer") //nolint:usetesting // root's PgBouncer runs as another user, whom TempDir keeps out
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	require.NoError(t, os.Chmod(dir, 0o755))
	file := filepath.Join(dir, "pgbouncer.ini")
	require.NoError(t, os.WriteFile(file, fmt.Appendf(nil, `[databases]
app = host=%s port=%d dbname=%s user=%s password=%s
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = %d
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 4
max_client_conn = 200
server_login_retry = 1
`, config.Host, config.Port, config.Database, config.User, config.Password, port), 0o644))
	args := []string{"-q", file}
	if os.Geteuid() == 0 { // it does not run as root
		args = append([]string{"-u", "postgres"}, args...)
	}
	supervise(t, program, args...)
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			_ = conn.Close()
			break
		}
		require.True(t, time.Now().Before(deadline), "PgBouncer does not start: %v", err)
	}
	return fmt.Sprintf("host=127.0.0.1 port=%d dbname=app user=any sslmode=disable", port)
}

// supervise runs a program until the test has ended, and starts it again whenever it
// ends before, as a service manager would: PgBouncer 1.18 ends itself now and then
// when many clients cancel.
func supervise(t *testing.T, program string, args ...string) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for ctx.Err() == nil {
			command := exec.CommandContext(ctx, program, args...)
			command.Stderr = os.Stderr
			if err := command.Run(); ctx.Err() == nil {
				t.Logf("%s has ended and starts again: %v", filepath.Base(program), err)
				time.Sleep(20 * time.Millisecond)
			}
		}
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
}

// TestPgBouncer: a connection of the pool is another one of the server with each
// transaction. The Debian 12 version knows no prepared statements.
func TestPgBouncer(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"cache_describe", "exec", "simple_protocol"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			d := newDatabase(t)
			d.protect(t, allModels...)
			stress(t, d, with(pgbouncer(t, d), "default_query_exec_mode", mode), false)
		})
	}
}
