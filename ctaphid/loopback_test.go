package ctaphid

import (
	"bytes"
	"context"
	"errors"
	"net"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/test/leak"
)

// TestLoopbackWithoutReader checks that time passes for the device while nobody
// reads: its clocks have run out when the next report is written.
func TestLoopbackWithoutReader(t *testing.T) {
	half := frames(owner, CommandPing, make([]byte, 99))
	tests := []struct {
		name  string
		write []Report
		after time.Duration
		then  Report
		want  Message
	}{
		{"in time", half[:1], 499 * time.Millisecond, half[1], Message{owner, CommandPing, make([]byte, 99)}},
		{"frame timeout", half[:1], 501 * time.Millisecond, half[1], Message{owner, CommandError, []byte{byte(ErrMsgTimeout)}}},
		{"locked", frames(owner, CommandLock, []byte{1}), 999 * time.Millisecond, frames(other, CommandPing, nil)[0],
			Message{owner, CommandLock, nil}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := Loopback(token{}, Config{})
				defer l.Close()
				for _, r := range tt.write {
					l.WriteReport(r)
				}
				time.Sleep(tt.after)
				l.WriteReport(tt.then)
				want := tt.want.AppendReports(nil)
				for i := range want {
					if r, err := l.ReadReport(); err != nil || r != want[i] {
						t.Errorf("report %d: got %x, %v; want %x", i, r, err, want[i])
					}
				}
			})
		})
	}
}

// TestLoopbackLockExpiresUnread checks the same of a lock.
func TestLoopbackLockExpiresUnread(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := Loopback(token{}, Config{})
		defer l.Close()
		ping := frames(other, CommandPing, nil)[0]
		l.WriteReport(frames(owner, CommandLock, []byte{1})[0])
		l.WriteReport(ping)
		time.Sleep(time.Second)
		l.WriteReport(ping)
		var got []Command
		for range 3 {
			r, err := l.ReadReport()
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, r.Command())
		}
		if want := []Command{CommandLock, CommandError, CommandPing}; !slices.Equal(got, want) {
			t.Errorf("answers %v, want %v", got, want)
		}
	})
}

// TestLoopbackIsIdle checks that a device at rest costs no goroutine, and little
// memory even after a long answer.
func TestLoopbackIsIdle(t *testing.T) {
	leak.Steady(t, 5, 1<<20, func() {
		host := openHost(t, Loopback(echo{}, Config{})) // stays open
		if _, err := host.Transact(t.Context(), CommandMsg, make([]byte, MaxPayload), nil); err != nil {
			t.Fatal(err)
		}
		l := host.transport.(*loopback)
		l.crew.workers.Wait()
		host.readers.Wait()
		if n := cap(l.unread); n > maxIdleReports {
			t.Errorf("room for %d reports kept, want %d at most", n, maxIdleReports)
		}
	})
}

// TestHostsShareALoopback checks that a host reads its own answer and leaves those
// of others, and that the room for them is used again.
func TestHostsShareALoopback(t *testing.T) {
	device := Loopback(echo{}, Config{})
	hosts := []*Host{openHost(t, device), openHost(t, device)}
	for i := range 10 {
		want := bytes.Repeat([]byte{byte(i)}, 300)
		for _, h := range hosts {
			if err := h.send(Message{h.channel, CommandPing, want}); err != nil {
				t.Fatal(err)
			}
		}
		for _, h := range hosts {
			if got, err := h.await(t.Context(), CommandPing, nil); err != nil || !bytes.Equal(got, want) {
				t.Errorf("channel %08x, ping %d: got %x, %v; want %x", h.channel, i, got, err, want)
			}
		}
	}
	if n := cap(device.(*loopback).unread); n > maxIdleReports {
		t.Errorf("room for %d reports, want %d at most", n, maxIdleReports)
	}
}

// TestHostRunsTheCommand checks that a host which would only wait runs the
// command itself, and that one which may be interrupted does not.
func TestHostRunsTheCommand(t *testing.T) {
	var ranIn string
	h := handlerFunc(func(_ context.Context, req *ctap.Request) []byte {
		ranIn = goroutine()
		req.Notify(ctap.KeepaliveUPNeeded) // which nobody reads in time
		return req.Data
	})
	synctest.Test(t, func(t *testing.T) {
		host := openHost(t, Loopback(h, Config{}))
		hear := func(ctap.KeepaliveStatus) {}
		for _, tt := range []struct {
			name    string
			ctx     context.Context
			notify  func(ctap.KeepaliveStatus)
			command Command
			itself  bool
		}{
			{"CBOR", context.Background(), nil, CommandCBOR, true},
			{"MSG", context.Background(), nil, CommandMsg, true},
			{"keepalives are heard", context.Background(), hear, CommandCBOR, false},
			{"the context may end", t.Context(), nil, CommandCBOR, false},
		} {
			answer, err := host.Transact(tt.ctx, tt.command, []byte{7}, tt.notify)
			if err != nil || !bytes.Equal(answer, []byte{7}) {
				t.Errorf("%s: Transact = %x, %v", tt.name, answer, err)
			}
			if itself := ranIn == goroutine(); itself != tt.itself {
				t.Errorf("%s: the command ran in goroutine %s, the host in %s; want the same: %v", tt.name, ranIn, goroutine(), tt.itself)
			}
		}
	})
}

// TestInterruptedWhileTheHostRuns checks what others can do to a command that
// its host runs.
func TestInterruptedWhileTheHostRuns(t *testing.T) {
	wait := handlerFunc(func(ctx context.Context, _ *ctap.Request) []byte {
		<-ctx.Done()
		time.Sleep(time.Second) // ten keepalives
		return []byte{byte(ctap.StatusOf(context.Cause(ctx)))}
	})
	for _, tt := range []struct {
		name      string
		interrupt func(l Transport, channel uint32)
		answer    []byte
		err       error
	}{
		{"CANCEL", func(l Transport, channel uint32) { l.WriteReport(frames(channel, CommandCancel, nil)[0]) }, []byte{0x2D}, nil},
		{"Close", func(l Transport, _ uint32) { l.Close() }, nil, net.ErrClosed},
	} {
		synctest.Test(t, func(t *testing.T) {
			l := Loopback(wait, Config{})
			host := openHost(t, l)
			go func() {
				time.Sleep(time.Second)
				tt.interrupt(l, host.Channel())
			}()
			start := time.Now()
			answer, err := host.Transact(context.Background(), CommandCBOR, []byte{1}, nil)
			if !errors.Is(err, tt.err) || !bytes.Equal(answer, tt.answer) || time.Since(start) != 2*time.Second {
				t.Errorf("%s: Transact = %x, %v after %v; want %x, %v after 2s",
					tt.name, answer, err, time.Since(start), tt.answer, tt.err)
			}
		})
	}
}
