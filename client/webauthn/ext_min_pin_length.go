package webauthn

import "context"

// minPINLength is the extensions minPinLength and pinComplexityPolicy (§12.5,
// §12.6 of CTAP): what the key demands of a PIN, which it tells the relying
// parties that its owner chose. Their outputs are in the authenticator data
// alone.
var minPINLength = clientExtension[*creation]{
	ask: func(_ context.Context, op *creation) error {
		if op.opts.Extensions.MinPINLength && op.extends("minPinLength") {
			if err := op.extend("minPinLength", true); err != nil {
				return err
			}
		}
		if op.opts.Extensions.PINComplexityPolicy && op.extends("pinComplexityPolicy") {
			return op.extend("pinComplexityPolicy", true)
		}
		return nil
	},
}
