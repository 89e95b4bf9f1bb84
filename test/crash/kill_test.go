package crash

import (
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/softkey-project/softkey/authenticator"
	"github.com/softkey-project/softkey/client"
)

// testKill kills a key at random, whatever it is at. After its restart it has
// every change that it acknowledged, the one under way as a whole or not at all,
// and has used no counter value twice.
func testKill(t *testing.T, s *suite, tab *table) {
	const lanes = 2 // at a time
	r := tab.row(t, "kill at random")
	for n := range lanes {
		random := s.random(t.Name() + string(rune('a'+n)))
		t.Run("lane", func(t *testing.T) {
			t.Parallel()
			newLane(t, s.program, random).run(t, max(1, s.rounds/lanes), r)
		})
	}
}

// lane is a key that lives, dies and lives again, and its client.
type lane struct {
	machine
	random *rand.Rand
	ledger *ledger
	tasks  []task

	candidates []candidate // of what the key has
	hidden     bool        // its PIN alone tells them apart
}

func newLane(t *testing.T, program string, random *rand.Rand) *lane {
	l := &ledger{}
	return &lane{
		machine: newMachine(t, program, authenticator.DefaultProfile), random: random,
		ledger: l, tasks: tasks(l), candidates: exactly(newModel()),
	}
}

func (l *lane) run(t *testing.T, rounds int, r *row) {
	for range rounds {
		if l.random.IntN(4) == 0 {
			l.killWhileStarting(t)
			r.add(figures{faults: 1})
		}
		r.add(l.round(t))
	}
	// Nothing was lost that a clean stop has to save.
	p := l.start(t)
	l.check(t, true)
	p.stop(t)
	p = l.start(t)
	l.check(t, true)
	p.kill()
	r.add(figures{jump: l.ledger.jump})
}

// killWhileStarting kills a key before it is ready, or soon after.
func (l *lane) killWhileStarting(t *testing.T) {
	t.Helper()
	p := l.launch(t)
	time.Sleep(l.delay(20 * time.Millisecond))
	p.kill()
}

func (l *lane) delay(most time.Duration) time.Duration {
	return time.Duration(l.random.Int64N(int64(most)))
}

// check compares the running key with the candidates. One of them must be true.
func (l *lane) check(t *testing.T, deep bool) *model {
	t.Helper()
	key := l.open(t)
	defer key.Close()
	o, err := look(t.Context(), key, l.ledger, l.candidates, deep || l.hidden)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range l.candidates {
		if c.differs(o) == "" {
			m := c.adopt(o)
			l.candidates, l.hidden = exactly(m), false
			return m
		}
	}
	for i, c := range l.candidates {
		t.Errorf("candidate %d: got %s", i+1, c.differs(o))
	}
	t.FailNow()
	return nil
}

// round starts the key, checks it, works with it, and kills it meanwhile; or
// stops it, now and then. One round in five begins with a reset, which the kill
// is aimed at.
func (l *lane) round(t *testing.T) (f figures) {
	t.Helper()
	began := time.Now()
	p := l.start(t)
	m := l.check(t, l.random.IntN(4) == 0)
	key := l.open(t)
	defer key.Close()
	f.rounds++
	if l.random.IntN(5) == 0 {
		f.add(l.killAtWork(t, p, key, m, resetSince(began)))
		return f
	}
	for range l.random.IntN(60) {
		if !l.try(t, p, key, m, plan(l.tasks, m, l.random), &f) {
			return f
		}
	}
	if l.random.IntN(8) == 0 {
		key.Close()
		p.stop(t)
		return f
	}
	f.add(l.killAtWork(t, p, key, m, plan(l.tasks, m, l.random)))
	return f
}

// try does something that may be cut short by the death of the key. It returns
// false if it was. A refusal that came too late for the key proves nothing, and
// the key is killed for it.
func (l *lane) try(t *testing.T, p *process, key *client.Device, m *model, a attempt, f *figures) (alive bool) {
	t.Helper()
	began := time.Now()
	err := a.run(t.Context(), key)
	if err == nil {
		a.finish(m)
		l.candidates = exactly(m)
		f.acknowledged++
		return true
	}
	if refused(err) && !slow(t, began) || !refused(err) && !p.killed.Load() {
		t.Fatalf("%s: %v", a.name, err)
	}
	p.kill()
	l.candidates, l.hidden = a.candidates(m), a.hidden
	l.ledger.crashes++
	f.faults++
	return false
}

// killAtWork kills the key at a moment of the work that begins with an attempt.
func (l *lane) killAtWork(t *testing.T, p *process, key *client.Device, m *model, a attempt) (f figures) {
	t.Helper()
	delay := l.delay(5 * time.Millisecond)
	var killer sync.WaitGroup
	killer.Go(func() {
		time.Sleep(delay)
		p.kill()
	})
	defer killer.Wait()
	for l.try(t, p, key, m, a, &f) {
		a = plan(l.tasks, m, l.random)
	}
	return f
}
