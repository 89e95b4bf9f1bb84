package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/softkey-project/softkey/client"
	"github.com/softkey-project/softkey/client/u2fjson"
	"github.com/softkey-project/softkey/ctaphid"
)

// hostFlags are those of u2f-host that the commands below `u2f` do not have.
type hostFlags struct {
	action  string
	touch   bool
	command string
}

func (h *hostFlags) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVarP(&h.action, "action", "a", "", "do as u2f-host does: `ACTION` is register, authenticate, sendrecv, wink or ping")
	complete(cmd, "action", "register", "authenticate", "sendrecv", "wink", "ping")
	f.BoolVarP(&h.touch, "touch", "t", false, "with -a: ask for no touch")
	f.StringVarP(&h.command, "command", "c", "", "with -asendrecv: the CTAPHID command to send, as `HEX`")
	allowEmpty(f, "command")
}

// takeOver makes group run, and fail, as u2f-host does if there is -a.
func (h *hostFlags) takeOver(group *cobra.Command, run func() error) {
	which, args := group.RunE, group.Args
	group.RunE = func(cmd *cobra.Command, list []string) error {
		if h.action == "" {
			return which(cmd, list)
		}
		return run()
	}
	group.Args = func(cmd *cobra.Command, list []string) error { return h.fail(args(cmd, list)) }
	group.PersistentPreRunE = func(cmd *cobra.Command, list []string) error { return h.fail(refuseEmpty(cmd, list)) }
	group.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return h.fail(explainFlag(err)) })
}

// fail turns wrong usage into a failure of u2f-host, if there is -a.
func (h *hostFlags) fail(err error) error {
	if err == nil || h.action == "" {
		return err
	}
	return exitError{fmt.Errorf("error: %w", err)}
}

// runHost is u2f-host: what it prints and how it fails is that program's.
func (o *u2fFlags) runHost(p *program) error {
	input, err := p.readInput()
	if err != nil {
		return exitError{err}
	}
	if err := o.client.check(); err != nil {
		return o.hostFailure(p, err)
	}
	var output []byte
	err = o.client.reach(p, func(ctx context.Context, l *link) error {
		output, err = o.hostAction(ctx, l, input)
		return err
	})
	if err != nil {
		return o.hostFailure(p, err)
	}
	return p.printLine(output)
}

// hostFailure returns the one line that u2f-host has for err. Why it came to
// that is told with -d.
func (o *u2fFlags) hostFailure(p *program, err error) error {
	var failed *u2fjson.HostError
	if !errors.As(err, &failed) {
		failed = u2fjson.HostNoDeviceError(err)
	}
	if o.client.debug && failed.Err != nil {
		fmt.Fprintf(p.stderr, "softkey: %s\n", oneLine(failed.Err.Error()))
	}
	return exitError{failed}
}

// hostAction does what -a says with the key at l, and returns what is printed.
// An error that is no [u2fjson.HostError] means that there is no key.
func (o *u2fFlags) hostAction(ctx context.Context, l *link, input []byte) ([]byte, error) {
	switch o.host.action {
	case "register":
		return o.hostCeremony(ctx, l, input, u2fjson.HostRegister)
	case "authenticate":
		return o.hostCeremony(ctx, l, input, u2fjson.HostAuthenticate)
	case "wink":
		return hostTransact(ctx, l, ctaphid.CommandWink, nil)
	case "ping":
		return hostTransact(ctx, l, ctaphid.CommandPing, input)
	case "sendrecv":
		return o.hostSendReceive(ctx, l, input)
	}
	return nil, errors.Join(&u2fjson.HostError{Text: "unknown action."}, l.Close())
}

// hostCeremonyFunc is a function of package u2fjson.
type hostCeremonyFunc func(ctx context.Context, key u2fjson.HostKey, origin string, requestJSON []byte, presence bool) ([]byte, error)

func (o *u2fFlags) hostCeremony(ctx context.Context, l *link, input []byte, do hostCeremonyFunc) (output []byte, err error) {
	key, err := client.Open(ctx, l)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, key.Close()) }()
	return do(ctx, key, o.origin, input, !o.host.touch)
}

// hostSendReceive sends any CTAPHID command, with the input but for its newline.
func (o *u2fFlags) hostSendReceive(ctx context.Context, l *link, input []byte) ([]byte, error) {
	if o.host.command == "" {
		return nil, errors.Join(&u2fjson.HostError{Text: "empty sendrecv command."}, l.Close())
	}
	command, err := strconv.ParseUint(strings.TrimPrefix(o.host.command, "0x"), 16, 8)
	if err != nil {
		return nil, errors.Join(&u2fjson.HostError{Text: "invalid sendrecv command."}, l.Close())
	}
	const initialization = 0x80 // u2f-host counts the bit that marks an initialization frame
	return hostTransact(ctx, l, ctaphid.Command(command&^initialization), input[:max(len(input)-1, 0)])
}

// hostTransact sends one command, and returns the answer in hexadecimal. (The
// original prints nothing of use here.)
func hostTransact(ctx context.Context, l *link, cmd ctaphid.Command, payload []byte) (output []byte, err error) {
	host, err := ctaphid.Open(ctx, l)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, host.Close()) }()
	answer, err := host.Transact(ctx, cmd, payload, nil)
	if err != nil {
		return nil, &u2fjson.HostError{Code: u2fjson.HostTransport, Err: fmt.Errorf("%v: %w", cmd, err)}
	}
	return hex.AppendEncode(nil, answer), nil
}
