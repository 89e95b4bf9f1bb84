package authenticator

import (
	"fmt"

	"github.com/softkey-project/softkey/ctap"
)

// encodingOverhead is a bound on what CBOR and the fixed members add to the long
// parts of an answer.
const encodingOverhead = 128

// fits refuses an answer that would be longer than a message may be, by the sizes
// of its long parts: post-quantum keys and signatures come near. It is asked
// before anything is signed.
func (a *Authenticator) fits(parts ...int) error {
	size := encodingOverhead
	for _, n := range parts {
		size += n
	}
	if size > int(a.profile.MaxMsgSize) {
		return fmt.Errorf("an answer of up to %d bytes does not fit %d: %w", size, a.profile.MaxMsgSize, ctap.StatusLimitExceeded)
	}
	return nil
}

// statementSize is a bound on the attestation statement that the format packed
// makes, which is the longest that is common.
func (op *makeCredential) statementSize() int {
	if op.attester == nil {
		return op.alg.SignatureSize()
	}
	size := maxECDSA
	for _, der := range op.attester.X5C() {
		size += len(der)
	}
	return size
}

const maxECDSA = 72 // bytes of a P-256 signature in DER

// unsignedSize is a bound on the unsigned outputs of extensions.
func (o *outputs) unsignedSize() int {
	if len(o.unsigned) == 0 {
		return 0
	}
	return len(ctap.MustMarshal(o.unsigned))
}
