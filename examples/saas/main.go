// Command saas is a small project-management service for many tenants: a blog that
// all share, projects and tasks that each tenant has for itself, sign-up, members
// with roles, invitations, pages and a JSON API.
//
//	go run ./examples/saas
//
// Then open http://localhost:8080, and sign up. A tenant acme is at
// http://acme.localhost:8080; browsers find names under localhost by themselves.
//
// DATABASE_URL names a PostgreSQL to keep the data in. Without it the program
// starts one from the server's programs on this machine, and drops everything at
// its end. SESSION_KEY, 64 hexadecimal digits, lets sessions outlive the program.
package main

import (
	"context"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// options are what the program was started with.
type options struct {
	listen string // the address to listen on
	url    string // of the public site, as browsers see it; empty means listen's
	check  bool   // ask for one page and end
	dsn    string
	key    string // of the sessions, in hexadecimal
}

func main() {
	o := options{dsn: os.Getenv("DATABASE_URL"), key: os.Getenv("SESSION_KEY")}
	flag.StringVar(&o.listen, "listen", "localhost:8080", "`address` to listen on")
	flag.StringVar(&o.url, "url", "", "`URL` of the public site, where it is not the address; tenants are at its subdomains")
	flag.BoolVar(&o.check, "check", false, "ask for one page on a free port, and end")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "saas:", err)
		os.Exit(1)
	}
}

// run serves until the context ends.
func run(ctx context.Context, o options, out io.Writer) (err error) {
	if o.check {
		o.listen, o.url = "localhost:0", ""
	}
	key, err := sessionKey(o.key)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", o.listen)
	if err != nil {
		return err
	}
	defer listener.Close()
	site, err := siteURL(o.url, listener.Addr())
	if err != nil {
		return err
	}
	data, err := openData(ctx, o.dsn)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, data.close()) }()
	a, err := newApp(site, data, key)
	if err != nil {
		return err
	}

	background, cancel := context.WithCancel(ctx)
	heard := make(chan struct{})
	go func() {
		defer close(heard)
		_ = a.tenants.Listen(background) // without it, changes of other processes are seen a little later
	}()
	defer func() { cancel(); <-heard }()

	server := &http.Server{Handler: a.handler(), ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	fmt.Fprintf(out, "Open %s\n", site)
	if o.check {
		err = check(ctx, site)
	} else {
		select {
		case err := <-served:
			return err
		case <-ctx.Done():
		}
	}
	shutdown, stop := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer stop()
	return errors.Join(err, server.Shutdown(shutdown))
}

// siteURL returns where browsers find the site.
func siteURL(text string, address net.Addr) (*url.URL, error) {
	if text == "" {
		_, port, err := net.SplitHostPort(address.String())
		return &url.URL{Scheme: "http", Host: net.JoinHostPort("localhost", port)}, err
	}
	site, err := url.Parse(text)
	if err != nil || site.Hostname() == "" || site.Scheme != "http" && site.Scheme != "https" {
		return nil, errors.New("-url: want http:// or https:// and a host")
	}
	return &url.URL{Scheme: site.Scheme, Host: site.Host}, nil
}

func check(ctx context.Context, site *url.URL) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, site.String(), nil)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("the site answers %s", answer.Status)
	}
	return errors.Join(err, answer.Body.Close())
}

// sessionKey reads the key, or makes one for this run.
func sessionKey(text string) ([]byte, error) {
	if text == "" {
		return newKey(), nil
	}
	key, err := hex.DecodeString(text)
	if err != nil || len(key) != keySize {
		return nil, fmt.Errorf("SESSION_KEY: want %d hexadecimal digits", 2*keySize)
	}
	return key, nil
}
