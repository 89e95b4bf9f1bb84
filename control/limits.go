package control

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// The limits of a server. Whoever reaches it can have it keep so much, and for
// so long.
const (
	maxConnections = 64 // more are closed at once
	maxHeader      = 16 << 10
	maxBody        = 64 << 10

	requestTimeout = 10 * time.Second // for a request to arrive, from its first byte to its last
	answerTimeout  = 10 * time.Second // for an answer to be taken
	idleTimeout    = time.Minute      // from one request of a connection to the next
)

// limited is a listener with maxConnections open connections at most.
type limited struct {
	net.Listener
	open atomic.Int32
}

// Accept waits for the next connection that there is room for.
func (l *limited) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if l.open.Add(1) <= maxConnections {
			return &counted{conn, sync.OnceFunc(func() { l.open.Add(-1) })}, nil
		}
		l.open.Add(-1)
		conn.Close()
	}
}

// counted is a connection that tells its listener when it is closed.
type counted struct {
	net.Conn
	leave func()
}

// Close closes the connection.
func (c *counted) Close() error {
	c.leave()
	return c.Conn.Close()
}

// whole has a request read to its end before it is handled, so that a handler
// may take its time, and an answer taken in time.
func whole(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) {
			fail(w, http.StatusRequestEntityTooLarge, tooLarge.Error())
			return
		}
		if err != nil {
			fail(w, http.StatusBadRequest, err.Error())
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		conn := http.NewResponseController(w)
		_ = conn.SetReadDeadline(time.Time{}) // fails where the connection has gone
		next.ServeHTTP(w, r)
		_ = conn.SetWriteDeadline(time.Now().Add(answerTimeout))
	})
}

// ownName refuses requests to a host whose name may be that of a web site. A site
// can have its name lead to an address of this machine (DNS rebinding), and a
// page of it is then free to ask here, as one of the same origin.
func ownName(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !isOwnName(r.Host) && !byFile(r) {
			fail(w, http.StatusMisdirectedRequest, "the request is for the host "+r.Host+": name this one by its address")
			return
		}
		next.ServeHTTP(w, r)
	})
}

// isOwnName tells whether no web site has the name of a host: it is an address,
// or has no dot, or ends in .localhost (RFC 6761).
func isOwnName(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	if _, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		return true
	}
	return !strings.Contains(host, ".") || strings.HasSuffix(strings.ToLower(host), ".localhost")
}

// byFile tells whether a request came by a Unix socket, which pages cannot reach.
func byFile(r *http.Request) bool {
	at, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	return ok && at.Network() == "unix"
}
