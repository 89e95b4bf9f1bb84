package webauthn

import "context"

// paymentInputs are the inputs of the extension payment, as far as the key is
// concerned (Secure Payment Confirmation §5).
type paymentInputs struct {
	IsPayment bool `json:"isPayment"`
}

// createPayment makes a credential with which others than its relying party may
// confirm payments: thirdPartyPayment (§12.9 of CTAP).
var createPayment = clientExtension[*creation]{
	ask: func(_ context.Context, op *creation) error {
		p := op.opts.Extensions.Payment
		if p == nil || !p.IsPayment || !op.extends("thirdPartyPayment") {
			return nil
		}
		return op.extend("thirdPartyPayment", true)
	},
}

// getPayment refuses: payments are not confirmed by navigator.credentials.get.
var getPayment = clientExtension[*authentication]{
	check: func(_ context.Context, op *authentication) error {
		if p := op.opts.Extensions.Payment; p != nil && p.IsPayment {
			return fail(NotAllowedError, "the extension payment is for payment requests alone")
		}
		return nil
	},
}
