package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/softkey-project/softkey/client"
	"github.com/softkey-project/softkey/client/u2fjson"
)

// sharedKey is a key that many requests use, some at once. One in this process
// stays open between them. One elsewhere is opened for each: it may have been
// unplugged and plugged in again since.
type sharedKey struct {
	use   func(ctx context.Context, f func(key u2fjson.Key) error) error
	close func() error
}

// openForMany finds the key that the flags mean. check comes before.
func (c *clientFlags) openForMany(ctx context.Context, p *program) (*sharedKey, error) {
	l, err := c.dial(ctx, p)
	if err != nil {
		return nil, err
	}
	key, err := c.openLink(ctx, p, l)
	if err != nil {
		return nil, err
	}
	if l.at.transport == "loopback" {
		use := func(_ context.Context, f func(u2fjson.Key) error) error { return f(key) }
		return &sharedKey{use, key.Close}, nil
	}
	use := func(ctx context.Context, f func(u2fjson.Key) error) error { return c.useAt(ctx, p, l.at, f) }
	return &sharedKey{use, func() error { return nil }}, key.Close()
}

// useAt opens the key at an address, calls f with it, and closes it.
func (c *clientFlags) useAt(ctx context.Context, p *program, at address, f func(u2fjson.Key) error) (err error) {
	l, err := dialAddress(ctx, at)
	if err != nil {
		return err
	}
	key, err := c.openLink(ctx, p, l)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, key.Close()) }()
	return f(key)
}

// openLink opens the key that l leads to.
func (c *clientFlags) openLink(ctx context.Context, p *program, l *link) (*client.Device, error) {
	if c.debug {
		l.Transport = debugged{l.Transport, p.stderr}
	}
	key, err := client.Open(ctx, l)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", l.at, err)
	}
	if p.stderr.terminal && l.at.transport != "loopback" {
		key.Notify = p.askForTouch
	}
	return key, nil
}
