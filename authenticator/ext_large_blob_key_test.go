package authenticator

import (
	"bytes"
	"testing"

	"github.com/softkey-project/softkey/ctap"
)

// The types of its input are in TestExtensionInputTypes.
func TestLargeBlobKey(t *testing.T) {
	k := newExtKey(t, DefaultProfile, nil)
	asked, denied := inputs{"largeBlobKey": true}, inputs{"largeBlobKey": false}
	a, b := k.create(asked.creation("ada", discoverable)), k.create(asked.creation("bob", discoverable))
	plain, loose := k.create(creation("eve", discoverable)), k.create(creation("mal", nil))
	t.Run("row 271: two keys", func(t *testing.T) {
		if len(a.response.LargeBlobKey) != 32 || len(b.response.LargeBlobKey) != 32 || bytes.Equal(a.response.LargeBlobKey, b.response.LargeBlobKey) {
			t.Errorf("keys %x and %x, want 32 bytes each, and different", a.response.LargeBlobKey, b.response.LargeBlobKey)
		}
	})
	for _, tt := range []struct {
		name string
		by   made
		want []byte
	}{
		{"rows 272, 275: with a key", a, a.response.LargeBlobKey},
		{"rows 272, 275: with another key", b, b.response.LargeBlobKey},
		{"made without", plain, nil},
		{"not discoverable", loose, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			k := k.in(t)
			resp, data := k.get(asked.assertion(tt.by.id), tt.by)
			if !bytes.Equal(resp.LargeBlobKey, tt.want) {
				t.Errorf("got %x, want %x", resp.LargeBlobKey, tt.want)
			}
			wantOutput(t, data, "", nil)
			k.assertionRefused(denied.assertion(tt.by.id), ctap.StatusInvalidOption)
		})
	}
	t.Run("row 273: false", func(t *testing.T) {
		k.in(t).refused(denied.creation("new", discoverable), ctap.StatusInvalidOption)
	})
	t.Run("row 277: not discoverable", func(t *testing.T) {
		k.in(t).refused(asked.creation("new"), ctap.StatusInvalidOption)
		k.in(t).refused(asked.creation("new", func(r *ctap.MakeCredentialRequest) {
			r.Options = &ctap.Options{RK: no()}
		}), ctap.StatusInvalidOption)
	})
}

func TestLargeBlobKeyElsewhere(t *testing.T) {
	k := newExtKey(t, DefaultProfile, nil)
	asked := inputs{"largeBlobKey": true}
	a := k.create(asked.creation("ada", discoverable))
	b := k.create(asked.creation("bob", discoverable))
	resp, _ := k.get(asked.assertion(), b)
	if got := k.next(a).resp.LargeBlobKey; !bytes.Equal(got, a.response.LargeBlobKey) || bytes.Equal(got, resp.LargeBlobKey) {
		t.Errorf("getNextAssertion: got %x, want %x", got, a.response.LargeBlobKey)
	}
	t.Run("row 358: credential management", func(t *testing.T) {
		if got := newVerifiedHost(k.in(t), 2).managed().LargeBlobKey; !bytes.Equal(got, b.response.LargeBlobKey) {
			t.Errorf("got %x, want %x", got, b.response.LargeBlobKey)
		}
	})
}
