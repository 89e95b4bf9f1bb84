package main

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/softkey-project/softkey/client"
	"github.com/softkey-project/softkey/ctap"
)

// credentialList is the discoverable credentials of a key.
type credentialList struct {
	Device    string         `json:"device"`
	Existing  uint64         `json:"existing"`
	Remaining uint64         `json:"remaining"` // at most so many more fit
	Sites     []relyingParty `json:"relyingParties"`
}

type relyingParty struct {
	ID          string       `json:"id"`
	Name        string       `json:"name,omitempty"`
	IDHash      string       `json:"idHash"` // hexadecimal
	Credentials []credential `json:"credentials"`
}

// credential is what people want to know of a credential. Its large-blob key is a
// secret.
type credential struct {
	ID           string         `json:"id"`           // hexadecimal
	CredentialID string         `json:"credentialId"` // base64url, as in WebAuthn
	User         credentialUser `json:"user"`
	CredProtect  uint64         `json:"credProtect,omitempty"`
	LargeBlobKey bool           `json:"hasLargeBlobKey"`
	Payment      bool           `json:"thirdPartyPayment"`

	id   []byte
	user ctap.User
	site string
}

type credentialUser struct {
	ID          string `json:"id"` // base64url
	Name        string `json:"name,omitempty"`
	DisplayName string `json:"displayName,omitempty"`
}

// read lists what the key keeps, with a token for that.
func (o *credentialsFlags) read(ctx context.Context, key *client.Device, token *client.Token) (*credentialList, error) {
	count, err := key.CredentialsMetadata(ctx, token)
	if errors.Is(err, errors.ErrUnsupported) {
		return nil, lacking(o.client.at, "does not tell of its credentials")
	}
	if err != nil {
		return nil, err
	}
	list := &credentialList{Device: o.client.at.String(), Existing: count.Existing, Remaining: count.Remaining, Sites: []relyingParty{}}
	rps, err := key.RPs(ctx, token)
	if err != nil {
		return nil, err
	}
	for _, rp := range rps {
		credentials, err := key.Credentials(ctx, token, rp.IDHash)
		if err != nil {
			return nil, err
		}
		list.Sites = append(list.Sites, newRelyingParty(rp, credentials))
	}
	return list, nil
}

func newRelyingParty(rp client.RP, credentials []client.Credential) relyingParty {
	r := relyingParty{ID: rp.ID, Name: rp.Name, IDHash: hex.EncodeToString(rp.IDHash[:]), Credentials: []credential{}}
	for _, c := range credentials {
		r.Credentials = append(r.Credentials, credential{
			ID: hex.EncodeToString(c.ID), CredentialID: base64.RawURLEncoding.EncodeToString(c.ID),
			User: credentialUser{
				ID: base64.RawURLEncoding.EncodeToString(c.User.ID), Name: c.User.Name, DisplayName: c.User.DisplayName,
			},
			CredProtect: c.Protection, LargeBlobKey: c.LargeBlobKey != nil, Payment: c.ThirdPartyPayment,
			id: c.ID, user: c.User, site: cmp.Or(rp.ID, "a site that is not named"),
		})
	}
	return r
}

// shownID is how many digits of an ID are printed: enough to tell credentials
// apart.
const shownID = 16

// protections are the names of credProtect's levels (§12.1.1).
var protections = []string{"", "", "UV-optional-with-ID", "UV-required"}

// print writes the credentials below their sites.
func (l *credentialList) print(out io.Writer) error {
	noun := "credentials"
	if l.Existing == 1 {
		noun = "credential"
	}
	fmt.Fprintf(out, "%d %s at %s, room for %d\n", l.Existing, noun, l.Device, l.Remaining)
	for _, site := range l.Sites {
		name := cmp.Or(site.ID, site.IDHash)
		if site.Name != "" {
			name += " (" + site.Name + ")"
		}
		fmt.Fprintf(out, "\n%s\n", printable(name))
		w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
		for _, c := range site.Credentials {
			fmt.Fprintf(w, "  %s\t%s\n", c.ID[:min(shownID, len(c.ID))], strings.Join(append([]string{printable(c.account())}, c.marks()...), "\t"))
		}
		if err := w.Flush(); err != nil {
			return err
		}
	}
	return nil
}

// account names the account of a credential.
func (c *credential) account() string {
	name := cmp.Or(c.User.Name, "user "+c.User.ID)
	if c.User.DisplayName != "" {
		name += " (" + c.User.DisplayName + ")"
	}
	return name
}

// marks are what is special about a credential.
func (c *credential) marks() []string {
	var marks []string
	if c.CredProtect < uint64(len(protections)) && protections[c.CredProtect] != "" {
		marks = append(marks, protections[c.CredProtect])
	}
	if c.LargeBlobKey {
		marks = append(marks, "largeBlobKey")
	}
	if c.Payment {
		marks = append(marks, "thirdPartyPayment")
	}
	return marks
}

// describe returns a credential in one line, for people.
func (c *credential) describe() string { return shown(c.account()) + " at " + shown(c.site) }

// find returns the one credential whose ID begins with the hexadecimal digits.
func (l *credentialList) find(prefix string) (*credential, error) {
	var found []*credential
	for i := range l.Sites {
		for j := range l.Sites[i].Credentials {
			if c := &l.Sites[i].Credentials[j]; strings.HasPrefix(c.ID, strings.ToLower(prefix)) {
				found = append(found, c)
			}
		}
	}
	switch len(found) {
	case 0:
		return nil, hint(fmt.Errorf("no credential has an ID that begins with %s", prefix), "softkey credentials list has them all")
	case 1:
		return found[0], nil
	}
	return nil, hint(fmt.Errorf("the IDs of %d credentials begin with %s", len(found), prefix), "give more digits: softkey credentials list --json has the whole")
}

// isHex tells whether text is hexadecimal digits, any number but none.
func isHex(text string) bool {
	return text != "" && strings.Trim(strings.ToLower(text), "0123456789abcdef") == ""
}
