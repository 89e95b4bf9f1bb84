package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/softkey-project/softkey/control"
	"github.com/softkey-project/softkey/device"
	"github.com/softkey-project/softkey/fault"
)

// runFlags are the flags of `run`.
type runFlags struct {
	key         keyFlags
	transports  []string
	allowRemote bool
	control     string
	presence    string
	timeout     time.Duration
	faults      faultFlags
	trace       string
	logLevel    slog.Level
	json        bool
}

func newRun(p *program) *cobra.Command {
	o := &runFlags{}
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Plug a virtual security key in and answer for it",
		Long: `Run plugs in a virtual security key and answers for it until interrupted.

Where this machine has /dev/uhid, the key appears as a USB key, to browsers too.
Elsewhere it is on a socket, where softkey's own clients and other programs that
speak CTAPHID find it. Each registration and login asks for your consent on the
terminal.

What it keeps, it keeps in one folder: who can read that has the key, unless
softkey state seal has encrypted it.`,
		Example: `  softkey run
  softkey run --transport unix:/run/user/1000/key.sock --ephemeral --presence approve`,
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error { return o.run(p) },
	}
	o.add(cmd)
	return cmd
}

func (o *runFlags) add(cmd *cobra.Command) {
	f := cmd.Flags()
	o.key.add(cmd)
	f.StringArrayVar(&o.transports, "transport", []string{"auto"}, "plug the key in at `ADDRESS`: auto, uhid, unix:PATH, tcp:HOST:PORT or udp:HOST:PORT; may be repeated")
	f.BoolVar(&o.allowRemote, "allow-remote", false, "let other machines use the key and control it, over tcp and udp")
	f.StringVar(&o.control, "control", "", "let programs touch, refuse, unplug and plug in the key at `ADDRESS`: unix:PATH or tcp:HOST:PORT")
	f.StringVar(&o.key.pinFile.path, "pin-file", "", "give a key that has no PIN the one in the first line of `FILE`")
	f.StringVar(&o.presence, "presence", "prompt", "who agrees, by `MODE`: "+presenceModes.forms())
	f.DurationVar(&o.timeout, "presence-timeout", 30*time.Second, "wait for a touch for the duration `D`")
	o.faults.add(cmd)
	f.StringVar(&o.trace, "trace", "", "write each message, decoded, to `FILE`; - is standard error")
	f.TextVar(&o.logLevel, "log-level", slog.LevelInfo, "tell what happens from `LEVEL` up: debug, info, warn or error")
	f.Lookup("log-level").DefValue = "info" // as it is written there
	f.BoolVar(&o.json, "json", false, "print the ready lines as JSON")
	complete(cmd, "transport", "auto", "uhid", "unix:", "tcp:", "udp:")
	complete(cmd, "presence", presenceModes.values()...)
	complete(cmd, "log-level", "debug", "info", "warn", "error")
}

// run opens what a key needs besides itself, and plugs it in.
func (o *runFlags) run(p *program) (err error) {
	addresses, cfg, err := o.check(p)
	if err != nil {
		return err
	}
	plan, err := o.faults.plan(addresses)
	if err != nil {
		return err
	}
	recorder, err := openTrace(p, o.trace)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, recorder.Close()) }()
	cfg.Log = slog.New(slog.NewMultiHandler(append(recorder.logHandlers(), newLogHandler(p.stderr, o.logLevel))...))
	faults, err := openFaults(plan, cfg.Log)
	if err != nil {
		return err
	}
	cfg.WrapStore = faults.Store

	env := presenceEnv{console: p.stderr, log: cfg.Log}
	if o.control != "" && (o.presence == "control" || o.key.verification == "control") {
		env.consent = control.NewConsent()
	}
	closeUser, err := openUser(env, &cfg, o.presence, o.key.verification)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeUser()) }()
	return o.plugIn(p, cfg, addresses, env.consent, recorder, faults)
}

// openUser sets who answers for the user of a key; what is returned closes that.
func openUser(env presenceEnv, cfg *device.Config, presence, verification string) (closeUser func() error, err error) {
	if cfg.Presence, err = openPresence(env, presence); err != nil {
		return nil, err
	}
	cfg.Verification, err = openVerification(env, cmp.Or(verification, noVerification))
	if err != nil {
		return nil, errors.Join(err, closePresence(cfg.Presence))
	}
	return func() error { return errors.Join(closePresence(cfg.Presence), closePresence(cfg.Verification)) }, nil
}

// check reads the flags, before anything is done.
func (o *runFlags) check(p *program) (addresses []address, cfg device.Config, err error) {
	for _, text := range o.transports {
		a, err := parseAddress(text, transport.serves)
		if err != nil {
			return nil, cfg, err
		}
		if !transportByName(a.transport).serves() {
			return nil, cfg, hint(usagef("a key cannot be plugged in at %s", a), "such an address is for --device")
		}
		if slices.Contains(addresses, a) && a.isOne() {
			return nil, cfg, usagef("--transport %s is given twice", a)
		}
		addresses = append(addresses, a)
	}
	if cfg, err = o.key.config(p); err != nil {
		return nil, cfg, err
	}
	if cfg.PresenceTimeout = o.timeout; o.timeout <= 0 {
		return nil, cfg, usagef("--presence-timeout is not above zero")
	}
	if err := o.checkUser(p); err != nil {
		return nil, cfg, err
	}
	return addresses, cfg, o.checkControl(addresses)
}

// checkUser reads the flags that say who answers for the user, and where.
func (o *runFlags) checkUser(p *program) error {
	switch {
	case isTerminal(p.stdin):
	case o.presence == "prompt":
		return hint(usagef("nobody can be asked: standard input is not a terminal"),
			"say who agrees: --presence MODE, which is one of %s", presenceModes.forms())
	case o.key.verification == "prompt":
		return hint(usagef("nobody can be verified: standard input is not a terminal"),
			"say how: --verification MODE, which is one of %s", verificationModes.forms())
	}
	return nil
}

// checkControl reads the address of the control interface, where the key itself is
// not to be.
func (o *runFlags) checkControl(addresses []address) error {
	if o.control == "" {
		return nil
	}
	a, err := parseControl(o.control)
	if err == nil && slices.Contains(addresses, a) && a.isOne() {
		return usagef("--control and --transport are both %s", a)
	}
	return err
}

// plugIn makes the key, serves it until a signal to stop, and puts it away.
func (o *runFlags) plugIn(
	p *program, cfg device.Config, addresses []address,
	consent *control.Consent, r *recorder, faults *fault.Injector,
) (err error) {
	d, err := p.openDevice(cfg)
	if err != nil {
		return err
	}
	ctx, stop := stoppable(context.Background())
	defer stop()
	defer func() { err = errors.Join(err, d.Close()) }()
	opts := socketOptions{d.Descriptor(), o.allowRemote, faults, p.stderr, cfg.Log}
	hand, err := o.openHand(ctx, opts)
	if err != nil {
		return err
	}
	key := newPlug(d, r.handler(faults.Handler(d.Handler())), addresses, opts, cfg.Log)
	if err := key.Plug(ctx); err != nil {
		err = errors.Join(err, hand.close())
		if ctx.Err() != nil {
			return nil // it was to stop before it was ready
		}
		return err
	}
	if err := o.announce(p, cfg, append(key.events(), hand.events()...)); err != nil {
		return errors.Join(err, hand.close(), key.out())
	}
	err = serveControl(ctx, hand, key, consent, key.wait)
	return errors.Join(err, key.out()) // a request may have plugged it in after the end
}

// announce says that the key is ready, and what should be known of it.
func (o *runFlags) announce(p *program, cfg device.Config, events []ready) error {
	if mode, _, _ := strings.Cut(o.presence, ":"); (mode == "approve" || mode == "polls") && cfg.Dir != "" {
		cfg.Log.Warn("--presence " + mode + ": whoever reaches this key can sign in with it")
	}
	for _, e := range events {
		if err := e.print(p.stdout, o.json); err != nil {
			return err
		}
	}
	if p.stderr.terminal {
		fmt.Fprintln(p.stderr, "softkey: Ctrl-C unplugs the key; in another terminal: softkey info"+events[0].deviceFlag())
	}
	return nil
}
