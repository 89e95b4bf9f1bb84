package webauthn

import "github.com/softkey-project/softkey/ctap"

// attestationObject returns the attestation that the page gets to see (§5.1.3,
// step 24). With any preference but for attestation it is taken out, unless it
// is self attestation, which says nothing of the key.
func attestationObject(preference string, resp *ctap.MakeCredentialResponse, aaguid [16]byte) ([]byte, error) {
	object := ctap.AttestationObject{Format: resp.Format, AttStmt: resp.AttStmt, AuthData: resp.AuthData}
	conveyed := isConveyed(preference) && resp.AttStmt != nil || isSelfAttestation(resp, aaguid)
	if !conveyed {
		object.Format, object.AttStmt = "none", map[string]any{}
	}
	if !isStatement(object.AttStmt, object.Format) {
		return nil, fail(UnknownError, "the key's attestation statement is no map")
	}
	encoded, err := ctap.Marshal(object)
	if err != nil {
		return nil, fail(UnknownError, "the key's attestation statement is malformed: %v", err)
	}
	return encoded, nil
}

// isStatement tells whether a statement is a map or, for the format compound
// (§8.9), an array of statements.
func isStatement(statement any, format string) bool {
	switch statement.(type) {
	case map[any]any, map[string]any:
		return true
	case []any:
		return format == "compound"
	}
	return false
}

// isConveyed tells whether a preference is for attestation.
func isConveyed(preference string) bool {
	return preference == "indirect" || preference == "direct" || preference == "enterprise"
}

// isSelfAttestation tells whether an attestation statement was made with the
// credential's own key, by a key that does not tell its model.
func isSelfAttestation(resp *ctap.MakeCredentialResponse, aaguid [16]byte) bool {
	statement, ok := resp.AttStmt.(map[any]any)
	if !ok || resp.Format != "packed" || aaguid != [16]byte{} {
		return false
	}
	_, hasCertificate := statement["x5c"]
	return !hasCertificate
}
