package registry_test

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gorm-tenancy/tenancy/registry"
)

// proxy stands between a process and the server: it can keep notifications back,
// as a pooler does, or fall silent, as a network does.
type proxy struct {
	network, server string
	keepsBack       atomic.Bool
	silent          atomic.Bool
}

// startProxy returns a proxy in front of a DSN's server, and the DSN of it.
func startProxy(t *testing.T, dsn string) (*proxy, string) {
	t.Helper()
	config, err := pgx.ParseConfig(dsn)
	require.NoError(t, err)
	p := &proxy{}
	p.network, p.server = pgxAddress(config)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go p.serve(client)
		}
	}()
	port := listener.Addr().(*net.TCPAddr).Port
	return p, fmt.Sprintf("host=127.0.0.1 port=%d user=%s password=%s dbname=%s sslmode=disable timezone=UTC",
		port, config.User, config.Password, config.Database)
}

func pgxAddress(config *pgx.ConnConfig) (network, address string) {
	if config.Host != "" && config.Host[0] == '/' {
		return "unix", fmt.Sprintf("%s/.s.PGSQL.%d", config.Host, config.Port)
	}
	return "tcp", net.JoinHostPort(config.Host, fmt.Sprint(config.Port))
}

func (p *proxy) serve(client net.Conn) {
	defer func() { _ = client.Close() }()
	server, err := net.Dial(p.network, p.server)
	if err != nil {
		return
	}
	defer func() { _ = server.Close() }()
	go func() {
		defer func() { _ = server.Close() }()
		_, _ = io.Copy(server, client)
	}()
	from := bufio.NewReader(server)
	for {
		head := make([]byte, 5) // a message's type and length
		if _, err := io.ReadFull(from, head); err != nil {
			return
		}
		message := make([]byte, 5+binary.BigEndian.Uint32(head[1:])-4)
		copy(message, head)
		if _, err := io.ReadFull(from, message[5:]); err != nil {
			return
		}
		const notification = 'A'
		if p.silent.Load() || head[0] == notification && p.keepsBack.Load() {
			continue
		}
		if _, err := client.Write(message); err != nil {
			return
		}
	}
}

// Behind a pooler that keeps notifications back, Listen does not believe that it
// listens, and lookups stay short-lived.
func TestNotificationsThatAreKeptBackAreNoticed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, registry.Config{})
	w.provision(t, "acme")
	p, dsn := startProxy(t, w.dsn)
	p.keepsBack.Store(true)
	told := make(chan error, 10)
	other := openWorld(t, dsn, registry.Config{CacheTTL: time.Hour, OnListen: func(err error) { told <- err }})
	until, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- other.Listen(until) }()
	require.ErrorIs(t, receive(t, told), registry.ErrNoNotifications)
	assert.False(t, other.IsListening())
	_, err := other.LookupSlug(ctx, "acme")
	require.NoError(t, err)
	other.clock.advance(501 * time.Millisecond)
	before := other.queries.Load()
	_, err = other.LookupSlug(ctx, "acme")
	require.NoError(t, err)
	assert.Positive(t, other.queries.Load()-before)

	p.keepsBack.Store(false)
	require.NoError(t, receive(t, told), "it goes on trying")
	assert.True(t, other.IsListening())
	cancel()
	require.ErrorIs(t, <-ended, context.Canceled)
}

// A connection that dies without a word is found out by the heartbeat.
func TestAListenerNoticesSilence(t *testing.T) {
	t.Parallel()
	w := newWorld(t, registry.Config{})
	p, dsn := startProxy(t, w.dsn)
	told := make(chan error, 10)
	other := openWorld(t, dsn, registry.Config{Heartbeat: 100 * time.Millisecond, OnListen: func(err error) { told <- err }})
	until, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- other.Listen(until) }()
	require.NoError(t, receive(t, told))
	p.silent.Store(true)
	require.Error(t, receive(t, told))
	assert.False(t, other.IsListening())
	cancel()
	require.ErrorIs(t, <-ended, context.Canceled)
}
