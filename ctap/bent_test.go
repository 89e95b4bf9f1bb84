package ctap

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/fxamacker/cbor/v2"
)

// Requests that are canonical and bent in shape: items of other types, members
// too many and too few, odd keys, at every level. A mutation of bytes seldom gets
// so far.
func TestUnmarshalBentLikeReference(t *testing.T) {
	const rounds = 2000
	bend := bender{rand.New(rand.NewPCG(1, 2))}
	makeCredential, getAssertion := tree(t, fullMakeCredential()), tree(t, fullGetAssertion())
	accepted := 0
	for range rounds {
		data := MustMarshal(bend.tree(makeCredential))
		unmarshalsLikeReference[MakeCredentialRequest](t, data)
		if decodesByHand[MakeCredentialRequest](data) {
			accepted++
		}
		unmarshalsLikeReference[GetAssertionRequest](t, MustMarshal(bend.tree(getAssertion)))
	}
	if accepted < rounds/10 || accepted > rounds*9/10 {
		t.Errorf("%d of %d requests were accepted: the bending is too hard, or too soft", accepted, rounds)
	}
}

// tree is a request as the library decodes what it knows nothing of.
func tree(t *testing.T, request any) (v any) {
	t.Helper()
	if err := UnmarshalLax(MustMarshal(request), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// bender bends trees.
type bender struct{ *rand.Rand }

// one tells, once in n times.
func (b bender) one(n int) bool { return b.IntN(n) == 0 }

func (b bender) tree(v any) any {
	if b.one(60) {
		return b.item(2)
	}
	switch v := v.(type) {
	case []any:
		return b.array(v)
	case map[any]any:
		return b.object(v)
	}
	return v
}

func (b bender) array(v []any) []any {
	bent := []any{}
	for _, e := range v {
		if !b.one(20) {
			bent = append(bent, b.tree(e))
		}
	}
	return bent
}

func (b bender) object(v map[any]any) map[any]any {
	bent := map[any]any{}
	for _, key := range inOrder(v) {
		if !b.one(40) {
			bent[key] = b.tree(v[key])
		}
	}
	if b.one(10) {
		bent[b.key()] = b.item(2)
	}
	return bent
}

// inOrder returns the keys in one order always, so that each run bends alike.
func inOrder(v map[any]any) []any {
	return slices.SortedFunc(maps.Keys(v), func(a, b any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
}

var bentKeys = []any{
	uint64(0), uint64(1), uint64(12), uint64(math.MaxInt64), uint64(math.MaxInt64 + 1), int64(-1), int64(math.MinInt64),
	"id", "type", "icon", "1", "", cbor.ByteString("id"), cbor.ByteString(""),
}

func (b bender) key() any { return bentKeys[b.IntN(len(bentKeys))] }

func (b bender) item(depth int) any {
	items := []any{
		uint64(0), uint64(math.MaxUint64), int64(-7), int64(math.MinInt64), []byte{}, []byte{1}, "", "usb", "ä", false, true,
		1.5, float32(0), []any{}, map[any]any{},
	}
	if depth > 0 && b.one(4) {
		return []any{b.item(depth - 1), b.item(depth - 1)}
	}
	if depth > 0 && b.one(4) {
		return map[any]any{b.key(): b.item(depth - 1)}
	}
	return items[b.IntN(len(items))]
}
