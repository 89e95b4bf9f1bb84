package main

import (
	"fmt"
	"math/rand/v2"
	"sync"

	"github.com/softkey-project/softkey/ctap/cose"
)

// ledger is what clients know of the key, as relying parties do.
type ledger struct {
	mu          sync.Mutex
	credentials []credential
	counted     map[uint32]bool // the values of the signature counter that were seen
	greatest    uint32

	// pin and blobKey belong to whoever is alone with the key.
	pin     string
	blobKey []byte // nil: no credential has a large blob
}

// credential is one that can be signed with.
type credential struct {
	rpID      string
	id        []byte
	algorithm cose.ID
	publicKey []byte // COSE_Key
}

// maxCredentials is how many a ledger keeps: each that is added to a full one
// takes the place of another.
const maxCredentials = 200

func newLedger() *ledger { return &ledger{counted: map[uint32]bool{}, pin: firstPIN} }

func (l *ledger) add(r *rand.Rand, c credential) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.credentials) < maxCredentials {
		l.credentials = append(l.credentials, c)
		return
	}
	l.credentials[r.IntN(maxCredentials)] = c
}

// pick returns any credential; false if there is none.
func (l *ledger) pick(r *rand.Rand) (credential, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.credentials) == 0 {
		return credential{}, false
	}
	return l.credentials[r.IntN(len(l.credentials))], true
}

// forget is what a reset of the key does.
func (l *ledger) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.credentials, l.blobKey = nil, nil
}

// count takes note of a value of the key's one counter, which no signature had
// before.
func (l *ledger) count(n uint32) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.counted[n] {
		return fmt.Errorf("counter %d came twice", n)
	}
	l.counted[n] = true
	l.greatest = max(l.greatest, n)
	return nil
}

func (l *ledger) highest() uint32 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.greatest
}
