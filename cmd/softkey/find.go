package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"syscall"

	"github.com/softkey-project/softkey/client"
	"github.com/softkey-project/softkey/ctaphid"
)

// dial finds the key that the flags mean. The PIN is read before: a file that cannot
// be read has nothing to do with the key.
func (c *clientFlags) dial(ctx context.Context, p *program) (*link, error) {
	if _, err := c.pinFile.read(p); err != nil {
		return nil, err
	}
	switch c.at.transport {
	case "loopback":
		return c.openLoopback(p)
	case "auto":
		return c.dialAuto(ctx, p)
	}
	return dialAddress(ctx, c.at)
}

// dialAuto takes the key that runs at the usual socket, else the first that is
// plugged into this machine, else one in this process.
func (c *clientFlags) dialAuto(ctx context.Context, p *program) (*link, error) {
	l, err := dialUsual(ctx)
	if l == nil && err == nil {
		l, err = dialFirstHIDRaw(ctx)
	}
	switch {
	case err != nil:
		return nil, err
	case l == nil:
		return c.openLoopback(p)
	}
	if err := c.checkElsewhere(l.at); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

// dialAddress reaches a key outside this process.
func dialAddress(ctx context.Context, at address) (*link, error) {
	t, err := transportByName(at.transport).dial(ctx, at.place)
	if err == nil {
		return &link{t, at, t.Close}, nil
	}
	err = fmt.Errorf("%s: %w", at, err)
	switch {
	case at.transport == "hidraw" && errors.Is(err, fs.ErrPermission):
		return nil, hint(err, "install the udev rule, see README")
	case at.transport == "hidraw":
		return nil, hint(err, "softkey doctor lists the keys that are plugged in")
	}
	return nil, hintAbsent(at, err)
}

// hintAbsent says where no key answers how to have one.
func hintAbsent(at address, err error) error {
	if isAbsent(err) {
		return hint(err, "no key runs there; start one: softkey run --transport %s", at)
	}
	return err
}

// isAbsent tells whether nobody is where a key was looked for.
func isAbsent(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED)
}

// dialUsual reaches the key at the socket that `auto` stands for; nil: there is
// none. A folder that is somebody else's is not looked into.
func dialUsual(ctx context.Context) (*link, error) {
	path := defaultSocket()
	if checkFolder(filepath.Dir(path)) != nil {
		return nil, nil
	}
	l, err := dialAddress(ctx, address{"unix", path})
	if isAbsent(err) {
		return nil, nil
	}
	return l, err
}

// dialFirstHIDRaw reaches the first key that is plugged in; nil: there is none.
func dialFirstHIDRaw(ctx context.Context) (*link, error) {
	keys, err := hidraws()
	if err != nil || len(keys) == 0 {
		return nil, err
	}
	return dialAddress(ctx, address{"hidraw", keys[0].Path})
}

// hidraws returns the keys that are plugged into this machine, none where they
// cannot be listed.
func hidraws() ([]client.HIDRaw, error) {
	keys, err := client.ListHIDRaw()
	if errors.Is(err, errors.ErrUnsupported) {
		return nil, nil
	}
	return keys, err
}

// choose is for commands that must not take a key by chance: without --device
// it is the one at the usual socket, or none.
func (c *clientFlags) choose() error {
	if c.at.transport != "auto" {
		return nil
	}
	l, err := dialUsual(context.Background())
	switch {
	case err != nil:
		return err
	case l == nil:
		return listKeys()
	}
	c.at = l.at
	return l.Close()
}

// listKeys is the error that there is no key but those that must be named.
func listKeys() error {
	keys, err := hidraws()
	if err != nil {
		return err
	}
	var found []string
	for _, key := range keys {
		found = append(found, fmt.Sprintf("hidraw:%s (%s)", key.Path, cmp.Or(key.Name, "no name")))
	}
	if dir, err := defaultState(); err == nil {
		found = append(found, "loopback (the key in "+dir+")")
	}
	return hint(errors.New("no key runs at the usual socket, and others must be named"), "name one with --device: %s", strings.Join(found, ", "))
}

// openLoopback makes a key in this process.
func (c *clientFlags) openLoopback(p *program) (*link, error) {
	c.key.pinFile = c.pinFile
	if c.setsPIN {
		c.key.pinFile = pinFile{}
	}
	cfg, err := c.key.config(p)
	if err != nil {
		return nil, err
	}
	cfg.Log = slog.New(newLogHandler(p.stderr, slog.LevelWarn))
	env := presenceEnv{console: p.stderr, log: cfg.Log}
	closeUser, err := openUser(env, &cfg, cmp.Or(c.presence, "approve"), c.key.verification)
	if err != nil {
		return nil, err
	}
	there, _ := hasStore(cfg.Dir) // what is wrong with it, opening tells
	d, err := p.openDevice(cfg)
	if err != nil {
		return nil, errors.Join(err, closeUser())
	}
	if c.at.transport == "auto" && cfg.Dir != "" && !there {
		fmt.Fprintf(p.stderr, "softkey: no key runs or is plugged in: made a new one in %s\n", cfg.Dir)
	}
	hid := d.CTAPHID(1)
	hid.Log = cfg.Log
	t := ctaphid.Loopback(d.Handler(), hid)
	return &link{t, address{transport: "loopback"}, sync.OnceValue(func() error {
		return errors.Join(t.Close(), d.Close(), closeUser())
	})}, nil
}
