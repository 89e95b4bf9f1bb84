package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/softkey-project/softkey/client"
	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctaphid"
)

// clientFlags say which key a command uses, and how patiently.
type clientFlags struct {
	device   string
	key      keyFlags // of a key in this process
	presence string   // likewise
	timeout  time.Duration
	debug    bool
	pinFile  pinFile // none: $SOFTKEY_PIN, or the terminal

	setsPIN bool    // the command gives a key its first PIN: it is not to have one yet
	at      address // device, parsed
}

func (c *clientFlags) add(cmd *cobra.Command) {
	f := cmd.PersistentFlags()
	f.StringVar(&c.device, "device", "auto", "use the key at `ADDRESS`: unix:PATH, tcp:HOST:PORT, udp:HOST:PORT, hidraw:PATH, or loopback for one in this process")
	f.StringVar(&c.presence, "presence", "", "for a key in this process: who agrees, by `MODE`: "+presenceModes.forms()+" (default approve)")
	f.DurationVar(&c.timeout, "timeout", time.Minute, "give up after the duration `D`")
	f.BoolVarP(&c.debug, "debug", "d", false, "print each report that goes to the key or comes from it")
	f.StringVar(&c.pinFile.path, "pin-file", "", "the PIN is the first line of `FILE`, for a new key in this process too (default $SOFTKEY_PIN, or asked for)")
	c.key.add(cmd)
	complete(cmd, "device", "auto", "loopback", "unix:", "tcp:", "udp:", "hidraw:")
	complete(cmd, "presence", presenceModes.values()...)
}

// check reads the flags. Who says what a key is to be like means one in this
// process.
func (c *clientFlags) check() (err error) {
	if c.at, err = parseAddress(c.device, transport.reaches); err != nil {
		return err
	}
	switch {
	case c.timeout <= 0:
		return usagef("--timeout is not above zero")
	case c.at.transport == "auto":
		if c.key.given() != "" {
			c.at.transport = "loopback"
		}
		return nil
	case c.at.transport == "loopback":
		return nil
	case !transportByName(c.at.transport).reaches():
		return hint(usagef("clients find no key at %s", c.at), "a key that is plugged in by uhid is found with --device auto or hidraw:PATH")
	}
	return c.checkElsewhere(c.at)
}

// checkElsewhere refuses flags that a key outside this process cannot heed.
func (c *clientFlags) checkElsewhere(at address) error {
	flag := c.key.given()
	if c.presence != "" {
		flag = "presence"
	}
	if flag == "" {
		return nil
	}
	return hint(usagef("--%s is for a key in this process, but %s is elsewhere", flag, at), "give it to softkey run, or use --device loopback")
}

// use opens the key and calls f with it. The context ends with the timeout, and
// by a signal to stop. check comes before.
func (c *clientFlags) use(p *program, f func(ctx context.Context, key *client.Device, at address) error) error {
	return c.reach(p, func(ctx context.Context, l *link) (err error) {
		key, err := client.Open(ctx, l)
		if err != nil {
			return hintAbsent(l.at, fmt.Errorf("%s: %w", l.at, cause(err)))
		}
		defer func() { err = errors.Join(err, key.Close()) }()
		if p.stderr.terminal && l.at.transport != "loopback" {
			key.Notify = p.askForTouch
		}
		return f(ctx, key, l.at)
	})
}

// reach finds the key and calls f, which closes what it gets.
func (c *clientFlags) reach(p *program, f func(ctx context.Context, l *link) error) error {
	ctx, cancel := context.WithTimeoutCause(context.Background(), c.timeout, fmt.Errorf("the key did not answer in %v", c.timeout))
	defer cancel()
	l, err := c.dial(ctx, p)
	if err != nil {
		return err
	}
	ctx, stop := stoppable(ctx)
	defer stop()
	if c.debug {
		l.Transport = debugged{l.Transport, p.stderr}
	}
	return f(ctx, l)
}

// askForTouch tells the user of a key elsewhere that it waits for them.
func (p *program) askForTouch(status ctap.KeepaliveStatus) {
	if status == ctap.KeepaliveUPNeeded {
		fmt.Fprintln(p.stderr, "softkey: the key waits for your touch")
	}
}

// link is the way to a key that a client has found. Close may be called more
// than once, as that of any Transport.
type link struct {
	ctaphid.Transport
	at    address // never auto
	close func() error
}

func (l *link) Close() error { return l.close() }

// debugged is a Transport that shows its reports.
type debugged struct {
	ctaphid.Transport
	out io.Writer
}

// ReadReport implements [ctaphid.Transport].
func (d debugged) ReadReport() (ctaphid.Report, error) {
	r, err := d.Transport.ReadReport()
	if err == nil {
		fmt.Fprintf(d.out, "USB recv: %x\n", r[:])
	}
	return r, err
}

// WriteReport implements [ctaphid.Transport].
func (d debugged) WriteReport(r ctaphid.Report) error {
	fmt.Fprintf(d.out, "USB send: %x\n", r[:])
	return d.Transport.WriteReport(r)
}
