package ctaphid

import (
	"context"
	"net"
	"sync"
	"time"

	"github.com/softkey-project/softkey/ctap"
)

// Loopback returns the host's end of a device in the same process, answered by
// h. There is no loop behind it: WriteReport drives the device in the caller's
// goroutine, and ReadReport lets time pass for it. A goroutine exists only while
// a command runs, and a timer only while a ReadReport waits for one. A [Host] that
// would do nothing but wait for the answer runs the command itself.
//
// Reports that the host does not read are kept without limit. Close cancels the
// running command and returns after h did.
func Loopback(h ctap.Handler, cfg Config) Transport {
	l := &loopback{
		born: time.Now(),
		wake: make(chan struct{}, 1),
		crew: newCrew(context.Background(), h, cfg),
	}
	l.machine = newMachine(cfg, l)
	return l
}

// maxIdleReports is how much an idle Loopback keeps, to be used again: enough
// for most answers, little enough for thousands of devices in one process.
const maxIdleReports = 32

// loopback is a machine under a lock, and its effects.
type loopback struct {
	born time.Time     // when its clocks began to count
	wake chan struct{} // holds a token for a reader that waits
	crew *crew

	mu      sync.Mutex // held in the machine, and so in its effects
	machine machine
	due     [clocks]time.Duration // since born; 0: not armed
	armed   [clocks]time.Duration // to be due so long after the lock is released
	unread  []Report
	read    int // how many of them have been
	waiting bool
	closed  bool
	attends bool // who writes runs the command that begins
	later   later
}

// later is what the effects leave to whoever wrote, without the lock.
type later struct {
	winks  int
	number uint64                 // of a command
	work   func() (answer []byte) // which counts as a worker's; nil: none
}

func (l *loopback) WriteReport(r Report) error { return l.WriteReports([]Report{r}) }

func (l *loopback) WriteReports(reports []Report) error { return l.write(reports, false) }

// call writes the reports of one message and runs the command that they ask for
// to its end, so that the answer is there to be read. It saves a goroutine, and
// both ways of waking one, where nobody would read of the command's progress.
func (l *loopback) call(reports []Report) error { return l.write(reports, true) }

func (l *loopback) write(reports []Report, attend bool) error {
	todo, err := l.feed(reports, attend)
	for range todo.winks {
		l.machine.cfg.Wink()
	}
	if todo.work != nil {
		defer l.crew.workers.Done()
		l.finish(todo.number, todo.work())
	}
	return err
}

func (l *loopback) feed(reports []Report, attend bool) (later, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return later{}, net.ErrClosed
	}
	l.elapse()
	l.attends = attend
	for i := range reports {
		l.machine.report(0, &reports[i])
	}
	l.settle()
	todo := l.later
	l.attends, l.later = false, later{}
	return todo, nil
}

func (l *loopback) ReadReport() (r Report, err error) {
	err = l.readUntil(func(next *Report) bool {
		r = *next
		return true
	})
	return r, err
}

// readUntil waits for reports and shows them to enough, one after the other, until
// that has seen the last it needs. It spares a [Host] the lock and the copies of
// each report.
func (l *loopback) readUntil(enough func(*Report) bool) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for {
		if l.closed {
			return net.ErrClosed
		}
		if l.show(enough) {
			return nil
		}
		l.wait()
		l.elapse()
		l.settle()
	}
}

func (l *loopback) Close() error {
	l.mu.Lock()
	l.closed = true
	l.settle()
	l.mu.Unlock()
	l.crew.dismiss()
	return nil
}

// show shows enough the unread reports, and tells whether that has had enough.
// Those that it has seen are read.
func (l *loopback) show(enough func(*Report) bool) (done bool) {
	for !done && l.read < len(l.unread) {
		done = enough(&l.unread[l.read])
		l.read++
	}
	if l.read < len(l.unread) {
		return done
	}
	l.unread, l.read = l.unread[:0], 0
	if cap(l.unread) > maxIdleReports {
		l.unread = nil
	}
	return done
}

// wait releases the lock until something happens or the next clock runs out.
func (l *loopback) wait() {
	var timeout <-chan time.Time
	if due := l.nextDue(); due != 0 {
		timer := time.NewTimer(due - time.Since(l.born))
		defer timer.Stop()
		timeout = timer.C
	}
	l.waiting = true
	l.mu.Unlock()
	select {
	case <-l.wake:
	case <-timeout:
	}
	l.mu.Lock()
	l.waiting = false
}

// settle ends a visit to the machine: the clocks that it armed begin to count,
// and a reader that waits looks again.
func (l *loopback) settle() {
	for c, d := range l.armed {
		if d != 0 {
			l.due[c], l.armed[c] = time.Since(l.born)+d, 0
		}
	}
	if !l.waiting {
		return
	}
	select {
	case l.wake <- struct{}{}:
	default: // it is on its way
	}
}

// nextDue returns when the next clock runs out, 0 if none is armed.
func (l *loopback) nextDue() time.Duration {
	turn, lock := l.due[turnClock], l.due[lockClock]
	if turn == 0 || lock == 0 {
		return max(turn, lock)
	}
	return min(turn, lock)
}

// elapse runs out the clocks whose time has come.
func (l *loopback) elapse() {
	if l.nextDue() == 0 {
		return
	}
	now := time.Since(l.born)
	for c, due := range l.due {
		if due != 0 && due <= now {
			l.due[c] = 0
			l.machine.tick(clock(c))
		}
	}
}

// The rest are the machine's effects.

func (l *loopback) send(m Message) { l.unread = m.AppendReports(l.unread) }

func (l *loopback) start(number uint64, m Message) {
	work := l.crew.prepare(m, func(status ctap.KeepaliveStatus) {
		l.event(func() { l.machine.notify(number, status) })
	})
	if !l.attends || l.later.work != nil {
		l.crew.workers.Go(func() { l.finish(number, work()) })
		return
	}
	l.crew.workers.Add(1)
	l.later.number, l.later.work = number, work
}

func (l *loopback) finish(number uint64, answer []byte) {
	l.event(func() { l.machine.finish(number, answer) })
}

// event brings the machine what a worker has to tell.
func (l *loopback) event(tell func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return
	}
	tell()
	l.settle()
}

func (l *loopback) cancel(cause error) { l.crew.cancel(cause) }

func (l *loopback) arm(c clock, d time.Duration) { l.due[c], l.armed[c] = 0, d }

func (l *loopback) wink() { l.later.winks++ }
