package fault

import (
	"bytes"
	"context"
	"slices"

	"github.com/softkey-project/softkey/ctap"
)

// nonCanonical is a way for a map to break the rules of CTAP2 canonical CBOR
// (§8).
type nonCanonical int

const (
	wrongOrder nonCanonical = iota
	longLength
	indefiniteLength
	duplicateKey
)

var nonCanonicalNames = [...]string{
	wrongOrder: "order", longLength: "length", indefiniteLength: "indefinite", duplicateKey: "duplicate",
}

// nonCanonicalAnswer spoils the map of an answer; an answer without one is left
// as it is, and so is one of a single pair whose order is to be wrong.
func nonCanonicalAnswer(ctx context.Context, r *rule, next ctap.Handler, req *ctap.Request) []byte {
	answer := next.Handle(ctx, req)
	if len(answer) == 0 {
		return answer
	}
	pairs, ok := splitMap(answer[1:])
	if !ok {
		return answer
	}
	return append(answer[:1:1], r.form.encode(pairs)...)
}

// pair is a key of a map and its value.
type pair [2]ctap.Raw

const (
	headArrayByte  = 0x98 // the length is in the byte that follows
	headMap        = 0xA0
	headMapByte    = 0xB8 // likewise
	headMapOpen    = 0xBF // pairs follow until headBreak
	headBreak      = 0xFF
	maxShortLength = 23 // in the head itself
)

// splitMap returns the pairs of a map that is short, as all answers of CTAP are.
// It has them read as an array of as many items, which keeps their order.
func splitMap(item []byte) (pairs []pair, ok bool) {
	if len(item) == 0 || item[0] < headMap || item[0] > headMap+maxShortLength {
		return nil, false
	}
	n := int(item[0] - headMap)
	var items []ctap.Raw
	if ctap.UnmarshalAnswer(slices.Concat([]byte{headArrayByte, byte(2 * n)}, item[1:]), &items) != nil || len(items) != 2*n {
		return nil, false
	}
	for kv := range slices.Chunk(items, 2) {
		pairs = append(pairs, pair(kv))
	}
	return pairs, len(pairs) > 0
}

// encode returns the map of the pairs, spoilt.
func (f nonCanonical) encode(pairs []pair) []byte {
	switch f {
	case wrongOrder:
		slices.Reverse(pairs)
	case duplicateKey:
		pairs = slices.Insert(pairs, 0, pairs[0])
	case longLength:
		return slices.Concat([]byte{headMapByte, byte(len(pairs))}, join(pairs))
	case indefiniteLength:
		return slices.Concat([]byte{headMapOpen}, join(pairs), []byte{headBreak})
	}
	return slices.Concat(head(len(pairs)), join(pairs))
}

// head returns the head of a map of n pairs.
func head(n int) []byte {
	if n <= maxShortLength {
		return []byte{headMap + byte(n)}
	}
	return []byte{headMapByte, byte(n)}
}

func join(pairs []pair) []byte {
	var b bytes.Buffer
	for _, p := range pairs {
		b.Write(p[0])
		b.Write(p[1])
	}
	return b.Bytes()
}
