package webauthn

import (
	"context"
	"errors"

	"github.com/softkey-project/softkey/client"
	"github.com/softkey-project/softkey/ctap"
)

// largeBlobInputs and largeBlobOutputs are those of the extension largeBlob
// (§10.1.5): data that the key keeps with a credential. Keys do it in one of two
// ways: in an array that is encrypted with each credential's largeBlobKey (§6.10,
// §12.3 of CTAP), or by the extension of the same name (§12.4 of CTAP).
type largeBlobInputs struct {
	Support string    `json:"support"` // of a creation
	Read    *bool     `json:"read"`    // of an authentication, as Write
	Write   base64URL `json:"write"`
}

type largeBlobOutputs struct {
	Supported *bool      `json:"supported,omitempty"`
	Blob      *base64URL `json:"blob,omitempty"`
	Written   *bool      `json:"written,omitempty"`
}

const (
	largeBlobKey = "largeBlobKey"
	largeBlob    = "largeBlob"
)

// keepsBlobArray tells whether the key has the array, for which a credential
// must be discoverable.
func (c *ceremony) keepsBlobArray() bool {
	return c.info.Options[ctap.OptionLargeBlobs] && c.extends(largeBlobKey)
}

// createLargeBlob is the extension largeBlob of a creation.
var createLargeBlob = clientExtension[*creation]{
	check: func(_ context.Context, op *creation) error {
		in := op.opts.Extensions.LargeBlob
		if in == nil {
			return nil
		}
		if in.Read != nil || in.Write != nil {
			return fail(NotSupportedError, "largeBlob: there is no credential yet to read or write")
		}
		if in.Support == required && !op.extends(largeBlob) && !(op.keepsBlobArray() && op.rk) {
			return fail(NotAllowedError, "the key cannot keep large blobs, or not with such a credential")
		}
		return nil
	},
	ask: func(_ context.Context, op *creation) error {
		in := op.opts.Extensions.LargeBlob
		switch {
		case in == nil:
			return nil
		case op.extends(largeBlob):
			support := preferred
			if in.Support == required {
				support = required
			}
			return op.extend(largeBlob, map[string]string{"support": support})
		case op.keepsBlobArray() && op.rk:
			return op.extend(largeBlobKey, true)
		}
		return nil
	},
	tell: func(_ context.Context, op *creation) error {
		if op.opts.Extensions.LargeBlob == nil {
			return nil
		}
		supported := len(op.resp.LargeBlobKey) > 0
		if op.extends(largeBlob) {
			var out largeBlobAnswer
			if err := out.read(op.resp.UnsignedExtensionOutputs); err != nil {
				return err
			}
			supported = out.Supported
		}
		op.results.LargeBlob = &largeBlobOutputs{Supported: &supported}
		return nil
	},
}

// getLargeBlob is the extension largeBlob of an authentication.
var getLargeBlob = clientExtension[*authentication]{
	check: func(_ context.Context, op *authentication) error {
		in := op.opts.Extensions.LargeBlob
		switch {
		case in == nil:
			return nil
		case in.Support != "":
			return fail(NotSupportedError, "largeBlob: support is for creations")
		case in.Read != nil && in.Write != nil:
			return fail(NotSupportedError, "largeBlob: both read and write")
		case in.Write != nil && len(op.opts.AllowCredentials) != 1:
			return fail(NotSupportedError, "largeBlob: write with %d of allowCredentials, not one", len(op.opts.AllowCredentials))
		}
		return nil
	},
	ask: func(_ context.Context, op *authentication) error {
		switch {
		case !op.readsBlob() && !op.writesBlob():
			return nil
		case op.extends(largeBlob) && op.readsBlob():
			return op.extend(largeBlob, map[string]bool{"read": true})
		case op.extends(largeBlob):
			blob := op.opts.Extensions.LargeBlob.Write
			return op.extend(largeBlob, map[string]any{"write": client.Deflate(blob), "originalSize": len(blob)})
		case op.keepsBlobArray():
			return op.extend(largeBlobKey, true)
		}
		return nil
	},
	tell: func(ctx context.Context, op *authentication) (err error) {
		switch {
		case op.readsBlob():
			op.results.LargeBlob = &largeBlobOutputs{}
			op.results.LargeBlob.Blob, err = op.readBlob(ctx)
		case op.writesBlob():
			written := false
			op.results.LargeBlob = &largeBlobOutputs{Written: &written}
			written, err = op.writeBlob(ctx)
		}
		return err
	},
}

func (op *authentication) readsBlob() bool {
	in := op.opts.Extensions.LargeBlob
	return in != nil && in.Read != nil && *in.Read
}

func (op *authentication) writesBlob() bool {
	in := op.opts.Extensions.LargeBlob
	return in != nil && in.Write != nil
}

// writesBlobArray tells whether the array is to be written, for which the key
// wants a token.
func (op *authentication) writesBlobArray() bool {
	return op.writesBlob() && !op.extends(largeBlob) && op.keepsBlobArray()
}

// readBlob returns the credential's blob, or nil if there is none, or none that
// can be read.
func (op *authentication) readBlob(ctx context.Context) (*base64URL, error) {
	if key := op.assertion.LargeBlobKey; !op.extends(largeBlob) && len(key) > 0 {
		blob, err := op.client.Device.LargeBlob(ctx, key)
		if errors.Is(err, client.ErrNoLargeBlob) {
			return nil, nil
		}
		return found(ctx, blob, err)
	}
	var out largeBlobAnswer
	if err := out.read(op.assertion.UnsignedExtensionOutputs); err != nil || out.Blob == nil {
		return nil, err
	}
	blob, err := client.Inflate(out.Blob, out.OriginalSize)
	return found(ctx, blob, err)
}

// found returns a blob. That it cannot be read is no failure of the ceremony,
// unless its time is over.
func found(ctx context.Context, blob []byte, err error) (*base64URL, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if err != nil {
		return nil, nil
	}
	return (*base64URL)(&blob), nil
}

// writeBlob tells whether the blob is written. That it is not is no failure of
// the ceremony, unless its time is over.
func (op *authentication) writeBlob(ctx context.Context) (bool, error) {
	if key := op.assertion.LargeBlobKey; op.writesBlobArray() && len(key) > 0 {
		err := op.client.Device.SetLargeBlob(ctx, op.token, key, op.opts.Extensions.LargeBlob.Write)
		if err != nil && ctx.Err() != nil {
			return false, context.Cause(ctx)
		}
		return err == nil, nil
	}
	var out largeBlobAnswer
	err := out.read(op.assertion.UnsignedExtensionOutputs)
	return out.Written, err
}

// largeBlobAnswer is what the extension of CTAP answers.
type largeBlobAnswer struct {
	Supported    bool       `cbor:"supported"`
	Blob         ctap.Bytes `cbor:"blob"` // compressed; nil: none
	OriginalSize uint64     `cbor:"originalSize"`
	Written      bool       `cbor:"written"`
}

// read decodes the answer, if there is one.
func (a *largeBlobAnswer) read(unsigned map[string]any) error {
	output, ok := unsigned[largeBlob]
	if !ok {
		return nil
	}
	encoded, err := ctap.Marshal(output)
	if err == nil {
		err = ctap.UnmarshalLax(encoded, a)
	}
	if err != nil {
		return fail(UnknownError, "the key's output of largeBlob is malformed: %v", err)
	}
	return nil
}
