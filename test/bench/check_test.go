package main

import (
	"crypto/x509"

	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctap/cose"
)

// Once the rounds are over, a ceremony is made and verified: what was measured
// are signatures of what was asked. Assertions check themselves.

// checkCredential makes a credential and verifies its packed attestation.
func (k *key) checkCredential(req *request) {
	resp := decode[ctap.MakeCredentialResponse](k.b, k.ctap2(req.next()))
	statement, _ := resp.AttStmt.(map[any]any)
	sig, _ := statement["sig"].([]byte)
	k.checkAttestation(append(resp.AuthData, req.places[0]...), sig)
}

// checkU2FRegistration registers by a request whose challenge varies.
func (k *key) checkU2FRegistration(req *request, application [32]byte) {
	resp, err := ctap.ParseU2FRegisterResponse(k.u2f(req.next()))
	if err != nil {
		k.b.Fatal(err)
	}
	challenge := [32]byte(req.places[0])
	k.checkAttestation(ctap.U2FSignedRegistration(application, challenge, resp.KeyHandle, resp.PublicKey), resp.Signature)
}

func (k *key) checkAttestation(message, sig []byte) {
	if err := k.certificate().CheckSignature(x509.ECDSAWithSHA256, message, sig); err != nil {
		k.b.Fatal("attestation:", err)
	}
}

// checkU2FAuthentication authenticates with a credential of [rpID], by a request
// whose challenge varies.
func (k *key) checkU2FAuthentication(req *request, c *ctap.AttestedCredential) {
	resp, err := ctap.ParseU2FAuthenticateResponse(k.u2f(req.next()))
	if err != nil {
		k.b.Fatal(err)
	}
	message := ctap.U2FSignedAuthentication(rpIDHash, [32]byte(req.places[0]), resp.Flags, resp.Counter)
	if err := cose.ByID(cose.ES256).Verify(c.PublicKey, message, resp.Signature); err != nil {
		k.b.Fatal(err)
	}
}
