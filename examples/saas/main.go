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
// starts one from the server's programs on this machine, makes two companies to
// try, and drops everything at its end. The page /api documents the JSON API.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// options are what the program was started with.
type options struct {
	listen string // the address to listen on
	url    string // of the public site, as browsers see it; empty means listen's
	check  bool   // ask for one page and end
	dsn    string
}

func main() {
	o := options{dsn: os.Getenv("DATABASE_URL")}
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
	a, err := newApp(site, data)
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

	if err := a.introduce(ctx, out, o.dsn == ""); err != nil {
		return err
	}
	server := newServer(a.handler())
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
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
	if err != nil || site.Scheme != "http" && site.Scheme != "https" || site.User != nil ||
		site.RawQuery != "" || site.Fragment != "" || strings.Trim(site.Path, "/") != "" {
		return nil, errors.New("-url: want http:// or https:// and a host, and nothing behind it")
	}
	host := strings.ToLower(site.Host)
	if port := site.Port(); strings.HasSuffix(host, ":") || !isPort(port) || !isDomain(strings.ToLower(site.Hostname())) {
		return nil, errors.New("-url: want a domain, of which tenants can have subdomains, and no address; " +
			"an international one as browsers send it (xn--…)")
	}
	return &url.URL{Scheme: site.Scheme, Host: host}, nil
}

func isPort(text string) bool {
	_, err := strconv.ParseUint(text, 10, 16)
	return text == "" || err == nil
}

var domain = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z]([a-z0-9-]{0,61}[a-z0-9])?$`)

// isDomain reports whether a name leaves room for a tenant's label before it.
func isDomain(name string) bool { return len(name) <= 253-64 && domain.MatchString(name) }

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
