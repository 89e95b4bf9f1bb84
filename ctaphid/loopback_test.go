package ctaphid

import (
	"runtime"
	"slices"
	"testing"
	"testing/synctest"
	"time"
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
	before := runtime.NumGoroutine()
	host := openHost(t, Loopback(echo{}, Config{}))
	if _, err := host.Transact(t.Context(), CommandMsg, make([]byte, MaxPayload), nil); err != nil {
		t.Fatal(err)
	}
	l := host.transport.(*loopback)
	l.crew.workers.Wait()
	host.readers.Wait()
	after := runtime.NumGoroutine() // a worker is counted until its last instruction
	for patience := time.Now().Add(2 * time.Second); after > before && time.Now().Before(patience); after = runtime.NumGoroutine() {
		runtime.Gosched()
	}
	if after > before {
		t.Errorf("%d goroutines, want %d as before", after, before)
	}
	if n := cap(l.unread); n > maxIdleReports {
		t.Errorf("room for %d reports kept, want %d at most", n, maxIdleReports)
	}
}
