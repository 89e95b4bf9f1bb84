package fault

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/keystore"
)

// An Argument is what a rule may say beside its kind.
type Argument struct {
	Name, Default string
	Meaning       string
	set           func(s *settings, value string) error
}

// settings are the arguments of a rule, of whatever kind.
type settings struct {
	at, times int
	chance    float64

	err    error           // of the store
	bucket keystore.Bucket // "": any

	fromHost bool
	frame    choice // of a CTAPHID command
	bits     int

	command choice // of a CTAP2 command
	status  ctap.Status
	word    ctap.SW
	run     bool
	bytes   int
	form    nonCanonical

	wait time.Duration
}

// choice is one number of a byte's, or any.
type choice struct {
	only   bool
	number byte
}

func (c choice) takes(number byte) bool { return !c.only || c.number == number }

// read sets s as the arguments given say, and the others as their defaults.
func (s *settings) read(known []Argument, given map[string]string) error {
	rest := maps.Clone(given)
	for _, a := range known {
		value, ok := given[a.Name]
		if !ok {
			value = a.Default
		}
		if err := a.set(s, value); err != nil {
			return fmt.Errorf("%s=%s: %w", a.Name, value, err)
		}
		delete(rest, a.Name)
	}
	if len(rest) > 0 {
		return fmt.Errorf("there is no argument %q, but %s", slices.Sorted(maps.Keys(rest))[0], names(known))
	}
	return nil
}

func names(list []Argument) string {
	var all []string
	for _, a := range list {
		all = append(all, a.Name)
	}
	return strings.Join(all, ", ")
}

// The arguments of every kind.
var (
	argAt     = Argument{"at", "1", "the first event that may be struck", atLeast(1, func(s *settings) *int { return &s.at })}
	argTimes  = Argument{"times", "1", "how many are struck at most; 0: no limit", atLeast(0, func(s *settings) *int { return &s.times })}
	argChance = Argument{"chance", "1", "of each event to be struck, 0 to 1", setChance}
)

// The arguments of some.
var (
	argError  = Argument{"error", "EIO", "what the store says: " + listErrors(), setError}
	argBucket = Argument{"bucket", "any", "the bucket that is written to: " + buckets, setBucket}

	argFrom = Argument{"from", "device", "who sent the report: device or host", setFrom}
	argHID  = Argument{"command", "any", "the CTAPHID command that the report belongs to, such as cbor, or 0x10", setHIDCommand}
	argBits = Argument{"bits", "1", "how many bits are flipped", atLeast(1, func(s *settings) *int { return &s.bits })}

	argCommand = Argument{"command", "any", "the CTAP2 command, such as getInfo, or 0x04", setCommand}
	argStatus  = Argument{"status", "0x7F", "the status byte", setStatus}
	argWord    = Argument{"word", "0x6F00", "the status word", setWord}
	argRun     = Argument{"run", "no", "yes: the key does all the same what it was asked", setRun}
	argBytes   = Argument{"bytes", "1", "how many", atLeast(1, func(s *settings) *int { return &s.bytes })}
	argForm    = Argument{"form", "order", "what is wrong: " + strings.Join(nonCanonicalNames[:], ", "), setForm}

	argWait = Argument{"wait", "1s", "how long", setWait}
)

// by returns the argument with another default.
func (a Argument) by(value string) Argument {
	a.Default = value
	return a
}
