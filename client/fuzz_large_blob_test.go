package client_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"testing"

	"github.com/softkey-project/softkey/client"
	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctaphid"
)

// FuzzInflate states that what is inflated has the size that was said, or is
// refused, and that what is deflated comes back.
func FuzzInflate(f *testing.F) {
	f.Add(client.Deflate([]byte("a large blob, a large blob, a large blob")), uint64(40))
	f.Add(client.Deflate(nil), uint64(0))
	f.Add([]byte{}, uint64(1))
	f.Add(client.Deflate(make([]byte, 1<<16)), uint64(1<<16))
	f.Fuzz(func(t *testing.T, data []byte, size uint64) {
		if blob, err := client.Inflate(data, size); err == nil && uint64(len(blob)) != size {
			t.Errorf("%d bytes, want %d", len(blob), size)
		}
		if again, err := client.Inflate(client.Deflate(data), uint64(len(data))); err != nil || !bytes.Equal(again, data) {
			t.Errorf("got %x, %v; want %x", again, err, data)
		}
	})
}

// blobKeeper is a key that keeps a large-blob array, and nothing else.
type blobKeeper struct{ array []byte }

func (k *blobKeeper) Handle(_ context.Context, req *ctap.Request) []byte {
	if req.Data[0] == byte(ctap.CommandGetInfo) {
		return append([]byte{0}, ctap.MustMarshal(map[int]any{1: []string{"FIDO_2_1"}, 3: make([]byte, 16), 4: map[string]bool{"largeBlobs": true}})...)
	}
	r, err := ctap.ParseLargeBlobsRequest(req.Data[1:])
	if err != nil {
		return []byte{byte(ctap.StatusOf(err))}
	}
	if r.Get != nil {
		part := k.array[min(*r.Offset, uint64(len(k.array))):]
		return append([]byte{0}, ctap.MustMarshal(&ctap.LargeBlobsResponse{Config: part[:min(*r.Get, uint64(len(part)))]})...)
	}
	k.array = append(k.array[:min(*r.Offset, uint64(len(k.array)))], r.Set...)
	return []byte{0}
}

// FuzzLargeBlobArray states that whatever array a key keeps, a blob that is put
// into it can be read, what was there before stays, and after the blob is taken
// out it is gone.
func FuzzLargeBlobArray(f *testing.F) {
	f.Add([]byte{0x80}, []byte("blob"))
	f.Add(ctap.MustMarshal([]any{map[int]any{1: make([]byte, 20), 2: make([]byte, 12), 3: 4}}), []byte{})
	f.Add(ctap.MustMarshal([]any{1, "two", []byte{3}}), bytes.Repeat([]byte{1}, 2000))
	f.Add([]byte{0xff}, []byte("into a damaged array"))
	f.Fuzz(func(t *testing.T, array, blob []byte) {
		sum := sha256.Sum256(array)
		keeper := &blobKeeper{append(bytes.Clone(array), sum[:16]...)}
		d, err := client.Open(t.Context(), ctaphid.Loopback(keeper, ctaphid.Config{Capabilities: ctaphid.CapCBOR}))
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		before, err := d.LargeBlobArray(t.Context())
		if err != nil {
			return // it was refused: too long, say
		}
		if err := d.SetLargeBlob(t.Context(), nil, blobKey, blob); err != nil {
			t.Fatalf("SetLargeBlob: %v", err)
		}
		if got, err := d.LargeBlob(t.Context(), blobKey); err != nil || !bytes.Equal(got, blob) {
			t.Errorf("got %x, %v; want %x", got, err, blob)
		}
		if err := d.DeleteLargeBlob(t.Context(), nil, blobKey); err != nil {
			t.Errorf("DeleteLargeBlob: %v", err)
		}
		after, err := d.LargeBlobArray(t.Context())
		if err != nil || len(after) != len(before) {
			t.Errorf("%d elements, %v; want the %d that were there before", len(after), err, len(before))
		}
	})
}
