package webauthn

import (
	"context"

	"github.com/softkey-project/softkey/ctap"
)

// createCredBlob is the extension credBlob (§12.2 of CTAP): a few bytes that
// the key keeps with a discoverable credential.
var createCredBlob = clientExtension[*creation]{
	ask: func(_ context.Context, op *creation) error {
		blob := op.opts.Extensions.CredBlob
		if blob == nil || !op.extends("credBlob") || uint64(len(blob)) > op.info.MaxCredBlobLength {
			return nil
		}
		return op.extend("credBlob", []byte(blob))
	},
	tell: func(_ context.Context, op *creation) error {
		if op.opts.Extensions.CredBlob == nil {
			return nil
		}
		kept, err := op.outputs.isTrue("credBlob")
		op.results.CredBlob = &kept
		return err
	},
}

// getCredBlob reads them again.
var getCredBlob = clientExtension[*authentication]{
	ask: func(_ context.Context, op *authentication) error {
		if !op.opts.Extensions.GetCredBlob || !op.extends("credBlob") {
			return nil
		}
		return op.extend("credBlob", true)
	},
	tell: func(_ context.Context, op *authentication) error {
		if !op.opts.Extensions.GetCredBlob {
			return nil
		}
		var blob ctap.Bytes
		ok, err := op.outputs.read("credBlob", &blob)
		if ok {
			op.results.GetCredBlob = (*base64URL)(&blob)
		}
		return err
	},
}
