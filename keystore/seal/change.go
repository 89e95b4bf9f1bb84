package seal

import (
	"bytes"
	"crypto/cipher"
	"errors"
	"fmt"
	"iter"

	"github.com/softkey-project/softkey/keystore"
)

// Change returns what becomes of the entries of a store whose slots are before:
// values that were encrypted under from are encrypted under to, and the slots are
// after. A nil key stands for a store that is not sealed; it has no slots. It
// fails if the slots are others meanwhile.
func Change(old iter.Seq[keystore.Entry], before []Slot, from, to *Key, after []Slot) iter.Seq2[keystore.Entry, error] {
	c := change{before: before, open: asItIs, seal: asItIs}
	if from != nil {
		c.open = openEntry(newAEAD(from.secret))
	}
	if to != nil {
		c.seal = sealEntry(newAEAD(to.secret))
	}
	return func(yield func(keystore.Entry, error) bool) {
		_ = c.values(old, yield) && putSlots(after, yield)
	}
}

// change is what is done with each value.
type change struct {
	before     []Slot
	seen       int // of before
	open, seal func(keystore.Entry) (keystore.Entry, error)
}

func asItIs(e keystore.Entry) (keystore.Entry, error) { return e, nil }

var (
	errShared  = errors.New("seal: a file with several authenticators cannot be sealed")
	errChanged = errors.New("seal: another process has changed the seals meanwhile")
)

// values yields the changed entries of old but its slots, and returns false when
// it has failed, or yield wants no more.
func (c *change) values(old iter.Seq[keystore.Entry], yield func(keystore.Entry, error) bool) bool {
	for e := range old {
		if e.Bucket == bucket {
			c.see(e)
			continue
		}
		e, err := c.value(e)
		if !yield(e, err) || err != nil {
			return false
		}
	}
	if c.seen != len(c.before) {
		yield(keystore.Entry{}, errChanged)
		return false
	}
	return true
}

// see counts a slot that is one of before; another one makes the count wrong.
func (c *change) see(e keystore.Entry) {
	c.seen++
	for _, s := range c.before {
		if known, err := s.entry(); err == nil && bytes.Equal(known.Key, e.Key) && bytes.Equal(known.Value, e.Value) {
			return
		}
	}
	c.seen += maxSlots + 1
}

func (c *change) value(e keystore.Entry) (keystore.Entry, error) {
	if e.Name != "" {
		return e, errShared
	}
	e, err := c.open(e)
	if err != nil {
		return e, err
	}
	return c.seal(e)
}

func putSlots(slots []Slot, yield func(keystore.Entry, error) bool) bool {
	for _, s := range slots {
		e, err := s.entry()
		if !yield(e, err) || err != nil {
			return false
		}
	}
	return true
}

// entry is a slot as the store has it.
func (s Slot) entry() (keystore.Entry, error) {
	encoded, err := s.Marshal()
	return keystore.Entry{Bucket: bucket, Key: []byte{byte(s.Number)}, Value: encoded}, err
}

func openEntry(aead cipher.AEAD) func(keystore.Entry) (keystore.Entry, error) {
	return func(e keystore.Entry) (keystore.Entry, error) {
		if !isSecret(e.Bucket) {
			return e, nil
		}
		value, err := aead.Open([]byte{}, nil, e.Value, aad(e.Bucket, e.Key))
		if err != nil {
			return e, fmt.Errorf("seal: %w: %q in %s", keystore.ErrDamaged, e.Key, e.Bucket)
		}
		e.Value = value
		return e, nil
	}
}

func sealEntry(aead cipher.AEAD) func(keystore.Entry) (keystore.Entry, error) {
	return func(e keystore.Entry) (keystore.Entry, error) {
		if isSecret(e.Bucket) {
			e.Value = aead.Seal(nil, nil, e.Value, aad(e.Bucket, e.Key)) // #nosec G407 -- it draws its nonces itself
		}
		return e, nil
	}
}

// Free returns the lowest number that none of the slots has.
func Free(slots []Slot) (int, error) {
	for number := range maxSlots {
		if Find(slots, number) < 0 {
			return number, nil
		}
	}
	return 0, fmt.Errorf("seal: there is no room for more than %d seals", maxSlots)
}

// Find returns the index of the slot with a number, -1 if there is none.
func Find(slots []Slot, number int) int {
	for i, s := range slots {
		if s.Number == number {
			return i
		}
	}
	return -1
}
