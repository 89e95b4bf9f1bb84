package ctaphid

import (
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/softkey-project/softkey/ctap"
)

// loop owns a machine, brings it what happens and gives it its effects. Its
// fields belong to the goroutine that called serve; others reach it by its
// channels.
type loop struct {
	machine machine
	link    link
	crew    *crew
	log     *slog.Logger

	arrivals chan arrival  // from the reader, which closes it when the link fails
	noticed  chan struct{} // holds a token while progress has news
	answers  chan answered // from the workers; has room for all
	work     chan func()   // to the workers; has room for all
	quit     chan struct{} // closed when the loop ended
	timers   [clocks]*time.Timer
	armed    [clocks]uint64 // how often each was set

	progress progress // of the command started last
	idle     int      // workers that have nothing to do
	reports  []Report // those of the message being sent, reused
	writeErr error    // ends the loop
}

// progress is what the Handler said last of a command. Its goroutine stores the
// status, the loop loads it.
type progress struct {
	number uint64
	status *atomic.Uint32 // a ctap.KeepaliveStatus
}

// answered is the end of a command.
type answered struct {
	number uint64
	answer []byte
}

func newLoop(l link, c *crew, cfg Config) *loop {
	s := &loop{
		link:     l,
		crew:     c,
		log:      cfg.withDefaults().Log,
		arrivals: make(chan arrival),
		noticed:  make(chan struct{}, 1),
		answers:  make(chan answered, maxRunning),
		work:     make(chan func(), maxRunning),
		quit:     make(chan struct{}),
	}
	s.machine = newMachine(cfg, s)
	for c := range s.timers {
		s.timers[c] = time.NewTimer(0)
		s.timers[c].Stop()
	}
	return s
}

// run is the loop. It ends when the link fails.
func (s *loop) run() {
	for s.writeErr == nil {
		select {
		case a, open := <-s.arrivals:
			if !open {
				return
			}
			s.arrived(a)
		case <-s.noticed:
			s.heed()
		case a := <-s.answers:
			s.answered(a)
		case <-s.timers[turnClock].C:
			s.expired(turnClock)
		case <-s.timers[lockClock].C:
			s.expired(lockClock)
		}
	}
}

// expired ends what clock c was for, unless a report that waits to be looked at
// sets it anew: then the loop was late, and not the host.
func (s *loop) expired(c clock) {
	before := s.armed[c]
	select {
	case a, open := <-s.arrivals:
		if !open {
			return
		}
		s.arrived(a)
	default:
	}
	if s.armed[c] == before {
		s.machine.tick(c)
	}
}

func (s *loop) arrived(a arrival) {
	s.link.heard(a)
	if a.gone {
		s.machine.gone(a.from)
		return
	}
	s.machine.report(a.from, &a.report)
}

// answered ends a command. What its Handler said before it answered is told
// before.
func (s *loop) answered(a answered) {
	select {
	case <-s.noticed:
		s.heed()
	default:
	}
	s.idle++
	s.machine.finish(a.number, a.answer)
}

func (s *loop) heed() {
	s.machine.notify(s.progress.number, ctap.KeepaliveStatus(s.progress.status.Load()))
}

// The rest are the machine's effects.

func (s *loop) send(m Message) {
	s.reports = m.AppendReports(s.reports[:0])
	for _, r := range s.reports {
		if s.writeErr == nil {
			s.writeErr = s.link.WriteReport(r)
		}
	}
}

func (s *loop) start(number uint64, m Message) {
	status := new(atomic.Uint32)
	s.progress = progress{number, status}
	notify := func(k ctap.KeepaliveStatus) {
		status.Store(uint32(k))
		select {
		case s.noticed <- struct{}{}:
		default: // the loop has not seen the last news yet, and will see these
		}
	}
	work := s.crew.prepare(m, notify)
	s.employ(func() { s.answers <- answered{number, work()} })
}

// employ gives work to a worker that has none, or else to a new one; serve ends
// them. The stack of one that has worked is large enough, which a new goroutine
// would find out step by step.
func (s *loop) employ(work func()) {
	s.work <- work
	if s.idle > 0 {
		s.idle--
		return
	}
	s.crew.workers.Go(func() {
		for work := range s.work {
			work()
		}
	})
}

func (s *loop) cancel(cause error) { s.crew.cancel(cause) }

func (s *loop) arm(c clock, d time.Duration) {
	s.armed[c]++
	if d == 0 {
		s.timers[c].Stop()
		return
	}
	s.timers[c].Reset(d)
}

func (s *loop) wink() { s.machine.cfg.Wink() }
