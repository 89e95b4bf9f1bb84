package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// pin is the PIN of keys that have one; they find it in their folder.
const (
	pin     = "1357bdf"
	pinFile = "pin"
)

// visit is one scenario's use of the browser: a site that nobody has an account at,
// and the keys that are plugged in.
type visit struct {
	*site
	browser browser
	keys    []*key
}

// visitWith runs a scenario with its keys, whose files are in dir.
func visitWith(ctx context.Context, b browser, p *page, s scenario, softkey, dir string) error {
	site, err := newSite(p)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, pinFile), []byte(pin+"\n"), 0o600); err != nil {
		return err
	}
	v := &visit{site: site, browser: b}
	for i, flags := range s.keys {
		k, err := plugIn(softkey, filepath.Join(dir, fmt.Sprintf("key%d", i+1)), flags...)
		if err != nil {
			return errors.Join(err, v.leave(ctx))
		}
		v.keys = append(v.keys, k)
	}
	return errors.Join(s.run(ctx, v), v.leave(ctx))
}

// beside runs call and, beside it, hand: what a person does meanwhile. If hand fails
// before call is done, both end.
func beside(ctx context.Context, hand, call func(context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	done := make(chan error, 1)
	go func() {
		err := hand(ctx)
		if err != nil {
			cancel()
		}
		done <- err
	}()
	err := call(ctx)
	cancel()
	if meanwhile := <-done; err != nil {
		return errors.Join(err, meanwhile)
	}
	return nil
}

// registering registers a new user, for beside.
func (v *visit) registering(ctx context.Context) error {
	_, err := v.register(ctx, v.newUser("ada"))
	return err
}

// typing types the PIN of the one key whenever the browser asks, for beside.
func (v *visit) typing(ctx context.Context) error {
	for {
		if err := v.browser.EnterPIN(ctx, v.keys[0], pin); err != nil {
			return err
		}
	}
}

// dismissing waits for text in the trace of the one key, which is a failure, and
// closes what the browser shows of it, for beside.
func (v *visit) dismissing(text string) func(context.Context) error {
	return func(ctx context.Context) error {
		if err := v.keys[0].AwaitTrace(ctx, text, 1); err != nil {
			return err
		}
		for {
			if err := sleep(ctx, time.Second); err != nil {
				return err
			}
			if err := v.browser.Dismiss(ctx); err != nil {
				return err
			}
		}
	}
}

// leave has the browser give up what it still does, and unplugs the keys.
func (v *visit) leave(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 20*time.Second)
	defer cancel()
	errs := []error{v.Clear(ctx)}
	for _, k := range v.keys {
		errs = append(errs, k.Unplug())
	}
	return errors.Join(errs...)
}
