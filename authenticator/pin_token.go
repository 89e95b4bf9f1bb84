package authenticator

import (
	"fmt"
	"io"
	"time"

	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctap/pinuv"
)

// Limits of a pinUvAuthToken over USB (§6.5.2.1).
const (
	tokenInitialUse = 30 * time.Second  // an unused one ends then
	tokenPresence   = 30 * time.Second  // how long the touch that made it counts
	tokenLifetime   = 600 * time.Second // every one ends then
)

// token is a pinUvAuthToken in use (§6.5.2.1). There is one at most: issuing
// another ends it, whichever protocol it came by.
//
//	        issue                        time, another, PIN change, reset, unplug
//	(none) ───────▶ in use ───────────────────────────────────────────────▶ (none)
//	                  │ ▲
//	                  └─┘ a test of user presence strips permissions but lbw,
//	                      and the flags of presence and verification
//
// CTAP 2.0 knows a simpler one, its pinToken: it is for everything, serves any
// number of operations, and time does not end it.
type token struct {
	protocol    pinuv.Protocol
	value       []byte
	permissions ctap.Permissions
	rpID        *string // nil: not bound
	present     bool    // userPresent
	verified    bool    // userVerified
	byUV        bool    // the key verified the user by itself; else there was a PIN
	issued      time.Time
	used        bool
	pinToken    bool // as CTAP 2.0 has it
}

// pinAuth is the part of clientPIN that lives in memory: key agreement keys,
// the token, and how often in a row a PIN was wrong since power-up.
type pinAuth struct {
	rand       io.Reader
	agreements map[uint64]*pinuv.Agreement // by protocol, made on first use
	token      *token
	mismatches int
}

// mismatchLimit is how many wrong PINs in a row a power cycle allows (§6.5.5).
const mismatchLimit = 3

// latched tells whether PINs are refused until the key is plugged in again.
func (p *pinAuth) latched() bool { return p.mismatches >= mismatchLimit }

// agreement returns the key agreement key of a protocol.
func (p *pinAuth) agreement(protocol pinuv.Protocol) (*pinuv.Agreement, error) {
	if key := p.agreements[protocol.Number()]; key != nil {
		return key, nil
	}
	key, err := pinuv.NewAgreement(p.rand)
	if err != nil {
		return nil, err
	}
	if p.agreements == nil {
		p.agreements = map[uint64]*pinuv.Agreement{}
	}
	p.agreements[protocol.Number()] = key
	return key, nil
}

// regenerate ends a protocol's key agreement key (§6.5.5.2).
func (p *pinAuth) regenerate(protocol pinuv.Protocol) { delete(p.agreements, protocol.Number()) }

// decapsulate returns the secret that the platform shares with the key.
func (p *pinAuth) decapsulate(protocol pinuv.Protocol, platform ctap.Raw) ([]byte, error) {
	key, err := p.agreement(protocol)
	if err != nil {
		return nil, err
	}
	secret, err := key.Decapsulate(protocol, platform)
	if err != nil { // a wrong type has its status already, which goes first
		return nil, fmt.Errorf("keyAgreement: %w: %w", err, ctap.StatusInvalidParameter)
	}
	return secret, nil
}

// end ends the use of the token: whoever has it has nothing.
func (p *pinAuth) end() {
	if p.token != nil {
		clear(p.token.value)
		p.token = nil
	}
}

// issue begins the use of a new token (§6.5.5.7, beginUsingPinUvAuthToken).
func (p *pinAuth) issue(protocol pinuv.Protocol, permissions ctap.Permissions, rpID *string, present bool) (*token, error) {
	p.end()
	value := make([]byte, pinuv.TokenSize)
	if _, err := io.ReadFull(p.rand, value); err != nil {
		return nil, fmt.Errorf("pinUvAuthToken: %w", err)
	}
	p.token = &token{
		protocol: protocol, value: value, permissions: permissions, rpID: rpID,
		present: present, verified: true, byUV: present, issued: time.Now(),
	}
	return p.token, nil
}

// pinToken returns the pinToken of CTAP 2.0: the same one to whoever asks, until
// the PIN is changed or the key unplugged.
func (p *pinAuth) pinToken(protocol pinuv.Protocol) (*token, error) {
	if t := p.token; t != nil && t.protocol == protocol {
		return t, nil
	}
	const everything = ^ctap.Permissions(0)
	t, err := p.issue(protocol, everything, nil, false)
	if err == nil {
		t.pinToken = true
	}
	return t, err
}

// current returns the token in use, having let time pass for it; nil if none is.
func (p *pinAuth) current() *token {
	t := p.token
	if t == nil || t.pinToken {
		return t
	}
	age := time.Since(t.issued)
	if age > tokenLifetime || !t.used && age > tokenInitialUse {
		p.end()
		return nil
	}
	if age > tokenPresence {
		t.present = false
	}
	return t
}

// verify tells whether param authenticates message with the token in use, and
// counts as its use (§6.5.5.7).
func (p *pinAuth) verify(protocol pinuv.Protocol, message, param []byte) *token {
	t := p.current()
	if t == nil || t.protocol != protocol || !pinuv.Verify(protocol, t.value, message, param) {
		return nil
	}
	t.used = true
	return t
}

// bind associates an unbound token with a relying party, and tells whether the
// token may serve it.
func (t *token) bind(rpID string) bool {
	if t.pinToken {
		return true
	}
	if t.rpID == nil {
		t.rpID = &rpID
	}
	return *t.rpID == rpID
}

// userTested is what a test of user presence does to the token in use: it has
// served its operation.
func (p *pinAuth) userTested() {
	if p.token == nil || p.token.pinToken {
		return
	}
	p.token.present, p.token.verified = false, false
	p.token.permissions &= ctap.PermissionLargeBlobWrite
}
