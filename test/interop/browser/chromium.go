package main

import (
	"context"
	"errors"
	"os/exec"
	"time"
)

// chromium is Chromium without a window: what it would show is never seen, and what
// it would ask never answered.
type chromium struct {
	*process
	name string
}

func startChromium(_ context.Context, url, dir string) (browser, error) {
	return newChromium(url, dir, "", "--headless")
}

// newChromium starts the program itself: Debian's start script looks for features of
// the processor that user-mode Linux does not tell of.
func newChromium(url, dir, env, mode string) (*chromium, error) {
	name, err := packageName("chromium")
	if err != nil {
		return nil, err
	}
	p, err := start(dir, []string{env}, "/usr/lib/chromium/chromium", mode,
		"--no-sandbox", "--test-type", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync",
		"--enable-logging=stderr", "--v=1", "--vmodule=*=0,device_event_log*=3",
		"--user-data-dir=/tmp/chromium", url)
	if err != nil {
		return nil, err
	}
	return &chromium{p, name}, nil
}

func (c *chromium) Name() string { return c.name }

var errHeadless = errors.New("headless Chromium has no place for a person's keys")

func (*chromium) EnterPIN(context.Context, *key, string) error { return errHeadless }

func (*chromium) Dismiss(context.Context) error { return errHeadless }

// onScreen is Chromium on a screen in memory, where its dialogs can have keys pressed.
type onScreen struct {
	*chromium
	screen *screen
}

func startOnScreen(_ context.Context, url, dir string) (browser, error) {
	s, err := startScreen(dir)
	if err != nil {
		return nil, err
	}
	c, err := newChromium(url, dir, s.env, "--force-prefers-reduced-motion")
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return &onScreen{c, s}, nil
}

func (o *onScreen) Close() error { return errors.Join(o.chromium.Close(), o.screen.Close()) }

func (o *onScreen) Dismiss(ctx context.Context) error { return o.screen.Press(ctx, "key", "Escape") }

// EnterPIN knows by the key that Chromium asks: it looks how often that may still be
// wrong just before. What is typed too early is lost, and typed again.
func (o *onScreen) EnterPIN(ctx context.Context, k *key, pin string) error {
	given, err := k.Traced(pinToken)
	if err != nil {
		return err
	}
	if err := k.AwaitTrace(ctx, "/ pinRetries /", given+1); err != nil {
		return err
	}
	for {
		if err := sleep(ctx, time.Second); err != nil {
			return err
		}
		if err := o.screen.Press(ctx, "key", "ctrl+a", "type", "--delay", "50", "--args", "1", pin, "key", "Return"); err != nil {
			return err
		}
		patience, cancel := context.WithTimeout(ctx, 3*time.Second)
		err := k.AwaitTrace(patience, pinToken, given+1)
		cancel()
		if err == nil || ctx.Err() != nil {
			return err
		}
	}
}

// screen is an X server without a monitor.
type screen struct {
	*process
	env string // tells a program of it
}

func startScreen(dir string) (*screen, error) {
	const display = ":1"
	p, err := start(dir, nil, "Xvfb", display, "-screen", "0", "900x700x24", "-nolisten", "tcp")
	if err != nil {
		return nil, err
	}
	return &screen{p, "DISPLAY=" + display}, nil
}

// Press runs xdotool, whose keys go to the window with the focus.
func (s *screen) Press(ctx context.Context, keys ...string) error {
	c := exec.CommandContext(ctx, "xdotool", keys...)
	c.Env = append(c.Environ(), s.env)
	return c.Run()
}
