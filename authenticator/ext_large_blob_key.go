package authenticator

import (
	"fmt"

	"github.com/softkey-project/softkey/ctap"
)

// largeBlobKeySize is the length of a largeBlobKey, in bytes.
const largeBlobKeySize = 32

// largeBlobKey (§12.3) gives a discoverable credential a key, with which the
// platform encrypts the credential's element of the large-blob array. Its output
// is a member of the response.
var largeBlobKey = extension{
	name: "largeBlobKey",
	create: func(op *makeCredential, input ctap.Raw) (err error) {
		if err := mustBeTrue(input); err != nil {
			return err
		}
		if !op.rk {
			return fmt.Errorf("rk is not true: %w", ctap.StatusInvalidOption)
		}
		op.record.LargeBlobKey, err = op.a.random(largeBlobKeySize)
		op.response.LargeBlobKey = op.record.LargeBlobKey
		return err
	},
	get: func(op *getAssertion, input ctap.Raw) error {
		if err := mustBeTrue(input); err != nil {
			return err
		}
		if r := op.cred.record; r != nil {
			op.response.LargeBlobKey = r.LargeBlobKey
		}
		return nil
	},
}

// mustBeTrue refuses false, which other extensions take for nothing.
func mustBeTrue(input ctap.Raw) error {
	on, err := inputBool(input)
	if err == nil && !on {
		err = fmt.Errorf("false: %w", ctap.StatusInvalidOption)
	}
	return err
}
