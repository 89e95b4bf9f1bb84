package client

import (
	"context"
	"errors"
	"fmt"

	"github.com/softkey-project/softkey/ctap"
)

// HMACSecret is one use of the extension hmac-secret, or hmac-secret-mc (§12.7,
// §12.8): salts on their way to the key, outputs on their way back, which only
// the two ends can read.
type HMACSecret struct {
	agreement *agreement
	count     int
	input     ctap.Raw
}

// hmacSecretInput is the extension's input. Keys of CTAP 2.0 know protocol one
// alone, and not the last member.
type hmacSecretInput struct {
	KeyAgreement      ctap.Raw   `cbor:"1,keyasint"`
	SaltEnc           ctap.Bytes `cbor:"2,keyasint"`
	SaltAuth          ctap.Bytes `cbor:"3,keyasint"`
	PinUvAuthProtocol uint64     `cbor:"4,keyasint,omitempty"`
}

// saltSize is the length of a salt and of an output, in bytes.
const saltSize = 32

// HMACSecret agrees with the key on a secret, and encrypts one salt or two with
// it. The next authenticatorMakeCredential or authenticatorGetAssertion has the
// input.
func (d *Device) HMACSecret(ctx context.Context, salts ...[32]byte) (*HMACSecret, error) {
	if len(salts) < 1 || len(salts) > 2 {
		return nil, fmt.Errorf("client: hmac-secret with %d salts", len(salts))
	}
	a, err := d.agree(ctx)
	if err != nil {
		return nil, err
	}
	var plaintext []byte
	for _, salt := range salts {
		plaintext = append(plaintext, salt[:]...)
	}
	in := hmacSecretInput{KeyAgreement: a.platform}
	if in.SaltEnc, err = a.encrypt(plaintext); err != nil {
		return nil, err
	}
	in.SaltAuth = a.authenticate(in.SaltEnc)
	if n := a.protocol.Number(); n != protocolOne {
		in.PinUvAuthProtocol = n
	}
	input, err := ctap.Marshal(in)
	return &HMACSecret{a, len(salts), input}, err
}

// Input returns the extension's input.
func (h *HMACSecret) Input() ctap.Raw { return h.input }

// Outputs decrypts the extension's output, a byte string in CBOR: as many
// outputs of 32 bytes as there were salts.
func (h *HMACSecret) Outputs(output ctap.Raw) ([][]byte, error) {
	var encrypted ctap.Bytes
	if err := ctap.UnmarshalLax(output, &encrypted); err != nil {
		return nil, fmt.Errorf("client: the output of hmac-secret is malformed: %v", err)
	}
	plaintext, err := h.agreement.decrypt(encrypted)
	if err != nil {
		return nil, fmt.Errorf("client: the output of hmac-secret: %w", err)
	}
	if len(plaintext) != h.count*saltSize {
		return nil, errors.New("client: the output of hmac-secret is of a wrong length")
	}
	outputs := [][]byte{plaintext[:saltSize]}
	if h.count == 2 {
		outputs = append(outputs, plaintext[saltSize:])
	}
	return outputs, nil
}
