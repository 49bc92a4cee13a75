//go:build linux || darwin

package tenancytest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"time"
)

const (
	containerImage = "docker.io/library/postgres:17"

	// containerTimeout bounds the start of a container, download included.
	containerTimeout = 5 * time.Minute
)

// containerScript is the shell script that removes the container when its
// standard input is closed, which happens when the test process ends.
const containerScript = `read -r _; "$@"`

// startContainer starts a server in a container that ends with this process.
func startContainer() (server, error) {
	engine := containerEngine()
	if engine == "" {
		return server{}, errNoServer
	}
	ctx, cancel := context.WithTimeout(context.Background(), containerTimeout)
	defer cancel()

	password := rand.Text()
	run := exec.CommandContext(ctx, engine, append([]string{
		"run", "--detach", "--rm", "--env=POSTGRES_PASSWORD", "--publish=127.0.0.1::5432", containerImage,
	}, serverSettings...)...)
	run.Env = append(os.Environ(), "POSTGRES_PASSWORD="+password) // arguments are public
	id, err := engineOutput(run)
	if err != nil {
		return server{}, err
	}
	line, err := supervise(os.TempDir(), nil, containerScript, engine, "rm", "--force", "--volumes", id)
	if err != nil {
		return server{}, errors.Join(err, exec.Command(engine, "rm", "--force", "--volumes", id).Run())
	}
	address, err := engineOutput(exec.CommandContext(ctx, engine, "port", id, "5432/tcp"))
	if err != nil {
		return server{}, errors.Join(err, line.Close())
	}
	host, port, err := net.SplitHostPort(strings.SplitN(address, "\n", 2)[0])
	if err != nil {
		return server{}, errors.Join(err, line.Close())
	}
	admin := dsn{keywords: fmt.Sprintf(
		"host=%s port=%s user=postgres password=%s dbname=postgres sslmode=disable", host, port, password)}
	// The image sets the cluster up with a server that has no TCP port, so the
	// first answer comes from the one that stays.
	for ctx.Err() == nil {
		if err = runSQL(ctx, admin, "SELECT 1"); err == nil {
			return server{admin: admin, lifeline: line}, nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	return server{}, errors.Join(fmt.Errorf("the server in the container does not answer: %w", err), line.Close())
}

// containerEngine returns the first program whose engine answers, or nothing.
func containerEngine() string {
	for _, engine := range []string{"docker", "podman"} {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		err := exec.CommandContext(ctx, engine, "info").Run()
		cancel()
		if err == nil {
			return engine
		}
	}
	return ""
}

// engineOutput runs cmd and returns what it wrote to standard output. On failure
// what it wrote to standard error becomes part of the error.
func engineOutput(cmd *exec.Cmd) (string, error) {
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return "", fmt.Errorf("%s %s: %w: %s", cmd.Args[0], cmd.Args[1], err, exit.Stderr)
	}
	return strings.TrimSpace(string(out)), err
}
