package attestation

import "fmt"

// compound is several statements of other formats for one credential (WebAuthn
// §8.9), here packed and tpm: the two that any relying party can hold against a
// root of its choice. As the answer of a key it nests five levels deep, one more
// than CTAP allows messages (§8): x5c lies in a statement of the array.
type compound struct{}

type compoundMember struct {
	Format    string `cbor:"fmt"`
	Statement any    `cbor:"attStmt"`
}

func (compound) Name() string { return "compound" }

func (compound) attestationTypes() []string { return []string{basicFull, attCA} }

// Statement returns an array, where all other formats have a map.
func (compound) Statement(in *Input) (any, error) {
	var members []compoundMember
	for _, f := range []Format{packed{}, tpm{}} {
		statement, err := f.Statement(in)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name(), err)
		}
		members = append(members, compoundMember{f.Name(), statement})
	}
	return members, nil
}
