//go:build linux || darwin

package keys_test

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gorm-tenancy/tenancy/migration"
)

// A server is a PostgreSQL of the test's own, which may be stopped.
type server struct {
	bin, dir   string
	credential *syscall.Credential
	script     *exec.Cmd
	stdin      io.WriteCloser
}

// serverScript runs the server until it is told to stop it at once, or until the
// test process has ended.
const serverScript = `
dir=$PWD
"$@" </dev/null >>log 2>&1 &
read -r word
kill -QUIT $!
wait
[ "$word" = stop ] || rm -rf "$dir"`

func newServer(t testing.TB) *server {
	t.Helper()
	s := &server{bin: serverPrograms()}
	if s.bin == "" {
		t.Skip("no PostgreSQL server is installed that could be stopped")
	}
	dir, err := os.MkdirTemp("/tmp", "keys-pg-") //nolint:usetesting // a socket's path is short
	require.NoError(t, err)
	s.dir = dir
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if os.Geteuid() == 0 {
		s.credential = nobody(t)
		require.NoError(t, os.Chown(dir, int(s.credential.Uid), int(s.credential.Gid)))
	}
	initdb := exec.Command(filepath.Join(s.bin, "initdb"), "-D", "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
	initdb.Dir, initdb.SysProcAttr = dir, &syscall.SysProcAttr{Credential: s.credential}
	out, err := initdb.CombinedOutput()
	require.NoError(t, err, "%s", out)
	s.start(t)
	t.Cleanup(func() { _, _ = s.stdin.Close(), s.script.Wait() })
	return s
}

func (s *server) dsn() string {
	return "host=" + s.dir + " user=postgres dbname=postgres sslmode=disable timezone=UTC"
}

// serverPrograms is the directory with the newest server.
func serverPrograms() string {
	var found []string
	for _, glob := range []string{"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/usr/libexec/postgresql*",
		"/opt/homebrew/opt/postgresql*/bin", "/usr/local/opt/postgresql*/bin"} {
		matches, _ := filepath.Glob(filepath.Join(glob, "initdb")) // the patterns are well-formed
		found = append(found, matches...)
	}
	if path, err := exec.LookPath("initdb"); err == nil {
		found = append(found, path)
	}
	if len(found) == 0 {
		return ""
	}
	return filepath.Dir(found[len(found)-1])
}

// nobody is whom the server runs as when the tests run as root.
func nobody(t testing.TB) *syscall.Credential {
	t.Helper()
	for _, name := range []string{"postgres", "nobody"} {
		if found, err := user.Lookup(name); err == nil {
			uid, err := strconv.ParseUint(found.Uid, 10, 32)
			require.NoError(t, err)
			gid, err := strconv.ParseUint(found.Gid, 10, 32)
			require.NoError(t, err)
			return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		}
	}
	t.Skip("there is no user to run a server as")
	return nil
}

func (s *server) start(t testing.TB) {
	t.Helper()
	s.script = exec.Command("/bin/sh", "-c", serverScript, "sh", filepath.Join(s.bin, "postgres"), "-D", "data", "-k", s.dir,
		"-c", "listen_addresses=", "-c", "fsync=off", "-c", "dynamic_shared_memory_type=mmap")
	s.script.Dir = s.dir
	s.script.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Credential: s.credential}
	var err error
	s.stdin, err = s.script.StdinPipe()
	require.NoError(t, err)
	require.NoError(t, s.script.Start())
}

// stop is pg_ctl stop -m immediate.
func (s *server) stop() error {
	_, err := io.WriteString(s.stdin, "stop\n")
	return errors.Join(err, s.script.Wait())
}

// TestServerStopped stops the server in each phase, while a step is carried out,
// and starts it again.
func TestServerStopped(t *testing.T) {
	skipShort(t)
	t.Parallel()
	own := newServer(t)
	probe := &shop{dsn: own.dsn()}
	probe.db = probe.open(t)
	require.Eventually(t, func() bool { return probe.db.Ping() == nil }, 30*time.Second, 20*time.Millisecond)
	s := openShop(t, own.dsn())
	for _, run := range []way{migration.Execute, migration.Undo} {
		var stopped []string
		for again := true; again; {
			down := make(chan error, 1)
			steps := map[string]int{}
			o := apply(s.plan)
			o.BatchBlocks = 1
			o.Progress = func(e migration.Event) {
				if e.Kind != migration.StepStarted || slices.Contains(stopped, e.Phase) {
					return
				}
				if steps[e.Phase]++; steps[e.Phase] == 2 {
					stopped = append(stopped, e.Phase)
					time.AfterFunc(time.Duration(len(stopped))*time.Millisecond, func() { down <- own.stop() })
				}
			}
			count := len(stopped)
			_, err := run(context.Background(), s.db, s.plan, o)
			again = err != nil
			if len(stopped) == count {
				require.NoError(t, err)
				continue
			}
			<-down //nolint:errcheck // the script's exit status is the signal's
			own.start(t)
			require.Eventually(t, func() bool { return s.db.Ping() == nil }, 30*time.Second, 5*time.Millisecond)
			require.Equal(t, s.rows, s.data(t, false))
			again = true
		}
		require.Len(t, stopped, len(s.plan.Phases))
		if s.dump(t) == s.after {
			s.requireAfter(t, "carried out")
		}
	}
	s.requireBefore(t, "taken back")
}
