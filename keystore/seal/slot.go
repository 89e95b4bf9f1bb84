package seal

import (
	"errors"
	"fmt"
	"slices"

	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/keystore"
)

// Kind says what keeps the key of a slot.
type Kind string

// The kinds.
const (
	KindPassphrase Kind = "passphrase"
	KindKeyring    Kind = "keyring"
	KindTPM        Kind = "tpm"
)

var kinds = [...]Kind{KindPassphrase, KindKeyring, KindTPM}

// Keeper keeps the key of a slot, outside the store.
type Keeper interface {
	Kind() Kind

	// Keep makes a key, and says what Recover needs besides the keeper to
	// return it again, which is no secret.
	Keep() (params []byte, key [32]byte, err error)

	// Recover returns the key of Keep. A keeper that cannot know whether its
	// own secret is the right one returns a key that opens nothing.
	Recover(params []byte) (key [32]byte, err error)
}

// maxSlots is how many slots a store has at most.
const maxSlots = 16

const (
	maxParams   = 2048                    // bytes, more than a TPM's object has
	wrappedSize = 12 + keySize + 16       // nonce, key, tag
	bucket      = keystore.Bucket("seal") // slots by their number, one byte
)

// Slot is one way to the store key.
type Slot struct {
	Number  int    `cbor:"-"`
	Kind    Kind   `cbor:"1,keyasint"`
	Params  []byte `cbor:"2,keyasint"` // of the kind
	Wrapped []byte `cbor:"3,keyasint"` // the store key under the key of the slot
}

var errSlot = errors.New("seal: slot is damaged")

// parseSlot reads what [Slot.Marshal] wrote. Whoever can write the file chooses
// what is read, so what a slot may ask of this machine has bounds.
func parseSlot(encoded []byte) (Slot, error) {
	var s Slot
	if err := ctap.Unmarshal(encoded, &s); err != nil {
		return Slot{}, fmt.Errorf("%w: %v", errSlot, err)
	}
	if err := s.check(); err != nil {
		return Slot{}, err
	}
	return s, nil
}

// Marshal encodes the slot, but for its number.
func (s Slot) Marshal() ([]byte, error) { return ctap.Marshal(s) }

func (s Slot) check() error {
	switch {
	case !slices.Contains(kinds[:], s.Kind):
		return fmt.Errorf("%w: kind %q", errSlot, s.Kind)
	case len(s.Params) > maxParams || len(s.Wrapped) != wrappedSize:
		return fmt.Errorf("%w: %d bytes of parameters, %d of key", errSlot, len(s.Params), len(s.Wrapped))
	}
	return nil
}

// aad binds the wrapped key to what is beside it in the slot.
func (s Slot) aad() []byte {
	return slices.Concat([]byte("softkey slot\x00"), []byte(s.Kind), []byte{0}, s.Params)
}

// Slots returns the slots of a store by their numbers; none, if it is not sealed.
func Slots(s keystore.Store) (slots []Slot, err error) {
	err = s.View(func(tx keystore.Tx) error {
		for key, encoded := range tx.All(bucket, nil) {
			if len(key) != 1 || len(slots) == maxSlots {
				return fmt.Errorf("%w: number %x", errSlot, key)
			}
			slot, err := parseSlot(encoded)
			if err != nil {
				return err
			}
			slot.Number = int(key[0])
			slots = append(slots, slot)
		}
		return nil
	})
	return slots, err
}
