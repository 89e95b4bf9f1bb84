package attestation

import (
	"crypto/ecdsa"
	"errors"
	"fmt"
	"slices"

	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctap/cose"
)

// Format makes the attStmt of one attestation statement format. It may be used
// by several goroutines.
type Format interface {
	// Name is the format's name, as registered with IANA: the fmt of an
	// attestation object.
	Name() string

	// Statement returns the attStmt for a new credential, to be encoded by
	// [ctap.Marshal]. The error is or wraps a [ctap.Status] where the request
	// is to blame.
	Statement(in *Input) (attStmt any, err error)

	// attestationTypes are the types that statements of an attester have, as
	// metadata names them (FIDO Registry of Predefined Values §3.6.3).
	attestationTypes() []string
}

// Input is what a [Format] attests: a new credential and the request that
// asked for it.
type Input struct {
	AuthData       []byte   // authenticator data, with the credential
	ClientDataHash []byte   // as requested; 32 bytes
	RPIDHash       [32]byte // as in AuthData
	CredentialID   []byte   // as in AuthData
	PublicKey      []byte   // COSE_Key, as in AuthData

	Algorithm cose.ID         // of the credential
	Key       cose.PrivateKey // the credential's: self attestation signs with it
	Attester  *Attester       // nil: self attestation, where the format has it
}

// certifiable returns the credential's public key for a format that has a
// certificate made for it, or what keeps the format from that.
func (in *Input) certifiable() (*ecdsa.PublicKey, error) {
	if in.Attester == nil || in.Attester.issuer == nil {
		return nil, errors.New("no issuer of certificates")
	}
	if in.Algorithm != cose.ES256 {
		return nil, fmt.Errorf("no certificate for algorithm %d: %w", in.Algorithm, ctap.StatusUnsupportedAlgorithm)
	}
	return cose.ParseES256(in.PublicKey)
}

// signed returns what most formats sign: authData ‖ clientDataHash.
func (in *Input) signed() []byte {
	return slices.Concat(in.AuthData, in.ClientDataHash)
}

// formats is the table: a format is a file and a line here.
var formats = []Format{
	packed{},
	fidoU2F{},
	tpm{},
	androidKey{},
	apple{},
	compound{},
	none{},
}

// ByName returns the format that has the name, or nil.
func ByName(name string) Format {
	for _, f := range formats {
		if f.Name() == name {
			return f
		}
	}
	return nil
}

// Choose returns the format of a new credential (§6.1.2, step 19): the first of
// preference that is supported, and otherwise the default, the first of
// supported; packed, if there is none.
//
// Every authenticator supports "none", but getInfo does not list it and neither
// need supported: it is for a preference of "none" alone.
func Choose(preference, supported []string) Format {
	if len(preference) == 1 && preference[0] == (none{}).Name() {
		return none{}
	}
	for _, names := range [][]string{preference, supported} {
		for _, name := range names {
			if f := ByName(name); f != nil && slices.Contains(supported, name) {
				return f
			}
		}
	}
	return packed{}
}
