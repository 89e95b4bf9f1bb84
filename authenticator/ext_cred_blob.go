package authenticator

import "github.com/softkey-project/softkey/ctap"

// credBlob (§12.2) keeps a few bytes of the site's with a discoverable
// credential. A blob that cannot be kept is no error: the output says so.
var credBlob = extension{name: "credBlob", create: keepCredBlob, get: onTrue(tellCredBlob)}

func keepCredBlob(op *makeCredential, input ctap.Raw) error {
	var blob byteString
	if err := ctap.UnmarshalLax(input, &blob); err != nil {
		return err
	}
	kept := op.rk && len(blob) <= op.a.profile.MaxCredBlobLength
	if kept {
		op.record.CredBlob = blob
	}
	op.outputs.sign("credBlob", kept)
	return nil
}

// tellCredBlob gives a credential without a blob an empty one.
func tellCredBlob(op *getAssertion) error {
	blob := []byte{}
	if r := op.cred.record; r != nil && r.CredBlob != nil {
		blob = r.CredBlob
	}
	op.outputs.sign("credBlob", blob)
	return nil
}
