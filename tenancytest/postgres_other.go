//go:build !linux && !darwin

package tenancytest

import "errors"

// startServer starts nothing: how a server is found, run and ended is known for
// Linux and macOS.
func startServer(binaries) (server, error) {
	return server{}, errNoServer
}

// startLocal starts nothing either.
func startLocal(binaries, ...string) (server, error) { return server{}, errNoServer }

// crash ends nothing, as nothing is started.
func (server) crash() error { return errors.ErrUnsupported }

// restart starts nothing.
func (server) restart() error { return errors.ErrUnsupported }
