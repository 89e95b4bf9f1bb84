package seal

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/softkey-project/softkey/ctap"
)

// ErrAbsent is returned by [Keyring] where the kernel does not have the key (any
// more): it forgets all keys when the machine is restarted.
var ErrAbsent = errors.New("seal: the kernel's keyring does not have the key")

// Keyring is the [Keeper] that leaves the key with the kernel (keyrings(7)), in
// the keyring of this user or of this session: each process of the user, or of
// the session, can read it there. It is Linux's; elsewhere it fails with
// [errors.ErrUnsupported].
type Keyring struct {
	Ring Ring // of a new slot; "" means [RingUser]
}

// Ring is a keyring.
type Ring string

// The rings.
const (
	RingUser    Ring = "user"
	RingSession Ring = "session"
)

// keyringParams are the parameters of a slot of [KindKeyring].
type keyringParams struct {
	Ring Ring   `cbor:"1,keyasint"`
	Name string `cbor:"2,keyasint"` // description of the key, whose type is "user"
}

// Names of our keys begin so: a store, which others may have written, must not name
// a key of another program's, to be tried or forgotten.
const (
	keyNamePrefix = "softkey:"
	maxKeyName    = 128
)

// Kind implements [Keeper].
func (Keyring) Kind() Kind { return KindKeyring }

// Keep implements [Keeper].
func (k Keyring) Keep() (params []byte, key [32]byte, err error) {
	if k.Ring == "" {
		k.Ring = RingUser
	}
	var id [8]byte
	rand.Read(id[:]) // never fails
	kp := keyringParams{k.Ring, keyNamePrefix + hex.EncodeToString(id[:])}
	if err := kp.check(); err != nil {
		return nil, key, err
	}
	if params, err = ctap.Marshal(kp); err != nil {
		return nil, key, err
	}
	rand.Read(key[:])
	return params, key, kp.add(key[:])
}

// Recover implements [Keeper].
func (k Keyring) Recover(params []byte) (key [32]byte, err error) {
	kp, err := parseKeyringParams(params)
	if err != nil {
		return key, err
	}
	n, err := kp.read(key[:])
	if err == nil && n != len(key) {
		err = fmt.Errorf("%w: %s has %d bytes", ErrAbsent, kp.Name, n)
	}
	return key, err
}

// Forget has the kernel forget the key of a slot that is no more. A key that is
// not there is forgotten.
func (Keyring) Forget(s Slot) error {
	kp, err := parseKeyringParams(s.Params)
	if err != nil {
		return err
	}
	if err := kp.forget(); err != nil && !errors.Is(err, ErrAbsent) {
		return err
	}
	return nil
}

func parseKeyringParams(params []byte) (kp keyringParams, err error) {
	if err := ctap.Unmarshal(params, &kp); err != nil {
		return kp, fmt.Errorf("%w: %v", errSlot, err)
	}
	return kp, kp.check()
}

func (kp keyringParams) check() error {
	if kp.Ring != RingUser && kp.Ring != RingSession {
		return fmt.Errorf("%w: keyring %q", errSlot, kp.Ring)
	}
	if !strings.HasPrefix(kp.Name, keyNamePrefix) || len(kp.Name) > maxKeyName {
		return fmt.Errorf("%w: a name of %d bytes, not ours", errSlot, len(kp.Name))
	}
	return nil
}
