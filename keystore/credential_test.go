package keystore_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/keystore"
)

var errFull = errors.New("disk full")

// credentialID returns 64 bytes that only n has.
func credentialID(n int) []byte {
	first := sha256.Sum256(fmt.Append(nil, n))
	second := sha256.Sum256(first[:])
	return append(first[:], second[:]...)
}

// credential returns a credential as makeCredential would make it.
func credential(rpID, user string, n int) *keystore.Credential {
	return &keystore.Credential{
		ID:              credentialID(n),
		RPIDHash:        sha256.Sum256([]byte(rpID)),
		RPID:            rpID,
		UserID:          []byte("id of " + user),
		UserName:        user + "@" + rpID,
		UserDisplayName: strings.ToUpper(user),
		KeyHandle:       bytes.Repeat([]byte{byte(n)}, 128),
	}
}

// wantStored checks that the store holds these credentials and no other,
// looking at it in each possible way.
func wantStored(t *testing.T, tx keystore.Tx, want ...*keystore.Credential) {
	t.Helper()
	if got := keystore.CredentialCount(tx); got != uint64(len(want)) {
		t.Errorf("CredentialCount: got %d, want %d", got, len(want))
	}
	byRP := map[string][]*keystore.Credential{}
	for _, c := range want {
		byRP[c.RPID] = append(byRP[c.RPID], c)
		got, err := keystore.FindCredential(tx, c.RPIDHash, c.ID)
		wantSame(t, "FindCredential", got, err, c)
		got, err = keystore.CredentialByID(tx, c.ID)
		wantSame(t, "CredentialByID", got, err, c)
	}
	for rp, err := range keystore.RPs(tx) {
		if err != nil {
			t.Fatalf("RPs: %v", err)
		}
		all := byRP[rp.ID]
		delete(byRP, rp.ID)
		if rp.Count != len(all) || len(all) == 0 || rp.IDHash != sha256.Sum256([]byte(rp.ID)) {
			t.Errorf("RPs: got %q with %d credentials, want %d", rp.ID, rp.Count, len(all))
		}
		wantOfRP(t, tx, rp, all)
	}
	for rpID := range byRP {
		t.Errorf("RPs: %q is missing", rpID)
	}
	wantOneByOne(t, tx)
}

// wantOneByOne checks that the relying parties are found by their hashes, and one
// after the other.
func wantOneByOne(t *testing.T, tx keystore.Tx) {
	t.Helper()
	var last []byte
	n := 0
	for want, err := range keystore.RPs(tx) {
		found, findErr := keystore.FindRP(tx, want.IDHash)
		next, nextErr := keystore.NextRP(tx, last)
		if err := errors.Join(err, findErr, nextErr); err != nil || found == nil || *found != want || next == nil || *next != want {
			t.Errorf("FindRP(%x): got %v, NextRP(%x): %v, %v; want %v", want.IDHash, found, last, next, err, want)
		}
		last = want.IDHash[:]
		n++
	}
	if rp, err := keystore.NextRP(tx, last); rp != nil || err != nil {
		t.Errorf("NextRP of the last: got %v, %v; want nil", rp, err)
	}
	if got := keystore.CountRPs(tx); got != n {
		t.Errorf("CountRPs: got %d, want %d", got, n)
	}
	if rp, err := keystore.FindRP(tx, [32]byte{}); rp != nil || err != nil {
		t.Errorf("FindRP of an unknown one: got %v, %v; want nil", rp, err)
	}
}

// wantOfRP checks that rp has these credentials, and the name that the newest
// of them gave it.
func wantOfRP(t *testing.T, tx keystore.Tx, rp keystore.RP, want []*keystore.Credential) {
	t.Helper()
	got, err := keystore.Credentials(tx, rp.IDHash)
	if err != nil || len(got) != len(want) {
		t.Fatalf("Credentials(%q): got %d, %v; want %d", rp.ID, len(got), err, len(want))
	}
	want = slices.SortedFunc(slices.Values(want), func(a, b *keystore.Credential) int {
		return int(b.Created) - int(a.Created)
	})
	for i := range want {
		wantSame(t, "Credentials", got[i], nil, want[i])
	}
}

func wantSame(t *testing.T, how string, got *keystore.Credential, err error, want *keystore.Credential) {
	t.Helper()
	stored := *want
	stored.RPName = "" // the RP has it
	if err != nil || !reflect.DeepEqual(got, &stored) {
		t.Errorf("%s:\ngot  %+v, %v\nwant %+v", how, got, err, &stored)
	}
}

func TestPutCredential(t *testing.T) {
	onEach(t, func(t *testing.T, s keystore.Store) {
		bare := &keystore.Credential{ID: credentialID(4), RPIDHash: sha256.Sum256(nil)}
		all := []*keystore.Credential{
			credential("example.com", "alice", 1),
			credential("example.com", "bob", 2),
			credential("example.org", "alice", 3),
			bare,
		}
		for i, c := range all {
			update(t, s, func(tx keystore.Tx) error { return keystore.PutCredential(tx, c, 4) })
			if c.Created != uint64(i+1) {
				t.Errorf("Created: got %d, want %d", c.Created, i+1)
			}
			view(t, s, func(tx keystore.Tx) { wantStored(t, tx, all[:i+1]...) })
		}
	})
}

func TestPutCredentialReplaces(t *testing.T) {
	onEach(t, func(t *testing.T, s keystore.Store) {
		alice, bob := credential("example.com", "alice", 1), credential("example.com", "bob", 2)
		again := credential("example.com", "alice", 3)
		again.UserName = "another name"
		update(t, s, func(tx keystore.Tx) error {
			for _, c := range []*keystore.Credential{alice, bob, again} {
				if err := keystore.PutCredential(tx, c, 2); err != nil { // the store is full, but not for her
					return err
				}
			}
			return nil
		})
		view(t, s, func(tx keystore.Tx) {
			wantStored(t, tx, bob, again)
			if got, err := keystore.CredentialByID(tx, alice.ID); got != nil || err != nil {
				t.Errorf("the replaced ID: got %v, %v; want nil", got, err)
			}
		})
		sameID := credential("example.com", "alice", 3)
		update(t, s, func(tx keystore.Tx) error { return keystore.PutCredential(tx, sameID, 2) })
		view(t, s, func(tx keystore.Tx) { wantStored(t, tx, bob, sameID) })
	})
}

func TestPutCredentialFull(t *testing.T) {
	tests := []struct{ stored, limit int }{{0, 0}, {0, -1}, {1, 1}, {3, 3}, {3, 2}}
	for _, tt := range tests {
		s := keystore.NewMemory()
		var all []*keystore.Credential
		update(t, s, func(tx keystore.Tx) error {
			for i := range tt.stored {
				c := credential("example.com", fmt.Sprint("user ", i), i)
				all = append(all, c)
				if err := keystore.PutCredential(tx, c, 10); err != nil {
					return err
				}
			}
			err := keystore.PutCredential(tx, credential("example.com", "another", 9), tt.limit)
			if !errors.Is(err, keystore.ErrFull) {
				t.Errorf("%d stored, limit %d: got %v, want ErrFull", tt.stored, tt.limit, err)
			}
			return nil // nothing of it was written
		})
		view(t, s, func(tx keystore.Tx) { wantStored(t, tx, all...) })
	}
}

func TestPutCredentialRefuses(t *testing.T) {
	tests := []struct {
		name   string
		change func(c *keystore.Credential)
	}{
		{"no ID", func(c *keystore.Credential) { c.ID = nil }},
		{"short ID", func(c *keystore.Credential) { c.ID = c.ID[:15] }},
		{"ID of another", func(c *keystore.Credential) { c.ID = credentialID(1) }},
		{"wrong rpIDHash", func(c *keystore.Credential) { c.RPIDHash[0]++ }},
		{"RP ID", func(c *keystore.Credential) {
			c.RPID, c.RPIDHash = "\xff", sha256.Sum256([]byte("\xff"))
		}},
		{"RP name", func(c *keystore.Credential) { c.RPName = "\xff" }},
		{"user name", func(c *keystore.Credential) { c.UserName = "a\x80" }},
		{"display name", func(c *keystore.Credential) { c.UserDisplayName = "\xc3" }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := keystore.NewMemory()
			first := credential("example.com", "alice", 1)
			update(t, s, func(tx keystore.Tx) error { return keystore.PutCredential(tx, first, 10) })
			c := credential("example.com", "bob", 2)
			tt.change(c)
			update(t, s, func(tx keystore.Tx) error {
				if err := keystore.PutCredential(tx, c, 10); err == nil {
					t.Errorf("got no error")
				}
				return nil // nothing of it was written
			})
			view(t, s, func(tx keystore.Tx) { wantStored(t, tx, first) })
		})
	}
}

func TestFindCredential(t *testing.T) {
	onEach(t, func(t *testing.T, s keystore.Store) {
		c := credential("example.com", "alice", 1)
		update(t, s, func(tx keystore.Tx) error { return keystore.PutCredential(tx, c, 10) })
		other := bytes.Clone(c.ID)
		other[63]++
		tests := []struct {
			name string
			rpID string
			id   []byte
		}{
			{"other relying party", "example.org", c.ID},
			{"other ID", "example.com", credentialID(2)},
			{"the first 16 bytes", "example.com", c.ID[:16]},
			{"same beginning", "example.com", other},
			{"longer", "example.com", append(bytes.Clone(c.ID), 0)},
			{"short", "example.com", c.ID[:15]},
			{"none", "example.com", nil},
		}
		view(t, s, func(tx keystore.Tx) {
			wantStored(t, tx, c)
			for _, tt := range tests {
				got, err := keystore.FindCredential(tx, sha256.Sum256([]byte(tt.rpID)), tt.id)
				if got != nil || err != nil {
					t.Errorf("%s: got %v, %v; want nil", tt.name, got, err)
				}
			}
			if got, err := keystore.Credentials(tx, sha256.Sum256([]byte("example.org"))); len(got) > 0 || err != nil {
				t.Errorf("Credentials of an unknown relying party: got %d, %v; want none", len(got), err)
			}
		})
	})
}

func TestDeleteCredential(t *testing.T) {
	onEach(t, func(t *testing.T, s keystore.Store) {
		alice, bob := credential("example.com", "alice", 1), credential("example.com", "bob", 2)
		del := func(id []byte, want error) {
			t.Helper()
			update(t, s, func(tx keystore.Tx) error {
				if err := keystore.DeleteCredential(tx, id); !errors.Is(err, want) {
					t.Errorf("DeleteCredential: got %v, want %v", err, want)
				}
				return nil
			})
		}
		update(t, s, func(tx keystore.Tx) error {
			if err := keystore.PutCredential(tx, alice, 10); err != nil {
				return err
			}
			return keystore.PutCredential(tx, bob, 10)
		})
		del(credentialID(3), keystore.ErrNoCredential)
		del(alice.ID[:16], keystore.ErrNoCredential)
		del(alice.ID, nil)
		view(t, s, func(tx keystore.Tx) { wantStored(t, tx, bob) })
		del(alice.ID, keystore.ErrNoCredential)
		del(bob.ID, nil)
		view(t, s, func(tx keystore.Tx) { wantStored(t, tx) })
	})
}

func TestUpdateUser(t *testing.T) {
	onEach(t, func(t *testing.T, s keystore.Store) {
		alice, bob := credential("example.com", "alice", 1), credential("example.com", "bob", 2)
		update(t, s, func(tx keystore.Tx) error {
			if err := keystore.PutCredential(tx, alice, 10); err != nil {
				return err
			}
			return keystore.PutCredential(tx, bob, 10)
		})
		for _, names := range [][2]string{{"new name", "New Name"}, {"", "é"}, {strings.Repeat("long", 16), ""}, {"", ""}} {
			alice.UserName, alice.UserDisplayName = names[0], names[1]
			update(t, s, func(tx keystore.Tx) error {
				return keystore.UpdateUser(tx, alice.ID, names[0], names[1])
			})
			view(t, s, func(tx keystore.Tx) { wantStored(t, tx, alice, bob) })
		}
		update(t, s, func(tx keystore.Tx) error {
			if err := keystore.UpdateUser(tx, credentialID(3), "a", "b"); !errors.Is(err, keystore.ErrNoCredential) {
				t.Errorf("UpdateUser of an unknown ID: got %v, want ErrNoCredential", err)
			}
			if err := keystore.UpdateUser(tx, alice.ID, "\xff", ""); err == nil {
				t.Errorf("UpdateUser with a name that is not UTF-8: got no error")
			}
			return nil
		})
		view(t, s, func(tx keystore.Tx) { wantStored(t, tx, alice, bob) })
	})
}

func TestUpdateLargeBlob(t *testing.T) {
	onEach(t, func(t *testing.T, s keystore.Store) {
		alice, bob := credential("example.com", "alice", 1), credential("example.com", "bob", 2)
		alice.SupportsLargeBlob = true
		update(t, s, func(tx keystore.Tx) error {
			if err := keystore.PutCredential(tx, alice, 10); err != nil {
				return err
			}
			return keystore.PutCredential(tx, bob, 10)
		})
		for _, blob := range [][]byte{{1, 2, 3}, bytes.Repeat([]byte{4}, 4096), {}} {
			alice.LargeBlob, alice.LargeBlobSize = blob, uint64(2*len(blob))
			update(t, s, func(tx keystore.Tx) error {
				return keystore.UpdateLargeBlob(tx, alice.ID, blob, uint64(2*len(blob)))
			})
			view(t, s, func(tx keystore.Tx) { wantStored(t, tx, alice, bob) })
		}
		update(t, s, func(tx keystore.Tx) error {
			if err := keystore.UpdateLargeBlob(tx, credentialID(3), nil, 0); !errors.Is(err, keystore.ErrNoCredential) {
				t.Errorf("UpdateLargeBlob of an unknown ID: got %v, want ErrNoCredential", err)
			}
			return nil
		})
		view(t, s, func(tx keystore.Tx) { wantStored(t, tx, alice, bob) })
	})
}

// The name of a relying party is the one of the latest registration.
func TestRPName(t *testing.T) {
	s := keystore.NewMemory()
	for i, name := range []string{"Example", "Example & Sons", ""} {
		c := credential("example.com", fmt.Sprint(i), i)
		c.RPName = name
		update(t, s, func(tx keystore.Tx) error { return keystore.PutCredential(tx, c, 10) })
		view(t, s, func(tx keystore.Tx) {
			for rp, err := range keystore.RPs(tx) {
				if rp.Name != name || rp.Count != i+1 || err != nil {
					t.Errorf("got %q with %d credentials, %v; want %q with %d", rp.Name, rp.Count, err, name, i+1)
				}
			}
		})
	}
}

// TestCredentialsLikeMap does random things to the store and to a map of
// accounts.
func TestCredentialsLikeMap(t *testing.T) {
	onEach(t, func(t *testing.T, s keystore.Store) {
		const limit = 20
		random := rand.New(rand.NewPCG(3, 4))
		accounts := map[string]*keystore.Credential{}
		for n := range 250 {
			rpID, user := fmt.Sprint("rp", random.IntN(5), ".example"), fmt.Sprint("user ", random.IntN(6))
			account := rpID + user
			old := accounts[account]
			update(t, s, func(tx keystore.Tx) error {
				if old != nil && random.IntN(3) == 0 {
					delete(accounts, account)
					return keystore.DeleteCredential(tx, old.ID)
				}
				c := credential(rpID, user, n)
				err := keystore.PutCredential(tx, c, limit)
				if old == nil && len(accounts) == limit {
					if !errors.Is(err, keystore.ErrFull) {
						t.Errorf("PutCredential number %d: got %v, want ErrFull", limit+1, err)
					}
					return nil
				}
				accounts[account] = c
				return err
			})
			view(t, s, func(tx keystore.Tx) { wantStored(t, tx, slices.Collect(maps.Values(accounts))...) })
		}
	})
}

// A record that cannot be read is an error of the store's, which must not reach
// the platform as one of its own.
func TestDamagedRecords(t *testing.T) {
	c := credential("example.com", "alice", 1)
	hash := sha256.Sum256([]byte("example.com"))
	tests := []struct {
		name   string
		bucket keystore.Bucket
		prefix string
		value  string
	}{
		{"not CBOR", "credentials", "", "\xff"},
		{"wrong type", "credentials", "", "\xa1\x01\x05"},
		{"no ID", "credentials", "", "\xa0"},
		{"empty", "credentials", "", ""},
		{"sequence number", "index", "i", "12345678"},
		{"short sequence number", "index", "i", "1"},
		{"long sequence number", "index", "a", "123456789"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := keystore.NewMemory()
			update(t, s, func(tx keystore.Tx) error {
				if err := keystore.PutCredential(tx, c, 10); err != nil {
					return err
				}
				var key []byte
				for key = range tx.All(tt.bucket, []byte(tt.prefix)) {
				}
				return tx.Put(tt.bucket, key, []byte(tt.value))
			})
			view(t, s, func(tx keystore.Tx) {
				_, byID := keystore.FindCredential(tx, hash, c.ID)
				_, byRP := keystore.Credentials(tx, hash)
				err := errors.Join(byID, byRP)
				if err == nil || ctap.StatusOf(err) != ctap.StatusOther {
					t.Errorf("got %v, want an error without a status", err)
				}
			})
		})
	}
}

func TestDamagedRP(t *testing.T) {
	s := keystore.NewMemory()
	update(t, s, func(tx keystore.Tx) error {
		hash := sha256.Sum256([]byte("example.com"))
		if err := tx.Put("index", append([]byte("r"), hash[:]...), []byte{1, 200, 1}); err != nil {
			return err
		}
		if err := keystore.PutCredential(tx, credential("example.com", "alice", 1), 10); err == nil {
			t.Error("PutCredential: got no error")
		}
		n := 0
		for rp, err := range keystore.RPs(tx) {
			if n++; err == nil {
				t.Errorf("RPs: got %v, want an error", rp)
			}
		}
		if n != 1 {
			t.Errorf("RPs: got %d items, want 1", n)
		}
		if rp, err := keystore.FindRP(tx, hash); err == nil {
			t.Errorf("FindRP: got %v, want an error", rp)
		}
		return tx.Put("index", []byte("rshort"), nil)
	})
	view(t, s, func(tx keystore.Tx) {
		if rp, err := keystore.NextRP(tx, []byte("r")); err == nil {
			t.Errorf("NextRP with a short key: got %v, want an error", rp)
		}
	})
}
