//go:build linux || darwin

package tenancytest

import (
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	// dirPrefix begins the name of a throw-away server's directory.
	dirPrefix = "tenancytest-pg-"

	// startTimeout is how long a server may take to accept connections, and the
	// age from which a directory without one is taken for a leftover.
	startTimeout = time.Minute

	// serverRoom is how many bytes must be free where a server is started.
	serverRoom = 1 << 30
)

// initdbArgs make a cluster that is the same on every machine. Connections are
// trusted because nobody but the server's user can reach its socket.
var initdbArgs = []string{
	"--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "--wal-segsize=1",
}

// serverSettings are the settings of a server for tests. They give up durability,
// leave room for the pools of many parallel tests, and take little space.
var serverSettings = []string{
	"-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off",
	"-c", "max_connections=300", "-c", "min_wal_size=32MB", "-c", "max_wal_size=128MB",
	"-c", "dynamic_shared_memory_type=mmap", // a killed server leaves no segments behind
}

// serverScript is the shell script that runs the server in the current directory,
// again for each line of its standard input, and removes both when that is
// closed, which happens when the test process ends, in whatever way. Neither it
// nor the server holds that process's output open, for which "go test" would
// wait. A server that does not obey ends by itself within a minute once it has
// lost its directory.
const serverScript = `
dir=$PWD
run() { { "$@" </dev/null >>log 2>&1; : >exited; } & }
run "$@"
while read -r _; do run "$@"; done
for try in 1 2 3 4 5 6 7 8 9 10; do
	[ -e exited ] && break
	kill -QUIT "$(head -n 1 data/postmaster.pid)"
	sleep "0.$try" || sleep 1
done
cd / && rm -rf "$dir"`

// startServer starts a server that ends with this process.
func startServer(bin binaries) (server, error) {
	if bin.dir == "" {
		return startContainer()
	}
	return startLocal(bin)
}

// startLocal starts a server from this machine's programs, with more settings.
func startLocal(bin binaries, settings ...string) (server, error) {
	credential, err := serverUser()
	if err != nil {
		return server{}, err
	}
	sweepServers()
	dir, err := makeServerDir()
	if err != nil {
		return server{}, err
	}
	line, err := startIn(dir, bin, credential, settings)
	if err != nil {
		return server{}, errors.Join(fmt.Errorf("start PostgreSQL from %s: %w", bin.dir, err), os.RemoveAll(dir))
	}
	admin := dsn{keywords: "host=" + dir + " port=5432 user=postgres dbname=postgres sslmode=disable"}
	return server{admin: admin, dir: dir, lifeline: line}, nil
}

func startIn(dir string, bin binaries, credential *syscall.Credential, settings []string) (*lifeline, error) {
	if err := makeCluster(dir, bin, credential); err != nil {
		return nil, err
	}
	args := append([]string{
		filepath.Join(bin.dir, "postgres"), "-D", "data", "-k", dir, "-p", "5432", "-c", "listen_addresses=",
	}, slices.Concat(serverSettings, settings)...)
	line, err := supervise(dir, credential, serverScript, args...)
	if err != nil {
		return nil, err
	}
	if err := awaitReady(dir); err != nil {
		return nil, errors.Join(err, line.Close())
	}
	return line, nil
}

// awaitReady waits until the server in dir accepts connections.
func awaitReady(dir string) error {
	for deadline := time.Now().Add(startTimeout); !serverReady(dir); time.Sleep(2 * time.Millisecond) {
		_, err := os.Stat(filepath.Join(dir, "exited"))
		if err == nil || time.Now().After(deadline) {
			log, _ := os.ReadFile(filepath.Join(dir, "log")) // without it, the error stands for itself
			return fmt.Errorf("the server did not start: %s", log)
		}
	}
	return nil
}

// crash ends a server that startLocal has started as a power cut would, and
// waits for its end.
func (s server) crash() error {
	content, err := os.ReadFile(filepath.Join(s.dir, "data", "postmaster.pid"))
	if err != nil {
		return err
	}
	first, _, _ := strings.Cut(string(content), "\n")
	pid, err := strconv.Atoi(first)
	if err != nil {
		return err
	}
	if err := syscall.Kill(pid, syscall.SIGQUIT); err != nil {
		return err
	}
	for deadline := time.Now().Add(startTimeout); time.Now().Before(deadline); time.Sleep(2 * time.Millisecond) {
		if _, err := os.Stat(filepath.Join(s.dir, "exited")); err == nil {
			return nil
		}
	}
	return errors.New("the server did not end")
}

// restart starts a server that has crashed.
func (s server) restart() error {
	line, ok := s.lifeline.(*lifeline)
	if !ok {
		return errors.New("the server is not this process's own")
	}
	for _, name := range []string{"exited", filepath.Join("data", "postmaster.pid")} {
		if err := os.Remove(filepath.Join(s.dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if _, err := line.stdin.WriteString("again\n"); err != nil {
		return err
	}
	return awaitReady(s.dir)
}

// lifeline ties a shell script to this process: it holds the other end of the
// script's standard input, which the end of the process closes as well. No
// goroutine waits for the script, which leak checks would find.
type lifeline struct {
	stdin  *os.File
	script *exec.Cmd
}

// Close lets the script come to its end, and waits for that.
func (l *lifeline) Close() error {
	return errors.Join(l.stdin.Close(), l.script.Wait())
}

// supervise starts a shell script in a session of its own, so that an interrupt
// from the terminal does not end it before this process.
func supervise(dir string, credential *syscall.Credential, script string, args ...string) (*lifeline, error) {
	read, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command("/bin/sh", append([]string{"-c", script, "sh"}, args...)...)
	cmd.Dir = dir
	cmd.Env = serverEnv()
	cmd.Stdin = read
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Credential: credential}
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(err, read.Close(), write.Close())
	}
	return &lifeline{stdin: write, script: cmd}, read.Close()
}

// serverReady reads the line of postmaster.pid in which a server says so.
func serverReady(dir string) bool {
	content, err := os.ReadFile(filepath.Join(dir, "data", "postmaster.pid"))
	if err != nil {
		return false
	}
	lines := strings.Split(string(content), "\n")
	return len(lines) >= 8 && strings.TrimSpace(lines[7]) == "ready"
}

// makeCluster puts a new cluster into dir/data and hands dir to the server's
// user. Copying the one that an earlier run has kept saves most of the time
// that initdb takes.
func makeCluster(dir string, bin binaries, credential *syscall.Credential) error {
	data, template := filepath.Join(dir, "data"), templateDir(bin)
	if template != "" && copyCluster(data, template) == nil {
		return handOver(dir, credential)
	}
	if err := os.RemoveAll(data); err != nil { // of a copy that failed half-way
		return err
	}
	if err := handOver(dir, credential); err != nil {
		return err
	}
	cmd := exec.Command(filepath.Join(bin.dir, "initdb"), append([]string{"--pgdata=data"}, initdbArgs...)...)
	cmd.Dir = dir
	cmd.Env = serverEnv()
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: credential}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, out)
	}
	if template != "" {
		keepTemplate(template, data)
	}
	return nil
}

// keepTemplate copies a cluster that was never started for later runs. Test
// processes do so at the same time: each renames a copy of its own, and all
// but the first fail, as does one that may not write there, to no harm.
func keepTemplate(template, data string) {
	parent := filepath.Dir(template)
	if os.MkdirAll(parent, 0o700) != nil {
		return
	}
	own, err := os.MkdirTemp(parent, "new-")
	if err != nil {
		return
	}
	cluster := filepath.Join(own, "data")
	if copyCluster(cluster, data) == nil {
		_ = os.Rename(cluster, template)
	}
	_ = os.RemoveAll(own)
}

// templateDir names the kept cluster of this server version, made by these
// arguments, or is empty if the user has no cache directory. No directory
// that others can write to will do: a cluster's configuration runs programs.
func templateDir(bin binaries) string {
	cache, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	key := fnv.New64a()
	_, _ = fmt.Fprint(key, bin, initdbArgs, os.Getuid()) // never fails
	return filepath.Join(cache, "tenancytest", fmt.Sprintf("pg%d-%016x", bin.major, key.Sum64()))
}

func copyCluster(to, from string) error {
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		return err
	}
	return os.Chmod(to, 0o700) // the server insists
}

// handOver gives dir, and what is in it, to the server's user.
func handOver(dir string, credential *syscall.Credential) error {
	if credential == nil {
		return nil
	}
	return filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, int(credential.Uid), int(credential.Gid))
	})
}

// serverUser is whom the server runs as: nil, which is the user of this
// process, unless that is root, whom PostgreSQL refuses.
func serverUser() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		found, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uidErr := strconv.ParseUint(found.Uid, 10, 32)
		gid, gidErr := strconv.ParseUint(found.Gid, 10, 32)
		if uidErr == nil && gidErr == nil {
			return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
		}
	}
	return nil, errors.New("PostgreSQL does not run as root, and there is no user postgres or nobody to run it as")
}

// serverParents are the directories in which servers' directories may be, the
// best first. A socket's path has room for some 100 bytes, and root's TMPDIR may
// be closed to the server's user.
func serverParents() []string {
	parents := []string{"/dev/shm", "/tmp"}
	if dir := os.Getenv("TMPDIR"); dir != "" && len(dir) < 60 && os.Geteuid() != 0 {
		return slices.Insert(parents, 0, dir)
	}
	return parents
}

// makeServerDir makes a directory for a server: in memory where there is room
// for it and TMPDIR does not say otherwise, for each database is some 300 files,
// which a disk's file system takes several times as long to make and remove.
func makeServerDir() (string, error) {
	for _, parent := range serverParents() {
		var fs syscall.Statfs_t
		if syscall.Statfs(parent, &fs) == nil && fs.Bavail*uint64(fs.Bsize) >= serverRoom {
			return os.MkdirTemp(parent, dirPrefix)
		}
	}
	return "", fmt.Errorf("no room for a server in any of %q", serverParents())
}

// serverEnv is the environment without what would change the server's or its
// tools' settings, and with messages in English.
func serverEnv() []string {
	env := []string{"LC_ALL=C"}
	for _, setting := range os.Environ() {
		if !strings.HasPrefix(setting, "PG") && !strings.HasPrefix(setting, "LC_") && !strings.HasPrefix(setting, "LANG") {
			env = append(env, setting)
		}
	}
	return env
}

// sweepServers removes what servers leave behind when the machine, or the
// container they run in, is switched off.
func sweepServers() {
	var dirs []string
	for _, parent := range serverParents() {
		found, _ := filepath.Glob(filepath.Join(parent, dirPrefix+"*")) // the pattern is well-formed
		dirs = append(dirs, found...)
	}
	for _, dir := range dirs {
		info, err := os.Stat(dir)
		if err != nil || time.Since(info.ModTime()) < startTimeout {
			continue
		}
		conn, err := net.Dial("unix", filepath.Join(dir, ".s.PGSQL.5432"))
		switch {
		case err == nil:
			_ = conn.Close()
		case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, syscall.ENOENT):
			_ = os.RemoveAll(dir) // may be another user's
		}
	}
}
