package authenticator

import (
	"context"

	"github.com/softkey-project/softkey/ctap"
)

// selection is authenticatorSelection (§6.9): the user touches the key that
// they want to use.
func (a *Authenticator) selection(ctx context.Context, c *call) (any, error) {
	return nil, a.confirm(ctx, c, Prompt{Operation: ctap.CommandSelection.String(), Kind: KindSelect})
}
