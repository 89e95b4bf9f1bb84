package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctaphid"
)

// Reports pass as they are, in however small pieces they come. What a page sends
// does not.
func TestReportConn(t *testing.T) {
	tests := []struct {
		name   string
		pieces []string
		want   string
		err    error
	}{
		{"reports", []string{"\xff\xff\xff\xff\x86rest", "and more"}, "\xff\xff\xff\xff\x86restand more", nil},
		{"byte by byte", []string{"\xff", "\xff", "\xff", "\xff", "\x86"}, "\xff\xff\xff\xff\x86", nil},
		{"nothing", nil, "", nil},
		{"three bytes", []string{"POS"}, "POS", nil},
		{"another channel", []string{"POOL", "rest"}, "POOLrest", nil},
		{"a later channel", []string{"\x00\x00\x00\x01", "POST /"}, "\x00\x00\x00\x01POST /", nil},

		{"a form", []string{"POST / HTTP/1.1\r\n"}, "", errPage},
		{"a picture", []string{"GET / HTTP/1.1\r\n"}, "", errPage},
		{"a question first", []string{"OPTIONS / HTTP/1.1\r\n"}, "", errPage},
		{"a head", []string{"HEAD / HTTP/1.1\r\n"}, "", errPage},
		{"a form, byte by byte", []string{"P", "O", "S", "T", " "}, "", errPage},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			device, host := net.Pipe()
			var writer sync.WaitGroup
			defer writer.Wait()
			defer device.Close()
			writer.Go(func() {
				defer host.Close()
				for _, piece := range tt.pieces {
					_, _ = io.WriteString(host, piece) // fails where nobody reads on
				}
			})
			conn := &reportConn{Conn: device, log: slog.New(slog.DiscardHandler)}
			got, err := io.ReadAll(conn)
			if string(got) != tt.want || !errors.Is(err, tt.err) {
				t.Errorf("got %q, %v; want %q, %v", got, err, tt.want, tt.err)
			}
		})
	}
}

// neverAsked is a handler that nothing is to reach.
type neverAsked struct{ t *testing.T }

func (h neverAsked) Handle(ctx context.Context, req *ctap.Request) []byte {
	h.t.Errorf("the key was asked %x", req.Data)
	return nil
}

// A page posts reports, aligned as the key reads them, to the port of a key. The
// key hears none of it; a host that comes after that is served.
func TestPagePostsReports(t *testing.T) {
	var log bytes.Buffer
	s, err := openTCP(t.Context(), "127.0.0.1:0", socketOptions{log: slog.New(newLogHandler(&log, slog.LevelInfo))})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var server sync.WaitGroup
	server.Go(func() { _ = s.serve(ctx, neverAsked{t}, ctaphid.Config{}) })
	defer server.Wait()
	defer cancel()

	reset := ctaphid.Report{0, 0, 0, 1, 0x90, 0, 1, 0x07} // authenticatorReset
	client := &http.Client{Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true}}
	for shift := range len(reset) { // one of which meets the end of the head
		body := strings.Repeat(" ", shift) + strings.Repeat(string(reset[:]), 4)
		resp, err := client.Post("http://"+s.at.place, "text/plain", strings.NewReader(body))
		if err == nil {
			resp.Body.Close()
			t.Fatalf("the page was answered: %s", resp.Status)
		}
		if timeout := new(url.Error); errors.As(err, &timeout) && timeout.Timeout() {
			t.Fatal("the connection of the page was not closed")
		}
	}
	transport, err := dialTCP(ctx, s.at.place)
	if err != nil {
		t.Fatal(err)
	}
	host, err := ctaphid.Open(ctx, transport)
	if err != nil {
		t.Fatal(err)
	}
	if err := host.Ping(ctx, []byte("there")); err != nil {
		t.Errorf("a host that comes after the pages: %v", err)
	}
	host.Close()
	cancel()
	server.Wait()
	const line = "softkey: warning: connection refused reason=\"it is an HTTP request\"\n"
	if got, want := strings.Count(log.String(), line), len(reset); got != want {
		t.Errorf("the log has %d such lines, want %d", got, want)
	}
}
