package main

import (
	"context"
	"fmt"

	"github.com/softkey-project/softkey/client/webauthn"
)

// webauthnPIN is [webauthn.Client.PIN]: a PIN that was given is tried once, and
// one that is asked for until it is right.
func (c *clientFlags) webauthnPIN(p *program) func(context.Context, webauthn.PINRequest) (string, error) {
	return func(ctx context.Context, r webauthn.PINRequest) (string, error) {
		given, err := c.givenPIN(p)
		if err != nil {
			return "", err
		}
		if given != "" {
			return webauthn.StaticPIN(given)(ctx, r)
		}
		question := "PIN of the key: "
		if r.Wrong {
			question = fmt.Sprintf("That was wrong, %d retries left. PIN of the key: ", r.Retries)
		}
		return p.askPIN(ctx, question, "--pin-file FILE, or "+pinVariable)
	}
}
