package device

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/softkey-project/softkey/authenticator"
	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctaphid"
	"github.com/softkey-project/softkey/keystore"
)

func defaultProfile() authenticator.Profile {
	p, _ := authenticator.ProfileByName(authenticator.DefaultProfile)
	return p
}

func open(t *testing.T, cfg Config) *Device {
	t.Helper()
	if cfg.Profile.Name == "" {
		cfg.Profile = defaultProfile()
	}
	cfg.Presence = authenticator.Approve{}
	d, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return d
}

func send(t *testing.T, d *Device, p ctap.Protocol, message []byte) []byte {
	t.Helper()
	return d.Handler().Handle(context.Background(), &ctap.Request{
		Protocol: p, Transport: ctap.TransportUSB, Data: message, Notify: func(ctap.KeepaliveStatus) {},
	})
}

var register = ctap.U2FRegisterRequest{Challenge: [32]byte{1}, Application: [32]byte{2}}.APDU().Append(nil)

func registerKey(t *testing.T, d *Device) *ctap.U2FRegisterResponse {
	t.Helper()
	data, err := ctap.ParseResponseAPDU(send(t, d, ctap.CTAP1, register))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := ctap.ParseU2FRegisterResponse(data)
	if err != nil {
		t.Fatal(err)
	}
	return resp
}

// chainOf returns the certificates that vouch for d.
func chainOf(t *testing.T, d *Device) []*x509.Certificate {
	t.Helper()
	chain, err := d.Chain()
	if err != nil {
		t.Fatal(err)
	}
	return chain
}

func TestStateDirectoryRemembers(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	d := open(t, Config{Dir: dir})
	first, uniq, chain := registerKey(t, d), d.Descriptor().Uniq, chainOf(t, d)
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	d = open(t, Config{Dir: dir})
	if got := d.Descriptor().Uniq; got != uniq || len(got) != 16 {
		t.Errorf("uniq %q, want %q", got, uniq)
	}
	for i, c := range chainOf(t, d) {
		if !c.Equal(chain[i]) {
			t.Errorf("certificate %d changed", i)
		}
	}
	apdu := ctap.U2FAuthenticateRequest{Control: 3, Application: [32]byte{2}, KeyHandle: first.KeyHandle}.APDU()
	if _, err := ctap.ParseResponseAPDU(send(t, d, ctap.CTAP1, apdu.Append(nil))); err != nil {
		t.Errorf("authenticate after a restart: %v", err)
	}
}

func TestStateDirectoryIsPrivate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	open(t, Config{Dir: dir})
	err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestSecondProcessIsRefused(t *testing.T) {
	dir := t.TempDir()
	open(t, Config{Dir: dir})
	_, err := New(Config{Profile: defaultProfile(), Dir: dir})
	var locked *keystore.LockedError
	if !errors.As(err, &locked) || locked.PID != os.Getpid() {
		t.Errorf("got %v, want a LockedError that names %d", err, os.Getpid())
	}
}

func TestOneRootALeafForEachModel(t *testing.T) {
	dir := t.TempDir()
	d := open(t, Config{Dir: dir})
	first := chainOf(t, d)
	_ = d.Close()
	other := defaultProfile()
	other.AAGUID[0] ^= 1
	d = open(t, Config{Dir: dir, Profile: other})
	second := chainOf(t, d)
	if !first[1].Equal(second[1]) || first[0].Equal(second[0]) {
		t.Error("want the same root and another leaf")
	}
	roots := x509.NewCertPool()
	roots.AddCert(second[1])
	certificate, err := x509.ParseCertificate(registerKey(t, d).Certificate)
	if err == nil {
		_, err = certificate.Verify(x509.VerifyOptions{Roots: roots, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
	}
	if err != nil {
		t.Errorf("the certificate of a registration: %v", err)
	}
}

func TestSeed(t *testing.T) {
	seed := bytes.Repeat([]byte{7}, 16)
	conversation := func(d *Device) []byte {
		return append(send(t, d, ctap.CTAP1, register), send(t, d, ctap.CTAP2, []byte{4})...)
	}
	a, b := conversation(open(t, Config{Seed: seed})), conversation(open(t, Config{Seed: seed}))
	if !bytes.Equal(a, b) {
		t.Error("one seed gives two conversations")
	}
	if bytes.Equal(a, conversation(open(t, Config{Seed: append(seed, 1)}))) {
		t.Error("two seeds give one conversation")
	}
	if bytes.Equal(conversation(open(t, Config{})), conversation(open(t, Config{}))) {
		t.Error("without a seed two devices give one conversation")
	}
	if got, want := open(t, Config{Seed: seed}).Profile().AAGUID, authenticator.ProfileAAGUID(authenticator.DefaultProfile, true); got != want {
		t.Errorf("AAGUID %v, want %v", got, want)
	}
}

// One seed, several starts and resets: never the same key handle again, since
// that would be a nonce used twice.
func TestSeedNeverRepeatsAHandle(t *testing.T) {
	dir, seed := t.TempDir(), []byte("0123456789abcdef")
	seen := map[string]bool{}
	for start := range 3 {
		d := open(t, Config{Dir: dir, Seed: seed})
		for reset := range 2 {
			handle := string(registerKey(t, d).KeyHandle)
			if seen[handle] {
				t.Errorf("start %d, reset %d: a key handle comes again", start, reset)
			}
			seen[handle] = true
			if got := send(t, d, ctap.CTAP2, []byte{byte(ctap.CommandReset)}); got[0] != 0 {
				t.Fatalf("reset: %x", got)
			}
		}
		_ = d.Close()
	}
}

func TestSeedAndStoreMustAgree(t *testing.T) {
	dir := t.TempDir()
	_ = open(t, Config{Dir: dir}).Close()
	if _, err := New(Config{Profile: defaultProfile(), Dir: dir, Seed: []byte("0123456789abcdef")}); err == nil {
		t.Error("a store made without a seed opens with one")
	}
}

// A store opens with the seed that it was made with, and an attempt with another
// changes nothing.
func TestStoreIsOfOneSeed(t *testing.T) {
	first, other := []byte("0123456789abcdef"), []byte("0123456789abcdeg")
	dir, spared := t.TempDir(), t.TempDir()
	for _, d := range []string{dir, spared} {
		_ = open(t, Config{Dir: d, Seed: first}).Close()
	}
	if _, err := New(Config{Profile: defaultProfile(), Dir: dir, Seed: other}); !errors.Is(err, keystore.ErrSeed) {
		t.Errorf("with another seed: got %v, want ErrSeed", err)
	}
	again := func(dir string) []byte { return registerKey(t, open(t, Config{Dir: dir, Seed: first})).KeyHandle }
	if !bytes.Equal(again(dir), again(spared)) {
		t.Error("a store that was opened with another seed in between goes on otherwise")
	}
}

func TestCTAPHID(t *testing.T) {
	d := open(t, Config{})
	got := d.CTAPHID(7)
	if got.Source != 7 || got.Capabilities != ctaphid.CapWink|ctaphid.CapCBOR || got.NoLock {
		t.Errorf("default profile: got %+v", got)
	}
	u2f, _ := authenticator.ProfileByName("u2f")
	if got := open(t, Config{Profile: u2f}).CTAPHID(1); got.Capabilities.Has(ctaphid.CapCBOR) {
		t.Errorf("u2f: got %+v, want no CBOR", got)
	}
	if got := d.Descriptor(); got.Vendor != 0xF1D0 || got.Product != 0x5F01 || got.Name != "softkey" {
		t.Errorf("descriptor %+v", got)
	}
}
