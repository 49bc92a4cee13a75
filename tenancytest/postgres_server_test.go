//go:build linux || darwin

package tenancytest

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// localBinaries skips the tests of what only runs without EnvDSN where it could
// not run at all.
func localBinaries(t *testing.T) binaries {
	t.Helper()
	bin := serverBinaries()
	if bin.dir == "" {
		t.Skip("no PostgreSQL server is installed to start")
	}
	return bin
}

// localServer starts a server of the test's own.
func localServer(t *testing.T) (s server, dir string) {
	t.Helper()
	s, err := startServer(localBinaries(t))
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.lifeline.Close() })
	dir = strings.TrimPrefix(strings.Fields(s.admin.String())[0], "host=")
	require.DirExists(t, dir)
	return s, dir
}

// ownCache gives the test a cache directory of its own.
func ownCache(t *testing.T) string {
	t.Helper()
	cache := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", cache)
	t.Setenv("HOME", cache) // for systems without XDG directories
	return cache
}

func requireGone(t *testing.T, dir string) {
	t.Helper()
	gone := func() bool {
		_, err := os.Stat(dir)
		return os.IsNotExist(err)
	}
	require.Eventually(t, gone, 30*time.Second, 20*time.Millisecond)
}

func TestServerEndsWithItsLifeline(t *testing.T) {
	t.Parallel()
	s, dir := localServer(t)
	require.NoError(t, runSQL(t.Context(), s.admin, "SELECT 1"))
	require.NoError(t, s.lifeline.Close())
	require.NoDirExists(t, dir)
	require.Error(t, runSQL(t.Context(), s.admin, "SELECT 1"))
}

// The test runs itself in a second process, to see what is left of that one's
// server when it ends.
func TestServerEndsWithItsProcess(t *testing.T) {
	const variable = "TENANCYTEST_CHILD"
	if os.Getenv(variable) != "" {
		_, dir := localServer(t)
		_, err := os.Stdout.WriteString("dir " + dir + "\n")
		require.NoError(t, err)
		_, _ = io.Copy(io.Discard, os.Stdin)
		return
	}
	t.Parallel()
	localBinaries(t)
	tests := []struct {
		reason string
		end    func(*exec.Cmd, io.Closer) error
	}{
		{"returned", func(_ *exec.Cmd, stdin io.Closer) error { return stdin.Close() }},
		{"killed", func(cmd *exec.Cmd, _ io.Closer) error { return cmd.Process.Kill() }},
		{"interrupted with its process group", func(cmd *exec.Cmd, _ io.Closer) error {
			return syscall.Kill(-cmd.Process.Pid, syscall.SIGINT)
		}},
	}
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) {
			t.Parallel()
			cmd := exec.Command(os.Args[0], "-test.run=^TestServerEndsWithItsProcess$")
			cmd.Env = append(os.Environ(), variable+"=1")
			cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
			var stderr bytes.Buffer
			cmd.Stderr = &stderr
			stdin, err := cmd.StdinPipe()
			require.NoError(t, err)
			stdout, err := cmd.StdoutPipe()
			require.NoError(t, err)
			require.NoError(t, cmd.Start())

			lines := bufio.NewScanner(stdout)
			require.True(t, lines.Scan(), &stderr)
			dir, found := strings.CutPrefix(lines.Text(), "dir ")
			require.True(t, found, lines.Text())
			content, err := os.ReadFile(filepath.Join(dir, "data", "postmaster.pid"))
			require.NoError(t, err)
			line, _, _ := strings.Cut(string(content), "\n")
			pid, err := strconv.Atoi(line)
			require.NoError(t, err)
			require.NoError(t, syscall.Kill(pid, 0), "the server runs")

			require.NoError(t, tt.end(cmd, stdin))
			start := time.Now()
			for lines.Scan() { // to the end of the output, which "go test" waits for
			}
			_ = cmd.Wait() // was killed
			assert.Less(t, time.Since(start), 10*time.Second)
			requireGone(t, dir)
			assert.ErrorIs(t, syscall.Kill(pid, 0), syscall.ESRCH, "the server has ended")
		})
	}
}

func TestServerThatDoesNotStart(t *testing.T) {
	ownCache(t)
	dir := t.TempDir()
	require.NoError(t, os.Chmod(dir, 0o755))
	require.NoError(t, os.Chmod(filepath.Dir(dir), 0o755))
	for program, script := range map[string]string{
		"initdb":   "#!/bin/sh\nmkdir data && touch broken\n",
		"postgres": "#!/bin/sh\necho no memory left >&2\nexit 1\n",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, program), []byte(script), 0o755))
	}
	start := time.Now()
	_, err := startServer(binaries{dir: dir, version: "broken", major: 1})
	require.ErrorContains(t, err, "no memory left")
	assert.Less(t, time.Since(start), 5*time.Second, "nothing is waited for")
	left, err := filepath.Glob(filepath.Join(serverParents()[0], dirPrefix+"*", "broken"))
	require.NoError(t, err)
	assert.Empty(t, left)
}

func TestSweepServers(t *testing.T) {
	t.Parallel()
	s, live := localServer(t)
	stale, err := os.MkdirTemp("/tmp", dirPrefix) //nolint:usetesting // where leftovers are looked for
	require.NoError(t, err)
	starting, err := os.MkdirTemp("/tmp", dirPrefix) //nolint:usetesting // where leftovers are looked for
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, os.Remove(starting)) })
	long := time.Now().Add(-time.Hour)
	require.NoError(t, os.Chtimes(stale, long, long))
	require.NoError(t, os.Chtimes(live, long, long))

	sweepServers()
	assert.NoDirExists(t, stale)
	assert.DirExists(t, starting)
	require.NoError(t, runSQL(t.Context(), s.admin, "SELECT 1"))
}

func TestServerTemplateIsKept(t *testing.T) {
	bin := localBinaries(t)
	cache := ownCache(t)
	template := templateDir(bin)
	require.True(t, strings.HasPrefix(template, cache))
	localServer(t)
	require.DirExists(t, template)

	// Whoever comes second finds the place taken and leaves nothing.
	keepTemplate(template, template)
	entries, err := os.ReadDir(filepath.Dir(template))
	require.NoError(t, err)
	require.Len(t, entries, 1)

	require.NoError(t, os.WriteFile(filepath.Join(template, "mark"), nil, 0o600))
	_, dir := localServer(t)
	require.FileExists(t, filepath.Join(dir, "data", "mark"))
}

// An engine's place is taken by a script that publishes a local server.
func TestContainer(t *testing.T) {
	_, dir := localServer(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			socket, err := net.Dial("unix", filepath.Join(dir, ".s.PGSQL.5432"))
			if err != nil {
				_ = conn.Close()
				continue
			}
			go func() { _, _ = io.Copy(socket, conn); _ = socket.Close() }()
			go func() { _, _ = io.Copy(conn, socket); _ = conn.Close() }()
		}
	}()

	path := t.TempDir()
	engine := `#!/bin/sh
echo "$@" >>"$0.log"
case $1 in
	run) [ -n "$POSTGRES_PASSWORD" ] && echo 4f2d ;;
	port) echo ` + listener.Addr().String() + ` ;;
esac
`
	require.NoError(t, os.WriteFile(filepath.Join(path, "podman"), []byte(engine), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(path, "docker"), []byte("#!/bin/sh\nexit 1\n"), 0o700))
	t.Setenv("PATH", path+string(filepath.ListSeparator)+os.Getenv("PATH"))

	s, err := startServer(binaries{})
	require.NoError(t, err)
	require.NoError(t, createDatabase(s.admin, "tenancy_test_container", "secret"))
	require.NoError(t, dropDatabase(s.admin, "tenancy_test_container"))
	require.NoError(t, s.lifeline.Close())

	log, err := os.ReadFile(filepath.Join(path, "podman.log"))
	require.NoError(t, err)
	assert.Regexp(t, `rm --force --volumes 4f2d\n$`, string(log))
	assert.Contains(t, string(log), "run --detach --rm --env=POSTGRES_PASSWORD --publish=127.0.0.1::5432 "+containerImage+" -c fsync=off")
}

func TestNoServerSaysWhatToInstall(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, err := startServer(binaries{})
	require.ErrorIs(t, err, errNoServer)
	assert.NotContains(t, err.Error(), "\n")
}
