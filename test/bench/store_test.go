package main

import (
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"math"
	mathrand "math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/softkey-project/softkey/authenticator"
	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctap/cose"
	"github.com/softkey-project/softkey/device"
	"github.com/softkey-project/softkey/keystore"
	"github.com/softkey-project/softkey/test/bench/floor"
)

// roomy is the default profile with room for as many credentials as we like.
func roomy() authenticator.Profile {
	p, _ := authenticator.ProfileByName(authenticator.DefaultProfile)
	p.DiscoverableCredentials = math.MaxInt32
	return p
}

// accounts is how many credentials a relying party has in a store.
const accounts = 2

func accountRPID(i int) string { return fmt.Sprintf("login%d.example.com", i) }

// A store is the state folder of a key with discoverable credentials.
type store struct {
	storeSize
	dir   string
	grown int64 // the size of the file, before it was compacted
}

func (s store) file() string { return filepath.Join(s.dir, storeFile) }

// newStore makes a key, and gives it credentials behind its back.
func newStore(b *testing.B, s storeSize, dir string) store {
	b.Helper()
	d, err := device.New(device.Config{Dir: dir, Profile: roomy()})
	if err == nil {
		err = d.Close()
	}
	made := store{storeSize: s, dir: dir}
	if err == nil {
		made.grown, err = fill(dir, s.credentials)
	}
	if err != nil {
		b.Fatal(err)
	}
	return made
}

// open plugs the key in.
func (s store) open(b *testing.B) *key {
	b.Helper()
	return newKey(b, device.Config{Dir: s.dir, Profile: roomy()})
}

// fill stores n credentials, whose private keys are 64 that come again: a
// million of them would take longer than all else. It returns the size of the
// file before it was compacted.
func fill(dir string, n int) (grown int64, err error) {
	s, err := keystore.Open(dir, keystore.Options{NoSync: true})
	if err != nil {
		return 0, err
	}
	err = load(s, n)
	if err := errors.Join(err, s.Close()); err != nil {
		return 0, err
	}
	info, err := os.Stat(filepath.Join(dir, storeFile))
	if err != nil {
		return 0, err
	}
	return info.Size(), keystore.Compact(dir, keystore.Options{})
}

const storeFile = "softkey.db"

func load(s keystore.Store, n int) error {
	l, err := newLoader(s)
	if err != nil {
		return err
	}
	const each = 100_000 // in a transaction
	for from := 0; from < n; from += each {
		batch, err := l.credentials(from, min(from+each, n))
		if err == nil {
			err = s.Update(func(tx keystore.Tx) error { return keystore.PutCredentials(tx, batch, n) })
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// loader makes credentials.
type loader struct {
	wrapper *keystore.Wrapper
	secrets [][]byte // the private keys
}

func newLoader(s keystore.Store) (*loader, error) {
	l := &loader{}
	alg := cose.ByID(cose.ES256)
	for range credentials {
		seed := make([]byte, alg.SeedSize())
		rand.Read(seed)
		material, err := alg.New(seed)
		if err != nil {
			return nil, err
		}
		l.secrets = append(l.secrets, append([]byte{alg.Code(), 0, 0}, material...))
	}
	return l, s.View(func(tx keystore.Tx) error {
		key, ok := keystore.DeviceKey(tx)
		if !ok {
			return errors.New("the store has no device key")
		}
		l.wrapper = keystore.NewWrapper(key, nil)
		return nil
	})
}

// credentials makes those from and up to to.
func (l *loader) credentials(from, to int) (all []*keystore.Credential, err error) {
	for i := from; i < to; i++ {
		c := &keystore.Credential{
			ID: make([]byte, 64), RPID: accountRPID(i / accounts), RPName: "Example",
			UserID: make([]byte, 16), UserName: "alice.liddell", UserDisplayName: "Alice",
		}
		rand.Read(c.ID)
		rand.Read(c.UserID)
		c.RPIDHash = sha256.Sum256([]byte(c.RPID))
		if c.KeyHandle, err = l.wrapper.Wrap(c.RPIDHash, l.secrets[i%len(l.secrets)]); err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	return all, nil
}

// discover is a request for an assertion by a credential of any relying party of
// the store.
func (s store) discover() []byte {
	hash := make([]byte, 32)
	rand.Read(hash)
	return encode(ctap.CommandGetAssertion, &ctap.GetAssertionRequest{
		RPID: accountRPID(mathrand.IntN(s.credentials / accounts)), ClientDataHash: hash,
	})
}

// recordSize is that of the record of a credential of newCredential, in bytes.
const recordSize = 280

// BenchmarkResident registers discoverable credentials, beside others and a bare
// record of the same size in a file of as many.
func BenchmarkResident(b *testing.B) {
	compareResident(b, newStore(b, storeSize{"1k", 1_000}, b.TempDir()))
}

func compareResident(b *testing.B, s store) {
	b.Helper()
	k := s.open(b)
	bare, err := floor.OpenStore(filepath.Join(b.TempDir(), "floor.db"), s.credentials, recordSize)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = bare.Close() })
	resident, other, record := newCredential(cose.ES256, true), newCredential(cose.ES256, false), make([]byte, recordSize)
	compareRounds(b, 1, 10, each(func() { k.ctap2(resident.next()) }), each(func() {
		k.ctap2(other.next())
		if err := bare.Put(record); err != nil {
			b.Fatal(err)
		}
	}))
}
