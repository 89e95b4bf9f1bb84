package authenticator

import (
	"fmt"

	"github.com/softkey-project/softkey/ctap"
)

// encodingOverhead is a bound on what CBOR and the fixed members add to the long
// parts of an answer.
const encodingOverhead = 128

// fits refuses an assertion that would be longer than a message may be, by the
// sizes of its long parts: post-quantum signatures come near. It is asked before
// anything is signed, which would take a counter value for nothing.
func (op *getAssertion) fits(data *ctap.AuthenticatorData) error {
	size := encodingOverhead + len(data.Extensions) + len(op.cred.id) + op.cred.alg.SignatureSize() + op.outputs.unsignedSize()
	if limit := op.a.profile.MaxMsgSize; size > int(limit) {
		return fmt.Errorf("an answer of up to %d bytes does not fit %d: %w", size, limit, ctap.StatusLimitExceeded)
	}
	return nil
}

// unsignedSize is a bound on the unsigned outputs of extensions.
func (o *outputs) unsignedSize() int {
	if len(o.unsigned) == 0 {
		return 0
	}
	return len(ctap.MustMarshal(o.unsigned))
}
