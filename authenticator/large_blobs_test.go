package authenticator

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/keystore"
)

// blobs returns a valid large-blob array of size bytes, all different from any
// other.
func blobs(size int) []byte {
	content := make([]byte, size-largeBlobHash)
	_, _ = rand.Read(content)
	return sealLargeBlobs(content)
}

func lbwToken(p platform) *hostToken {
	p.t.Helper()
	return p.tokenBy(testPIN, lbw, "")
}

// mustReadBlobs returns the whole large-blob array.
func (k key) mustReadBlobs() []byte {
	k.t.Helper()
	array, err := k.readBlobs(k.maxFragment(), 0)
	if err != nil {
		k.t.Fatalf("largeBlobs get: %v", err)
	}
	return array
}

// The rows of section Y of the conformance checklist, and the steps of §6.10.
func TestLargeBlobsRows(t *testing.T) {
	const initial = "8076be8b528d0075f7aae98d6fa57a6d3c"
	get := func(change func(*ctap.LargeBlobsRequest)) *ctap.LargeBlobsRequest {
		r := &ctap.LargeBlobsRequest{Get: ptr[uint64](17), Offset: ptr[uint64](0)}
		change(r)
		return r
	}
	rows := []struct {
		name string
		run  func(t *testing.T, p platform) // a key with testPIN
	}{
		{"row 392: maxSerializedLargeBlobArray", func(t *testing.T, p platform) {
			if got := p.info().MaxSerializedLargeBlobArray; got < 1024 {
				t.Errorf("got %d, want 1024 or more", got)
			}
		}},
		{"row 393: get nothing", func(t *testing.T, p platform) {
			if got, err := p.readBlobs(0, 0); err != nil || len(got) != 0 {
				t.Errorf("got %x, %v; want an empty string", got, err)
			}
		}},
		{"row 394: get more than there is", func(t *testing.T, p platform) {
			if got, err := p.readBlobs(100, 0); err != nil || hex.EncodeToString(got) != initial {
				t.Errorf("got %x, %v; want %s", got, err, initial)
			}
			if got, err := p.readBlobs(5, 15); err != nil || hex.EncodeToString(got) != initial[30:] {
				t.Errorf("at the end: got %x, %v; want %s", got, err, initial[30:])
			}
			if got, err := p.readBlobs(5, 17); err != nil || len(got) != 0 {
				t.Errorf("beyond the end: got %x, %v; want an empty string", got, err)
			}
		}},
		{"row 395: set, get and a slice", func(t *testing.T, p platform) {
			array := blobs(100)
			wantStatus(t, "set", p.writeBlobs(lbwToken(p), array, 0, 100), nil)
			if got := p.mustReadBlobs(); !bytes.Equal(got, array) {
				t.Errorf("got %x, want %x", got, array)
			}
			if got, err := p.readBlobs(30, 20); err != nil || !bytes.Equal(got, array[20:50]) {
				t.Errorf("slice: got %x, %v; want %x", got, err, array[20:50])
			}
		}},
		{"row 396: in fragments", func(t *testing.T, p platform) {
			array := blobs(4096)
			token := lbwToken(p)
			wantStatus(t, "first", p.writeBlobs(token, array[:1000], 0, 4096), nil)
			wantStatus(t, "second", p.writeBlobs(token, array[1000:1001], 1000, 0), nil)
			if got := p.mustReadBlobs(); hex.EncodeToString(got) != initial {
				t.Errorf("half-way: got %x, want the array of before", got)
			}
			// Reading ended the write.
			wantStatus(t, "third", p.writeBlobs(token, array[1001:], 1001, 0), ctap.StatusInvalidSeq)
			wantStatus(t, "first", p.writeBlobs(token, array[:1000], 0, 4096), nil)
			wantStatus(t, "second", p.writeBlobs(token, array[1000:2000], 1000, 0), nil)
			wantStatus(t, "third", p.writeBlobs(token, array[2000:], 2000, 0), nil)
			if got := p.mustReadBlobs(); !bytes.Equal(got, array) {
				t.Errorf("got %x, want %x", got, array)
			}
		}},
		{"row 397: a wrong offset", func(t *testing.T, p platform) {
			array := blobs(100)
			token := lbwToken(p)
			wantStatus(t, "nothing begun", p.writeBlobs(token, array[50:], 50, 0), ctap.StatusInvalidSeq)
			for _, offset := range []uint64{49, 51, 1 << 40} {
				wantStatus(t, "first", p.writeBlobs(token, array[:50], 0, 100), nil)
				wantStatus(t, fmt.Sprintf("offset %d", offset), p.writeBlobs(token, array[50:], offset, 0), ctap.StatusInvalidSeq)
			}
			wantStatus(t, "after that", p.writeBlobs(token, array[50:], 50, 0), ctap.StatusInvalidSeq)
		}},
		{"row 398: a wrong hash", func(t *testing.T, p platform) {
			array := blobs(100)
			array[99] ^= 1
			wantStatus(t, "set", p.writeBlobs(lbwToken(p), array, 0, 100), ctap.StatusIntegrityFailure)
			if got := p.mustReadBlobs(); hex.EncodeToString(got) != initial {
				t.Errorf("got %x, want the array of before", got)
			}
		}},
		{"row 399: too long", func(t *testing.T, p platform) {
			wantStatus(t, "4097", p.writeBlobs(lbwToken(p), make([]byte, 20), 0, 4097), ctap.StatusLargeBlobStorageFull)
			wantStatus(t, "4096", p.writeBlobs(lbwToken(p), make([]byte, 20), 0, 4096), nil)
			wantStatus(t, "1<<63", p.writeBlobs(lbwToken(p), make([]byte, 20), 0, 1<<63), ctap.StatusLargeBlobStorageFull)
		}},
		{"row 400: too short", func(t *testing.T, p platform) {
			wantStatus(t, "16", p.writeBlobs(lbwToken(p), make([]byte, 16), 0, 16), ctap.StatusInvalidParameter)
			wantStatus(t, "17", p.writeBlobs(lbwToken(p), emptyLargeBlobArray(), 0, 17), nil)
		}},
		{"row 401: get with what belongs to set", func(t *testing.T, p platform) {
			for name, r := range map[string]*ctap.LargeBlobsRequest{
				"length":            get(func(r *ctap.LargeBlobsRequest) { r.Length = ptr[uint64](17) }),
				"pinUvAuthParam":    get(func(r *ctap.LargeBlobsRequest) { r.PinUvAuthParam = []byte{} }),
				"pinUvAuthProtocol": get(func(r *ctap.LargeBlobsRequest) { r.PinUvAuthProtocol = ptr[uint64](2) }),
			} {
				wantStatus(t, name, p.command(ctap.CommandLargeBlobs, r, nil), ctap.StatusInvalidParameter)
			}
		}},
		{"row 402: get and set too much", func(t *testing.T, p platform) {
			most := p.info().MaxMsgSize - 64
			_, err := p.readBlobs(most+1, 0)
			wantStatus(t, "get", err, ctap.StatusInvalidLength)
			_, err = p.readBlobs(most, 0)
			wantStatus(t, "get the most", err, nil)
			p.profile.MaxMsgSize, p.profile.MaxSerializedLargeBlobArray = 1024, 4096
			wantStatus(t, "set", p.writeBlobs(lbwToken(p), make([]byte, 961), 0, 4096), ctap.StatusInvalidLength)
			wantStatus(t, "set the most", p.writeBlobs(lbwToken(p), make([]byte, 960), 0, 4096), nil)
		}},
		{"row 403: get beyond the end", func(t *testing.T, p platform) {
			for _, offset := range []uint64{18, 1 << 63} {
				_, err := p.readBlobs(1, offset)
				wantStatus(t, fmt.Sprint(offset), err, ctap.StatusInvalidParameter)
			}
		}},
		{"row 404: no pinUvAuthParam", func(t *testing.T, p platform) {
			wantStatus(t, "set", p.writeBlobs(nil, emptyLargeBlobArray(), 0, 17), ctap.StatusPUATRequired)
			r := p.writeBlobsRequest(lbwToken(p), emptyLargeBlobArray(), 0, 17)
			r.PinUvAuthProtocol = nil
			wantStatus(t, "no protocol", p.command(ctap.CommandLargeBlobs, r, nil), ctap.StatusMissingParameter)
			r.PinUvAuthProtocol = ptr[uint64](3)
			wantStatus(t, "protocol 3", p.command(ctap.CommandLargeBlobs, r, nil), ctap.StatusInvalidParameter)
		}},
		{"a token without lbw", func(t *testing.T, p platform) {
			token := p.tokenBy(testPIN, mc|ga|cm|acfg, testRPID)
			wantStatus(t, "set", p.writeBlobs(token, emptyLargeBlobArray(), 0, 17), ctap.StatusPINAuthInvalid)
		}},
		{"what is authenticated", func(t *testing.T, p platform) {
			array := blobs(100)
			token := lbwToken(p)
			r := p.writeBlobsRequest(token, array, 0, 100)
			r.Set = blobs(100)
			wantStatus(t, "another fragment", p.command(ctap.CommandLargeBlobs, r, nil), ctap.StatusPINAuthInvalid)
			wantStatus(t, "first", p.writeBlobs(token, array[:50], 0, 100), nil)
			r = p.writeBlobsRequest(token, array[50:], 51, 0)
			r.Offset = ptr[uint64](50)
			wantStatus(t, "another offset", p.command(ctap.CommandLargeBlobs, r, nil), ctap.StatusPINAuthInvalid)
		}},
		{"each fragment needs the token", func(t *testing.T, p platform) {
			array := blobs(100)
			wantStatus(t, "first", p.writeBlobs(lbwToken(p), array[:50], 0, 100), nil)
			wantStatus(t, "second", p.writeBlobs(nil, array[50:], 50, 0), ctap.StatusPUATRequired)
		}},
		{"parameters that do not go together", func(t *testing.T, p platform) {
			for name, r := range map[string]*ctap.LargeBlobsRequest{
				"no offset":         {Get: ptr[uint64](1)},
				"no get and no set": {Offset: ptr[uint64](0)},
				"get and set":       {Get: ptr[uint64](1), Set: []byte{1}, Offset: ptr[uint64](0)},
				"no length":         {Set: emptyLargeBlobArray(), Offset: ptr[uint64](0)},
				"length at offset":  {Set: emptyLargeBlobArray(), Offset: ptr[uint64](1), Length: ptr[uint64](18)},
			} {
				wantStatus(t, name, p.command(ctap.CommandLargeBlobs, r, nil), ctap.StatusInvalidParameter)
			}
		}},
		{"more than the length said", func(t *testing.T, p platform) {
			array := blobs(100)
			token := lbwToken(p)
			wantStatus(t, "at once", p.writeBlobs(token, array, 0, 99), ctap.StatusInvalidParameter)
			wantStatus(t, "first", p.writeBlobs(token, array[:50], 0, 99), nil)
			wantStatus(t, "second", p.writeBlobs(token, array[50:], 50, 0), ctap.StatusInvalidParameter)
			if got := p.mustReadBlobs(); hex.EncodeToString(got) != initial {
				t.Errorf("got %x, want the array of before", got)
			}
		}},
		{"offset 0 begins anew", func(t *testing.T, p platform) {
			array := blobs(100)
			token := lbwToken(p)
			wantStatus(t, "first", p.writeBlobs(token, blobs(60)[:50], 0, 60), nil)
			wantStatus(t, "first", p.writeBlobs(token, array[:50], 0, 100), nil)
			wantStatus(t, "second", p.writeBlobs(token, array[50:], 50, 0), nil)
			if got := p.mustReadBlobs(); !bytes.Equal(got, array) {
				t.Errorf("got %x, want %x", got, array)
			}
		}},
		{"a key without protection", func(t *testing.T, _ platform) {
			k := newKey(t, nil, nil)
			wantStatus(t, "set", k.writeBlobs(nil, blobs(40), 0, 40), nil)
			wantStatus(t, "toggleAlwaysUv", k.configure(nil, ctap.ToggleAlwaysUv, nil), nil)
			wantStatus(t, "set under alwaysUv", k.writeBlobs(nil, blobs(40), 0, 40), ctap.StatusPUATRequired)
			k.mustReadBlobs() // is for everybody
		}},
		{"types", func(t *testing.T, p platform) {
			for name, message := range map[string]any{
				"get":    map[int]any{1: "1", 3: 0},
				"set":    map[int]any{2: "x", 3: 0},
				"offset": map[int]any{1: 1, 3: -1},
				"length": map[int]any{2: []byte{1}, 3: 0, 4: []byte{1}},
			} {
				wantStatus(t, name, p.command(ctap.CommandLargeBlobs, message, nil), ctap.StatusCBORUnexpectedType)
			}
		}},
	}
	for _, row := range rows {
		for protocol := range uint64(2) {
			t.Run(fmt.Sprintf("%s, protocol %d", row.name, protocol+1), func(t *testing.T) {
				row.run(t, keyWithPIN(t, protocol+1, nil))
			})
		}
	}
}

// What ends a write between two fragments, and what does not (§6).
func TestLargeBlobsWriteEnds(t *testing.T) {
	array := blobs(100)
	tests := []struct {
		name    string
		between func(p platform, token *hostToken)
		want    ctap.Status
	}{
		{"nothing", func(platform, *hostToken) {}, 0},
		{"getInfo", func(p platform, _ *hostToken) { p.info() }, 0},
		{"30 s", func(platform, *hostToken) { time.Sleep(30 * time.Second) }, 0},
		{"more than 30 s", func(platform, *hostToken) { time.Sleep(30*time.Second + 1) }, ctap.StatusInvalidSeq},
		{"selection", func(p platform, _ *hostToken) { _ = p.command(ctap.CommandSelection, nil, nil) }, ctap.StatusInvalidSeq},
		{"a fragment that fails", func(p platform, token *hostToken) { _ = p.writeBlobs(nil, array[50:], 50, 0) }, ctap.StatusInvalidSeq},
		{"a message that is no CBOR", func(p platform, _ *hostToken) { _ = p.command(ctap.CommandLargeBlobs, []byte{0xff}, nil) }, ctap.StatusInvalidSeq},
		{"unplugging", func(p platform, _ *hostToken) { p.Plug() }, ctap.StatusInvalidSeq},
		{"another host", func(p platform, token *hostToken) {
			err := p.onChannel(2).writeBlobs(token, array[50:], 50, 0)
			wantStatus(p.t, "the other host", err, ctap.StatusInvalidSeq)
		}, ctap.StatusInvalidSeq},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := keyWithPIN(t, 2, nil)
				token := lbwToken(p)
				wantStatus(t, "first", p.writeBlobs(token, array[:50], 0, 100), nil)
				tt.between(p, token)
				if tt.name == "unplugging" {
					token = lbwToken(p)
				}
				wantStatus(t, "second", p.writeBlobs(token, array[50:], 50, 0), asError(tt.want))
			})
		})
	}
}

// One commit for a whole array, none for what is not one.
func TestLargeBlobsCommits(t *testing.T) {
	store := &countingStore{Store: keystore.NewMemory()}
	p := keyWithPIN(t, 2, func(c *Config) { c.Store = store })
	token := lbwToken(p)
	array := blobs(100)
	before := store.commits
	wantStatus(t, "first", p.writeBlobs(token, array[:50], 0, 100), nil)
	if store.commits != before {
		t.Errorf("%d commits after a fragment, want none", store.commits-before)
	}
	wantStatus(t, "second", p.writeBlobs(token, array[50:], 50, 0), nil)
	if store.commits != before+1 {
		t.Errorf("%d commits, want 1", store.commits-before)
	}
	_ = p.Close()
	again := newKey(t, nil, func(c *Config) { c.Store = store })
	if got := again.mustReadBlobs(); !bytes.Equal(got, array) {
		t.Errorf("after a restart %x, want %x", got, array)
	}
}
