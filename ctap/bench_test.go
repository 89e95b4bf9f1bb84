package ctap

import (
	"bytes"
	"slices"
	"testing"
)

// BenchmarkUnmarshal decodes requests as the product does, by hand, and with the
// library alone.
func BenchmarkUnmarshal(b *testing.B) {
	one := usualGetAssertion()
	twenty := usualGetAssertion()
	twenty.AllowList = slices.Repeat(twenty.AllowList, 20)
	b.Run("getAssertion", func(b *testing.B) { benchmarkUnmarshal[GetAssertionRequest](b, one) })
	b.Run("getAssertion of 20", func(b *testing.B) { benchmarkUnmarshal[GetAssertionRequest](b, twenty) })
	b.Run("makeCredential", func(b *testing.B) { benchmarkUnmarshal[MakeCredentialRequest](b, usualMakeCredential()) })
}

func benchmarkUnmarshal[T any, R request[T]](b *testing.B, v R) {
	data := MustMarshal(v)
	decode := func(decode func([]byte, any) error) func(*testing.B) {
		return func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := decode(data, R(new(T))); err != nil {
					b.Fatal(err)
				}
			}
		}
	}
	b.Run("hand", decode(Unmarshal))
	b.Run("library", decode(reference))
}

// BenchmarkMarshal is BenchmarkUnmarshal the other way, with what a host and a key
// send in turn.
func BenchmarkMarshal(b *testing.B) {
	messages := []struct {
		name string
		v    Appender
	}{
		{"getAssertion request", usualGetAssertion()},
		{"getAssertion response", &GetAssertionResponse{
			Credential: &CredentialDescriptor{ID: make([]byte, 128), Type: PublicKey},
			AuthData:   make([]byte, 37), Signature: make([]byte, 71),
		}},
		{"makeCredential request", usualMakeCredential()},
		{"makeCredential response", &MakeCredentialResponse{
			Format: "packed", AuthData: make([]byte, 260), AttStmt: struct {
				Algorithm int64    `cbor:"alg"`
				Signature []byte   `cbor:"sig"`
				X5C       [][]byte `cbor:"x5c"`
			}{-7, make([]byte, 71), [][]byte{make([]byte, 540)}},
		}},
	}
	for _, m := range messages {
		b.Run(m.name+"/hand", func(b *testing.B) { benchmarkMarshal(b, Marshal, m.v) })
		b.Run(m.name+"/library", func(b *testing.B) { benchmarkMarshal(b, codec.enc.Marshal, m.v) })
	}
}

func benchmarkMarshal(b *testing.B, marshal func(any) ([]byte, error), v Appender) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := marshal(v); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAuthenticatorData(b *testing.B) {
	d := &AuthenticatorData{Credential: &AttestedCredential{ID: make([]byte, 128), PublicKey: make([]byte, 77)}}
	b.ReportAllocs()
	for b.Loop() {
		d.Append(nil)
	}
}

func BenchmarkU2FRegisterResponse(b *testing.B) {
	r := &U2FRegisterResponse{
		PublicKey: make([]byte, 65), KeyHandle: make([]byte, 128), Certificate: make([]byte, 540), Signature: make([]byte, 71),
	}
	b.ReportAllocs()
	for b.Loop() {
		SWNoError.Append(r.Append(nil))
	}
}

func usualGetAssertion() *GetAssertionRequest {
	return &GetAssertionRequest{
		RPID: "example.com", ClientDataHash: make([]byte, 32), Options: &Options{UP: new(true)},
		AllowList: []CredentialDescriptor{{ID: bytes.Repeat([]byte{9}, 128), Type: PublicKey}},
	}
}

func usualMakeCredential() *MakeCredentialRequest {
	return &MakeCredentialRequest{
		ClientDataHash: make([]byte, 32), RP: &RelyingParty{ID: "example.com", Name: "Example"},
		User:             &User{ID: make([]byte, 32), Name: "ada@example.com", DisplayName: "Ada"},
		PubKeyCredParams: []CredentialParameters{{-7, PublicKey}, {-8, PublicKey}, {-257, PublicKey}},
		Options:          &Options{RK: new(false)},
	}
}
