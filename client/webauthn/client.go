package webauthn

import (
	"context"
	"crypto/sha256"
	"slices"
	"time"

	"github.com/softkey-project/softkey/client"
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

	// CheckFacet tells whether the origin may use the identity of a U2F
	// application, for appid and appidExclude; [Facets.Check] does. Nil: it may
	// where both are of one site, which browsers settle for (§10.1.1).
	CheckFacet func(ctx context.Context, origin, appID string) error

	// U2F has the key asked in U2F, even if it speaks CTAP2.
	U2F bool

	// PIN gives the key's PIN, where the user is to be verified by it; an error
	// ends the ceremony as if the user had declined. It is asked again when the
	// PIN was wrong. [StaticPIN] makes one of a known PIN. Nil: there is none.
	PIN func(ctx context.Context, r PINRequest) (string, error)

	// EnterpriseRPIDs are the relying parties that may know which very key it
	// is (platform-managed enterprise attestation, §7.1.3 of CTAP); for others
	// that ask, the key decides.
	EnterpriseRPIDs []string

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

// ceremony is what a page's call comes to.
type ceremony struct {
	client         *Client
	key            authenticator
	info           *ctap.GetInfoResponse // as of the beginning
	origin         *origin
	rpID           string
	clientDataJSON []byte

	// What came of the user's verification: a token, or that the key sees to
	// it by itself.
	wish  wish
	token *client.Token
	uv    bool
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

// step is a part of a ceremony. They run one after the other, until one fails.
type step func(context.Context) error

// run runs a ceremony for as long as its options allow.
func run(ctx context.Context, lifetime time.Duration, steps ...step) error {
	ctx, cancel := context.WithTimeoutCause(ctx, lifetime, errLifetime)
	defer cancel()
	for _, s := range steps {
		if err := s(ctx); err != nil {
			return exception(ctx, err)
		}
	}
	return nil
}

// meetKey asks the key what it is and can do now.
func (c *ceremony) meetKey(ctx context.Context) (err error) {
	c.info, err = c.key.getInfo(ctx)
	return err
}

func (c *ceremony) clientDataHash() []byte {
	sum := sha256.Sum256(c.clientDataJSON)
	return sum[:]
}

// attachment returns how the key is attached to the machine.
func (c *ceremony) attachment() string {
	if c.info.Options[ctap.OptionPlat] {
		return "platform"
	}
	return "cross-platform"
}

// extends tells whether the key has an extension.
func (c *ceremony) extends(name string) bool { return slices.Contains(c.info.Extensions, name) }

// batches cuts a list of credentials into lists that the key takes, without
// those whose ID is longer than any of the key's.
func (c *ceremony) batches(list []ctap.CredentialDescriptor) [][]ctap.CredentialDescriptor {
	fitting := slices.DeleteFunc(slices.Clone(list), func(d ctap.CredentialDescriptor) bool {
		return c.info.MaxCredentialIDLength > 0 && uint64(len(d.ID)) > c.info.MaxCredentialIDLength
	})
	size := len(fitting)
	if limit := c.info.MaxCredentialCountInList; limit > 0 {
		size = int(min(uint64(size), limit))
	}
	if size == 0 {
		return nil
	}
	return slices.Collect(slices.Chunk(fitting, size))
}
