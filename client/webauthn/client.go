package webauthn

import (
	"context"
	"crypto/sha256"
	"slices"

	"github.com/softkey-project/softkey/ctap"
)

// Client runs the ceremonies of one page with one key. Its methods may be called
// from one goroutine at a time.
type Client struct {
	Device Device // required

	// Origin is the origin of the page, such as "https://example.com";
	// required.
	Origin string

	// ChallengeEncoding says what the challenge of the options is.
	ChallengeEncoding ChallengeEncoding

	// U2F has the key asked in U2F, even if it speaks CTAP2.
	U2F bool

	// Select chooses one of several accounts for which the key has a
	// discoverable credential, and returns its index; an error ends the
	// ceremony as if the user had declined. Nil: the first, which is the key's
	// latest.
	Select func(ctx context.Context, accounts []Account) (int, error)
}

// Account is a discoverable credential among several.
type Account struct {
	CredentialID []byte
	User         ctap.User // its names only where the key verified the user
}

// ceremony is what a page's call comes to, before the key is asked.
type ceremony struct {
	client         *Client
	key            authenticator
	origin         *origin
	rpID           string
	clientDataJSON []byte
}

// begin makes the client data of a page's call, and decides for which relying
// party it speaks.
func (c *Client) begin(typ, rpID, challenge string) (*ceremony, error) {
	origin, err := parseOrigin(c.Origin)
	if err != nil {
		return nil, err
	}
	if rpID, err = origin.rpID(rpID); err != nil {
		return nil, err
	}
	bytes, err := c.ChallengeEncoding.bytes(challenge)
	if err != nil {
		return nil, err
	}
	return &ceremony{
		client: c, key: c.authenticator(), origin: origin, rpID: rpID,
		clientDataJSON: clientDataJSON(typ, bytes, origin.serialised),
	}, nil
}

func (c *ceremony) clientDataHash() []byte {
	sum := sha256.Sum256(c.clientDataJSON)
	return sum[:]
}

// attachment returns how the key is attached to the machine.
func (c *ceremony) attachment() string {
	if c.key.info().Options[ctap.OptionPlat] {
		return "platform"
	}
	return "cross-platform"
}

// userVerification returns the option uv for a requirement; ok is false where
// the key cannot meet it. A key verifies the user by itself if it has the means
// to and they are set up.
func (c *ceremony) userVerification(requirement string) (uv *bool, ok bool) {
	can := c.key.info().Options[ctap.OptionUV]
	if requirement == discouraged || !can {
		return nil, requirement != required
	}
	return &can, true
}

// batches cuts a list of credentials into lists that the key takes, without
// those whose ID is longer than any of the key's.
func (c *ceremony) batches(list []ctap.CredentialDescriptor) [][]ctap.CredentialDescriptor {
	info := c.key.info()
	fitting := slices.DeleteFunc(slices.Clone(list), func(d ctap.CredentialDescriptor) bool {
		return info.MaxCredentialIDLength > 0 && uint64(len(d.ID)) > info.MaxCredentialIDLength
	})
	size := len(fitting)
	if limit := info.MaxCredentialCountInList; limit > 0 {
		size = int(min(uint64(size), limit))
	}
	if size == 0 {
		return nil
	}
	return slices.Collect(slices.Chunk(fitting, size))
}
