package authenticator

import (
	"fmt"

	"github.com/softkey-project/softkey/ctap"
)

// The levels of credProtect (§12.1).
const (
	protectOptional         = 1 // userVerificationOptional
	protectOptionalWithList = 2 // userVerificationOptionalWithCredentialIDList
	protectRequired         = 3 // userVerificationRequired
)

// credProtect (§12.1) says to whom a credential shows itself. The level is in
// the flags of the key handle.
var credProtect = extension{name: "credProtect", create: func(op *makeCredential, input ctap.Raw) error {
	var level uint64
	if err := ctap.UnmarshalLax(input, &level); err != nil {
		return err
	}
	if level < protectOptional || level > protectRequired {
		return fmt.Errorf("level %d: %w", level, ctap.StatusInvalidParameter)
	}
	op.created.flags |= credentialFlags(level) & flagProtection
	op.outputs.sign("credProtect", level)
	return nil
}}
