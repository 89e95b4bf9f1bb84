package pinuv

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"testing"

	"github.com/softkey-project/softkey/ctap"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func ramp(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i)
	}
	return b
}

// The platform's key and the authenticator's of the tests of python-fido2, and
// what its PinProtocolV1 and PinProtocolV2 (version 2.2.1) make of them.
const (
	platformPrivate = "7452e599fee739d8a653f6a507343d12d382249108a651402520b72f24fe7684"
	platformX       = "44d78d7989b97e62ea993496c9ef6e8fd58b8b00715f9a89153ddd9c4657e47f"
	platformY       = "ec802ee7d22bd4e100f12e48537eb4e7e96ed3a47a0a3bd5f5eeab65001664f9"
	deviceX         = "0501d5bc78da9252560a26cb08fcc60cbe0b6d3b8e1d1fcee514fac0af675168"
	deviceY         = "d551b3ed46f665731f95b4532939c25d91db7eb844bd96d4abd4083785f8df47"
)

var vectors = []struct {
	protocol               Protocol
	secret                 string
	encrypted              string // of 00 01 … 3F, with the initialization vector 00 01 … 0F
	authenticated, byToken string // of "message", with the secret and with the token 00 01 … 1F
}{
	{
		one{},
		"c42a039d548100dfba521e487debcbbb8b66bb7496f8b1862a7a395ed83e1a1c",
		"e5f19141f64bf886d74b6f4d9c3e4520e9f257c33260d4dcf5b7c2b01bd99fd0" +
			"0a1f2bc099100f54c892e91a0794d53068438b6c1e306b09eb070841276d55c5",
		"96a179a02ad66fdfb529bb582ed5617c",
		"6297b77508a1a30ea4dfadd8f847c31b",
	},
	{
		two{},
		"65ef955dd8cfcacab489ad582d64b872299cec1970aeffb10c90b9d9f4b4f1a7" +
			"46cc03964825ccbaf159fde1958b2063871bd5b66ecf28972eaac583214a22d8",
		"000102030405060708090a0b0c0d0e0f" +
			"25d38170e84a14410d23a37ca10d175b112c2c1663fd172f26fff2f6f2910121" +
			"a329f17c037fea06cdfcbd3019556ac5fc1b200231bbaecc6a7cfa8c147391a8",
		"455be5ded7cc07560ff3fb590cb53ddc8a6bfd4350337e4eb479c5373be59161",
		"6297b77508a1a30ea4dfadd8f847c31b49aba45de10a79daf721d3f7ec112a24",
	},
}

func TestVectors(t *testing.T) {
	device := ctap.MustMarshal(COSEKey{Type: 2, Algorithm: -25, Curve: 1, X: unhex(t, deviceX), Y: unhex(t, deviceY)})
	for _, v := range vectors {
		p := v.protocol
		platform, err := NewAgreement(bytes.NewReader(unhex(t, platformPrivate)))
		if err != nil {
			t.Fatal(err)
		}
		if k := platform.PublicKey(); !bytes.Equal(k.X, unhex(t, platformX)) || !bytes.Equal(k.Y, unhex(t, platformY)) {
			t.Errorf("protocol %d: public key %x, %x", p.Number(), k.X, k.Y)
		}
		secret, err := platform.Decapsulate(p, device)
		if err != nil || !bytes.Equal(secret, unhex(t, v.secret)) {
			t.Errorf("protocol %d: secret %x, %v; want %s", p.Number(), secret, err, v.secret)
		}
		got, err := p.Encrypt(secret, ramp(64), bytes.NewReader(ramp(16)))
		if err != nil || !bytes.Equal(got, unhex(t, v.encrypted)) {
			t.Errorf("protocol %d: encrypted %x, %v; want %s", p.Number(), got, err, v.encrypted)
		}
		if back, err := p.Decrypt(secret, got); err != nil || !bytes.Equal(back, ramp(64)) {
			t.Errorf("protocol %d: decrypted %x, %v", p.Number(), back, err)
		}
		if got := p.Authenticate(secret, []byte("message")); !bytes.Equal(got, unhex(t, v.authenticated)) {
			t.Errorf("protocol %d: authenticated %x, want %s", p.Number(), got, v.authenticated)
		}
		if got := p.Authenticate(ramp(32), []byte("message")); !bytes.Equal(got, unhex(t, v.byToken)) {
			t.Errorf("protocol %d: by token %x, want %s", p.Number(), got, v.byToken)
		}
	}
}

func TestBothEndsAgree(t *testing.T) {
	for _, p := range protocols {
		authenticator, err := NewAgreement(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		platform, secret, err := Encapsulate(p, authenticator.PublicKey(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		again, err := authenticator.Decapsulate(p, ctap.MustMarshal(platform))
		if err != nil || !bytes.Equal(again, secret) {
			t.Errorf("protocol %d: %x and %x, %v", p.Number(), secret, again, err)
		}
	}
}

func TestVerify(t *testing.T) {
	for _, p := range protocols {
		param := p.Authenticate(ramp(32), []byte("message"))
		for name, tt := range map[string]struct {
			param []byte
			want  bool
		}{
			"right":  {param, true},
			"longer": {append(bytes.Clone(param), 0), false},
			"cut":    {param[:len(param)-1], false},
			"none":   {nil, false},
			"wrong":  {append([]byte{param[0] ^ 1}, param[1:]...), false},
		} {
			if got := Verify(p, ramp(32), []byte("message"), tt.param); got != tt.want {
				t.Errorf("protocol %d, %s: got %v, want %v", p.Number(), name, got, tt.want)
			}
		}
	}
}

func TestDecapsulateRefuses(t *testing.T) {
	a, err := NewAgreement(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	good := a.PublicKey()
	for name, change := range map[string]func(*COSEKey){
		"type":     func(k *COSEKey) { k.Type = 1 },
		"curve":    func(k *COSEKey) { k.Curve = 2 },
		"short":    func(k *COSEKey) { k.X = k.X[:31] },
		"no point": func(k *COSEKey) { k.X = make([]byte, 32); k.Y = make([]byte, 32) },
	} {
		k := good
		change(&k)
		if _, err := a.Decapsulate(two{}, ctap.MustMarshal(k)); !errors.Is(err, ErrKey) {
			t.Errorf("%s: got %v, want %v", name, err, ErrKey)
		}
	}
	if _, err := a.Decapsulate(two{}, []byte{0x01}); !errors.Is(err, ctap.StatusCBORUnexpectedType) {
		t.Errorf("a number: got %v, want %v", err, ctap.StatusCBORUnexpectedType)
	}
}

func TestDecryptRefusesLengths(t *testing.T) {
	for _, tt := range []struct {
		protocol Protocol
		length   int
	}{{one{}, 15}, {one{}, 33}, {two{}, 0}, {two{}, 15}, {two{}, 31}} {
		if _, err := tt.protocol.Decrypt(ramp(64)[:32*int(tt.protocol.Number())], make([]byte, tt.length)); !errors.Is(err, ErrCiphertext) {
			t.Errorf("protocol %d, %d bytes: got %v, want %v", tt.protocol.Number(), tt.length, err, ErrCiphertext)
		}
	}
}

// What one end encrypts, the other reads; nothing else decrypts to it by chance
// of its length.
func FuzzDecrypt(f *testing.F) {
	f.Add(byte(1), ramp(64))
	f.Add(byte(2), ramp(80))
	f.Fuzz(func(t *testing.T, number byte, ciphertext []byte) {
		p := ByNumber(uint64(number))
		if p == nil {
			return
		}
		key := p.kdf(ramp(32))
		plaintext, err := p.Decrypt(key, ciphertext)
		if err != nil {
			return
		}
		iv := bytes.NewReader(ciphertext)
		if again, err := p.Encrypt(key, plaintext, iv); err != nil || !bytes.Equal(again, ciphertext) {
			t.Errorf("got %x again, %v; want %x", again, err, ciphertext)
		}
	})
}
