package client

import (
	"bytes"
	"compress/flate"
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/softkey-project/softkey/ctap"
)

// largeBlob is an element of the large-blob array (§6.10.3): a blob, compressed
// and then encrypted with its credential's largeBlobKey.
//
//	ciphertext = AES-256-GCM(DEFLATE(blob)) ‖ tag (16)
//	AAD        = "blob" ‖ origSize (8, little-endian)
type largeBlob struct {
	Ciphertext ctap.Bytes `cbor:"1,keyasint"`
	Nonce      ctap.Bytes `cbor:"2,keyasint"`
	OrigSize   uint64     `cbor:"3,keyasint"` // of the blob
}

// maxBlobSize bounds what a blob may be decompressed to, in bytes.
const maxBlobSize = 1 << 24

// sealBlob returns the element of a blob.
func sealBlob(largeBlobKey, blob []byte, rand io.Reader) (ctap.Raw, error) {
	aead, err := blobCipher(largeBlobKey)
	if err != nil {
		return nil, err
	}
	b := largeBlob{Nonce: make([]byte, aead.NonceSize()), OrigSize: uint64(len(blob))}
	if _, err := io.ReadFull(rand, b.Nonce); err != nil {
		return nil, fmt.Errorf("client: nonce: %w", err)
	}
	b.Ciphertext = aead.Seal(nil, b.Nonce, Deflate(blob), b.additionalData())
	return ctap.Marshal(b)
}

// openBlob decrypts an element; ok is false if it is another credential's.
func openBlob(largeBlobKey []byte, element ctap.Raw) (b largeBlob, compressed []byte, ok bool) {
	aead, err := blobCipher(largeBlobKey)
	if err != nil || ctap.UnmarshalLax(element, &b) != nil || len(b.Nonce) != aead.NonceSize() {
		return b, nil, false
	}
	compressed, err = aead.Open(nil, b.Nonce, b.Ciphertext, b.additionalData())
	return b, compressed, err == nil
}

func (b *largeBlob) additionalData() []byte {
	return binary.LittleEndian.AppendUint64([]byte("blob"), b.OrigSize)
}

func blobCipher(largeBlobKey []byte) (cipher.AEAD, error) {
	if len(largeBlobKey) != 32 {
		return nil, fmt.Errorf("client: largeBlobKey of %d bytes", len(largeBlobKey))
	}
	block, err := aes.NewCipher(largeBlobKey)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// Deflate compresses a large blob (RFC 1951), for the array or for the extension
// largeBlob.
func Deflate(blob []byte) []byte {
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestCompression)
	if err != nil {
		panic(err) // the level is a constant that there is
	}
	_, _ = w.Write(blob) // to memory, as Close
	_ = w.Close()
	return b.Bytes()
}

// Inflate is the inverse of [Deflate], for a blob of that size in bytes.
func Inflate(compressed []byte, size uint64) ([]byte, error) {
	if size > maxBlobSize {
		return nil, fmt.Errorf("client: large blob of %d bytes", size)
	}
	blob, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(compressed)), int64(size)+1))
	if err != nil {
		return nil, fmt.Errorf("client: large blob: %w", err)
	}
	if uint64(len(blob)) != size {
		return nil, fmt.Errorf("client: large blob is not of %d bytes", size)
	}
	return blob, nil
}
