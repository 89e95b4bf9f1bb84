package authenticator

import "slices"

// minPinLength (§12.5) and pinComplexityPolicy (§12.6) tell a site what PINs the
// key asks for, if the key's administrator lists the site. Another site hears
// nothing, and no error.

var minPinLength = extension{name: "minPinLength", create: onTrue(func(op *makeCredential) error {
	if op.mayKnowPINPolicy() {
		op.outputs.sign("minPinLength", op.a.minPINLength())
	}
	return nil
})}

var pinComplexityPolicy = extension{name: "pinComplexityPolicy", create: onTrue(func(op *makeCredential) error {
	if op.mayKnowPINPolicy() {
		op.outputs.sign("pinComplexityPolicy", op.a.pinComplexity())
	}
	return nil
})}

func (op *makeCredential) mayKnowPINPolicy() bool {
	return slices.Contains(op.a.policy.MinPINLengthRPIDs, op.req.RP.ID)
}
