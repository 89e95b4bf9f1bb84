package seal

import (
	"crypto/rand"
	"fmt"
	"runtime/debug"

	"golang.org/x/crypto/argon2"

	"github.com/softkey-project/softkey/ctap"
)

// Cost is what a guess at a passphrase costs: the parameters of argon2id.
type Cost struct {
	Passes uint32 `cbor:"1,keyasint"`
	Memory uint32 `cbor:"2,keyasint"` // in KiB
	Lanes  uint8  `cbor:"3,keyasint"`
}

// DefaultCost returns the second recommended option of RFC 9106, section 4: 64 MiB,
// and a part of a second on a machine of today.
func DefaultCost() Cost { return Cost{Passes: 3, Memory: 64 << 10, Lanes: 4} }

// The bounds of a cost, in a file too: a gigabyte, and as much work as sixteen
// passes over it, which takes seconds.
const (
	minMemory = 8        // KiB for a lane, as argon2 has it
	maxMemory = 1 << 20  // KiB
	maxWork   = 16 << 20 // KiB written
	maxLanes  = 16
	saltSize  = 16
)

// Check returns an error that names the bounds, for a cost beyond them.
func (c Cost) Check() error {
	if c.Passes < 1 || c.Lanes < 1 || c.Lanes > maxLanes || c.Memory < minMemory*uint32(c.Lanes) ||
		c.Memory > maxMemory || c.work() > maxWork {
		return fmt.Errorf("seal: argon2id with %v is out of bounds: 1 to %d lanes, %d KiB for each to %d KiB in all, and passes times KiB up to %d",
			c, maxLanes, minMemory, maxMemory, maxWork)
	}
	return nil
}

// work is how many KiB a guess writes.
func (c Cost) work() uint64 { return uint64(c.Passes) * uint64(c.Memory) }

// The least that OWASP's Password Storage Cheat Sheet finds enough for argon2id:
// five passes over 7 MiB. It has others with more memory and about as much work.
const (
	weakMemory = 7 << 10 // KiB
	weakWork   = 5 * weakMemory
)

// Weak tells whether guesses are cheaper than they should be anywhere but in a
// test.
func (c Cost) Weak() bool { return c.Memory < weakMemory || c.work() < weakWork }

// String says the cost in words.
func (c Cost) String() string {
	pass, lane := "passes", "lanes"
	if c.Passes == 1 {
		pass = "pass"
	}
	if c.Lanes == 1 {
		lane = "lane"
	}
	return fmt.Sprintf("%d %s over %d KiB in %d %s", c.Passes, pass, c.Memory, c.Lanes, lane)
}

// Passphrase is the [Keeper] whose key is derived from what somebody knows.
type Passphrase struct {
	Phrase []byte
	Cost   Cost // of a new slot; the zero value means [DefaultCost]
}

// passphraseParams are the parameters of a slot of [KindPassphrase].
type passphraseParams struct {
	Cost Cost   `cbor:"1,keyasint"`
	Salt []byte `cbor:"2,keyasint"`
}

// Kind implements [Keeper].
func (Passphrase) Kind() Kind { return KindPassphrase }

// Keep implements [Keeper].
func (p Passphrase) Keep() (params []byte, key [32]byte, err error) {
	pp := passphraseParams{Cost: p.Cost, Salt: make([]byte, saltSize)}
	if pp.Cost == (Cost{}) {
		pp.Cost = DefaultCost()
	}
	rand.Read(pp.Salt) // never fails
	if params, err = ctap.Marshal(pp); err != nil {
		return nil, key, err
	}
	key, err = p.Recover(params)
	return params, key, err
}

// Recover implements [Keeper].
func (p Passphrase) Recover(params []byte) (key [32]byte, err error) {
	pp, err := parsePassphraseParams(params)
	if err != nil {
		return key, err
	}
	defer debug.FreeOSMemory() // argon2's blocks would stay with a process that is idle from now on
	derived := argon2.IDKey(p.Phrase, pp.Salt, pp.Cost.Passes, pp.Cost.Memory, pp.Cost.Lanes, keySize)
	defer clear(derived)
	return [keySize]byte(derived), nil
}

func parsePassphraseParams(params []byte) (pp passphraseParams, err error) {
	if err := ctap.Unmarshal(params, &pp); err != nil {
		return pp, fmt.Errorf("%w: %v", errSlot, err)
	}
	if len(pp.Salt) != saltSize {
		return pp, fmt.Errorf("%w: salt of %d bytes", errSlot, len(pp.Salt))
	}
	return pp, pp.Cost.Check()
}
