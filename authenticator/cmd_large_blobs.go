package authenticator

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/keystore"
)

const (
	largeBlobHash    = 16   // bytes of the hash that ends the array
	minLargeBlob     = 17   // bytes of the shortest array: an empty one
	minLargeBlobRoom = 1024 // bytes that every key has room for (§6.10)
	fragmentOverhead = 64   // bytes of a message that are no fragment
)

// emptyLargeBlobArray is the array of a new key: an empty CBOR array and
// LEFT(SHA-256(h'80'), 16) (§6.10).
func emptyLargeBlobArray() []byte { return sealLargeBlobs([]byte{0x80}) }

func sealLargeBlobs(array []byte) []byte {
	sum := sha256.Sum256(array)
	return append(array, sum[:largeBlobHash]...)
}

// largeBlobWrite is an array that is being written, fragment after fragment.
type largeBlobWrite struct {
	expected int
	array    []byte
}

// largeBlobs is authenticatorLargeBlobs (§6.10). The key keeps the array and
// does not look into it.
func (a *Authenticator) largeBlobs(_ context.Context, c *call) (any, error) {
	write, _ := a.resume(c, ctap.CommandLargeBlobs).(*largeBlobWrite)
	a.sequence = nil
	req, err := ctap.ParseLargeBlobsRequest(c.parameters)
	if err != nil {
		return nil, err
	}
	switch {
	case req.Offset == nil:
		return nil, fmt.Errorf("offset: %w", ctap.StatusInvalidParameter)
	case (req.Get == nil) == (req.Set == nil):
		return nil, fmt.Errorf("get and set: %w", ctap.StatusInvalidParameter)
	case req.Get != nil:
		return a.readLargeBlobs(req)
	}
	return nil, a.writeLargeBlobs(c, req, write)
}

func (a *Authenticator) maxFragment() uint64 { return a.profile.MaxMsgSize - fragmentOverhead }

func (a *Authenticator) readLargeBlobs(req *ctap.LargeBlobsRequest) (any, error) {
	if req.Length != nil || req.PinUvAuthParam != nil || req.PinUvAuthProtocol != nil {
		return nil, fmt.Errorf("a parameter of set: %w", ctap.StatusInvalidParameter)
	}
	if *req.Get > a.maxFragment() {
		return nil, fmt.Errorf("get %d: %w", *req.Get, ctap.StatusInvalidLength)
	}
	array, err := a.largeBlobArray()
	if err != nil {
		return nil, err
	}
	if *req.Offset > uint64(len(array)) {
		return nil, fmt.Errorf("offset %d: %w", *req.Offset, ctap.StatusInvalidParameter)
	}
	part := array[*req.Offset:]
	return &ctap.LargeBlobsResponse{Config: part[:min(*req.Get, uint64(len(part)))]}, nil
}

func (a *Authenticator) largeBlobArray() (array []byte, err error) {
	err = a.cfg.Store.View(func(tx keystore.Tx) error {
		array = keystore.LargeBlobArray(tx)
		return nil
	})
	if array == nil {
		array = emptyLargeBlobArray()
	}
	return array, err
}

// writeLargeBlobs takes one fragment; the last one stores the array.
func (a *Authenticator) writeLargeBlobs(c *call, req *ctap.LargeBlobsRequest, write *largeBlobWrite) error {
	if uint64(len(req.Set)) > a.maxFragment() {
		return fmt.Errorf("set of %d bytes: %w", len(req.Set), ctap.StatusInvalidLength)
	}
	write, err := a.continueWrite(req, write)
	if err != nil {
		return err
	}
	t, err := a.authorizeLargeBlobs(req)
	if err != nil {
		return err
	}
	if len(write.array)+len(req.Set) > write.expected {
		return fmt.Errorf("set goes beyond length: %w", ctap.StatusInvalidParameter)
	}
	write.array = append(write.array, req.Set...)
	if len(write.array) < write.expected {
		a.begin(c, ctap.CommandLargeBlobs, t, write)
		return nil
	}
	return a.storeLargeBlobs(write.array)
}

// continueWrite returns the write that a fragment belongs to: a new one at
// offset 0, else the one under way.
func (a *Authenticator) continueWrite(req *ctap.LargeBlobsRequest, write *largeBlobWrite) (*largeBlobWrite, error) {
	if *req.Offset == 0 {
		if err := a.checkLargeBlobLength(req.Length); err != nil {
			return nil, err
		}
		return &largeBlobWrite{expected: int(*req.Length)}, nil
	}
	if req.Length != nil {
		return nil, fmt.Errorf("length at offset %d: %w", *req.Offset, ctap.StatusInvalidParameter)
	}
	if write == nil || *req.Offset != uint64(len(write.array)) {
		return nil, fmt.Errorf("offset %d: %w", *req.Offset, ctap.StatusInvalidSeq)
	}
	return write, nil
}

func (a *Authenticator) checkLargeBlobLength(length *uint64) error {
	switch {
	case length == nil:
		return fmt.Errorf("length: %w", ctap.StatusInvalidParameter)
	case *length > uint64(a.profile.MaxSerializedLargeBlobArray): // which is 1024 or more
		return fmt.Errorf("length %d: %w", *length, ctap.StatusLargeBlobStorageFull)
	case *length < minLargeBlob:
		return fmt.Errorf("length %d: %w", *length, ctap.StatusInvalidParameter)
	}
	return nil
}

// authorizeLargeBlobs returns the token, nil if none is needed. It authenticates
//
//	32 × FF ‖ 0C 00 ‖ offset (4, little-endian) ‖ SHA-256(fragment)
func (a *Authenticator) authorizeLargeBlobs(req *ctap.LargeBlobsRequest) (*token, error) {
	if !a.protected() && !a.alwaysUv() {
		return nil, nil
	}
	message := append(bytes.Repeat([]byte{0xff}, 32), byte(ctap.CommandLargeBlobs), 0)
	message = binary.LittleEndian.AppendUint32(message, uint32(*req.Offset))
	fragment := sha256.Sum256(req.Set)
	message = slices.Concat(message, fragment[:])
	return a.authorize(req.PinUvAuthProtocol, req.PinUvAuthParam, message, ctap.PermissionLargeBlobWrite)
}

func (a *Authenticator) storeLargeBlobs(array []byte) error {
	content := array[:len(array)-largeBlobHash]
	if !bytes.Equal(sealLargeBlobs(bytes.Clone(content)), array) {
		return fmt.Errorf("the hash of the large-blob array: %w", ctap.StatusIntegrityFailure)
	}
	return a.update(func(tx keystore.Tx) error { return keystore.PutLargeBlobArray(tx, array) })
}
