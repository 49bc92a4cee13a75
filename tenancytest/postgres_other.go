//go:build !linux && !darwin

package tenancytest

// startServer starts nothing: how a server is found, run and ended is known for
// Linux and macOS.
func startServer(binaries) (server, error) {
	return server{}, errNoServer
}
