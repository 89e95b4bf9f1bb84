package webauthn

import "github.com/softkey-project/softkey/ctap"

// attestationObject returns the attestation that the page gets to see (§5.1.3,
// step 24). With any preference but for attestation it is taken out, unless it
// is self attestation, which says nothing of the key.
func attestationObject(preference string, resp *ctap.MakeCredentialResponse, aaguid [16]byte) ctap.AttestationObject {
	object := ctap.AttestationObject{Format: resp.Format, AttStmt: resp.AttStmt, AuthData: resp.AuthData}
	wanted := preference == "indirect" || preference == "direct" || preference == "enterprise"
	if wanted && resp.AttStmt != nil || isSelfAttestation(resp, aaguid) {
		return object
	}
	object.Format, object.AttStmt = "none", map[string]any{}
	return object
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
