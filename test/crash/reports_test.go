package crash

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/softkey-project/softkey/ctaphid"
)

// testReports kills a key after any report of an operation. After its restart it
// has the old state or the new one, and no PIN retry more than it said or was
// asked to use up.
func testReports(t *testing.T, s *suite, tab *table) {
	r := tab.row(t, "kill at reports")
	for _, o := range operations {
		t.Run(o.name, func(t *testing.T) {
			t.Parallel()
			random := s.random(t.Name())
			for i, end := range o.record(t, s.base, random, r) {
				if end || thorough() {
					o.cutAt(t, s.base, i+1, random, r)
				}
			}
		})
	}
}

// record does the whole operation, and returns for each report whether it ends
// a message.
func (o operation) record(t *testing.T, base *prepared, random *rand.Rand, r *row) (ends []bool) {
	t.Helper()
	c := o.cutAt(t, base, 0, random, r)
	if c.requests.messages != len(o.commitsBy) || c.answers.messages != len(o.commitsBy) {
		t.Fatalf("got %d requests and %d answers, want %d", c.requests.messages, c.answers.messages, len(o.commitsBy))
	}
	return c.ends
}

// cutAt does the operation to a clone of the key and kills it after that many
// reports, or when the operation is over, and checks what is left.
func (o operation) cutAt(t *testing.T, base *prepared, reports int, random *rand.Rand, r *row) *cut {
	t.Helper()
	for {
		p := base.clone(t)
		began := time.Now()
		c := o.runOnCut(t, p, reports, random)
		if slow(t, began) {
			continue
		}
		p.check(t, o, o.answered(c.answers.messages), o.answered(c.requests.messages))
		if t.Failed() {
			t.Fatalf("killed after report %d of %v", reports, c)
		}
		r.add(o.figures(p, reports > 0))
		return c
	}
}

func (o operation) runOnCut(t *testing.T, p *prepared, reports int, random *rand.Rand) *cut {
	t.Helper()
	process := p.start(t)
	defer process.kill()
	c := &cut{Transport: p.dial(t), kill: process.kill, random: random}
	key := openOn(t, c)
	defer key.Close()
	c.armed, c.last = true, reports
	if err := o.run(t.Context(), key, p); err != nil && !errors.Is(err, errKilled) {
		t.Fatal(err)
	}
	if reports > 0 && len(c.ends) != reports {
		t.Fatalf("the operation was over after %d reports, want it killed after %d", len(c.ends), reports)
	}
	return c
}

// cut is the connection to a key. Once it is armed it counts the reports that
// go either way, and kills the key after the last. Keepalives come as time
// passes, and do not count.
type cut struct {
	ctaphid.Transport
	kill   func()
	random *rand.Rand
	armed  bool
	last   int // 0: the key lives

	ends              []bool // for each report that has gone: it ended a message
	requests, answers meter
}

var errKilled = errors.New("the key was killed")

func (c *cut) WriteReport(r ctaphid.Report) error {
	if err := c.Transport.WriteReport(r); err != nil {
		return err
	}
	if !c.armed {
		return nil
	}
	end := c.requests.count(r)
	if end && c.next() {
		time.Sleep(time.Duration(c.random.Int64N(int64(3 * time.Millisecond)))) // into the middle of an answer
	}
	return c.passed(end)
}

func (c *cut) ReadReport() (ctaphid.Report, error) {
	r, err := c.Transport.ReadReport()
	if err != nil || !c.armed || r.Starts() && r.Command() == ctaphid.CommandKeepalive {
		return r, err
	}
	return r, c.passed(c.answers.count(r))
}

// next tells whether the report that comes is the last.
func (c *cut) next() bool { return len(c.ends)+1 == c.last }

func (c *cut) passed(end bool) error {
	last := c.next()
	c.ends = append(c.ends, end)
	if !last {
		return nil
	}
	c.kill()
	return errKilled
}

func (c *cut) String() string {
	return fmt.Sprintf("%d requests and %d answers", c.requests.messages, c.answers.messages)
}

// meter counts whole messages.
type meter struct {
	messages int
	missing  int // reports of the one that goes on
}

// count takes in a report, and tells whether it ends a message.
func (m *meter) count(r ctaphid.Report) (end bool) {
	if r.Starts() {
		m.missing = len(ctaphid.Message{Payload: make([]byte, r.Size())}.AppendReports(nil))
	}
	m.missing--
	if m.missing > 0 {
		return false
	}
	m.messages++
	return true
}
