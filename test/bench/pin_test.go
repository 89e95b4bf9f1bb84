package main

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"testing"

	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctap/cose"
	"github.com/softkey-project/softkey/ctap/pinuv"
)

var rpIDHash = sha256.Sum256([]byte(rpID))

// pinHash is what a key knows its PIN by.
func pinHash() []byte {
	sum := sha256.Sum256([]byte(pin))
	return sum[:16]
}

// protocol is that of all platforms here.
const protocol = 2

// platform agrees with a key, or with the floor, on another secret for each
// request.
type platform struct {
	b    *testing.B
	peer pinuv.COSEKey
}

func (k *key) platform() platform {
	number := uint64(protocol)
	answer := k.ctap2(encode(ctap.CommandClientPIN, &ctap.ClientPINRequest{
		PinUvAuthProtocol: &number, Subcommand: ctap.GetKeyAgreement,
	}))
	var peer pinuv.COSEKey
	if err := ctap.UnmarshalLax(decode[ctap.ClientPINResponse](k.b, answer).KeyAgreement, &peer); err != nil {
		k.b.Fatal(err)
	}
	return platform{k.b, peer}
}

// platformOf returns a platform for the floor whose public key is point.
func platformOf(b *testing.B, point []byte) platform {
	b.Helper()
	return platform{b, pinuv.COSEKey{Type: 2, Algorithm: -25, Curve: 1, X: point[1:33], Y: point[33:]}}
}

// sealed is what a platform has encrypted and authenticated.
type sealed struct {
	key       pinuv.COSEKey // of the platform
	secret    []byte        // shared
	enc, auth []byte
}

func (s sealed) point() []byte { return append(append([]byte{4}, s.key.X...), s.key.Y...) }

// seal encrypts a plaintext under a new shared secret.
func (p platform) seal(plaintext []byte) (s sealed) {
	two := pinuv.ByNumber(protocol)
	var err error
	if s.key, s.secret, err = pinuv.Encapsulate(two, p.peer, rand.Reader); err != nil {
		p.b.Fatal(err)
	}
	if s.enc, err = two.Encrypt(s.secret, plaintext, rand.Reader); err != nil {
		p.b.Fatal(err)
	}
	s.auth = two.Authenticate(s.secret, s.enc)
	return s
}

// onSealed is a task whose every operation gets something new that a platform
// has sealed.
func onSealed(p platform, plaintext []byte, run func(sealed)) task {
	var all []sealed
	return task{
		prepare: func(n int) {
			all = all[:0]
			for range n {
				all = append(all, p.seal(plaintext))
			}
		},
		run: func(i int) { run(all[i]) },
	}
}

// prepared is a task whose requests are all encoded before a round.
func prepared(k *key, next func() []byte) task {
	var all [][]byte
	return task{
		prepare: func(n int) {
			all = all[:0]
			for range n {
				all = append(all, next())
			}
		},
		run: func(i int) { k.ctap2(all[i]) },
	}
}

// pinToken is a request for a pinUvAuthToken by the PIN whose hash is sealed.
func (s sealed) pinToken(permissions ctap.Permissions) []byte {
	number := uint64(protocol)
	req := &ctap.ClientPINRequest{
		PinUvAuthProtocol: &number, Subcommand: ctap.GetTokenUsingPINWithPermission,
		KeyAgreement: ctap.MustMarshal(s.key), PINHashEnc: s.enc, Permissions: &permissions,
	}
	return encode(ctap.CommandClientPIN, req)
}

func BenchmarkPINToken(b *testing.B) {
	k := durableKey(b)
	f, p := k.newFloor(), k.platform()
	compare(b, operations,
		prepared(k, func() []byte { return p.seal(pinHash()).pinToken(ctap.PermissionCredentialMgmt) }),
		onSealed(platformOf(b, f.Agreement()), pinHash(), func(s sealed) { f.PINToken(s.point(), s.enc) }))
}

func BenchmarkHMACSecret(b *testing.B) {
	k := durableKey(b)
	f, p := k.newFloor(), k.platform()
	salt, hash := bytes.Repeat([]byte{5}, 32), bytes.Clone(someHash)
	all, n := k.register(cose.ES256, credentials), 0
	compare(b, operations,
		prepared(k, func() []byte {
			n++
			return hmacSecret(p.seal(salt), all[n%credentials], n)
		}),
		onSealed(platformOf(b, f.Agreement()), salt, func(s sealed) { f.HMACSecret(hash, s.point(), s.enc, s.auth) }))
	resp := decode[ctap.GetAssertionResponse](b, k.ctap2(hmacSecret(p.seal(salt), all[0], n)))
	if data, err := ctap.ParseAuthenticatorData(resp.AuthData); err != nil || len(data.Extensions) == 0 {
		b.Fatalf("got authenticator data %x, %v; want the extension's output", resp.AuthData, err)
	}
}

// hmacSecret is the nth request for an assertion with the extension hmac-secret.
func hmacSecret(salt sealed, c *ctap.AttestedCredential, n int) []byte {
	hash := sha256.Sum256([]byte{byte(n), byte(n >> 8), byte(n >> 16)})
	return encode(ctap.CommandGetAssertion, &ctap.GetAssertionRequest{
		RPID: rpID, ClientDataHash: hash[:], AllowList: descriptors(c),
		Extensions: map[string]ctap.Raw{"hmac-secret": ctap.MustMarshal(struct {
			KeyAgreement pinuv.COSEKey `cbor:"1,keyasint"`
			SaltEnc      []byte        `cbor:"2,keyasint"`
			SaltAuth     []byte        `cbor:"3,keyasint"`
			Protocol     int           `cbor:"4,keyasint"`
		}{salt.key, salt.enc, salt.auth, protocol})},
	})
}
