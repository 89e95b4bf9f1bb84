package crash

import (
	"context"
	"errors"
	"fmt"

	"github.com/softkey-project/softkey/client"
	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctap/cose"
)

// operation is something that a client does to a [prepared] key, in one or more
// messages. What the key keeps of it, it commits to its store in one or more
// steps; the last of them makes all the difference to its content.
type operation struct {
	name string
	run  func(context.Context, *client.Device, *prepared) error
	done func(*content) // what it changes

	// retries[n] is how many PIN retries are left after n commits.
	retries []uint64

	// commitsBy[n] is how many commits the key has made when it answers message
	// n of the operation.
	commitsBy []int
}

// leftRetries is what a prepared key has left.
const leftRetries = maxRetries - 2

// entered is retries for what begins with the right PIN and changes the key in
// one more step: the attempt counts before the PIN is looked at.
var entered = []uint64{leftRetries, leftRetries - 1, maxRetries, maxRetries}

var operations = []operation{
	{
		name: "change PIN", retries: entered, commitsBy: []int{0, 3},
		run: func(ctx context.Context, key *client.Device, _ *prepared) error {
			return key.ChangePIN(ctx, oldPIN, newPIN)
		},
		done: func(c *content) { c.pin = newPIN },
	},
	{
		name: "wrong PIN", retries: []uint64{leftRetries, leftRetries - 1}, commitsBy: []int{0, 1, 1},
		run:  enterWrongPIN,
		done: func(*content) {},
	},
	{
		name: "register", retries: entered, commitsBy: []int{0, 2, 3},
		run: func(ctx context.Context, key *client.Device, _ *prepared) error {
			return registerUser(ctx, key, ctap.User{ID: []byte{1}, Name: "new"})
		},
		done: func(c *content) { c.users, c.room = "new/ user/ user/", capacity-3 },
	},
	{ // the new credential takes the place of the old
		name: "register again", retries: entered, commitsBy: []int{0, 2, 3},
		run: func(ctx context.Context, key *client.Device, p *prepared) error {
			return registerUser(ctx, key, ctap.User{ID: p.credential.User.ID, Name: "again"})
		},
		done: func(c *content) { c.users, c.signing = "again/ user/", "011" },
	},
	{
		name: "update", retries: entered, commitsBy: []int{0, 2, 3},
		run: managing(func(ctx context.Context, key *client.Device, token *client.Token, p *prepared) error {
			return key.UpdateUser(ctx, token, p.credential.ID, ctap.User{ID: p.credential.User.ID, Name: "new", DisplayName: "New"})
		}),
		done: func(c *content) { c.users = "new/New user/" },
	},
	{
		name: "delete", retries: entered, commitsBy: []int{0, 2, 3},
		run: managing(func(ctx context.Context, key *client.Device, token *client.Token, p *prepared) error {
			return key.DeleteCredential(ctx, token, p.credential.ID)
		}),
		done: func(c *content) { c.users, c.room, c.signing = "user/", capacity-1, "011" },
	},
	{
		name: "large blobs", retries: entered, commitsBy: []int{0, 2, 2, 2, 3},
		run: func(ctx context.Context, key *client.Device, _ *prepared) error {
			token, err := key.PINToken(ctx, oldPIN, ctap.PermissionLargeBlobWrite, "")
			if err != nil {
				return err
			}
			return key.SetLargeBlobArray(ctx, token, newBlobs)
		},
		done: func(c *content) { c.blobs = describe(newBlobs) },
	},
	{
		name: "reset", retries: []uint64{leftRetries, 0}, commitsBy: []int{1},
		run: func(ctx context.Context, key *client.Device, _ *prepared) error {
			return key.Reset(ctx)
		},
		done: func(c *content) { *c = empty() },
	},
	{ // the commit reserves the next values of the counter
		name: "sign", retries: []uint64{leftRetries, leftRetries}, commitsBy: []int{1},
		run: func(ctx context.Context, key *client.Device, p *prepared) error {
			return p.ledger.assert(ctx, key, p.ledger.credentials[0])
		},
		done: func(*content) {},
	},
}

// managing is an operation with a token for credential management.
func managing(run func(context.Context, *client.Device, *client.Token, *prepared) error) func(context.Context, *client.Device, *prepared) error {
	return func(ctx context.Context, key *client.Device, p *prepared) error {
		token, err := key.PINToken(ctx, oldPIN, ctap.PermissionCredentialMgmt, "")
		if err != nil {
			return err
		}
		return run(ctx, key, token, p)
	}
}

// enterWrongPIN is done when the key has refused the PIN. The client then asks
// how many retries are left, which a crash may prevent.
func enterWrongPIN(ctx context.Context, key *client.Device, _ *prepared) error {
	_, err := key.PINToken(ctx, wrongPIN, ctap.PermissionCredentialMgmt, "")
	var wrong *client.PINError
	switch {
	case errors.As(err, &wrong) && wrong.Retries.Left != leftRetries-1:
		return fmt.Errorf("%w, want %d", err, leftRetries-1)
	case errors.Is(err, ctap.StatusPINInvalid):
		return nil
	}
	return fmt.Errorf("a wrong PIN: got %w, want %v", err, ctap.StatusPINInvalid)
}

// registerUser makes a discoverable credential.
func registerUser(ctx context.Context, key *client.Device, user ctap.User) error {
	token, err := key.PINToken(ctx, oldPIN, ctap.PermissionMakeCredential, siteID)
	if err != nil {
		return err
	}
	req := registration(siteID, user, true, cose.ES256)
	req.PinUvAuthProtocol, req.PinUvAuthParam = token.Authorize(req.ClientDataHash)
	_, err = create(ctx, key, req)
	return err
}

// figures are those of one trial of the operation.
func (o operation) figures(p *prepared, killed bool) figures {
	f := figures{rounds: 1, acknowledged: 1, jump: p.ledger.jump}
	if killed {
		f.acknowledged, f.faults = 0, 1
	}
	return f
}

// commits returns how many the whole operation makes.
func (o operation) commits() int { return len(o.retries) - 1 }

// after returns what a key has after so many commits.
func (o operation) after(commits int) (content, uint64) {
	c := full()
	if commits == o.commits() {
		o.done(&c)
	}
	return c, o.retries[commits]
}

// answered returns how many commits a key has made that has answered so many
// messages.
func (o operation) answered(messages int) int {
	if messages == 0 {
		return 0
	}
	return o.commitsBy[messages-1]
}
