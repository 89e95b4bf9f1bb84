package attestation

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"testing"

	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctap/cose"
)

// seed is the seed of the test credentials' keys.
var seed = bytes.Repeat([]byte{7}, 32)

// newInput returns the input for a credential of the algorithm, and what most
// formats sign.
func newInput(tb testing.TB, alg cose.ID, attester *Attester) (in *Input, message []byte) {
	tb.Helper()
	material, err := cose.ByID(alg).New(seed)
	if err != nil {
		tb.Fatal(err)
	}
	key, err := cose.ByID(alg).Key(material)
	if err != nil {
		tb.Fatal(err)
	}
	in = &Input{
		AuthData:       append(make([]byte, 0, 512), bytes.Repeat([]byte{0xad}, 200)...),
		ClientDataHash: bytes.Repeat([]byte{0xcd}, 32),
		RPIDHash:       [32]byte{0x1d, 31: 0x1e},
		CredentialID:   bytes.Repeat([]byte{0xc1}, 128),
		PublicKey:      key.COSEKey(),
		Algorithm:      alg,
		Key:            key,
		Attester:       attester,
	}
	return in, append(bytes.Repeat([]byte{0xad}, 200), bytes.Repeat([]byte{0xcd}, 32)...)
}

// statement returns the attStmt of the format named, as it is sent.
func statement(t *testing.T, format string, in *Input) []byte {
	t.Helper()
	stmt, err := ByName(format).Statement(in)
	if err != nil {
		t.Fatal(err)
	}
	sent, err := ctap.Marshal(stmt)
	if err != nil {
		t.Fatal(err)
	}
	return sent
}

// cutSignature returns the signature of an attStmt and puts S in its place. The
// signature is the first byte string of 64 to 255 bytes.
func cutSignature(t *testing.T, sent []byte) (sig, rest []byte) {
	t.Helper()
	head, tail, ok := bytes.Cut(sent, []byte("\x63sig\x58"))
	if !ok || len(tail) < 1 || len(tail) < 1+int(tail[0]) {
		t.Fatalf("no signature in %x", sent)
	}
	sig, tail = tail[1:1+tail[0]], tail[1+tail[0]:]
	return sig, bytes.Join([][]byte{head, tail}, []byte("\x63sigS"))
}

// x5c returns the x5c member of an attStmt with certificates of 256 to 65535
// bytes.
func x5c(certificates ...[]byte) string {
	b := append([]byte("\x63x5c"), 0x80+byte(len(certificates)))
	for _, c := range certificates {
		b = binary.BigEndian.AppendUint16(append(b, 0x59), uint16(len(c)))
		b = append(b, c...)
	}
	return string(b)
}

func TestPackedWithCertificate(t *testing.T) {
	_, leaf := newIdentities(t)
	ca, intermediate, _ := newCA(t)
	tests := []struct {
		name     string
		alg      cose.ID // of the credential; not of the signature
		attester *Attester
		want     string
	}{
		{"ES256", cose.ES256, NewAttester(leaf, AttesterConfig{}),
			"\xa3\x63alg\x26\x63sigS" + x5c(leaf.Certificate.Raw)},
		{"EdDSA", cose.EdDSA, NewAttester(leaf, AttesterConfig{}),
			"\xa3\x63alg\x26\x63sigS" + x5c(leaf.Certificate.Raw)},
		{"hedged", cose.ES256, NewAttester(leaf, AttesterConfig{Hedged: true}),
			"\xa3\x63alg\x26\x63sigS" + x5c(leaf.Certificate.Raw)},
		{"intermediate", cose.ES256, NewAttester(leaf, AttesterConfig{Issuer: ca}),
			"\xa3\x63alg\x26\x63sigS" + x5c(leaf.Certificate.Raw, intermediate.Raw)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in, message := newInput(t, tt.alg, tt.attester)
			sig, rest := cutSignature(t, statement(t, "packed", in))
			if string(rest) != tt.want {
				t.Errorf("attStmt = %x, want %x", rest, tt.want)
			}
			checkSignature(t, leaf.Certificate.Raw, message, sig)
		})
	}
}

func TestPackedSelf(t *testing.T) {
	es256, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), seed)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name   string
		alg    cose.ID
		want   string
		verify func(message, sig []byte) bool
	}{
		{"ES256", cose.ES256, "\xa2\x63alg\x26\x63sigS", func(message, sig []byte) bool {
			digest := sha256.Sum256(message)
			return ecdsa.VerifyASN1(&es256.PublicKey, digest[:], sig)
		}},
		{"EdDSA", cose.EdDSA, "\xa2\x63alg\x27\x63sigS", func(message, sig []byte) bool {
			return ed25519.Verify(ed25519.NewKeyFromSeed(seed).Public().(ed25519.PublicKey), message, sig)
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in, message := newInput(t, tt.alg, nil)
			sig, rest := cutSignature(t, statement(t, "packed", in))
			if string(rest) != tt.want {
				t.Errorf("attStmt = %x, want %x", rest, tt.want)
			}
			if !tt.verify(message, sig) {
				t.Errorf("signature %x does not verify with the credential's key", sig)
			}
		})
	}
}

func TestFIDOU2F(t *testing.T) {
	_, leaf := newIdentities(t)
	ca, _, _ := newCA(t)
	in, _ := newInput(t, cose.ES256, NewAttester(leaf, AttesterConfig{Issuer: ca}))
	sig, rest := cutSignature(t, statement(t, "fido-u2f", in))
	if want := "\xa2\x63sigS" + x5c(leaf.Certificate.Raw); string(rest) != want {
		t.Errorf("attStmt = %x, want %x: one certificate, no alg", rest, want)
	}

	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), seed)
	if err != nil {
		t.Fatal(err)
	}
	point, err := key.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	message := append([]byte{0}, in.RPIDHash[:]...)
	message = append(message, in.ClientDataHash...)
	message = append(message, in.CredentialID...)
	message = append(message, point...)
	checkSignature(t, leaf.Certificate.Raw, message, sig)
}

func TestFIDOU2FRefuses(t *testing.T) {
	tests := []struct {
		name string
		alg  cose.ID
		bend func(*Input)
		want error // nil: any
	}{
		{"EdDSA", cose.EdDSA, func(*Input) {}, ctap.StatusUnsupportedAlgorithm},
		{"short clientDataHash", cose.ES256, func(in *Input) { in.ClientDataHash = in.ClientDataHash[:31] },
			ctap.StatusInvalidParameter},
		{"long clientDataHash", cose.ES256, func(in *Input) { in.ClientDataHash = make([]byte, 33) },
			ctap.StatusInvalidParameter},
		{"public key that is none", cose.ES256, func(in *Input) { in.PublicKey = nil }, cose.ErrKey},
		{"no attester", cose.ES256, func(in *Input) { in.Attester = nil }, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in, _ := newInput(t, tt.alg, newAttester(t, AttesterConfig{}))
			tt.bend(in)
			stmt, err := ByName("fido-u2f").Statement(in)
			if stmt != nil || err == nil || tt.want != nil && !errors.Is(err, tt.want) {
				t.Errorf("Statement = %v, %v; want the error %v", stmt, err, tt.want)
			}
		})
	}
}

func TestNone(t *testing.T) {
	in, _ := newInput(t, cose.ES256, newAttester(t, AttesterConfig{}))
	if got := statement(t, "none", in); !bytes.Equal(got, []byte{0xa0}) {
		t.Errorf("attStmt = %x, want a0", got)
	}
}

// TestFormats holds every row of the table to what the interfaces promise.
func TestFormats(t *testing.T) {
	for _, f := range formats {
		t.Run(f.Name(), func(t *testing.T) {
			if got := ByName(f.Name()); got != f {
				t.Errorf("ByName(%q) = %v, want %v", f.Name(), got, f)
			}
			attester, _, _ := newIssuing(t)
			in, _ := newInput(t, cose.ES256, attester)
			sent := statement(t, f.Name(), in)
			if err := ctap.CheckCanonical(sent); err != nil {
				t.Errorf("attStmt %x: %v", sent, err)
			}
			if again := statement(t, f.Name(), in); !bytes.Equal(again, sent) {
				t.Errorf("attStmt again = %x, want %x", again, sent)
			}
			if spare := in.AuthData[:cap(in.AuthData)][len(in.AuthData):]; bytes.Contains(spare, in.ClientDataHash) {
				t.Error("Statement wrote behind the authenticator data")
			}
		})
	}
	if got := ByName("android-safetynet"); got != nil {
		t.Errorf(`ByName("android-safetynet") = %v, want nil`, got)
	}
}

func TestChoose(t *testing.T) {
	list := func(names ...string) []string { return names }
	tests := []struct {
		name                  string
		preference, supported []string
		want                  string
	}{
		{"absent", nil, list("packed", "fido-u2f"), "packed"},
		{"empty", list(), list("packed", "fido-u2f"), "packed"},
		{"the default is the first", nil, list("fido-u2f", "packed"), "fido-u2f"},
		{"one supported", list("fido-u2f", "none"), list("packed"), "packed"},
		{"none alone", list("none"), list("packed", "fido-u2f"), "none"},
		{"none alone, one supported", list("none"), list("packed"), "none"},
		{"none before another", list("none", "fido-u2f"), list("packed", "fido-u2f"), "fido-u2f"},
		{"none twice", list("none", "none"), list("packed", "fido-u2f"), "packed"},
		{"lowest index", list("fido-u2f", "packed"), list("packed", "fido-u2f"), "fido-u2f"},
		{"lowest index supported", list("tpm", "fido-u2f", "packed"), list("packed", "fido-u2f"), "fido-u2f"},
		{"nothing matches", list("tpm", "apple"), list("packed", "fido-u2f"), "packed"},
		{"empty name", list(""), list("packed", "fido-u2f"), "packed"},
		{"supported but not ours", list("jwt"), list("jwt", "fido-u2f"), "fido-u2f"},
		{"none supported by name", list("none", "packed"), list("packed", "none"), "none"},
		{"nothing supported", list("fido-u2f"), nil, "packed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Choose(tt.preference, tt.supported).Name(); got != tt.want {
				t.Errorf("Choose = %q, want %q", got, tt.want)
			}
		})
	}
}

func BenchmarkStatement(b *testing.B) {
	for _, f := range formats {
		b.Run(f.Name(), func(b *testing.B) {
			attester, _, _ := newIssuing(b)
			in, _ := newInput(b, cose.ES256, attester)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := f.Statement(in); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// What is encoded by hand is what the encoder makes of the same fields.
func TestPackedByHand(t *testing.T) {
	type fields packedStatement // without the method
	for _, s := range []packedStatement{
		{Algorithm: cose.ES256, Signature: []byte{1, 2, 3}},
		{Algorithm: cose.RS256, Signature: make([]byte, 256), X5C: [][]byte{make([]byte, 700)}},
		{Algorithm: cose.ES256, Signature: make([]byte, 72), X5C: [][]byte{{1}, make([]byte, 70000)}},
	} {
		got, err := s.AppendCBOR(nil)
		if want := ctap.MustMarshal(fields(s)); err != nil || !bytes.Equal(got, want) {
			t.Errorf("got %x, %v; want %x", got, err, want)
		}
	}
}
