package keystore_test

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/softkey-project/softkey/keystore"
)

// handleVector is a file of testdata/handles. OpenSSL made them, not us.
type handleVector struct {
	ours      bool
	rpIDHash  [32]byte
	deviceKey [32]byte
	handle    []byte
	secret    []byte
}

func readHandleVector(t testing.TB, file string) handleVector {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	fields := map[string]string{}
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), ":")
		fields[name] = strings.TrimSpace(value)
	}
	bytesOf := func(name string) []byte {
		b, err := hex.DecodeString(fields[name])
		if err != nil {
			t.Fatalf("%s: %s: %v", file, name, err)
		}
		return b
	}
	return handleVector{
		ours:      fields["expect"] == "ok",
		rpIDHash:  sha256.Sum256([]byte(fields["rp id"])),
		deviceKey: [32]byte(bytesOf("device key")),
		handle:    bytesOf("handle"),
		secret:    bytesOf("secret"),
	}
}

func handleFiles(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/handles/*.txt")
	if err != nil || len(files) < 15 {
		t.Fatalf("got %d vectors, %v", len(files), err)
	}
	return files
}

func TestHandleVectors(t *testing.T) {
	for _, file := range handleFiles(t) {
		t.Run(filepath.Base(file), func(t *testing.T) {
			v := readHandleVector(t, file)
			w := keystore.NewWrapper(v.deviceKey, bytes.NewReader(v.handle[min(1, len(v.handle)):]))
			secret, err := w.Unwrap(v.rpIDHash, v.handle)
			if !v.ours {
				if !errors.Is(err, keystore.ErrNotOurs) || secret != nil {
					t.Errorf("Unwrap: got %x, %v; want ErrNotOurs", secret, err)
				}
				return
			}
			if err != nil || !bytes.Equal(secret, v.secret) {
				t.Errorf("Unwrap: got %x, %v; want %x", secret, err, v.secret)
			}
			handle, err := w.Wrap(v.rpIDHash, v.secret)
			if err != nil || !bytes.Equal(handle, v.handle) {
				t.Errorf("Wrap: got %x, %v; want %x", handle, err, v.handle)
			}
		})
	}
}

// Others append to what they get, and change it.
func TestWrapperResultsBelongToCaller(t *testing.T) {
	w := keystore.NewWrapper([32]byte{1}, nil)
	rp := sha256.Sum256([]byte("example.com"))
	secret := []byte("thirty-two bytes of a secret key")
	handle, err := w.Wrap(rp, secret)
	if err != nil {
		t.Fatal(err)
	}
	if string(secret) != "thirty-two bytes of a secret key" {
		t.Errorf("Wrap changed the secret to %q", secret)
	}
	if cap(handle) != len(handle) {
		t.Errorf("handle: got capacity %d, want %d", cap(handle), len(handle))
	}
	before := bytes.Clone(handle)
	got, err := w.Unwrap(rp, handle)
	if err != nil || !bytes.Equal(got, secret) {
		t.Fatalf("Unwrap: got %q, %v", got, err)
	}
	if !bytes.Equal(handle, before) {
		t.Errorf("Unwrap changed the handle")
	}
	if cap(got) != len(got) {
		t.Errorf("secret: got capacity %d, want %d", cap(got), len(got))
	}
}

func TestWrapNonces(t *testing.T) {
	w := keystore.NewWrapper([32]byte{1}, nil)
	seen := map[string]bool{}
	for range 100 {
		handle, err := w.Wrap([32]byte{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		seen[string(handle)] = true
	}
	if len(seen) != 100 {
		t.Errorf("got %d different handles, want 100", len(seen))
	}
	want := errors.New("no more")
	w = keystore.NewWrapper([32]byte{1}, iotest.ErrReader(want))
	if handle, err := w.Wrap([32]byte{}, nil); !errors.Is(err, want) || handle != nil {
		t.Errorf("got %x, %v; want the error of the reader", handle, err)
	}
	w = keystore.NewWrapper([32]byte{1}, strings.NewReader("too short"))
	if handle, err := w.Wrap([32]byte{}, nil); !errors.Is(err, io.ErrUnexpectedEOF) || handle != nil {
		t.Errorf("got %x, %v; want %v", handle, err, io.ErrUnexpectedEOF)
	}
}

func TestWrapperIsConcurrent(t *testing.T) {
	w := keystore.NewWrapper([32]byte{1}, nil)
	var wg sync.WaitGroup
	for i := range byte(8) {
		wg.Go(func() {
			for range 100 {
				handle, err := w.Wrap([32]byte{i}, []byte{i})
				if err != nil {
					t.Error(err)
					return
				}
				if got, err := w.Unwrap([32]byte{i}, handle); err != nil || !bytes.Equal(got, []byte{i}) {
					t.Errorf("Unwrap: got %x, %v; want %x", got, err, i)
				}
			}
		})
	}
	wg.Wait()
}

func TestWrapperAllocations(t *testing.T) {
	w := keystore.NewWrapper([32]byte{1}, bytes.NewReader(make([]byte, 1<<20)))
	handle, err := w.Wrap([32]byte{}, make([]byte, 99))
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		run  func() error
	}{
		{"Wrap", func() error { _, err := w.Wrap([32]byte{}, handle[:99]); return err }},
		{"Unwrap", func() error { _, err := w.Unwrap([32]byte{}, handle); return err }},
	}
	for _, tt := range tests {
		got := testing.AllocsPerRun(100, func() {
			if err := tt.run(); err != nil {
				t.Fatal(err)
			}
		})
		if got > 1 {
			t.Errorf("%s: got %v allocations, want 1", tt.name, got)
		}
	}
}

// FuzzUnwrap looks for a handle that is accepted and that the device did not
// make.
func FuzzUnwrap(f *testing.F) {
	v := readHandleVector(f, "testdata/handles/v1-seed.txt")
	w := keystore.NewWrapper(v.deviceKey, nil)
	for _, file := range handleFiles(f) {
		f.Add(readHandleVector(f, file).handle)
	}
	genuine := map[string]bool{}
	for _, name := range []string{"v1-seed", "v1-es256", "v1-empty"} {
		genuine[string(readHandleVector(f, "testdata/handles/"+name+".txt").handle)] = true
	}
	f.Fuzz(func(t *testing.T, handle []byte) {
		secret, err := w.Unwrap(v.rpIDHash, handle)
		if err == nil && !genuine[string(handle)] {
			t.Errorf("forged handle accepted: %x", handle)
		}
		if err != nil && (secret != nil || !errors.Is(err, keystore.ErrNotOurs)) {
			t.Errorf("Unwrap: got %x, %v; want ErrNotOurs", secret, err)
		}
	})
}

// FuzzWrap states that a handle opens to its secret, for its relying party
// alone, and has the length that its secret gives it.
func FuzzWrap(f *testing.F) {
	f.Add([]byte("secret"), []byte("nonce of 12 "), "example.com", "example.org")
	f.Fuzz(func(t *testing.T, secret, nonce []byte, rpID, other string) {
		if len(nonce) < 12 {
			return
		}
		w := keystore.NewWrapper([32]byte{1}, bytes.NewReader(nonce))
		handle, err := w.Wrap(sha256.Sum256([]byte(rpID)), secret)
		if err != nil || len(handle) != len(secret)+29 {
			t.Fatalf("Wrap: got %x, %v", handle, err)
		}
		got, err := w.Unwrap(sha256.Sum256([]byte(rpID)), handle)
		if err != nil || !bytes.Equal(got, secret) {
			t.Errorf("Unwrap: got %x, %v; want %x", got, err, secret)
		}
		if _, err := w.Unwrap(sha256.Sum256([]byte(other)), handle); err == nil && other != rpID {
			t.Errorf("handle of %q accepted from %q", rpID, other)
		}
	})
}
