package keystore

import (
	"math/rand/v2"
	"strings"
)

// node is the root of an immutable treap, a search tree by key that is also a
// heap by priority. Priorities are random, so the tree is balanced whatever the
// keys. Changes copy the path to the root and share the rest; nil is the empty
// tree.
type node struct {
	key         string
	value       []byte
	priority    uint32
	left, right *node
}

// find returns the node of key, or nil.
func (n *node) find(key string) *node {
	for n != nil && n.key != key {
		if key < n.key {
			n = n.left
		} else {
			n = n.right
		}
	}
	return n
}

// with returns the tree in which key has value.
func (n *node) with(key string, value []byte) *node {
	if n == nil {
		return &node{key: key, value: value, priority: rand.Uint32()} // #nosec G404 -- for balance, not for secrets
	}
	c := *n
	switch strings.Compare(key, n.key) {
	case 0:
		c.value = value
	case -1:
		c.left = n.left.with(key, value)
		if up := c.left; up.priority > c.priority { // up is our own copy
			c.left, up.right = up.right, &c
			return up
		}
	case 1:
		c.right = n.right.with(key, value)
		if up := c.right; up.priority > c.priority {
			c.right, up.left = up.left, &c
			return up
		}
	}
	return &c
}

// without returns the tree less the node of key, which must be there.
func (n *node) without(key string) *node {
	c := *n
	switch strings.Compare(key, n.key) {
	case 0:
		return join(n.left, n.right)
	case -1:
		c.left = n.left.without(key)
	case 1:
		c.right = n.right.without(key)
	}
	return &c
}

// join returns the tree of a and b, whose keys are all greater than those of a.
func join(a, b *node) *node {
	if a == nil {
		return b
	}
	if b == nil {
		return a
	}
	if a.priority > b.priority {
		c := *a
		c.right = join(a.right, b)
		return &c
	}
	c := *b
	c.left = join(a, b.left)
	return &c
}

// ascend calls yield for each node whose key begins with prefix and is not less
// than from, which is not less than prefix, in order, until it returns false;
// then ascend does too.
func (n *node) ascend(from, prefix string, yield func(*node) bool) bool {
	if n == nil {
		return true
	}
	if n.key < from {
		return n.right.ascend(from, prefix, yield)
	}
	if !n.left.ascend(from, prefix, yield) {
		return false
	}
	if !strings.HasPrefix(n.key, prefix) {
		return true // as are all keys to the right
	}
	return yield(n) && n.right.ascend(from, prefix, yield)
}
