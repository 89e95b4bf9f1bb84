package device

import (
	"bytes"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"testing"

	"github.com/softkey-project/softkey/authenticator"
	"github.com/softkey-project/softkey/certs"
	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/keystore"
)

func openSet(t *testing.T, cfg SetConfig) (*Set, *Model) {
	t.Helper()
	s, err := OpenSet(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	m, err := s.Model(defaultProfile())
	if err != nil {
		t.Fatal(err)
	}
	return s, m
}

func deviceOf(t *testing.T, m *Model, name string) *Device {
	t.Helper()
	d, err := m.Device(name, Config{Presence: authenticator.Approve{}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return d
}

// authenticates tells whether d signs with a key handle.
func authenticates(t *testing.T, d *Device, keyHandle []byte) bool {
	t.Helper()
	apdu := ctap.U2FAuthenticateRequest{Control: ctap.U2FEnforceAndSign, Application: [32]byte{2}, KeyHandle: keyHandle}.APDU()
	_, err := ctap.ParseResponseAPDU(send(t, d, ctap.CTAP1, apdu.Append(nil)))
	return err == nil
}

// Devices that are opened at once are those that were opened one by one, and are
// all closed where one fails.
func TestDevices(t *testing.T) {
	var names []string
	for i := range 2 * atOnce {
		names = append(names, fmt.Sprint("key ", i))
	}
	_, m := openSet(t, SetConfig{Dir: t.TempDir()})
	config := func(string) Config { return Config{Presence: authenticator.Approve{}} }
	handles := map[string][]byte{}
	for _, name := range names[:3] {
		d := deviceOf(t, m, name)
		handles[name] = registerKey(t, d).KeyHandle
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := m.Devices(append(slices.Clone(names), names[0]), config); !errors.Is(err, keystore.ErrInUse) {
		t.Errorf("one name twice: got %v, want ErrInUse", err)
	}
	devices, err := m.Devices(names, config)
	if err != nil {
		t.Fatalf("after a failure: %v", err)
	}
	for i, d := range devices {
		for name, handle := range handles {
			if got, want := authenticates(t, d, handle), name == names[i]; got != want {
				t.Errorf("%s with the handle of %s: signs %t, want %t", names[i], name, got, want)
			}
		}
	}
	if err := closeAll(devices); err != nil {
		t.Errorf("Close: %v", err)
	}
	if devices, err := m.Devices(nil, config); err != nil || len(devices) != 0 {
		t.Errorf("no names: got %d devices, %v", len(devices), err)
	}
}

// The devices of a set are of one model, and else have nothing in common.
func TestSet(t *testing.T) {
	const count = 10
	dir := t.TempDir()
	s, m := openSet(t, SetConfig{Dir: dir})
	var handles [count][]byte
	uniqs := map[string]bool{}
	var chain [][]byte
	for i := range count {
		d := deviceOf(t, m, fmt.Sprint("key ", i))
		handles[i] = registerKey(t, d).KeyHandle
		uniqs[d.Descriptor().Uniq] = true
		chain = append(chain, chainOf(t, d)[0].Raw, chainOf(t, d)[1].Raw)
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if len(uniqs) != count {
		t.Errorf("got %d serial numbers, want %d", len(uniqs), count)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s, m = openSet(t, SetConfig{Dir: dir})
	for i := range count {
		d := deviceOf(t, m, fmt.Sprint("key ", i))
		for j, handle := range handles {
			if got, want := authenticates(t, d, handle), i == j; got != want {
				t.Errorf("key %d with the handle of %d: signs %t, want %t", i, j, got, want)
			}
		}
		if !uniqs[d.Descriptor().Uniq] {
			t.Errorf("key %d has another serial number than before", i)
		}
		chain = append(chain, chainOf(t, d)[0].Raw, chainOf(t, d)[1].Raw)
	}
	for i, der := range chain {
		if !bytes.Equal(der, chain[i%2]) {
			t.Errorf("certificate %d differs: want one leaf and one root for all", i)
		}
	}
	if names, err := s.Names(); err != nil || len(names) != count || names[0] != "key 0" {
		t.Errorf("Names: got %q, %v; want %d", names, err, count)
	}
}

func TestSetInMemory(t *testing.T) {
	s, m := openSet(t, SetConfig{})
	a, b := deviceOf(t, m, "a"), deviceOf(t, m, "b")
	if handle := registerKey(t, a).KeyHandle; authenticates(t, b, handle) || !authenticates(t, a, handle) {
		t.Error("want a key handle for the device that made it")
	}
	if names, err := s.Names(); err != nil || names != nil {
		t.Errorf("Names: got %q, %v; want none", names, err)
	}
}

// Two models have a root in common, as in a state directory of one device.
func TestSetOfTwoModels(t *testing.T) {
	s, m := openSet(t, SetConfig{Dir: t.TempDir()})
	p := defaultProfile()
	p.AAGUID[0] ^= 1
	other, err := s.Model(p)
	if err != nil {
		t.Fatal(err)
	}
	a, b := chainOf(t, deviceOf(t, m, "a")), chainOf(t, deviceOf(t, other, "b"))
	if a[0].Equal(b[0]) || !a[1].Equal(b[1]) {
		t.Error("want two leaves of one root")
	}
}

func TestSetWithEnterpriseAttestation(t *testing.T) {
	s, _ := openSet(t, SetConfig{Dir: t.TempDir()})
	p, _ := authenticator.ProfileByName("enterprise")
	m, err := s.Model(p)
	if err != nil {
		t.Fatal(err)
	}
	a, b := deviceOf(t, m, "a").EnterpriseCertificate(), deviceOf(t, m, "b").EnterpriseCertificate()
	if a == nil || b == nil || a.Equal(b) {
		t.Error("want a certificate for each device")
	}
}

// One seed makes each device of a set what it was, and none what another is.
func TestSetWithASeed(t *testing.T) {
	conversation := func(seed, name string) []byte {
		_, m := openSet(t, SetConfig{Dir: t.TempDir(), Seed: []byte(seed)})
		return send(t, deviceOf(t, m, name), ctap.CTAP1, register)
	}
	first := conversation("0123456789abcdef", "a")
	if !bytes.Equal(first, conversation("0123456789abcdef", "a")) {
		t.Error("one seed and one name give two conversations")
	}
	if bytes.Equal(first, conversation("0123456789abcdef", "b")) || bytes.Equal(first, conversation("0123456789abcdeg", "a")) {
		t.Error("two names, or two seeds, give one conversation")
	}
}

// A set opens with the seed that it was made with.
func TestSetIsOfOneSeed(t *testing.T) {
	cfg := SetConfig{Dir: t.TempDir(), Seed: []byte("0123456789abcdef")}
	for range 2 {
		s, _ := openSet(t, cfg)
		_ = s.Close()
	}
	cfg.Seed = []byte("0123456789abcdeg")
	if _, err := OpenSet(cfg); !errors.Is(err, keystore.ErrSeed) {
		t.Errorf("with another seed: got %v, want ErrSeed", err)
	}
}

// A profile that has no PIN is valid on a device that verifies its user.
func TestSetOfVerifyingDevices(t *testing.T) {
	s, _ := openSet(t, SetConfig{Dir: t.TempDir()})
	p, _ := authenticator.ProfileByName("biometric")
	for _, needsPIN := range []string{ctap.OptionClientPIN, ctap.OptionSetMinPINLength} {
		delete(p.Options, needsPIN)
	}
	p.Extensions = slices.DeleteFunc(p.Extensions, func(name string) bool { return name == "minPinLength" })
	m, err := s.Model(p)
	if err != nil {
		t.Fatal(err)
	}
	if d, err := m.Device("plain", Config{}); err == nil {
		t.Errorf("without verification: got %v, want an error", d)
	}
	if _, err := s.Model(authenticator.Profile{}); err == nil {
		t.Error("a model of no profile: got no error")
	}
}

func TestSetRefuses(t *testing.T) {
	dir := t.TempDir()
	_, m := openSet(t, SetConfig{Dir: dir})
	deviceOf(t, m, "open")
	if d, err := m.Device("open", Config{}); !errors.Is(err, keystore.ErrInUse) {
		t.Errorf("a name twice: got %v, %v; want ErrInUse", d, err)
	}
	for name, cfg := range map[string]Config{
		"profile": {Profile: defaultProfile()}, "dir": {Dir: dir}, "store": {Store: keystore.NewMemory()},
		"seed": {Seed: []byte{1}}, "CA": {CA: &certs.CA{}},
	} {
		if d, err := m.Device("new", cfg); err == nil {
			t.Errorf("a %s for a device of a set: got %v, want an error", name, d)
		}
	}
	if s, err := OpenSet(SetConfig{Dir: dir}); err == nil {
		t.Errorf("a set twice: got %v, want an error", s)
	}
}

// A device that could not be made leaves its name free.
func TestSetAfterAFailure(t *testing.T) {
	_, m := openSet(t, SetConfig{Dir: t.TempDir()})
	if d, err := m.Device("key", Config{PIN: "1"}); err == nil {
		t.Fatalf("a PIN of one digit: got %v, want an error", d)
	}
	deviceOf(t, m, "key")
}

// Idle devices have no goroutines, and little memory.
func TestIdleDevices(t *testing.T) {
	const count, limit = 1000, 4096
	_, m := openSet(t, SetConfig{Dir: t.TempDir()})
	devices := make([]*Device, count)
	goroutines, before := runtime.NumGoroutine(), heap()
	for i := range devices {
		d, err := m.Device(fmt.Sprint(i), Config{})
		if err != nil {
			t.Fatal(err)
		}
		devices[i] = d
	}
	if got := runtime.NumGoroutine(); got > goroutines {
		t.Errorf("got %d goroutines, want %d as before", got, goroutines)
	}
	each := (heap() - before) / count
	if t.Logf("%d bytes each", each); each > limit {
		t.Errorf("got %d bytes for each idle device, want %d at most", each, limit)
	}
	for _, d := range devices {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}
}

// heap returns the bytes in use.
func heap() int64 {
	for range 2 { // what has a finalizer goes in the second
		runtime.GC()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
