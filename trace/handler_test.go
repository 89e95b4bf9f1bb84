package trace

import (
	"bytes"
	"context"
	"encoding/hex"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/test/leak"
)

var update = flag.Bool("update", false, "write testdata/*.txt anew")

func TestMain(m *testing.M) { leak.Main(m) }

// handlerFunc is a ctap.Handler made of a function.
type handlerFunc func(context.Context, *ctap.Request) []byte

func (f handlerFunc) Handle(ctx context.Context, req *ctap.Request) []byte { return f(ctx, req) }

// answer is a Handler that answers everything with resp.
func answer(resp []byte) ctap.Handler {
	return handlerFunc(func(context.Context, *ctap.Request) []byte { return resp })
}

// request returns a request of which the tests look at the data alone.
func request(p ctap.Protocol, data []byte) *ctap.Request {
	return &ctap.Request{Protocol: p, Transport: "usb", Source: 1, Channel: 2, Data: data, Notify: func(ctap.KeepaliveStatus) {}}
}

func unhex(tb testing.TB, s string) []byte {
	tb.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// compareGolden compares got with the file path, or writes the file.
func compareGolden(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("got:\n%s\nwant %s:\n%s", got, path, want)
	}
}

// The whole of a conversation in time: a user who refuses.
func TestTimeline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		r := New(&out)
		log := slog.New(r.LogHandler())
		deny := handlerFunc(func(ctx context.Context, req *ctap.Request) []byte {
			req.Notify(ctap.KeepaliveUPNeeded)
			time.Sleep(time.Second)
			req.Notify(ctap.KeepaliveUPNeeded)
			time.Sleep(time.Second / 2)
			log.With("who", "key").WithGroup("").DebugContext(ctx, "refused", "reason", "they\nsaid no", slog.Group("detail", "n", 1))
			req.Notify(ctap.KeepaliveProcessing)
			return []byte{byte(ctap.StatusOperationDenied)}
		})
		var passed []ctap.KeepaliveStatus
		req := request(ctap.CTAP2, append([]byte{2}, ctap.MustMarshal(map[int]string{1: "example.com"})...))
		req.Notify = func(s ctap.KeepaliveStatus) { passed = append(passed, s) }
		if got := r.Handler(deny).Handle(t.Context(), req); !bytes.Equal(got, []byte{byte(ctap.StatusOperationDenied)}) {
			t.Errorf("got answer %x, want that of the traced Handler", got)
		}
		if len(passed) != 3 {
			t.Errorf("got keepalives %v, want all three passed on", passed)
		}
		log.Info("going down")
		r.Handler(answer(nil)).Handle(t.Context(), request(ctap.CTAP2, []byte{4}))
		compareGolden(t, filepath.Join("testdata", "timeline.txt"), out.Bytes())
	})
}

func TestLogGroups(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(New(&out).LogHandler()).WithGroup("key").With("time", 1)
	log.Debug("x", "n", 2)
	if want := "#0 ! level=DEBUG msg=x key.time=1 key.n=2\n"; !strings.HasSuffix(out.String(), want) {
		t.Errorf("got %q, want it to end in %q", out.String(), want)
	}
}

// shape is what the doc of the package says of an entry, with no control
// character in it.
var shape = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z #(\d+) ([>=!<]) [^\pC]+(\n    [^\pC]+)*\n$`)

// entries splits a trace, and fails where it has not the shape of one.
func entries(tb testing.TB, trace string) []string {
	tb.Helper()
	var list []string
	for line := range strings.Lines(trace) {
		if strings.HasPrefix(line, " ") && len(list) > 0 {
			list[len(list)-1] += line
			continue
		}
		list = append(list, line)
	}
	for _, entry := range list {
		if !shape.MatchString(entry) {
			tb.Errorf("got an entry out of shape: %q", entry)
		}
	}
	return list
}

func TestConcurrentMessages(t *testing.T) {
	const workers, messages = 8, 50
	var out bytes.Buffer
	r := New(&out)
	log := slog.New(r.LogHandler())
	h := r.Handler(handlerFunc(func(ctx context.Context, req *ctap.Request) []byte {
		req.Notify(ctap.KeepaliveProcessing)
		log.InfoContext(ctx, "worked")
		return []byte{0}
	}))
	var done sync.WaitGroup
	for range workers {
		done.Go(func() {
			for range messages {
				h.Handle(t.Context(), request(ctap.CTAP2, []byte{4}))
			}
		})
	}
	done.Wait()
	perMessage := make(map[string]string)
	for _, entry := range entries(t, out.String()) {
		m := shape.FindStringSubmatch(entry)
		perMessage[m[1]] += m[2]
	}
	for number := 1; number <= workers*messages; number++ {
		if got := perMessage[fmt.Sprint(number)]; got != ">=!<" {
			t.Errorf("message %d: got entries %q, want >=!<", number, got)
		}
	}
}

// fullDisk takes a number of writes.
type fullDisk int

func (d *fullDisk) Write(b []byte) (int, error) {
	if *d--; *d < 0 {
		return 0, fmt.Errorf("disk full")
	}
	return len(b), nil
}

func TestWriterFails(t *testing.T) {
	disk := fullDisk(1)
	r := New(&disk)
	for range 3 {
		if got := r.Handler(answer([]byte{0})).Handle(t.Context(), request(ctap.CTAP2, []byte{4})); !bytes.Equal(got, []byte{0}) {
			t.Errorf("got answer %x, want 00", got)
		}
	}
	if err := r.Err(); err == nil || err.Error() != "disk full" {
		t.Errorf("got %v, want disk full", err)
	}
	if disk != -1 {
		t.Errorf("got %d writes after the error, want none", -1-disk)
	}
}

// Any message and any answer make two entries: the request and the answer.
func FuzzHandler(f *testing.F) {
	f.Add(true, unhex(f, "00030000 00 0000 0000"), unhex(f, "5532465f5632 9000"))
	f.Add(true, unhex(f, "0001"), unhex(f, "90"))
	f.Add(false, unhex(f, "02 a1 01 63 1b5b4b"), unhex(f, "00 a1 02 41 00"))
	f.Add(false, unhex(f, "01 bf"), []byte{})
	f.Fuzz(func(t *testing.T, u2f bool, data, resp []byte) {
		protocol := ctap.CTAP2
		if u2f {
			protocol = ctap.CTAP1
		}
		var out bytes.Buffer
		h := New(&out).Handler(answer(resp))
		if got := h.Handle(t.Context(), request(protocol, data)); !bytes.Equal(got, resp) {
			t.Errorf("got answer %x, want %x", got, resp)
		}
		if got := entries(t, out.String()); len(got) != 2 {
			t.Errorf("got %d entries, want 2: %q", len(got), got)
		}
	})
}
