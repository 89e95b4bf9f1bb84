package trace

import (
	"bytes"
	"slices"

	"github.com/softkey-project/softkey/ctap"
)

// secret is where in a message there may be a value that is not for a trace.
type secret struct {
	member   int64
	authData bool     // in the extensions of the authenticator data that the member is
	path     []string // through the maps in it, by their keys; none: it is the member
}

// withheld takes the place of a value that is not for a trace.
const withheld = "withheld"

// withhold returns a message without its secrets. It fails if the message is not
// canonical, unless there can be none in it.
func withhold(data []byte, secrets []secret) ([]byte, error) {
	if !slices.ContainsFunc(secrets, func(s secret) bool { return s.mayBeIn(data) }) {
		return data, nil
	}
	if err := ctap.CheckCanonical(data); err != nil {
		return nil, err
	}
	var members map[int64]ctap.Raw
	if err := ctap.Unmarshal(data, &members); err != nil {
		return nil, err
	}
	for _, s := range secrets {
		if value, ok := members[s.member]; ok && s.mayBeIn(value) {
			members[s.member] = s.conceal(value)
		}
	}
	return ctap.Marshal(members)
}

// mayBeIn tells whether data can hold the secret: one in an extension is not there
// where the extension's name is not.
func (s secret) mayBeIn(data []byte) bool {
	return len(s.path) == 0 || bytes.Contains(data, []byte(s.path[0]))
}

// conceal returns the value of the member without the secret; nothing of it where
// its form is not the one that is expected.
func (s secret) conceal(value ctap.Raw) ctap.Raw {
	if !s.authData {
		return concealAt(value, s.path)
	}
	var b []byte
	if err := ctap.Unmarshal(value, &b); err != nil {
		return ctap.MustMarshal(withheld)
	}
	d, err := ctap.ParseAuthenticatorData(b)
	if err != nil {
		return ctap.MustMarshal(withheld)
	}
	if len(d.Extensions) > 0 {
		d.Extensions = concealAt(d.Extensions, s.path)
	}
	return ctap.MustMarshal(d.Append(nil))
}

// concealAt returns an item without the value at a path in it.
func concealAt(item ctap.Raw, path []string) ctap.Raw {
	var members map[string]ctap.Raw
	if len(path) == 0 || ctap.Unmarshal(item, &members) != nil {
		return ctap.MustMarshal(withheld)
	}
	value, ok := members[path[0]]
	if !ok {
		return item
	}
	members[path[0]] = concealAt(value, path[1:])
	return ctap.MustMarshal(members)
}
