package authenticator

import (
	"context"
	"fmt"

	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/keystore"
)

// largeBlob (§12.4) keeps a blob with a discoverable credential: what the
// platform compressed, and the size before. It takes the place of largeBlobKey
// and authenticatorLargeBlobs. Its outputs are not signed.
var largeBlob = extension{name: "largeBlob", create: supportLargeBlob, get: useLargeBlob}

const (
	// maxLargeBlob is the longest blob that a credential may have, in bytes. An
	// answer has room for it beside the longest signature.
	maxLargeBlob = 2048

	purposeLargeBlob = "softkey largeBlob"
)

// largeBlobInput is the input: of makeCredential {support}, of getAssertion
// {read} or {write, originalSize}.
type largeBlobInput struct {
	Support      *string    `cbor:"support"`
	Read         *bool      `cbor:"read"`
	Write        byteString `cbor:"write"`
	OriginalSize *uint64    `cbor:"originalSize"`
}

func parseLargeBlobInput(input ctap.Raw) (in largeBlobInput, err error) {
	if err := ctap.UnmarshalLax(input, &in); err != nil {
		return in, notLargeBlobInput(err)
	}
	return in, nil
}

// notLargeBlobInput is the one refusal of inputs that do not follow the schema;
// those of other extensions tell types from forms.
func notLargeBlobInput(reason any) error { return fmt.Errorf("%v: %w", reason, ctap.StatusInvalidCBOR) }

func supportLargeBlob(op *makeCredential, input ctap.Raw) error {
	in, err := parseLargeBlobInput(input)
	switch {
	case err != nil:
		return err
	case in.Support == nil || *in.Support != "required" && *in.Support != "preferred":
		return notLargeBlobInput("support")
	case in.Read != nil || in.Write != nil || in.OriginalSize != nil:
		return notLargeBlobInput("a member of getAssertion's input")
	case *in.Support == "required" && !op.rk:
		return fmt.Errorf("rk is not true: %w", ctap.StatusLargeBlobStorageFull)
	}
	if op.rk {
		op.record.SupportsLargeBlob = true
	}
	op.outputs.tell("largeBlob", map[string]bool{"supported": op.rk})
	return nil
}

func useLargeBlob(op *getAssertion, input ctap.Raw) error {
	in, err := parseLargeBlobInput(input)
	switch {
	case err != nil:
		return err
	case in.Support != nil:
		return notLargeBlobInput("a member of makeCredential's input")
	case in.Read != nil:
		return readLargeBlob(op, in)
	}
	return writeLargeBlob(op, in)
}

// readLargeBlob has no output for a credential without a blob.
func readLargeBlob(op *getAssertion, in largeBlobInput) error {
	if !*in.Read || in.Write != nil || in.OriginalSize != nil {
		return notLargeBlobInput("read")
	}
	r := op.cred.record
	if r == nil || r.LargeBlob == nil {
		return nil
	}
	key, err := deriveSecret(op.cred.material, purposeLargeBlob)
	if err != nil {
		return err
	}
	blob, err := op.a.keys.Unwrap(key, r.LargeBlob)
	if err != nil {
		return fmt.Errorf("the stored blob: %w", err)
	}
	op.outputs.tell("largeBlob", map[string]any{"blob": blob, "originalSize": r.LargeBlobSize})
	return nil
}

func writeLargeBlob(op *getAssertion, in largeBlobInput) error {
	if in.Write == nil || in.OriginalSize == nil {
		return notLargeBlobInput("neither read, nor write and originalSize")
	}
	written := op.mayWriteLargeBlob(in.Write)
	op.outputs.tell("largeBlob", map[string]bool{"written": written})
	if !written {
		return nil
	}
	return op.sealLargeBlob(in.Write, *in.OriginalSize)
}

// mayWriteLargeBlob tells whether a blob can be stored: the host must name the
// credential, the user be present, and there be room.
func (op *getAssertion) mayWriteLargeBlob(blob []byte) bool {
	r := op.cred.record
	return len(op.req.AllowList) > 0 && op.flags&ctap.FlagUP != 0 &&
		r != nil && r.SupportsLargeBlob && len(blob) <= maxLargeBlob
}

// sealedBlob is a blob as it is stored.
type sealedBlob struct {
	wrapped []byte
	size    uint64 // before the platform compressed it
}

// sealLargeBlob wraps a blob like a key, for platforms leave it in clear. It is
// stored when nothing can refuse the assertion any more.
func (op *getAssertion) sealLargeBlob(blob []byte, size uint64) error {
	key, err := deriveSecret(op.cred.material, purposeLargeBlob)
	if err != nil {
		return err
	}
	wrapped, err := op.a.keys.Wrap(key, blob)
	op.largeBlob = &sealedBlob{wrapped, size}
	return err
}

func (op *getAssertion) storeLargeBlob(context.Context) error {
	if op.largeBlob == nil {
		return nil
	}
	return op.a.update(func(tx keystore.Tx) error {
		return keystore.UpdateLargeBlob(tx, op.cred.id, op.largeBlob.wrapped, op.largeBlob.size)
	})
}
