package client

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"

	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctap/pinuv"
)

// agreement is a secret shared with the key, of which nobody between knows
// (§6.5.4). It holds until the key makes another key agreement key: after a
// wrong PIN, or when it is unplugged.
type agreement struct {
	protocol pinuv.Protocol
	platform ctap.Raw // our public key, for the key
	secret   []byte
	rand     io.Reader
}

// agree asks the key for its key agreement key.
func (d *Device) agree(ctx context.Context) (*agreement, error) {
	protocol, err := d.pinUvAuthProtocol()
	if err != nil {
		return nil, err
	}
	number := protocol.Number()
	resp, err := d.clientPIN(ctx, &ctap.ClientPINRequest{PinUvAuthProtocol: &number, Subcommand: ctap.GetKeyAgreement})
	if err != nil {
		return nil, err
	}
	var theirs pinuv.COSEKey
	if err := ctap.UnmarshalLax(resp.KeyAgreement, &theirs); err != nil {
		return nil, malformed(ctap.CommandClientPIN, err)
	}
	ours, secret, err := pinuv.Encapsulate(protocol, theirs, d.rand())
	if err != nil {
		return nil, malformed(ctap.CommandClientPIN, err)
	}
	platform, err := ctap.Marshal(ours)
	if err != nil {
		return nil, err
	}
	return &agreement{protocol, platform, secret, d.rand()}, nil
}

// protocolOne is the pinUvAuthProtocol of CTAP 2.0.
const protocolOne = 1

// pinUvAuthProtocol returns the protocol that the key likes best of those that
// exist. A key that names none speaks protocol one.
func (d *Device) pinUvAuthProtocol() (pinuv.Protocol, error) {
	info := d.Info()
	if info == nil {
		return nil, unsupported("CTAP2")
	}
	if len(info.PinUvAuthProtocols) == 0 {
		return pinuv.ByNumber(protocolOne), nil
	}
	for _, number := range info.PinUvAuthProtocols {
		if p := pinuv.ByNumber(number); p != nil {
			return p, nil
		}
	}
	return nil, unsupported("a known pinUvAuthProtocol")
}

// request returns the parameters that subcommands with a secret have in common.
func (a *agreement) request(sub ctap.ClientPINSubcommand) *ctap.ClientPINRequest {
	number := a.protocol.Number()
	return &ctap.ClientPINRequest{PinUvAuthProtocol: &number, Subcommand: sub, KeyAgreement: a.platform}
}

// end forgets the secret, when the request it was for has been answered.
func (a *agreement) end() { clear(a.secret) }

// encryptPIN returns the encryption of what stands for a PIN that the key has.
func (a *agreement) encryptPIN(pin string) ([]byte, error) {
	hash := hashPIN(pin)
	defer clear(hash[:])
	return a.encrypt(hash[:pinHashSize])
}

// encrypt returns the encryption of whole blocks of 16 bytes.
func (a *agreement) encrypt(plaintext []byte) ([]byte, error) {
	return a.protocol.Encrypt(a.secret, plaintext, a.rand)
}

func (a *agreement) decrypt(ciphertext []byte) ([]byte, error) {
	return a.protocol.Decrypt(a.secret, ciphertext)
}

func (a *agreement) authenticate(message []byte) []byte {
	return a.protocol.Authenticate(a.secret, message)
}

// clientPIN runs a subcommand of authenticatorClientPIN that has an answer.
func (d *Device) clientPIN(ctx context.Context, req *ctap.ClientPINRequest) (*ctap.ClientPINResponse, error) {
	var resp ctap.ClientPINResponse
	if err := d.command(ctx, ctap.CommandClientPIN, req, &resp); err != nil {
		return nil, err
	}
	return &resp, nil
}

func (d *Device) rand() io.Reader {
	if d.Rand == nil {
		return rand.Reader
	}
	return d.Rand
}

// option returns an option of the key: whether it is on, and whether the key
// has it at all.
func (d *Device) option(name string) (on, known bool) {
	info := d.Info()
	if info == nil {
		return false, false
	}
	on, known = info.Options[name]
	return on, known
}

func unsupported(what string) error {
	return fmt.Errorf("client: the key does not offer %s: %w", what, errors.ErrUnsupported)
}

// malformed is the error for an answer that makes no sense. The cause is not
// wrapped: it would look like a status that the key answered.
func malformed(cmd ctap.Command, cause any) error {
	return fmt.Errorf("%v: the answer is malformed: %v", cmd, cause)
}
