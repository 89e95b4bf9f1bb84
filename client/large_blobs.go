package client

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctaphid"
)

const (
	blobHashSize     = 16      // bytes of the hash that ends the array
	fragmentOverhead = 64      // bytes of a message that are no fragment (§6.10.2)
	defaultMaxMsg    = 1024    // bytes of a message, where getInfo does not say
	maxBlobArray     = 1 << 20 // more than any key has room for
)

// LargeBlobArray returns the elements of the key's large-blob array (§6.10.3),
// which no key but that of its credential can tell apart. An array that is
// damaged counts as empty, as the platform's rules want it.
func (d *Device) LargeBlobArray(ctx context.Context) ([]ctap.Raw, error) {
	serialized, err := d.readLargeBlobs(ctx)
	if err != nil {
		return nil, err
	}
	if len(serialized) < blobHashSize {
		return nil, nil
	}
	array, hash := serialized[:len(serialized)-blobHashSize], serialized[len(serialized)-blobHashSize:]
	var elements []ctap.Raw
	if !bytes.Equal(hash, blobHash(array)) || ctap.UnmarshalLax(array, &elements) != nil {
		return nil, nil
	}
	return elements, nil
}

// SetLargeBlobArray replaces the key's large-blob array. It takes a token with
// [ctap.PermissionLargeBlobWrite], or none where the key has neither a PIN nor
// an enrolled finger. A key without room answers
// [ctap.StatusLargeBlobStorageFull]. No other command must run meanwhile.
func (d *Device) SetLargeBlobArray(ctx context.Context, t *Token, elements []ctap.Raw) error {
	array, err := ctap.Marshal(append([]ctap.Raw{}, elements...)) // nil would be null
	if err != nil {
		return fmt.Errorf("client: an element of the large-blob array is no CBOR: %w", err)
	}
	serialized := append(array, blobHash(array)...)
	length := uint64(len(serialized))
	for offset := uint64(0); offset < length; {
		fragment := serialized[offset:min(length, offset+d.maxFragment())]
		req := &ctap.LargeBlobsRequest{Set: fragment, Offset: &offset}
		if offset == 0 {
			req.Length = &length
		}
		req.PinUvAuthProtocol, req.PinUvAuthParam = t.Authorize(fragmentMessage(offset, fragment))
		if err := d.command(ctx, ctap.CommandLargeBlobs, req, nil); err != nil {
			return err
		}
		offset += uint64(len(fragment))
	}
	return nil
}

// fragmentMessage returns what a token authenticates:
//
//	32 × FF ‖ 0C 00 ‖ offset (4, little-endian) ‖ SHA-256(fragment)
func fragmentMessage(offset uint64, fragment []byte) []byte {
	sum := sha256.Sum256(fragment)
	message := append(bytes.Repeat([]byte{0xff}, 32), byte(ctap.CommandLargeBlobs), 0)
	message = binary.LittleEndian.AppendUint32(message, uint32(offset))
	return append(message, sum[:]...)
}

func blobHash(array []byte) []byte {
	sum := sha256.Sum256(array)
	return sum[:blobHashSize]
}

// readLargeBlobs returns the serialized array: elements and hash. A fragment
// that is not full is the last.
func (d *Device) readLargeBlobs(ctx context.Context) ([]byte, error) {
	var serialized []byte
	for {
		offset, count := uint64(len(serialized)), d.maxFragment()
		var resp ctap.LargeBlobsResponse
		req := &ctap.LargeBlobsRequest{Get: &count, Offset: &offset}
		if err := d.command(ctx, ctap.CommandLargeBlobs, req, &resp); err != nil {
			return nil, err
		}
		serialized = append(serialized, resp.Config...)
		switch {
		case uint64(len(resp.Config)) > count || len(serialized) > maxBlobArray:
			return nil, malformed(ctap.CommandLargeBlobs, "more than was asked for")
		case uint64(len(resp.Config)) < count:
			return serialized, nil
		}
	}
}

// maxFragment returns how much of the array goes into one message.
func (d *Device) maxFragment() uint64 {
	longest := uint64(defaultMaxMsg)
	if info := d.Info(); info != nil && info.MaxMsgSize > longest {
		longest = min(info.MaxMsgSize, ctaphid.MaxPayload)
	}
	return longest - fragmentOverhead
}

// ErrNoLargeBlob is returned by [Device.LargeBlob] for a credential that has
// none in the array.
var ErrNoLargeBlob = errors.New("client: the credential has no large blob")

// LargeBlob returns the large blob of the credential with that largeBlobKey.
func (d *Device) LargeBlob(ctx context.Context, largeBlobKey []byte) ([]byte, error) {
	elements, err := d.LargeBlobArray(ctx)
	if err != nil {
		return nil, err
	}
	for _, e := range elements {
		b, compressed, ok := openBlob(largeBlobKey, e)
		if !ok {
			continue
		}
		if blob, err := Inflate(compressed, b.OrigSize); err == nil {
			return blob, nil
		}
	}
	return nil, ErrNoLargeBlob
}

// SetLargeBlob gives a large blob to the credential with that largeBlobKey, in
// place of the one it has. It takes a token as [Device.SetLargeBlobArray] does.
func (d *Device) SetLargeBlob(ctx context.Context, t *Token, largeBlobKey, blob []byte) error {
	element, err := sealBlob(largeBlobKey, blob, d.rand())
	if err != nil {
		return err
	}
	elements, err := d.LargeBlobArray(ctx)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(elements, opens(largeBlobKey))
	if at < 0 {
		return d.SetLargeBlobArray(ctx, t, append(elements, element))
	}
	elements[at] = element
	return d.SetLargeBlobArray(ctx, t, elements)
}

// DeleteLargeBlob removes the large blob of the credential with that
// largeBlobKey, if it has one. It takes a token as [Device.SetLargeBlobArray]
// does.
func (d *Device) DeleteLargeBlob(ctx context.Context, t *Token, largeBlobKey []byte) error {
	elements, err := d.LargeBlobArray(ctx)
	if err != nil {
		return err
	}
	count := len(elements)
	kept := slices.DeleteFunc(elements, opens(largeBlobKey))
	if len(kept) == count {
		return nil
	}
	return d.SetLargeBlobArray(ctx, t, kept)
}

// opens returns a function that tells whether an element is of the credential
// with that largeBlobKey.
func opens(largeBlobKey []byte) func(ctap.Raw) bool {
	return func(element ctap.Raw) bool {
		_, _, ok := openBlob(largeBlobKey, element)
		return ok
	}
}
