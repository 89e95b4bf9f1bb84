// Browser has a real browser register and sign in at a site of its own, where
// softkey is plugged in as a USB key, and prints a row for each scenario:
//
//	result <tab> scenario <tab> browser <tab> version <tab> ok or failed <tab> seconds
//
// The page does what this program says through navigator.credentials; go-webauthn
// judges what comes back. It runs as root where there are uhid, udev and the browser.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// config is what the command line says.
type config struct {
	browser  string
	softkey  string
	dir      string
	patience time.Duration
	only     []string
}

func main() {
	var c config
	flag.StringVar(&c.browser, "browser", "chromium", "drive `NAME`: chromium, chromium-on-screen or firefox")
	flag.StringVar(&c.softkey, "softkey", "./softkey", "test the program `FILE`")
	flag.StringVar(&c.dir, "out", "browser", "keep traces and logs in the folder `DIR`")
	flag.DurationVar(&c.patience, "patience", time.Minute, "give up on a scenario after the duration `D`")
	flag.Parse()
	c.only = flag.Args()
	if err := run(context.Background(), c); err != nil {
		fmt.Fprintln(os.Stderr, "browser:", err)
		os.Exit(1)
	}
}

// run starts the browser and has it do the scenarios one after the other.
func run(ctx context.Context, c config) error {
	start, known := browsers[c.browser]
	if !known {
		return fmt.Errorf("no browser is called %s", c.browser)
	}
	var err error
	if c.dir, err = filepath.Abs(c.dir); err != nil {
		return err
	}
	if c.softkey, err = filepath.Abs(c.softkey); err != nil {
		return err
	}
	if err := os.MkdirAll(c.dir, 0o755); err != nil {
		return err
	}
	return withPage(func(p *page) error {
		b, err := start(ctx, p.origin, c.dir)
		if err != nil {
			return err
		}
		err = c.runAll(ctx, b, p)
		return errors.Join(err, c.tell(err), b.Close())
	})
}

// tell writes ok or failed to the file verdict: on some machines the browser does not
// let itself be closed.
func (c config) tell(err error) error {
	verdict := "ok\n"
	if err != nil {
		verdict = "failed\n"
	}
	return os.WriteFile(filepath.Join(c.dir, "verdict"), []byte(verdict), 0o644)
}

func (c config) runAll(ctx context.Context, b browser, p *page) error {
	failed := 0
	for i, s := range scenarios {
		if !c.wants(s) {
			continue
		}
		begun := time.Now()
		err := c.runOne(ctx, b, p, s, i)
		result := "ok"
		if err != nil {
			failed++
			result = "failed"
		}
		fmt.Printf("result\t%s\t%s\t%s\t%.2f\n", s.name, b.Name(), result, time.Since(begun).Seconds())
		if err != nil {
			fmt.Printf("%s: %v\n", s.name, err)
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d scenarios failed", failed)
	}
	return nil
}

// wants tells whether the browser is to do s.
func (c config) wants(s scenario) bool {
	if len(c.only) > 0 {
		return slices.Contains(c.only, s.name)
	}
	return slices.Contains(s.by, c.browser)
}

func (c config) runOne(ctx context.Context, b browser, p *page, s scenario, number int) error {
	ctx, cancel := context.WithTimeout(ctx, c.patience)
	defer cancel()
	dir := filepath.Join(c.dir, fmt.Sprint(number+1))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return visitWith(ctx, b, p, s, c.softkey, dir)
}
