package seal

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/test/socketdir"
)

func mustMarshal(t *testing.T, v any) []byte {
	t.Helper()
	b, err := ctap.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestKeyringParams(t *testing.T) {
	for _, kp := range []keyringParams{
		{"thread", "softkey:01"}, {"", "softkey:01"}, {RingUser, ""}, {RingUser, "login"}, {RingUser, "softkey"},
		{RingUser, keyNamePrefix + strings.Repeat("x", maxKeyName)},
	} {
		if _, err := (Keyring{}).Recover(mustMarshal(t, kp)); !errors.Is(err, errSlot) {
			t.Errorf("%+v: got %v, want %v", kp, err, errSlot)
		}
	}
	if _, _, err := (Keyring{Ring: "thread"}).Keep(); !errors.Is(err, errSlot) {
		t.Errorf("Keep in an unknown ring: got %v, want %v", err, errSlot)
	}
}

// brokenTPM answers each command with the same bytes, and hangs up.
func brokenTPM(t *testing.T, answer string) (address string) {
	t.Helper()
	path := filepath.Join(socketdir.New(t), "tpm")
	ln, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		conn, err := ln.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		var command [4096]byte
		if n, err := conn.Read(command[:]); err == nil && n > 0 {
			_, _ = conn.Write([]byte(answer))
		}
	}()
	t.Cleanup(func() { ln.Close(); <-done })
	return "unix:" + path
}

// A TPM that answers nonsense, or not at all, is an error.
func TestBrokenTPM(t *testing.T) {
	tests := []struct{ name, answer string }{
		{"nothing", ""},
		{"half a header", "\x80\x01\x00"},
		{"a size less than a header", "\x80\x01\x00\x00\x00\x09\x00\x00\x00\x00"},
		{"a size beyond all", "\x80\x01\xff\xff\xff\xff\x00\x00\x00\x00"},
		{"less than it says", "\x80\x01\x00\x00\x00\x10\x00\x00\x00\x00"},
		{"an error", "\x80\x01\x00\x00\x00\x0a\x00\x00\x01\x01"},
		{"a success without anything", "\x80\x01\x00\x00\x00\x0a\x00\x00\x00\x00"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, _, err := (TPM{Address: brokenTPM(t, tt.answer)}).Keep(); err == nil {
				t.Error("Keep: got no error")
			}
		})
	}
}

func TestNoTPM(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, address := range []string{dir + "/none", file, "unix:" + dir + "/none", "tcp:", "tcp:nowhere"} {
		if _, _, err := (TPM{Address: address}).Keep(); err == nil || !strings.HasPrefix(err.Error(), "seal: TPM: ") {
			t.Errorf("%s: got %v, want an error about the TPM", address, err)
		}
	}
}

// TestTPM needs a TPM, of which SOFTKEY_TEST_TPM has the address. test/interop
// runs it with swtpm.
func TestTPM(t *testing.T) {
	address := os.Getenv("SOFTKEY_TEST_TPM")
	if address == "" {
		t.Skip("SOFTKEY_TEST_TPM names no TPM")
	}
	for _, pcrs := range [][]uint{nil, {16}, {0, 7, 23}} {
		key := NewKey()
		slot := sealWith(t, key, TPM{Address: address, PCRs: pcrs})
		for range 5 { // nothing stays behind in the TPM, which has room for three objects
			got, err := slot.Open(TPM{Address: address})
			if err != nil || *got != *key {
				t.Fatalf("PCRs %v: Open = %v; want the key", pcrs, err)
			}
		}
		var tp tpmParams
		if err := ctap.Unmarshal(slot.Params, &tp); err != nil {
			t.Fatal(err)
		}
		tp.Private = flipped(tp.Private)
		slot.Params = mustMarshal(t, tp)
		if _, err := slot.Open(TPM{Address: address}); !errors.Is(err, ErrNotOpened) {
			t.Errorf("PCRs %v, changed: got %v, want %v", pcrs, err, ErrNotOpened)
		}
	}
	if _, _, err := (TPM{Address: address, PCRs: []uint{24}}).Keep(); err == nil {
		t.Error("PCR 24: got no error")
	}
}
