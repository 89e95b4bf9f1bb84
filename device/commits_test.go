package device

import (
	"context"
	"encoding/binary"
	"errors"
	"testing"

	"github.com/softkey-project/softkey/authenticator"
	"github.com/softkey-project/softkey/client"
	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctap/cose"
	"github.com/softkey-project/softkey/ctaphid"
	"github.com/softkey-project/softkey/keystore"
	"github.com/softkey-project/softkey/keystore/storetest"
)

// counted is a device whose commits are counted, and a host that it is plugged
// into.
type counted struct {
	t     *testing.T
	host  *client.Device
	store *storetest.Counted
	n     uint64
}

func newCounted(t *testing.T) *counted {
	t.Helper()
	c := &counted{t: t}
	d := open(t, Config{WrapStore: func(s keystore.Store) keystore.Store {
		c.store = &storetest.Counted{Store: s}
		return c.store
	}})
	host, err := client.Open(context.Background(), ctaphid.Loopback(d.Handler(), d.CTAPHID(1)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = host.Close() })
	c.host = host
	return c
}

// during returns how many commits there are while do runs.
func (c *counted) during(do func()) int64 {
	before := c.store.Commits.Load()
	do()
	return c.store.Commits.Load() - before
}

// unique returns 32 bytes that it did not return before.
func (c *counted) unique() []byte {
	c.n++
	return binary.BigEndian.AppendUint64(make([]byte, 24), c.n)
}

func (c *counted) makeCredential(discoverable bool) []byte {
	c.t.Helper()
	resp, err := c.host.MakeCredential(context.Background(), &ctap.MakeCredentialRequest{
		ClientDataHash:   c.unique(),
		RP:               &ctap.RelyingParty{ID: "example.com"},
		User:             &ctap.User{ID: c.unique(), Name: "alice"},
		PubKeyCredParams: []ctap.CredentialParameters{{Algorithm: int64(cose.ES256), Type: ctap.PublicKey}},
		Options:          &ctap.Options{RK: &discoverable},
	})
	if err != nil {
		c.t.Fatal(err)
	}
	data, err := ctap.ParseAuthenticatorData(resp.AuthData)
	if err != nil {
		c.t.Fatal(err)
	}
	return data.Credential.ID
}

func (c *counted) getAssertion(allow ...ctap.CredentialDescriptor) {
	c.t.Helper()
	_, err := c.host.GetAssertion(context.Background(), &ctap.GetAssertionRequest{
		RPID: "example.com", ClientDataHash: c.unique(), AllowList: allow,
	})
	if err != nil {
		c.t.Fatal(err)
	}
}

// A commit waits for the disk, so there are as few as can be: one for each
// record, one for each 1024 signatures, one for each wrong PIN.
func TestCommits(t *testing.T) {
	const block = 1024
	c := newCounted(t)
	id := c.makeCredential(false)
	allow := ctap.CredentialDescriptor{ID: id, Type: ctap.PublicKey}
	tests := []struct {
		name string
		want int64
		do   func()
	}{
		{"ten credentials of their own", 0, func() {
			for range 10 {
				c.makeCredential(false)
			}
		}},
		{"the first assertion", 1, func() { c.getAssertion(allow) }},
		{"the rest of its block", 0, func() {
			for range block - 1 {
				c.getAssertion(allow)
			}
		}},
		{"one more", 1, func() { c.getAssertion(allow) }},
		{"a discoverable credential", 1, func() { c.makeCredential(true) }},
		{"nine more", 9, func() {
			for range 9 {
				c.makeCredential(true)
			}
		}},
		{"a discoverable assertion", 0, func() { c.getAssertion() }},
		{"getInfo", 0, func() {
			if _, err := c.host.GetInfo(context.Background()); err != nil {
				t.Error(err)
			}
		}},
		{"setPIN", 1, func() {
			if err := c.host.SetPIN(context.Background(), "1234"); err != nil {
				t.Error(err)
			}
		}},
		{"a wrong PIN", 1, func() {
			_, err := c.host.PINToken(context.Background(), "4321", ctap.PermissionGetAssertion, "example.com")
			var refused *client.PINError
			if !errors.As(err, &refused) || refused.Retries.Left != 7 {
				t.Errorf("got %v, want a PINError with 7 retries left", err)
			}
		}},
	}
	for _, tt := range tests {
		if got := c.during(tt.do); got != tt.want {
			t.Errorf("%s: got %d commits, want %d", tt.name, got, tt.want)
		}
	}
}

// A device on a store of the caller's closes it.
func TestStoreOfTheCaller(t *testing.T) {
	s := keystore.NewMemory()
	d, err := New(Config{Profile: defaultProfile(), Store: s, Presence: authenticator.Approve{}})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.View(func(tx keystore.Tx) error {
		if keystore.Uniq(tx) != d.Descriptor().Uniq {
			t.Error("the store is not used")
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.View(func(keystore.Tx) error { return nil }); err == nil {
		t.Error("the store is open after Close")
	}
}
