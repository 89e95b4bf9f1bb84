package crash

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/softkey-project/softkey/ctap"
)

// account names a discoverable credential: a site has one for a user at most.
type account struct{ rpID, user string }

// model is what a key has, as far as its client knows.
type model struct {
	pin      string
	retries  uint64 // of the PIN; 0: none is set
	wrong    int    // PINs in a row, since power-up
	minPIN   uint64 // in code points
	blobs    string // as describe has it
	accounts map[account]credential
	names    map[account]string // of the users
	handles  []credential       // the other credentials
	gone     []credential       // some that no longer sign
}

// newModel returns what a key has after a reset.
func newModel() *model {
	return &model{
		minPIN: 4, blobs: describe(nil),
		accounts: make(map[account]credential), names: make(map[account]string),
	}
}

func (m *model) clone() *model {
	c := *m
	c.accounts, c.names = maps.Clone(m.accounts), maps.Clone(m.names)
	c.handles, c.gone = slices.Clone(m.handles), slices.Clone(m.gone)
	return &c
}

// reset is what becomes of the model when the key is reset.
func (m *model) reset() {
	gone := m.all()
	*m = *newModel()
	m.gone = gone[:min(len(gone), 5)]
}

// all returns the credentials that sign.
func (m *model) all() []credential {
	all := slices.Clone(m.handles)
	for _, a := range m.sorted() {
		all = append(all, m.accounts[a])
	}
	return all
}

// sorted returns the accounts in an order that is the same each time.
func (m *model) sorted() []account {
	return slices.SortedFunc(maps.Keys(m.accounts), func(a, b account) int {
		return strings.Compare(a.rpID+"/"+a.user, b.rpID+"/"+b.user)
	})
}

// forget takes a discoverable credential away.
func (m *model) forget(a account) {
	if old, ok := m.accounts[a]; ok && old.id != "" {
		m.gone = append(m.gone, old)
	}
	delete(m.accounts, a)
	delete(m.names, a)
}

// candidate is a model that may be true, and how many PIN retries go with it.
type candidate struct {
	*model
	retries []uint64
}

// exactly is the candidate when nothing was under way.
func exactly(m *model) []candidate { return []candidate{{m, []uint64{m.retries}}} }

// differs tells in what a candidate and a key differ, "" if in nothing.
func (c candidate) differs(o *observed) string {
	switch {
	case !slices.Contains(c.retries, o.retries):
		return fmt.Sprintf("%d PIN retries, want one of %v", o.retries, c.retries)
	case o.minPIN != c.minPIN:
		return fmt.Sprintf("a minimum PIN length of %d, want %d", o.minPIN, c.minPIN)
	case o.blobs != c.blobs:
		return fmt.Sprintf("large blobs of %s, want %s", o.blobs, c.blobs)
	case o.tried && o.pin != c.pin:
		return fmt.Sprintf("PIN %q, want %q", o.pin, c.pin)
	case o.names != nil && !maps.Equal(o.names, c.names):
		return fmt.Sprintf("users %v, want %v", o.names, c.names)
	}
	if text := c.differsInAccounts(o); text != "" {
		return text
	}
	return c.differsInSignatures(o)
}

func (c candidate) differsInAccounts(o *observed) string {
	for a, got := range o.accounts {
		want, ok := c.accounts[a]
		if !ok || want.id != "" && want.id != got {
			return fmt.Sprintf("a credential %x of %v, want %x", got, a, want.id)
		}
	}
	for a := range c.accounts {
		if _, ok := o.accounts[a]; !ok {
			return fmt.Sprintf("no credential of %v", a)
		}
	}
	return ""
}

func (c candidate) differsInSignatures(o *observed) string {
	for _, old := range c.gone {
		if o.signs[old.id] {
			return fmt.Sprintf("credential %.8x of %s signs, want it gone", old.id, old.rpID)
		}
	}
	for _, live := range c.all() {
		if live.id != "" && !o.signs[live.id] {
			return fmt.Sprintf("credential %.8x of %s does not sign", live.id, live.rpID)
		}
	}
	return ""
}

// adopt takes over what a key has that the model left open.
func (c candidate) adopt(o *observed) *model {
	m := c.model
	m.retries, m.wrong = o.retries, 0
	if o.tried && m.pin != "" {
		m.retries = maxRetries
	}
	for a, id := range o.accounts {
		if m.accounts[a].id == "" {
			m.accounts[a] = credential{rpID: a.rpID, id: id}
		}
	}
	return m
}

// observed is what a key has.
type observed struct {
	retries, minPIN uint64
	blobs           string
	accounts        map[account]string // credential IDs
	signs           map[string]bool    // by credential ID

	tried bool               // whether PINs were tried
	pin   string             // that works
	names map[account]string // nil: nobody looked, or could
}

// userOf returns the user of a credential as the model has it.
func userOf(u *ctap.User) string { return string(u.ID) }
