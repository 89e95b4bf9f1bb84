package crash

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"

	"github.com/softkey-project/softkey/test/leak"
)

func TestMain(m *testing.M) { leak.Main(m) }

// These variables ask for more than the short form of the tests, and for what
// was random in another run.
const (
	roundsVariable = "SOFTKEY_CRASH_ROUNDS"
	seedVariable   = "SOFTKEY_CRASH_SEED"
)

// The short form is the same each time, as far as that is up to it.
const (
	shortRounds = 20
	shortSeed   = 1
)

// suite is what the parts of the test have in common.
type suite struct {
	program string
	base    *prepared
	rounds  int    // of what is random
	seed    uint64 // of all that is
}

// The parts of the test. Each is a line of the table of figures, or some.
var parts = []struct {
	name string
	run  func(*testing.T, *suite, *table)
}{
	{"kill at random", testKill},
	{"kill at commits", testCommits},
	{"kill at reports", testReports},
	{"faults of the store", testFaults},
	{"a loss is noticed", testNoticed},
	{"torn writes", testTorn},
	{"damage", testDamage},
	{"damage, large", testLarge},
	{"files refused", testRefused},
	{"disk", testDisk},
	{"clock", testClock},
}

// A key that is killed, or whose disk fails, loses nothing that it has
// acknowledged. At the end there is a table of what was tried.
func TestCrash(t *testing.T) {
	if role := os.Getenv(childRole); role != "" {
		roles[role](t)
		return
	}
	s := newSuite(t)
	var tab table
	for _, part := range parts {
		t.Run(part.name, func(t *testing.T) { part.run(t, s, &tab) })
	}
	fmt.Printf("\n%s\nseed %d; again: make crash ROUNDS=%d SEED=%[2]d\n", &tab, s.seed, s.rounds)
}

func newSuite(t *testing.T) *suite {
	t.Helper()
	s := &suite{program: program(t), rounds: shortRounds, seed: shortSeed}
	if text := os.Getenv(roundsVariable); text != "" {
		s.rounds, s.seed = int(number(t, roundsVariable, text)), rand.Uint64()>>32
	}
	if text := os.Getenv(seedVariable); text != "" {
		s.seed = number(t, seedVariable, text)
	}
	s.base = prepare(t, s.program)
	return s
}

func number(t *testing.T, variable, text string) uint64 {
	t.Helper()
	n, err := strconv.ParseUint(text, 10, 63)
	if err != nil {
		t.Fatalf("%s is %q, want a number", variable, text)
	}
	return n
}

// random returns what a part of the test draws from.
func (s *suite) random(part string) *rand.Rand {
	h := fnv.New64()
	h.Write([]byte(part))
	return rand.New(rand.NewPCG(s.seed, h.Sum64()))
}

// share is how many trials of another kind go with the rounds: one to ten of
// them, and within limits.
func (s *suite) share(least, most int) int { return min(max(s.rounds/10, least), most) }

// thorough tells whether every point of a sweep is wanted, not only those that
// differ most: it goes with a thousand rounds.
func thorough() bool {
	n, err := strconv.Atoi(os.Getenv(roundsVariable))
	return err == nil && n >= 1000
}

// childRole is the variable that makes the test the child of itself, and tells
// it what to be.
const childRole = "SOFTKEY_CRASH_ROLE"

var roles = map[string]func(*testing.T){
	"deadly":   beKilled,
	"judge":    beJudge,
	"small":    beOnSmallDisk,
	"readonly": beOnReadOnlyDisk,
}
