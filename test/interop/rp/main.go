// Rp is a relying party to try a security key on: a page to register and to
// sign in with any browser, endpoints for programs, and for each ceremony what
// was verified. go-webauthn verifies WebAuthn, tstranex/u2f verifies U2F; no line
// of softkey is in it.
//
//	go run ./test/interop/rp
//	go run ./test/interop/rp --listen localhost:8081 --root root.pem
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
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	listen := flag.String("listen", "localhost:8081", "serve at `HOST:PORT`; port 0 picks one")
	root := flag.String("root", "", "accept only keys whose attestation chains to the certificates in the PEM `FILE`")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *listen, *root); err != nil {
		fmt.Fprintln(os.Stderr, "rp:", err)
		os.Exit(1)
	}
}

// run serves until ctx ends. Its origin is printed when it is ready.
func run(ctx context.Context, listen, rootFile string) error {
	roots, err := readRoots(rootFile)
	if err != nil {
		return err
	}
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return err
	}
	ln, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	origin := fmt.Sprintf("http://%s:%d", host, ln.Addr().(*net.TCPAddr).Port)
	site, err := newSite(host, origin, roots)
	if err != nil {
		return errors.Join(err, ln.Close())
	}
	fmt.Println("ready", origin)
	server := &http.Server{Handler: site.handler(), ReadHeaderTimeout: 10 * time.Second}
	defer context.AfterFunc(ctx, func() { _ = server.Close() })()
	if err := server.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
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
