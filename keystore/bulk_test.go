package keystore_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/softkey-project/softkey/keystore"
)

// many returns different credentials, from the nth on.
func many(n, count int) (all []*keystore.Credential) {
	for i := n; i < n+count; i++ {
		c := credential(fmt.Sprintf("rp%d.example", i%7), fmt.Sprint("user", i), i)
		c.RPName = fmt.Sprint("name ", i)
		all = append(all, c)
	}
	return all
}

// Many at once are the same as one after the other, to the byte.
func TestPutCredentials(t *testing.T) {
	s, single := open(t, t.TempDir(), keystore.Options{NoSync: true}), open(t, t.TempDir(), keystore.Options{NoSync: true})
	for _, n := range []int{0, 100, 200} {
		at := many(n, 100)
		update(t, s, func(tx keystore.Tx) error { return keystore.PutCredentials(tx, at, 300) })
		for _, c := range many(n, 100) {
			update(t, single, func(tx keystore.Tx) error { return keystore.PutCredential(tx, c, 300) })
		}
	}
	if got, want := dump(t, s), dump(t, single); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	update(t, s, func(tx keystore.Tx) error { return keystore.PutCredentials(tx, nil, 300) })
}

func TestPutCredentialsRefuses(t *testing.T) {
	tests := []struct {
		name  string
		all   []*keystore.Credential
		limit int
		want  error // nil: any
	}{
		{"full", many(10, 6), 15, keystore.ErrFull},
		{"full, negative", many(10, 1), -1, keystore.ErrFull},
		{"account taken", many(9, 2), 100, nil},
		{"twice the same", append(many(10, 2), many(11, 1)...), 100, nil},
		{"invalid", []*keystore.Credential{{}}, 100, nil},
	}
	for _, tt := range tests {
		onEach(t, func(t *testing.T, s keystore.Store) {
			update(t, s, func(tx keystore.Tx) error { return keystore.PutCredentials(tx, many(0, 10), 10) })
			err := s.Update(func(tx keystore.Tx) error { return keystore.PutCredentials(tx, tt.all, tt.limit) })
			if err == nil || tt.want != nil && !errors.Is(err, tt.want) {
				t.Errorf("%s: got %v, want %v", tt.name, err, tt.want)
			}
			view(t, s, func(tx keystore.Tx) {
				if got := keystore.CredentialCount(tx); got != 10 {
					t.Errorf("%s: got %d credentials, want 10", tt.name, got)
				}
			})
		})
	}
}
