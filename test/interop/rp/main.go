// Rp is a relying party to try a security key on: a page to register and to
// sign in with any browser, endpoints for programs, and for each ceremony what
// was verified. go-webauthn verifies WebAuthn, tstranex/u2f verifies U2F; no line
// of softkey is in it.
//
//	go run ./test/interop/rp
//	go run ./test/interop/rp --listen localhost:8081 --root root.pem
//	go run ./test/interop/rp --origin https://rp.example
//
// It forgets everybody when it ends, and is no model of how to keep sessions.
package main

import (
	"context"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"
)

const usage = `Rp is a relying party to try a security key on. Open the page that it prints, or
ask it with curl, as docs/servers.md shows. It forgets everybody when it ends.

Usage:
  rp [flags]

Examples:
  rp
  rp --root root.pem
  rp --origin https://rp.example

Flags:
`

func main() {
	listen := flag.String("listen", "localhost:8081", "serve at `HOST:PORT`; port 0 picks one")
	origin := flag.String("origin", "", "be the site at `URL`, from where a proxy leads here (default http:// and the address of --listen)")
	root := flag.String("root", "", "accept only keys whose attestation chains to the certificates in the PEM `FILE`")
	flag.Usage = func() {
		fmt.Fprint(flag.CommandLine.Output(), usage)
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "rp: %s: there are flags and no arguments\nrp: hint: rp --help\n", flag.Arg(0))
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *listen, *origin, *root); err != nil {
		fmt.Fprintln(os.Stderr, "rp:", err)
		os.Exit(1)
	}
}

// run serves until ctx ends. Its origin is printed when it is ready.
func run(ctx context.Context, listen, origin, rootFile string) error {
	roots, err := readRoots(rootFile)
	if err != nil {
		return err
	}
	ln, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	site, err := siteAt(origin, listen, ln.Addr(), roots)
	if err != nil {
		return errors.Join(err, ln.Close())
	}
	fmt.Println("ready", site.origin)
	server := &http.Server{Handler: site.handler(), ReadHeaderTimeout: 10 * time.Second}
	defer context.AfterFunc(ctx, func() { _ = server.Close() })()
	if err := server.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// siteAt returns the relying party of an origin; without one, of the host that
// was to be listened at and the port that is.
func siteAt(origin, listen string, addr net.Addr, roots *x509.CertPool) (*site, error) {
	if origin == "" {
		host, _, err := net.SplitHostPort(listen)
		if err != nil {
			return nil, err
		}
		origin = "http://" + net.JoinHostPort(host, strconv.Itoa(addr.(*net.TCPAddr).Port))
	}
	u, err := url.Parse(origin)
	if err != nil {
		return nil, err
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Scheme+"://"+u.Host != origin {
		return nil, fmt.Errorf("%s is no origin\nrp: hint: an origin is such as https://example.com", origin)
	}
	if name := u.Hostname(); name == "" || net.ParseIP(name) != nil {
		return nil, fmt.Errorf("the site is at %s, and WebAuthn wants a name for it\nrp: hint: --listen localhost:8081, or --origin", origin)
	}
	return newSite(u.Hostname(), origin, roots)
}

// readRoots returns the certificates in a file, nil for no file.
func readRoots(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s: no certificate in it", file)
	}
	return roots, nil
}
