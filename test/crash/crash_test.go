package crash

import (
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/softkey-project/softkey/authenticator"
	"github.com/softkey-project/softkey/test/leak"
)

func TestMain(m *testing.M) { leak.Main(m) }

// roundsVariable asks for more than the short form of the tests.
const roundsVariable = "SOFTKEY_CRASH_ROUNDS"

// thorough tells whether every point of a sweep is wanted, not only those that
// differ most.
func thorough() bool { return os.Getenv(roundsVariable) != "" }

func rounds(t *testing.T) int {
	t.Helper()
	text := os.Getenv(roundsVariable)
	if text == "" {
		return 15
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("%s is %q, want a number", roundsVariable, text)
	}
	return n
}

// A key that is killed, whatever it is at, has after its restart every
// credential that it acknowledged, and has used no counter value twice.
func TestKill(t *testing.T) {
	m := newMachine(t, program(t), authenticator.DefaultProfile)
	l := &ledger{discoverable: make(map[string]count)}
	operations := 0
	for range rounds(t) {
		killWhileStarting(t, m)
		operations += killAtWork(t, m, l)
	}
	p := m.start(t)
	key := m.open(t)
	if err := l.check(t.Context(), key); err != nil {
		t.Error(err)
	}
	key.Close()
	p.stop(t)
	t.Logf("%d operations, %d credentials, counter at %d", operations, len(l.credentials), l.counter)

	// Nothing was lost that a clean stop has to save.
	m.start(t)
	key = m.open(t)
	defer key.Close()
	if err := l.check(t.Context(), key); err != nil {
		t.Errorf("after a clean stop: %v", err)
	}
}

// killWhileStarting kills a key before it is ready, or soon after.
func killWhileStarting(t *testing.T, m machine) {
	t.Helper()
	p := m.launch(t)
	time.Sleep(rand.N(20 * time.Millisecond))
	p.kill()
}

// killAtWork checks a key against the ledger, works with it and kills it
// meanwhile. It returns how many operations the key acknowledged.
func killAtWork(t *testing.T, m machine, l *ledger) (operations int) {
	t.Helper()
	p := m.start(t)
	key := m.open(t)
	defer key.Close()
	if err := l.check(t.Context(), key); err != nil {
		t.Fatal(err)
	}
	var killed atomic.Bool
	var killer sync.WaitGroup
	defer killer.Wait()
	for last := 67 + rand.N(20); ; operations++ {
		if operations == last {
			killer.Go(func() {
				time.Sleep(rand.N(3 * time.Millisecond)) // into the middle of an operation
				killed.Store(true)
				p.kill()
			})
		}
		err := l.operate(t.Context(), key)
		if err == nil {
			continue
		}
		if refused(err) || !killed.Load() {
			t.Fatalf("operation %d: %v; stderr: %s", operations+1, err, &p.stderr)
		}
		l.crashed = true
		return operations
	}
}
