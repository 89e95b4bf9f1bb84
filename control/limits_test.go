package control

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/softkey-project/softkey/test/socketdir"
)

// pipes is a listener whose connections are net.Pipes, which synctest
// understands.
type pipes chan net.Conn

func (l pipes) Accept() (net.Conn, error) {
	if c, open := <-l; open {
		return c, nil
	}
	return nil, net.ErrClosed
}

func (l pipes) Close() error {
	close(l)
	return nil
}

func (l pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "pipe"} }

// dial returns the client's end of a new connection.
func (l pipes) dial() net.Conn {
	server, client := net.Pipe()
	l <- server
	return client
}

// serving serves the interface to a key until the end of the test.
func serving(t *testing.T, ln net.Listener) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- Serve(ctx, ln, Handler(&fakeKey{plugged: true}, NewConsent())) }()
	t.Cleanup(func() {
		cancel()
		if err := <-served; err != nil {
			t.Errorf("Serve = %v, want nil", err)
		}
	})
}

// A page of a site whose name leads to this machine is refused, and no client
// that names the machine itself.
func TestRebinding(t *testing.T) {
	tests := map[string]int{
		"127.0.0.1:7001": http.StatusOK, "[::1]:7001": http.StatusOK, "127.0.0.1": http.StatusOK, "::1": http.StatusOK, "[::1]": http.StatusOK,
		"192.0.2.7:7001": http.StatusOK, "localhost:7001": http.StatusOK, "LOCALHOST": http.StatusOK, "softkey:7001": http.StatusOK,
		"key.localhost:7001": http.StatusOK, "": http.StatusOK,

		"evil.example": http.StatusMisdirectedRequest, "evil.example:7001": http.StatusMisdirectedRequest,
		"127.0.0.1.evil.example:7001": http.StatusMisdirectedRequest, "localhost.evil.example": http.StatusMisdirectedRequest,
		"127.0.0.1.": http.StatusMisdirectedRequest, "evil.example.": http.StatusMisdirectedRequest,
		"evillocalhost.example": http.StatusMisdirectedRequest, "[::1].evil.example:7001": http.StatusMisdirectedRequest,
	}
	h := newServer(t.Context(), Handler(&fakeKey{}, nil), new(sync.WaitGroup)).Handler
	for host, want := range tests {
		r := httptest.NewRequest("GET", "/v1/state", nil)
		r.Host = host
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("host %q: got %d %s, want %d", host, w.Code, w.Body, want)
		}
	}
}

// Over real sockets: by TCP the name of a site is refused; by a Unix socket,
// which no page reaches, all names are good.
func TestRebindingOverSockets(t *testing.T) {
	for network, want := range map[string]int{"tcp": http.StatusMisdirectedRequest, "unix": http.StatusOK} {
		address := "127.0.0.1:0"
		if network == "unix" {
			address = filepath.Join(socketdir.New(t), "hand")
		}
		ln, err := net.Listen(network, address)
		if err != nil {
			t.Fatal(err)
		}
		serving(t, ln)
		client := &http.Client{Transport: &http.Transport{
			DisableKeepAlives: true,
			DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				return new(net.Dialer).DialContext(ctx, network, ln.Addr().String())
			},
		}}
		resp, err := client.Get("http://evil.example/v1/state")
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("%s: got %s, want %d", network, resp.Status, want)
		}
	}
}

const state = "GET /v1/state HTTP/1.1\r\nHost: key\r\n\r\n"

// Whoever is slow is closed, after exactly as long as is allowed; a request that
// waits for a prompt is not slow.
func TestSlow(t *testing.T) {
	tests := []struct {
		name, sent string
		answer     string // how it begins
		after      time.Duration
	}{
		{"nothing", "", "", requestTimeout},
		{"half a head", "GET /v1/state HTTP/1.1\r\nHos", "HTTP/1.1 400 ", requestTimeout},
		{"half a body", "POST /v1/touch HTTP/1.1\r\nHost: key\r\nContent-Length: 9\r\n\r\nhalf", "HTTP/1.1 400 ", requestTimeout},
		{"half a body of a stranger", "POST /v1/touch HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 9\r\n\r\nhalf", "HTTP/1.1 400 ", requestTimeout},
		{"a chunk without end", "POST /v1/none HTTP/1.1\r\nHost: key\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhalf", "HTTP/1.1 400 ", requestTimeout},
		{"nothing more", state, "HTTP/1.1 200 ", idleTimeout},
		{"a request that waits", "POST /v1/touch?wait=59s HTTP/1.1\r\nHost: key\r\nConnection: close\r\n\r\n", "HTTP/1.1 409 ", 59 * time.Second},
		{"with a body", "POST /v1/touch?wait=59s HTTP/1.1\r\nHost: key\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}", "HTTP/1.1 409 ", 59 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ln := make(pipes)
				serving(t, ln)
				conn, start := ln.dial(), time.Now()
				_, _ = io.WriteString(conn, tt.sent)
				got, err := io.ReadAll(conn)
				if !strings.HasPrefix(string(got), tt.answer) || tt.answer == "" && len(got) > 0 {
					t.Errorf("got %q, %v; want %q", got, err, tt.answer)
				}
				if took := time.Since(start).Truncate(time.Second); took != tt.after {
					t.Errorf("closed after %v, want %v", took, tt.after)
				}
			})
		})
	}
}

// A client that asks and does not listen is closed, too.
func TestDeaf(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ln := make(pipes)
		serving(t, ln)
		conn, start := ln.dial(), time.Now()
		for {
			if _, err := io.WriteString(conn, state); err != nil {
				break
			}
		}
		if took := time.Since(start); took != answerTimeout {
			t.Errorf("closed after %v, want %v", took, answerTimeout)
		}
	})
}

func TestTooMuch(t *testing.T) {
	large := strings.Repeat("a", maxBody+1)
	tests := []struct {
		name, sent, want string
	}{
		{"a head", "GET /v1/state HTTP/1.1\r\nHost: key\r\nCookie: " + large + "\r\n\r\n", "HTTP/1.1 431 "},
		{"a path", "GET /v1/" + large + " HTTP/1.1\r\nHost: key\r\n\r\n", "HTTP/1.1 431 "},
		{"a body", fmt.Sprintf("POST /v1/touch HTTP/1.1\r\nHost: key\r\nContent-Length: %d\r\n\r\n%s", len(large), large), "HTTP/1.1 413 "},
		{"no HTTP", "\xff\xff\xff\xff\x86\x00\x08\r\n\r\n", "HTTP/1.1 400 "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ln := make(pipes)
				serving(t, ln)
				conn := ln.dial()
				var sender sync.WaitGroup
				defer sender.Wait()
				defer conn.Close()
				sender.Go(func() { _, _ = io.WriteString(conn, tt.sent) }) // which it may not read to the end
				got := make([]byte, len(tt.want))
				if _, err := io.ReadFull(conn, got); err != nil || string(got) != tt.want {
					t.Errorf("got %q, %v; want %q", got, err, tt.want)
				}
			})
		})
	}
}

// One connection more than there may be is closed at once, and there is room
// again when another goes.
func TestTooManyConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ln := make(pipes)
		serving(t, ln)
		conns := make([]net.Conn, maxConnections)
		for i := range conns {
			conns[i] = ln.dial()
		}
		start := time.Now()
		if got, err := io.ReadAll(ln.dial()); len(got) > 0 || err != nil || time.Since(start) > 0 {
			t.Errorf("connection %d: got %q, %v after %v; want its end at once", maxConnections+1, got, err, time.Since(start))
		}
		for _, c := range conns {
			c.Close()
		}
		synctest.Wait()
		conn := ln.dial()
		defer conn.Close()
		_, _ = io.WriteString(conn, state)
		if got, err := bufio.NewReader(conn).ReadString('\n'); err != nil || got != "HTTP/1.1 200 OK\r\n" {
			t.Errorf("got %q, %v; want an answer", got, err)
		}
	})
}

// Serve ends in good order whatever half of a request is there.
func TestServeEndsWithHalves(t *testing.T) {
	for _, half := range []string{"", "GET ", "POST /v1/touch HTTP/1.1\r\nHost: key\r\nContent-Length: 9\r\n\r\nhalf", state} {
		synctest.Test(t, func(t *testing.T) {
			ln := make(pipes)
			ctx, cancel := context.WithCancel(t.Context())
			served := make(chan error, 1)
			go func() { served <- Serve(ctx, ln, Handler(&fakeKey{}, nil)) }()
			conn := ln.dial()
			defer conn.Close()
			_, _ = io.WriteString(conn, half)
			if half == state {
				_, _ = http.ReadResponse(bufio.NewReader(conn), nil)
			}
			synctest.Wait()
			start := time.Now()
			cancel()
			if err := <-served; err != nil || time.Since(start) > shutdownTimeout {
				t.Errorf("%q: Serve = %v after %v, want nil within %v", half, err, time.Since(start), shutdownTimeout)
			}
		})
	}
}
