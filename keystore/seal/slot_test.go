package seal

import (
	"bytes"
	"errors"
	"math"
	"testing"

	"github.com/softkey-project/softkey/ctap"
)

// memory is a Keeper that has its key in a map: what any Keeper is to Seal and
// Open.
type memory map[string][keySize]byte

func (memory) Kind() Kind { return KindKeyring }

func (m memory) Keep() (params []byte, key [32]byte, err error) {
	key = NewKey().secret
	params = ctap.MustMarshal(keyringParams{RingUser, string(rune('a' + len(m)))})
	m[string(params)] = key
	return params, key, nil
}

func (m memory) Recover(params []byte) (key [32]byte, err error) {
	key, ok := m[string(params)]
	if !ok {
		return key, ErrAbsent
	}
	return key, nil
}

func TestSlot(t *testing.T) {
	key := NewKey()
	keepers := memory{}
	byPhrase, byKeyring := sealWith(t, key, passphrase("correct horse")), sealWith(t, key, keepers)
	other := sealWith(t, key, keepers)
	tests := []struct {
		name   string
		slot   Slot
		keeper Keeper
		want   error
	}{
		{"passphrase", byPhrase, passphrase("correct horse"), nil},
		{"another cost is not the slot's", byPhrase, Passphrase{Phrase: []byte("correct horse")}, nil},
		{"keyring", byKeyring, keepers, nil},
		{"wrong passphrase", byPhrase, passphrase("correct horsf"), ErrNotOpened},
		{"no passphrase", byPhrase, passphrase(""), ErrNotOpened},
		{"empty keyring", byKeyring, memory{}, ErrAbsent},
		{"key of another slot", Slot{Kind: KindKeyring, Params: other.Params, Wrapped: byKeyring.Wrapped}, keepers, ErrNotOpened},
		{"kind of another slot", Slot{Kind: KindTPM, Params: byKeyring.Params, Wrapped: byKeyring.Wrapped}, keepers, ErrNotOpened},
		{"flipped", Slot{Kind: KindKeyring, Params: byKeyring.Params, Wrapped: flipped(byKeyring.Wrapped)}, keepers, ErrNotOpened},
		{"no key", Slot{Kind: KindKeyring, Params: byKeyring.Params}, keepers, ErrNotOpened},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.slot.Open(tt.keeper)
			if !errors.Is(err, tt.want) || (got != nil) != (tt.want == nil) {
				t.Fatalf("Open = %v, %v; want the error %v", got, err, tt.want)
			}
			if got != nil && *got != *key {
				t.Error("Open: got another key")
			}
		})
	}
}

func flipped(b []byte) []byte {
	b = bytes.Clone(b)
	b[len(b)/2] ^= 1
	return b
}

// How wrong a passphrase is cannot be seen in the error.
func TestWrongPassphraseTellsNothing(t *testing.T) {
	slot := sealWith(t, NewKey(), passphrase("correct horse"))
	for _, wrong := range []string{"correct horsf", "c", "Correct Horse", "correct horse "} {
		if _, err := slot.Open(passphrase(wrong)); err != ErrNotOpened {
			t.Errorf("%q: got %v, want %v and nothing more", wrong, err, ErrNotOpened)
		}
	}
}

func TestCost(t *testing.T) {
	tests := []struct {
		name string
		cost Cost
		ok   bool
	}{
		{"the default", DefaultCost(), true},
		{"the first of RFC 9106, in half the memory", Cost{1, 1 << 20, 4}, true},
		{"the most work", Cost{16, 1 << 20, 16}, true},
		{"the least", Cost{1, 8, 1}, true},
		{"no pass", Cost{0, 64, 1}, false},
		{"no lane", Cost{1, 64, 0}, false},
		{"too many lanes", Cost{1, 1 << 20, 17}, false},
		{"less memory than lanes", Cost{1, 8, 2}, false},
		{"too much memory", Cost{1, 1<<20 + 1, 1}, false},
		{"too much work", Cost{17, 1 << 20, 1}, false},
		{"an overflow", Cost{math.MaxUint32, math.MaxUint32, 255}, false},
		{"a long work in little memory", Cost{math.MaxUint32, 8, 1}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := tt.cost.Check(); (err == nil) != tt.ok {
				t.Errorf("Check = %v, want ok %v", err, tt.ok)
			}
		})
	}
}

func TestWeakCost(t *testing.T) {
	tests := []struct {
		cost Cost
		want bool
	}{
		{DefaultCost(), false},
		{Cost{5, 7 << 10, 1}, false}, // OWASP's five
		{Cost{4, 9 << 10, 1}, false},
		{Cost{3, 12 << 10, 1}, false},
		{Cost{2, 19 << 10, 1}, false},
		{Cost{1, 46 << 10, 1}, false},
		{Cost{5, 7<<10 - 1, 1}, true},
		{Cost{4, 7 << 10, 1}, true},
		{Cost{1 << 20, 8, 1}, true},
		{Cost{1, 8, 1}, true},
	}
	for _, tt := range tests {
		if got := tt.cost.Weak(); got != tt.want {
			t.Errorf("%v: Weak = %v, want %v", tt.cost, got, tt.want)
		}
	}
}

// A wrong address or register is told before a TPM is looked for.
func TestCheckTPM(t *testing.T) {
	tests := []struct {
		tpm TPM
		ok  bool
	}{
		{TPM{}, true},
		{TPM{Address: "/dev/tpm0", PCRs: []uint{0, 23}}, true},
		{TPM{Address: "/dev/tpm:0"}, true},
		{TPM{Address: "tpm0"}, true},
		{TPM{Address: "unix:tpm.sock"}, true},
		{TPM{Address: "tcp:localhost:2321"}, true},
		{TPM{Address: "tcp:[::1]:2321"}, true},
		{TPM{Address: "foo:bar"}, false},
		{TPM{Address: "unix:"}, false},
		{TPM{Address: "tcp:localhost"}, false},
		{TPM{Address: ":"}, false},
		{TPM{Address: "tcp:localhost:1", PCRs: []uint{24}}, false},
	}
	for _, tt := range tests {
		if err := tt.tpm.Check(); (err == nil) != tt.ok {
			t.Errorf("Check of %q, %v = %v; want ok %v", tt.tpm.Address, tt.tpm.PCRs, err, tt.ok)
		}
	}
}

// A cost in a file is checked before it is paid.
func TestHostileCost(t *testing.T) {
	params := ctap.MustMarshal(passphraseParams{Cost{1, math.MaxUint32, 1}, make([]byte, saltSize)})
	slot := Slot{Kind: KindPassphrase, Params: params, Wrapped: make([]byte, wrappedSize)}
	if _, err := slot.Open(passphrase("x")); err == nil || errors.Is(err, ErrNotOpened) {
		t.Errorf("Open: got %v, want an error about the cost", err)
	}
	if _, err := NewKey().Seal(Passphrase{Phrase: []byte("x"), Cost: Cost{0, 1, 1}}); err == nil {
		t.Error("Seal: got no error for a cost out of bounds")
	}
}

func TestParseSlot(t *testing.T) {
	good := sealWith(t, NewKey(), passphrase("correct horse"))
	marshal := func(s Slot) []byte {
		b, err := s.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	tests := []struct {
		name    string
		encoded []byte
		ok      bool
	}{
		{"good", marshal(good), true},
		{"an unknown kind", marshal(Slot{Kind: "smoke", Wrapped: good.Wrapped}), false},
		{"no kind", marshal(Slot{Wrapped: good.Wrapped}), false},
		{"too many parameters", marshal(Slot{Kind: KindTPM, Params: make([]byte, maxParams+1), Wrapped: good.Wrapped}), false},
		{"a short key", marshal(Slot{Kind: KindTPM, Wrapped: good.Wrapped[1:]}), false},
		{"cut", marshal(good)[:20], false},
		{"more behind it", append(marshal(good), 0), false},
		{"nothing", nil, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := parseSlot(tt.encoded)
			if (err == nil) != tt.ok {
				t.Fatalf("parseSlot = %v, want ok %v", err, tt.ok)
			}
			if tt.ok && !bytes.Equal(marshal(got), tt.encoded) {
				t.Errorf("got %+v, want %+v", got, good)
			}
		})
	}
}

func TestDetails(t *testing.T) {
	tests := []struct {
		slot Slot
		want string
	}{
		{Slot{Kind: KindPassphrase, Params: ctap.MustMarshal(passphraseParams{DefaultCost(), make([]byte, saltSize)})}, "argon2id, 3 passes over 65536 KiB in 4 lanes"},
		{Slot{Kind: KindPassphrase, Params: ctap.MustMarshal(passphraseParams{Cost{1, 8, 1}, make([]byte, saltSize)})}, "argon2id, 1 pass over 8 KiB in 1 lane"},
		{Slot{Kind: KindKeyring, Params: ctap.MustMarshal(keyringParams{RingUser, "softkey:01"})}, "softkey:01 in the user's keyring"},
		{Slot{Kind: KindTPM, Params: ctap.MustMarshal(tpmParams{[]byte{1}, []byte{2}, []uint{0, 7}})}, "bound to PCRs 0 7"},
		{Slot{Kind: KindTPM, Params: ctap.MustMarshal(tpmParams{[]byte{1}, []byte{2}, nil})}, ""},
		{Slot{Kind: KindTPM, Params: ctap.MustMarshal(tpmParams{[]byte{1}, []byte{2}, []uint{24}})}, "seal: there is no PCR 24, only 0 to 23"},
	}
	for _, tt := range tests {
		if got := tt.slot.Details(); got != tt.want {
			t.Errorf("Details of %s: got %q, want %q", tt.slot.Kind, got, tt.want)
		}
	}
}
