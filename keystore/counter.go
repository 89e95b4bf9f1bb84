package keystore

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"sync"
)

// counterBlock is how many values one commit of the high-water mark pays for,
// and by how many a crash makes the counter jump at most. The 32 bits of a
// signature counter last for four million crashes.
const counterBlock = 1024

// ErrCounterExhausted is returned by [Counter.Next] when all 2^32-1 values are
// used up. The counter does not wrap: a relying party takes a value that is not
// greater than the last for a cloned key.
var ErrCounterExhausted = errors.New("keystore: signature counter exhausted")

const keySignCount = "sign-count"

// Counter is the global signature counter of a store: 1 in the first signature
// of a new store, then 2, and so on, through [Reset] and restarts.
//
// The store holds a high-water mark, which is committed before any value up to
// it is released. So a crash skips values, 1024 at most, and repeats none, while
// most values cost no write. Close writes back the exact value.
//
// Methods may be called from any goroutine, but not inside a transaction of the
// store. Only one open Counter may exist for a store.
type Counter struct {
	store Store

	mu     sync.Mutex
	last   uint32 // the last value released
	mark   uint32 // values up to this one may be released
	closed bool
}

// NewCounter returns the counter of s, where it was left.
func NewCounter(s Store) (c *Counter, err error) {
	err = s.View(func(tx Tx) error {
		c, err = LoadCounter(tx, s)
		return err
	})
	return c, err
}

// LoadCounter is [NewCounter] for a caller that has a transaction of s anyway.
func LoadCounter(tx Tx, s Store) (*Counter, error) {
	c := &Counter{store: s}
	mark := tx.Get(bucketDevice, []byte(keySignCount))
	if mark == nil {
		return c, checkVital(tx, bucketDevice, keySignCount)
	}
	if len(mark) != 4 {
		return nil, fmt.Errorf("keystore: signature counter of %d bytes, want 4", len(mark))
	}
	c.mark = binary.BigEndian.Uint32(mark)
	c.last = c.mark
	return c, nil
}

// Next returns the next value, which no other call has returned or will. If the
// mark has to be moved and that fails, no value is used up.
func (c *Counter) Next() (uint32, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return 0, errClosed
	}
	if c.last == c.mark {
		if err := c.reserve(); err != nil {
			return 0, err
		}
	}
	c.last++
	return c.last, nil
}

// reserve commits a mark that allows for another block of values.
func (c *Counter) reserve() error {
	if c.last == math.MaxUint32 {
		return ErrCounterExhausted
	}
	mark := c.last + min(counterBlock, math.MaxUint32-c.last)
	if err := c.commit(mark); err != nil {
		return fmt.Errorf("keystore: signature counter: %w", err)
	}
	c.mark = mark
	return nil
}

// Last returns the last value released, 0 if there was none. After a crash that
// is the mark: no lower value is known to be safe.
func (c *Counter) Last() uint32 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.last
}

// Close writes the exact value back, so that a restart does not jump. It does
// not close the store.
func (c *Counter) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil
	}
	c.closed = true
	if c.last == c.mark {
		return nil
	}
	return c.commit(c.last)
}

func (c *Counter) commit(mark uint32) error {
	return c.store.Update(func(tx Tx) error {
		return putVital(tx, bucketDevice, keySignCount, binary.BigEndian.AppendUint32(nil, mark))
	})
}
