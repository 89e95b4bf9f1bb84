package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/softkey-project/softkey/client"
	"github.com/softkey-project/softkey/ctap"
)

// pinVariable is the environment variable that a client's PIN may be in.
const pinVariable = "SOFTKEY_PIN"

// givenPIN returns the PIN of the flag or of the environment, "" if there is
// none.
func (c *clientFlags) givenPIN(p *program) (string, error) {
	if pin, err := c.pinFile.read(p); pin != "" || err != nil {
		return pin, err
	}
	typed := os.Getenv(pinVariable)
	if typed == "" {
		return "", nil
	}
	pin, err := cleanPIN(typed)
	if err != nil {
		return "", fmt.Errorf("%s: %w", pinVariable, err)
	}
	return pin, nil
}

// pin returns the key's PIN: given, or else asked for.
func (c *clientFlags) pin(ctx context.Context, p *program) (string, error) {
	if pin, err := c.givenPIN(p); pin != "" || err != nil {
		return pin, err
	}
	return p.askPIN(ctx, "PIN of the key: ", "--pin-file FILE, or "+pinVariable)
}

// askPIN asks for a PIN on the terminal. Where there is none, advice says how to
// give the PIN otherwise.
func (p *program) askPIN(ctx context.Context, question, advice string) (string, error) {
	if !isTerminal(p.stdin) {
		return "", hint(usagef("nobody can be asked for the PIN: standard input is not a terminal"), "give it by %s", advice)
	}
	t, err := openTTY()
	if err != nil {
		return "", err
	}
	typed, err := askSecret(ctx, t, question)
	if err := errors.Join(err, t.Close()); err != nil {
		return "", err
	}
	return cleanPIN(typed)
}

// askNewPIN asks for a PIN twice, since it is not shown.
func (p *program) askNewPIN(ctx context.Context, advice string) (string, error) {
	first, err := p.askPIN(ctx, "New PIN: ", advice)
	if err != nil {
		return "", err
	}
	second, err := p.askPIN(ctx, "New PIN again: ", advice)
	if err != nil {
		return "", err
	}
	if first != second {
		return "", errors.New("the two are not the same: the PIN stays as it was")
	}
	return first, nil
}

// token returns a token with permissions for the key, by its PIN or by its own
// user verification.
func (c *clientFlags) token(ctx context.Context, p *program, key *client.Device, permissions ctap.Permissions) (*client.Token, error) {
	info := key.Info()
	if info == nil {
		return nil, fmt.Errorf("the key at %s speaks U2F alone, which has no such command", c.at)
	}
	given, err := c.givenPIN(p)
	if err != nil {
		return nil, err
	}
	hasPIN, verifies := info.Options[ctap.OptionClientPIN], info.Options[ctap.OptionUV] && info.Options[ctap.OptionPinUvAuthToken]
	switch {
	case hasPIN && (given != "" || !verifies):
		pin, err := c.pin(ctx, p)
		if err != nil {
			return nil, err
		}
		return key.PINToken(ctx, pin, permissions, "")
	case verifies:
		return key.UVToken(ctx, permissions, "")
	}
	return nil, hint(fmt.Errorf("the key at %s has no PIN, without which nobody may do that", c.at), "give it one: softkey pin set")
}
