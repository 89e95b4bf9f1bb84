package keystore

import (
	"iter"
	"sync"
	"sync/atomic"
)

// Memory is a [Store] that forgets everything when the process ends.
//
// The state is one immutable tree: an Update makes the next tree beside it and
// puts it in place at the end. So a View needs no lock, and to roll back is to
// drop a pointer. A new Memory holds no tree, goroutine or buffer.
type Memory struct {
	writer sync.Mutex // held by an Update
	root   atomic.Pointer[node]
	closed atomic.Bool
}

// NewMemory returns an empty store.
func NewMemory() *Memory {
	return new(Memory)
}

// View implements [Store].
func (m *Memory) View(fn func(Tx) error) error {
	if m.closed.Load() {
		return errClosed
	}
	return fn(&memoryTx{root: m.root.Load()})
}

// Update implements [Store].
func (m *Memory) Update(fn func(Tx) error) error {
	m.writer.Lock()
	defer m.writer.Unlock()
	if m.closed.Load() {
		return errClosed
	}
	tx := &memoryTx{root: m.root.Load(), writable: true}
	if err := fn(tx); err != nil {
		return err
	}
	m.root.Store(tx.root)
	return nil
}

// Close implements [Store]. What was stored is gone.
func (m *Memory) Close() error {
	m.writer.Lock()
	defer m.writer.Unlock()
	m.closed.Store(true)
	m.root.Store(nil)
	return nil
}

// memoryTx is a transaction on the tree with its root.
type memoryTx struct {
	root     *node
	writable bool
}

// treeKey is the key in the one tree that holds all buckets. The zero byte ends
// the bucket's name, which cannot contain one.
func treeKey(b Bucket, key []byte) string {
	return string(b) + "\x00" + string(key)
}

// Get implements [Tx].
func (t *memoryTx) Get(b Bucket, key []byte) []byte {
	if n := t.root.find(treeKey(b, key)); n != nil {
		return n.value
	}
	return nil
}

// Put implements [Tx].
func (t *memoryTx) Put(b Bucket, key, value []byte) error {
	if !t.writable {
		return ErrReadOnly
	}
	if err := checkKey(key); err != nil {
		return err
	}
	t.root = t.root.with(treeKey(b, key), append([]byte{}, value...))
	return nil
}

// Delete implements [Tx].
func (t *memoryTx) Delete(b Bucket, key []byte) error {
	if !t.writable {
		return ErrReadOnly
	}
	if k := treeKey(b, key); t.root.find(k) != nil {
		t.root = t.root.without(k)
	}
	return nil
}

// Drop implements [Tx]. Keys walks the tree as it was before the first of them
// went.
func (t *memoryTx) Drop(b Bucket) error {
	if !t.writable {
		return ErrReadOnly
	}
	for key := range t.Keys(b, nil) {
		t.root = t.root.without(treeKey(b, key))
	}
	return nil
}

// All implements [Tx].
func (t *memoryTx) All(b Bucket, prefix []byte) iter.Seq2[[]byte, []byte] {
	return func(yield func(key, value []byte) bool) {
		from := treeKey(b, prefix)
		t.root.ascend(from, from, func(n *node) bool {
			return yield([]byte(n.key[len(b)+1:]), n.value)
		})
	}
}

// Keys implements [Tx].
func (t *memoryTx) Keys(b Bucket, from []byte) iter.Seq[[]byte] {
	return func(yield func(key []byte) bool) {
		t.root.ascend(treeKey(b, from), treeKey(b, nil), func(n *node) bool {
			return yield([]byte(n.key[len(b)+1:]))
		})
	}
}
