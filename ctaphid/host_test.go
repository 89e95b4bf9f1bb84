package ctaphid

import (
	"bytes"
	"context"
	"errors"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/softkey-project/softkey/ctap"
)

func openHost(t *testing.T, device Transport) *Host {
	t.Helper()
	host, err := Open(t.Context(), device)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { host.Close() })
	return host
}

// script is a device that answers as told: the nth request by the nth function,
// INIT on the broadcast channel by itself.
func script(t *testing.T, answers ...func(w *wire, m Message)) Transport {
	device, host := Pipe()
	w := newWire(t, device)
	go func() {
		for {
			r, open := <-w.reports
			if !open {
				return
			}
			a := begin(&r, nil)
			for !a.complete() {
				r := <-w.reports
				a.add(&r)
			}
			if a.Channel == Broadcast {
				w.initAnswer(Broadcast, a.Payload, owner)
				continue
			}
			if len(answers) == 0 {
				t.Errorf("unexpected request %v", a.Command)
				return
			}
			answers[0](w, a.Message)
			answers = answers[1:]
		}
	}()
	return host
}

func (w *wire) initAnswer(channel uint32, nonce []byte, id uint32) {
	payload := append(bytes.Clone(nonce), byte(id>>24), byte(id>>16), byte(id>>8), byte(id), 2, 1, 2, 3, 5)
	w.send(channel, CommandInit, payload...)
}

func TestOpen(t *testing.T) {
	cfg := Config{Version: [3]byte{1, 2, 3}, Capabilities: CapCBOR | CapNoMsg}
	host := openHost(t, Loopback(token{}, cfg))
	if host.Channel() != channelStep || host.Version() != cfg.Version || host.Capabilities() != cfg.Capabilities {
		t.Errorf("channel %08x, version %v, capabilities %02x", host.Channel(), host.Version(), host.Capabilities())
	}
	if host.Capabilities().Has(CapWink) || !host.Capabilities().Has(CapCBOR|CapNoMsg) {
		t.Errorf("Has is wrong about %02x", host.Capabilities())
	}
}

// TestOpenAmongOthers checks that Open knows its answer from those to others.
func TestOpenAmongOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		device, end := Pipe()
		w := newWire(t, device)
		go func() {
			r := <-w.reports
			w.send(owner, CommandPing, 1)
			w.initAnswer(Broadcast, nonce, 0x77) // another host's nonce
			w.send(Broadcast, CommandError, byte(ErrInvalidChannel))
			w.send(Broadcast, CommandInit, r[7:15]...) // too short
			w.send(Broadcast, CommandError, byte(ErrChannelBusy))
			r = <-w.reports
			w.initAnswer(Broadcast, r[7:15], owner)
		}()
		start := time.Now()
		if host := openHost(t, end); host.Channel() != owner {
			t.Errorf("channel %08x, want %08x", host.Channel(), owner)
		}
		if waited := time.Since(start); waited != busyPause {
			t.Errorf("a busy device was asked again after %v, want %v", waited, busyPause)
		}
	})
}

func TestOpenGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, end := Pipe()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := Open(ctx, end); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Open = %v, want the deadline", err)
		}
		if _, err := end.ReadReport(); err != net.ErrClosed {
			t.Errorf("ReadReport = %v, want net.ErrClosed", err)
		}
	})
}

func TestHostCommands(t *testing.T) {
	winks := 0
	host := openHost(t, Loopback(token{}, Config{Wink: func() { winks++ }}))
	ctx := t.Context()
	for _, size := range []int{0, 57, 58, MaxPayload} {
		if err := host.Ping(ctx, make([]byte, size)); err != nil {
			t.Errorf("Ping of %d bytes: %v", size, err)
		}
	}
	if err := host.Wink(ctx); err != nil || winks != 1 {
		t.Errorf("Wink: %v and %d winks", err, winks)
	}
	if err := host.Lock(ctx, 10); err != nil {
		t.Errorf("Lock: %v", err)
	}
	tests := []struct {
		name string
		err  error
		want Error
	}{
		{"Lock", host.Lock(ctx, 11), ErrInvalidPar},
		{"Ping too long", host.Ping(ctx, make([]byte, MaxPayload+1)), ErrInvalidLen},
	}
	for _, tt := range tests {
		var got Error
		if !errors.As(tt.err, &got) || got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.name, tt.err, tt.want)
		}
	}
}

func TestPingComparesTheEcho(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		host := openHost(t, script(t, func(w *wire, m Message) { w.send(m.Channel, m.Command, 9) }))
		if err := host.Ping(t.Context(), []byte{8}); err == nil {
			t.Error("Ping = nil for a wrong echo")
		}
	})
}

// TestTransactKeepalives checks that they reach the caller.
func TestTransactKeepalives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := handlerFunc(func(_ context.Context, req *ctap.Request) []byte {
			time.Sleep(100*time.Millisecond + 1)
			req.Notify(ctap.KeepaliveUPNeeded)
			return []byte{0}
		})
		host := openHost(t, Loopback(h, Config{}))
		var got []ctap.KeepaliveStatus
		answer, err := host.Transact(t.Context(), CommandCBOR, []byte{1}, func(s ctap.KeepaliveStatus) { got = append(got, s) })
		if err != nil || !bytes.Equal(answer, []byte{0}) {
			t.Errorf("Transact = %x, %v", answer, err)
		}
		if len(got) != 2 || got[0] != ctap.KeepaliveProcessing || got[1] != ctap.KeepaliveUPNeeded {
			t.Errorf("keepalives %v, want 1 and 2", got)
		}
	})
}

// TestTransactCancelled checks what a caller gets whose context ends.
func TestTransactCancelled(t *testing.T) {
	stop := errors.New("the user went away")
	wait := func(answer byte, after time.Duration) handlerFunc {
		return func(ctx context.Context, _ *ctap.Request) []byte {
			<-ctx.Done()
			time.Sleep(after)
			return []byte{answer}
		}
	}
	tests := []struct {
		name    string
		handler ctap.Handler
		answer  []byte
		err     error
		after   time.Duration
	}{
		{"the command is cancelled", wait(0x2D, 0), nil, stop, 300 * time.Millisecond},
		{"the command completes", wait(0, 100*time.Millisecond), []byte{0}, nil, 400 * time.Millisecond},
		{"the command hangs", wait(0, 5*time.Second), nil, stop, 300*time.Millisecond + cancelGrace},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				host := openHost(t, Loopback(tt.handler, Config{}))
				ctx, cancel := context.WithTimeoutCause(t.Context(), 300*time.Millisecond, stop)
				defer cancel()
				start := time.Now()
				answer, err := host.Transact(ctx, CommandCBOR, []byte{1}, nil)
				if !errors.Is(err, tt.err) || !bytes.Equal(answer, tt.answer) || time.Since(start) != tt.after {
					t.Errorf("Transact = %x, %v after %v; want %x, %v after %v",
						answer, err, time.Since(start), tt.answer, tt.err, tt.after)
				}
				if err := host.Ping(context.Background(), []byte{1}); err != nil {
					t.Errorf("Ping afterwards: %v", err)
				}
			})
		})
	}
}

func TestTransactAfterTheEnd(t *testing.T) {
	host := openHost(t, Loopback(token{}, Config{}))
	stop := errors.New("stop")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(stop)
	if _, err := host.Transact(ctx, CommandCBOR, []byte{4}, nil); !errors.Is(err, stop) {
		t.Errorf("Transact = %v, want %v", err, stop)
	}
}

// TestLostAnswer checks that a host whose answer was lost finds its way back,
// and does not take a late answer for a later one.
func TestLostAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		silent := func(*wire, Message) {}
		var late Message
		host := openHost(t, script(t,
			func(_ *wire, m Message) { late = m },
			func(w *wire, m Message) { // INIT
				if m.Command != CommandInit {
					t.Errorf("got %v, want INIT", m.Command)
				}
				w.send(late.Channel, late.Command, late.Payload...)
				w.send(late.Channel, CommandError, byte(ErrMsgTimeout))
				w.initAnswer(m.Channel, m.Payload, m.Channel)
			},
			func(w *wire, m Message) { w.send(m.Channel, m.Command, m.Payload...) },
			silent,
			silent, // CANCEL
			func(w *wire, m Message) { w.send(m.Channel, CommandError, byte(ErrInvalidChannel)) },
		))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := host.Ping(ctx, []byte("lost")); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Ping = %v, want the deadline", err)
		}
		if err := host.Ping(context.Background(), []byte("found")); err != nil {
			t.Errorf("Ping = %v", err)
		}
		ctx, cancel = context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := host.Transact(ctx, CommandCBOR, []byte{1}, nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Transact = %v, want the deadline", err)
		}
		// The device was replaced by one that does not know the channel.
		if err := host.Ping(t.Context(), nil); !errors.Is(err, ErrInvalidChannel) {
			t.Errorf("Ping = %v, want %v", err, ErrInvalidChannel)
		}
	})
}

// TestTransactAfterGivingUp checks that the goroutine that a lost answer leaves
// behind takes no report away from what follows, even where that needs none.
func TestTransactAfterGivingUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		host := openHost(t, script(t,
			func(*wire, Message) {},
			func(w *wire, m Message) { w.initAnswer(m.Channel, m.Payload, m.Channel) },
			func(w *wire, m Message) { w.send(m.Channel, m.Command, m.Payload...) },
		))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := host.Ping(ctx, nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Ping = %v, want the deadline", err)
		}
		if err := host.Ping(context.Background(), nil); err != nil {
			t.Errorf("Ping = %v", err)
		}
	})
}

// TestBusyDevice checks how often a busy device is asked.
func TestBusyDevice(t *testing.T) {
	busy := func(w *wire, m Message) { w.send(m.Channel, CommandError, byte(ErrChannelBusy)) }
	echo := func(w *wire, m Message) { w.send(m.Channel, m.Command, m.Payload...) }
	synctest.Test(t, func(t *testing.T) {
		host := openHost(t, script(t, busy, busy, echo))
		start := time.Now()
		if err := host.Ping(t.Context(), []byte{1}); err != nil || time.Since(start) != 2*busyPause {
			t.Errorf("Ping = %v after %v, want nil after %v", err, time.Since(start), 2*busyPause)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		answers := make([]func(*wire, Message), 1+busyRetries)
		for i := range answers {
			answers[i] = busy
		}
		host := openHost(t, script(t, answers...))
		start := time.Now()
		if err := host.Ping(t.Context(), []byte{1}); !errors.Is(err, ErrChannelBusy) || time.Since(start) != 2*time.Second {
			t.Errorf("Ping = %v after %v, want %v after 2s", err, time.Since(start), ErrChannelBusy)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		host := openHost(t, script(t, busy))
		ctx, cancel := context.WithTimeout(t.Context(), busyPause/2)
		defer cancel()
		if err := host.Ping(ctx, []byte{1}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Ping = %v, want the deadline", err)
		}
	})
}

// TestBrokenAnswers checks that frames out of sequence are an error, and that
// an answer that begins anew counts.
func TestBrokenAnswers(t *testing.T) {
	answer := frames(owner, CommandPing, make([]byte, 200))
	tests := []struct {
		name   string
		frames []Report
		want   error
	}{
		{"one missing", []Report{answer[0], answer[2]}, ErrInvalidSeq},
		{"one twice", []Report{answer[0], answer[1], answer[1]}, ErrInvalidSeq},
		{"one before the first", append([]Report{answer[1]}, answer...), nil},
		{"begun anew", append([]Report{answer[0], answer[1]}, answer...), nil},
		{"another's between", []Report{answer[0], continuation(other, 0), answer[1], answer[2], answer[3]}, nil},
		{"unknown command before", append(frames(owner, 0x66, nil), answer...), nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				host := openHost(t, script(t, func(w *wire, _ Message) { w.write(tt.frames...) }))
				if err := host.Ping(t.Context(), make([]byte, 200)); !errors.Is(err, tt.want) {
					t.Errorf("Ping = %v, want %v", err, tt.want)
				}
			})
		})
	}
}

// TestHostsTakeTurns checks that one Host can be used by many.
func TestHostsTakeTurns(t *testing.T) {
	host := openHost(t, Loopback(token{}, Config{}))
	var users sync.WaitGroup
	for n := range 8 {
		users.Go(func() {
			for range 50 {
				if err := host.Ping(t.Context(), bytes.Repeat([]byte{byte(n)}, 200)); err != nil {
					t.Errorf("Ping = %v", err)
				}
			}
		})
	}
	users.Wait()
}

func TestHostClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		host := openHost(t, Loopback(token{}, Config{}))
		result := make(chan error)
		for _, ctx := range []context.Context{context.Background(), t.Context()} {
			go func() {
				_, err := host.Transact(ctx, CommandCBOR, []byte{1}, nil)
				result <- err
			}()
		}
		synctest.Wait()
		host.Close()
		for range 2 {
			if err := <-result; !errors.Is(err, net.ErrClosed) {
				t.Errorf("Transact = %v, want net.ErrClosed", err)
			}
		}
	})
}
