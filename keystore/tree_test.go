package keystore

import (
	"bytes"
	"maps"
	"slices"
	"strings"
	"testing"
)

// FuzzTree does to a tree and to a map what the input says, each byte one key:
// below 128 it is put, above it is deleted. The tree ends like the map, keeps
// both its orders, and no step changed the tree before it.
func FuzzTree(f *testing.F) {
	f.Add([]byte("hello\xe8\xe5, world"))
	f.Add([]byte("abcdefghijklmnopqrstuvwxyz\xe1\xe3\xe5\xfa"))
	f.Add(bytes.Repeat([]byte("a\xe1"), 3))
	f.Fuzz(func(t *testing.T, steps []byte) {
		var root *node
		model := map[string]string{}
		for _, step := range steps {
			before := dump(root, "")
			next := root
			key := string(rune('A' + step&0x7F))
			if step < 0x80 {
				next = root.with(key, []byte{step})
				model[key] = string(step)
			} else if root.find(key) != nil {
				next = root.without(key)
				delete(model, key)
			}
			if got := dump(root, ""); got != before {
				t.Fatalf("step %x changed the old tree: got %q, want %q", step, got, before)
			}
			root = next
		}
		checkHeap(t, root)
		var want strings.Builder
		for _, key := range slices.Sorted(maps.Keys(model)) {
			want.WriteString(key + model[key])
		}
		if got := dump(root, ""); got != want.String() {
			t.Errorf("got %q, want %q", got, want.String())
		}
	})
}

func dump(root *node, prefix string) string {
	var b strings.Builder
	root.ascend(prefix, prefix, func(n *node) bool {
		b.WriteString(n.key + string(n.value))
		return true
	})
	return b.String()
}

func checkHeap(t *testing.T, n *node) {
	if n == nil {
		return
	}
	for _, child := range []*node{n.left, n.right} {
		if child != nil && child.priority > n.priority {
			t.Errorf("%q stands above %q, which has the greater priority", n.key, child.key)
		}
		checkHeap(t, child)
	}
}

// Keys that come in order make no long branch: a tree of a million would have
// one of a million.
func TestTreeIsBalanced(t *testing.T) {
	const nodes = 1 << 14
	var root *node
	for i := range nodes {
		root = root.with(string([]byte{byte(i >> 8), byte(i)}), nil)
	}
	if got := depth(root); got > 4*14 {
		t.Errorf("got depth %d for %d nodes", got, nodes)
	}
}

func depth(n *node) int {
	if n == nil {
		return 0
	}
	return 1 + max(depth(n.left), depth(n.right))
}
