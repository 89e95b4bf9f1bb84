package ctaphid

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/softkey-project/softkey/ctap"
)

// handlerFunc is a Handler made of a function.
type handlerFunc func(ctx context.Context, req *ctap.Request) []byte

func (f handlerFunc) Handle(ctx context.Context, req *ctap.Request) []byte { return f(ctx, req) }

// TestRequestFields checks what a Handler is told of where a message came from.
func TestRequestFields(t *testing.T) {
	cfg := Config{Source: 7, Transport: "smart-card"}
	h := handlerFunc(func(_ context.Context, req *ctap.Request) []byte {
		if req.Source != 7 || req.Transport != "smart-card" || req.Channel != owner || req.Notify == nil {
			t.Errorf("request %+v", req)
		}
		return append([]byte{byte(req.Protocol)}, req.Data...)
	})
	synctest.Test(t, func(t *testing.T) {
		for _, device := range []Transport{Loopback(h, cfg), serveIn(t, h, cfg, pipeSize)} {
			w := newWire(t, device)
			w.send(owner, CommandMsg, 8, 9)
			w.want(0, owner, CommandMsg, 1, 8, 9)
			w.send(owner, CommandCBOR, 8, 9)
			w.want(0, owner, CommandCBOR, 2, 8, 9)
		}
	})
}

// TestUnplug checks that a running command learns of the end of the link, and
// that the end waits for it.
func TestUnplug(t *testing.T) {
	ends := []struct {
		name string
		end  func(t *testing.T, h ctap.Handler, started <-chan struct{}) error
		want error
	}{
		{"Serve, ctx is done", func(t *testing.T, h ctap.Handler, started <-chan struct{}) error {
			device, host := Pipe()
			ctx, cancel := context.WithCancel(t.Context())
			go func() {
				host.WriteReport(frames(owner, CommandCBOR, []byte{1})[0])
				<-started
				cancel()
			}()
			return Serve(ctx, device, h, Config{})
		}, nil},
		{"Serve, the host closes", func(t *testing.T, h ctap.Handler, started <-chan struct{}) error {
			device, host := Pipe()
			go func() {
				host.WriteReport(frames(owner, CommandCBOR, []byte{1})[0])
				<-started
				host.Close()
			}()
			return Serve(t.Context(), device, h, Config{})
		}, io.EOF},
		{"Loopback is closed", func(t *testing.T, h ctap.Handler, started <-chan struct{}) error {
			host := Loopback(h, Config{})
			host.WriteReport(frames(owner, CommandCBOR, []byte{1})[0])
			<-started
			return host.Close()
		}, nil},
	}
	for _, tt := range ends {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				started := make(chan struct{})
				var returned atomic.Bool
				h := handlerFunc(func(ctx context.Context, _ *ctap.Request) []byte {
					close(started)
					<-ctx.Done()
					if cause := context.Cause(ctx); cause != net.ErrClosed {
						t.Errorf("the command was cancelled with %v, want net.ErrClosed", cause)
					}
					time.Sleep(150 * time.Millisecond) // a handler that takes its time
					returned.Store(true)
					return nil
				})
				if err := tt.end(t, h, started); !errors.Is(err, tt.want) {
					t.Errorf("got %v, want %v", err, tt.want)
				}
				if !returned.Load() {
					t.Error("the end did not wait for the command")
				}
			})
		})
	}
}

// TestCancelCause checks what a command is cancelled with.
func TestCancelCause(t *testing.T) {
	causes := make(chan error, 1)
	h := handlerFunc(func(ctx context.Context, _ *ctap.Request) []byte {
		<-ctx.Done()
		causes <- context.Cause(ctx)
		return []byte{0x2D}
	})
	synctest.Test(t, func(t *testing.T) {
		for _, device := range []Transport{Loopback(h, Config{}), serveIn(t, h, Config{}, pipeSize)} {
			w := newWire(t, device)
			w.send(owner, CommandCBOR, 1)
			w.send(owner, CommandCancel)
			w.want(0, owner, CommandCBOR, 0x2D)
			if cause := <-causes; cause != ctap.StatusKeepaliveCancel {
				t.Errorf("cancelled with %v, want %v", cause, ctap.StatusKeepaliveCancel)
			}
		}
	})
}

// TestContextValues checks that commands see the values of Serve's context.
func TestContextValues(t *testing.T) {
	type key struct{}
	synctest.Test(t, func(t *testing.T) {
		h := handlerFunc(func(ctx context.Context, _ *ctap.Request) []byte {
			return []byte(ctx.Value(key{}).(string))
		})
		device, host := Pipe()
		ctx, cancel := context.WithCancel(context.WithValue(t.Context(), key{}, "value"))
		served := make(chan error)
		go func() { served <- Serve(ctx, device, h, Config{}) }()
		w := newWire(t, host)
		w.send(owner, CommandCBOR, 1)
		w.want(0, owner, CommandCBOR, []byte("value")...)
		cancel()
		<-served
	})
}

// TestKeepalives checks their times, and that a change of status is told at
// once, and before the answer that follows it.
func TestKeepalives(t *testing.T) {
	h := handlerFunc(func(_ context.Context, req *ctap.Request) []byte {
		time.Sleep(150 * time.Millisecond)
		req.Notify(ctap.KeepaliveProcessing) // nothing new
		time.Sleep(20 * time.Millisecond)
		req.Notify(ctap.KeepaliveUPNeeded)
		time.Sleep(130 * time.Millisecond)
		req.Notify(ctap.KeepaliveProcessing)
		return []byte{0}
	})
	synctest.Test(t, func(t *testing.T) {
		for _, device := range []Transport{Loopback(h, Config{}), serveIn(t, h, Config{}, pipeSize)} {
			w := newWire(t, device)
			w.send(owner, CommandCBOR, 1)
			w.want(100*time.Millisecond, owner, CommandKeepalive, 1)
			w.want(70*time.Millisecond, owner, CommandKeepalive, 2)
			w.want(100*time.Millisecond, owner, CommandKeepalive, 2)
			w.want(30*time.Millisecond, owner, CommandKeepalive, 1)
			w.want(0, owner, CommandCBOR, 0)
			w.send(owner, CommandMsg, 1) // the same with no keepalive
			w.want(300*time.Millisecond, owner, CommandMsg, 0)
			w.silence(time.Second)
		}
	})
}

// TestStatusBeforeAnswer checks that a loop that learns of both at once tells the
// change of status first.
func TestStatusBeforeAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		proceed := make(chan struct{})
		h := handlerFunc(func(_ context.Context, req *ctap.Request) []byte {
			<-proceed
			req.Notify(ctap.KeepaliveUPNeeded)
			return []byte{0}
		})
		host := serveIn(t, h, Config{}, 0)
		defer host.Close()
		for range 20 {
			host.WriteReport(frames(owner, CommandCBOR, []byte{1})[0])
			host.WriteReport(frames(other, CommandPing, nil)[0]) // its answer waits to be read
			synctest.Wait()
			proceed <- struct{}{}
			synctest.Wait()
			for _, want := range []Command{CommandError, CommandKeepalive, CommandCBOR} {
				if r, err := host.ReadReport(); err != nil || r.Command() != want {
					t.Fatalf("got %v, %v; want %v", r.Command(), err, want)
				}
			}
		}
	})
}

// TestAnswerTooLong checks that it becomes an error, and a line in the log.
func TestAnswerTooLong(t *testing.T) {
	h := handlerFunc(func(context.Context, *ctap.Request) []byte { return make([]byte, MaxPayload+1) })
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		cfg := Config{Log: slog.New(slog.NewTextHandler(&log, nil))}
		w := newWire(t, Loopback(h, cfg))
		w.send(owner, CommandCBOR, 1)
		w.wantError(0, owner, ErrOther)
		if !strings.Contains(log.String(), "bytes=7610") {
			t.Errorf("log: %s, want a line with bytes=7610", &log)
		}
	})
}

// TestWinks checks that each WINK is shown, and that what shows it may use the
// device.
func TestWinks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, open := range []func(Config) Transport{
			func(cfg Config) Transport { return Loopback(token{}, cfg) },
			func(cfg Config) Transport { return serveIn(t, token{}, cfg, pipeSize) },
		} {
			winks := 0
			var device Transport
			device = open(Config{Wink: func() {
				winks++
				device.WriteReport(frames(other, CommandPing, nil)[0])
			}})
			w := newWire(t, device)
			w.send(owner, CommandWink)
			w.want(0, owner, CommandWink)
			w.want(0, other, CommandPing)
			if winks != 1 {
				t.Errorf("%d winks, want 1", winks)
			}
		}
	})
}

// TestUnbuffered checks that Serve needs no room in the cable.
func TestUnbuffered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		host, err := Open(t.Context(), serveIn(t, token{}, Config{}, 0))
		if err != nil {
			t.Fatal(err)
		}
		defer host.Close()
		if err := host.Ping(t.Context(), make([]byte, MaxPayload)); err != nil {
			t.Error(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := host.Transact(ctx, CommandCBOR, []byte{1}, nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Transact = %v, want the deadline", err)
		}
	})
}

// failing is a Transport of which one side fails.
type failing struct {
	Transport
	read, write error
}

func (f failing) ReadReport() (Report, error) {
	if f.read != nil {
		return Report{}, f.read
	}
	return f.Transport.ReadReport()
}

func (f failing) WriteReport(Report) error { return f.write }

// TestServeFails checks that Serve returns the error of its transport and closes
// it.
func TestServeFails(t *testing.T) {
	broken := errors.New("broken")
	for _, tt := range []struct {
		name        string
		read, write error
	}{
		{"reading", broken, nil},
		{"writing", nil, broken},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				device, host := Pipe()
				host.WriteReport(frames(owner, CommandPing, nil)[0])
				err := Serve(t.Context(), failing{device, tt.read, tt.write}, token{}, Config{})
				if !errors.Is(err, broken) {
					t.Errorf("Serve = %v, want %v", err, broken)
				}
				if err := device.WriteReport(Report{}); err != net.ErrClosed {
					t.Errorf("WriteReport = %v, want net.ErrClosed: Serve closes its transport", err)
				}
			})
		})
	}
}

// TestServeWhileHostDoesNotRead checks that the end of ctx ends a Serve that
// waits to write.
func TestServeWhileHostDoesNotRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		device, host := newPipe(0)
		ctx, cancel := context.WithCancel(t.Context())
		served := make(chan error)
		go func() { served <- Serve(ctx, device, token{}, Config{}) }()
		host.WriteReport(frames(owner, CommandPing, nil)[0])
		synctest.Wait()
		cancel()
		if err := <-served; err != nil {
			t.Errorf("Serve = %v, want nil", err)
		}
	})
}

func TestServeAfterTheEnd(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	device, _ := Pipe()
	if err := Serve(ctx, device, token{}, Config{}); err != nil {
		t.Errorf("Serve = %v, want nil", err)
	}
}

// goroutine returns the number of the goroutine that calls it. No two of a process
// have the same.
func goroutine() string {
	buf := make([]byte, 64)
	return strings.Fields(string(buf[:runtime.Stack(buf, false)]))[1]
}

// TestWorkersAreUsedAgain checks that commands one after another need one worker,
// and that those which are aborted do not gather workers.
func TestWorkersAreUsedAgain(t *testing.T) {
	workers := make(map[string]int)
	h := handlerFunc(func(ctx context.Context, req *ctap.Request) []byte {
		workers[goroutine()]++
		return token{}.Handle(ctx, req)
	})
	synctest.Test(t, func(t *testing.T) {
		w := newWire(t, serveIn(t, h, Config{}, pipeSize))
		for range 5 {
			w.send(owner, CommandCBOR, 4)
			w.want(0, owner, CommandCBOR, 0)
			synctest.Wait()
		}
		for range 5 {
			w.send(owner, CommandCBOR, 1) // waits
			w.want(0, owner, CommandKeepalive, 2)
			w.send(owner, CommandInit, nonce...)
			w.wantInit(owner)
			synctest.Wait()
		}
		if len(workers) != 1 {
			t.Errorf("goroutines that ran commands, and how many: %v, want one that ran 10", workers)
		}
	})
}

// A frame that came in time is in time, though the loop looks at it late: here it
// could not write an answer to another channel before.
func TestFrameThatWaitsIsInTime(t *testing.T) {
	for range 40 { // the loop may look at the clock or at the frame first
		synctest.Test(t, func(t *testing.T) {
			host := serveIn(t, token{}, Config{}, 0)
			defer host.Close()
			ping := frames(owner, CommandPing, make([]byte, 100))
			busy := frames(other, CommandPing, nil)[0] // whose answer waits to be read
			for _, r := range []Report{ping[0], busy, ping[1]} {
				if err := host.WriteReport(r); err != nil {
					t.Fatal(err)
				}
			}
			time.Sleep(frameTimeout + 100*time.Millisecond)
			for {
				r, err := host.ReadReport()
				if err != nil {
					t.Fatal(err)
				}
				if r.Channel() == other {
					continue
				}
				if got := r.Command(); got != CommandPing {
					t.Fatalf("got %v, want an answer to PING", got)
				}
				if _, err := host.ReadReport(); err != nil { // the rest of it
					t.Fatal(err)
				}
				return
			}
		})
	}
}
