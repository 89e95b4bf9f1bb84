package authenticator

import (
	"bytes"
	"testing"

	"github.com/softkey-project/softkey/ctap"
)

func TestCredBlob(t *testing.T) {
	k := newExtKey(t, DefaultProfile, nil)
	longest := k.info().MaxCredBlobLength
	t.Run("row 253: maxCredBlobLength", func(t *testing.T) {
		if longest < 32 {
			t.Errorf("got %d, want 32 or more", longest)
		}
	})
	full := bytes.Repeat([]byte{7}, int(longest))
	tests := []struct {
		name string
		in   inputs
		rk   func(*ctap.MakeCredentialRequest)
		want any // output of makeCredential
		blob []byte
	}{
		{"rows 254, 255: a blob", inputs{"credBlob": []byte("blob")}, discoverable, true, []byte("blob")},
		{"rows 254, 255: the longest blob", inputs{"credBlob": full}, discoverable, true, full},
		{"an empty blob", inputs{"credBlob": []byte{}}, discoverable, true, []byte{}},
		{"row 256: none", inputs{}, discoverable, nil, []byte{}},
		{"row 257: too long a blob", inputs{"credBlob": append([]byte{0}, full...)}, discoverable, false, []byte{}},
		{"row 258: not discoverable", inputs{"credBlob": []byte("blob")}, nil, false, []byte{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			k := k.in(t)
			m := k.create(tt.in.creation("ada", tt.rk)) // the same account: each replaces the one before
			wantOutput(t, m.data, "credBlob", tt.want)
			_, data := k.get(inputs{"credBlob": true}.assertion(m.id), m)
			wantOutput(t, data, "credBlob", tt.blob)
			_, data = k.get(inputs{"credBlob": false}.assertion(m.id), m)
			wantOutput(t, data, "", nil)
		})
	}
}

// getNextAssertion computes its outputs for its own credential.
func TestCredBlobOfNextAssertion(t *testing.T) {
	k := newExtKey(t, DefaultProfile, nil)
	a := k.create(inputs{"credBlob": []byte("ada's")}.creation("ada", discoverable))
	b := k.create(creation("bob", discoverable))
	c := k.create(inputs{"credBlob": []byte("eve's")}.creation("eve", discoverable))
	_, data := k.get(inputs{"credBlob": true}.assertion(), c)
	wantOutput(t, data, "credBlob", []byte("eve's"))
	for _, tt := range []struct {
		by   made
		want []byte
	}{{b, []byte{}}, {a, []byte("ada's")}} {
		wantOutput(t, k.next(tt.by).data, "credBlob", tt.want)
	}
}

// next asks for the next assertion, by a credential.
func (k key) next(by made) (next struct {
	resp *ctap.GetAssertionResponse
	data *ctap.AuthenticatorData
}) {
	k.t.Helper()
	if err := k.command(ctap.CommandGetNextAssertion, nil, &next.resp); err != nil {
		k.t.Fatalf("getNextAssertion: %v", err)
	}
	next.data = k.verify(next.resp, by)
	return next
}

// What an account's owner is called does not touch the blob.
func TestCredBlobSurvivesUpdateOfUser(t *testing.T) {
	k := newExtKey(t, DefaultProfile, nil)
	m := k.create(inputs{"credBlob": []byte("blob")}.creation("ada", discoverable))
	h := newVerifiedHost(k, 2)
	_, err := k.manage(h.tokenFor(cm), ctap.UpdateUserInformation, &ctap.CredentialManagementParams{
		CredentialID: &ctap.CredentialDescriptor{ID: m.id, Type: ctap.PublicKey},
		User:         &ctap.User{ID: []byte("ada"), Name: "Ada L."},
	})
	if err != nil {
		t.Fatal(err)
	}
	_, data := k.get(inputs{"credBlob": true}.assertion(m.id), m)
	wantOutput(t, data, "credBlob", []byte("blob"))
}
