package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/softkey-project/softkey/authenticator"
	"github.com/softkey-project/softkey/client"
	"github.com/softkey-project/softkey/ctap"
)

// pinFlags are the flags of `pin` and the commands below it.
type pinFlags struct {
	client  clientFlags
	newFile pinFile
}

func newPIN(p *program) *cobra.Command {
	o := &pinFlags{}
	group := newGroup("pin", "Set or change the PIN of a key",
		`Pin manages the PIN of a key. It is asked for on the terminal and not shown, or
read from the first line of a file.

Whoever tries a wrong PIN three times must plug the key in again; after eight in
all, the key takes no PIN until it is reset, and its credentials are gone.`,
		o.newSet(p), o.newChange(p), o.newRetries(p),
	)
	group.Example = "  softkey pin set\n  softkey pin change --device hidraw:/dev/hidraw0\n  softkey pin retries"
	o.client.add(group)
	return group
}

// noPINs refuses arguments, and does not repeat them: they were meant for PINs.
func noPINs(_ *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return hint(usagef("an argument is one too many"), "a PIN on the command line can be seen by all; give it on the terminal, or in a file")
}

func (o *pinFlags) addNewFile(cmd *cobra.Command) {
	cmd.Flags().StringVar(&o.newFile.path, "new-pin-file", "", "the new PIN is the first line of `FILE`")
}

func (o *pinFlags) newSet(p *program) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "set",
		Short: "Give a key its first PIN",
		Long: `Set gives a PIN to a key that has none. The PIN is that of --new-pin-file, of
--pin-file, or of SOFTKEY_PIN; else it is asked for, twice.

Without --device only the key that runs at the usual socket is taken, never one
that happens to be plugged in.`,
		Example: "  softkey pin set\n  softkey pin set --device loopback --state ./key --new-pin-file pin.txt",
		Args:    noPINs,
		RunE: func(*cobra.Command, []string) error {
			o.client.setsPIN = true
			return o.manage(p, o.set)
		},
	}
	o.addNewFile(cmd)
	return cmd
}

func (o *pinFlags) newChange(p *program) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "change",
		Short: "Change the PIN of a key",
		Long: `Change replaces the PIN of a key. The current PIN is that of --pin-file or of
SOFTKEY_PIN, the new one that of --new-pin-file; else they are asked for.

Without --device only the key that runs at the usual socket is taken, never one
that happens to be plugged in.`,
		Example: "  softkey pin change\n  softkey pin change --pin-file old.txt --new-pin-file new.txt",
		Args:    noPINs,
		RunE:    func(*cobra.Command, []string) error { return o.manage(p, o.change) },
	}
	o.addNewFile(cmd)
	return cmd
}

// manage runs f, which changes a key that was not come by by chance.
func (o *pinFlags) manage(p *program, f func(ctx context.Context, p *program, key *client.Device) error) error {
	if err := o.client.check(); err != nil {
		return err
	}
	if err := o.client.choose(); err != nil {
		return err
	}
	if _, err := o.newFile.read(p); err != nil {
		return err
	}
	return o.client.use(p, func(ctx context.Context, key *client.Device, _ address) error {
		if _, has := pinOption(key); !has {
			return lacking(o.client.at, "has no PIN, and cannot have one")
		}
		return f(ctx, p, key)
	})
}

// lacking says what the key at an address lacks. One in this process is as the
// flags have it.
func lacking(at address, what string) error {
	err := fmt.Errorf("the key at %s %s", at, what)
	if at.transport != "loopback" {
		return err
	}
	return hint(err, "choose another profile, such as --profile %s", authenticator.DefaultProfile)
}

// pinOption returns whether a PIN is set, and whether the key can have one.
func pinOption(key *client.Device) (set, has bool) {
	if key.Info() == nil {
		return false, false
	}
	set, has = key.Info().Options[ctap.OptionClientPIN]
	return set, has
}

func (o *pinFlags) set(ctx context.Context, p *program, key *client.Device) error {
	if set, _ := pinOption(key); set {
		return hint(fmt.Errorf("the key at %s has a PIN already", o.client.at), "softkey pin change replaces it")
	}
	pin, err := o.newPIN(ctx, p, func() (string, error) { return o.client.givenPIN(p) })
	if err != nil {
		return err
	}
	if err := key.SetPIN(ctx, pin); err != nil {
		return explainNewPIN(err)
	}
	fmt.Fprintf(p.stderr, "softkey: the key at %s has a PIN\n", o.client.at)
	return nil
}

func (o *pinFlags) change(ctx context.Context, p *program, key *client.Device) error {
	if set, _ := pinOption(key); !set {
		return hint(fmt.Errorf("the key at %s has no PIN yet", o.client.at), "softkey pin set gives it one")
	}
	current, err := o.client.pin(ctx, p)
	if err != nil {
		return err
	}
	next, err := o.newPIN(ctx, p, func() (string, error) { return "", nil })
	if err != nil {
		return err
	}
	if err := key.ChangePIN(ctx, current, next); err != nil {
		return explainNewPIN(err)
	}
	fmt.Fprintf(p.stderr, "softkey: the key at %s has a new PIN\n", o.client.at)
	return nil
}

// explainNewPIN says of a PIN that cannot become the key's what it must be.
func explainNewPIN(err error) error {
	if !errors.Is(err, client.ErrNewPIN) {
		return err
	}
	return errors.New("the new PIN will not do" + strings.TrimPrefix(err.Error(), client.ErrNewPIN.Error()))
}

// newPIN returns the PIN that the key is to get: of the file, else what
// otherwise returns, else asked for.
func (o *pinFlags) newPIN(ctx context.Context, p *program, otherwise func() (string, error)) (string, error) {
	if pin, err := o.newFile.read(p); pin != "" || err != nil {
		return pin, err
	}
	if pin, err := otherwise(); pin != "" || err != nil {
		return pin, err
	}
	return p.askNewPIN(ctx, "--new-pin-file FILE")
}

// retries says how often a key may be told a wrong PIN, or see a wrong finger.
type retries struct {
	Set        *bool   `json:"pinSet,omitempty"` // absent: the key cannot have a PIN
	PIN        *uint64 `json:"pinRetries,omitempty"`
	PowerCycle *bool   `json:"powerCycle,omitempty"` // no PIN is taken before the key is plugged in again
	UV         *uint64 `json:"uvRetries,omitempty"`
}

func (o *pinFlags) newRetries(p *program) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "retries",
		Short:   "Print how often a wrong PIN may be tried yet",
		Long:    "Retries prints how often a key may be told a wrong PIN yet, and how often its own\nuser verification may fail. It tries none.",
		Example: "  softkey pin retries --json",
		Args:    noPINs,
		RunE: func(*cobra.Command, []string) error {
			if err := o.client.check(); err != nil {
				return err
			}
			return o.client.use(p, func(ctx context.Context, key *client.Device, at address) error {
				r, err := readRetries(ctx, key, at)
				if err != nil {
					return err
				}
				if asJSON {
					return printJSON(p.stdout, r)
				}
				return r.print(p)
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func readRetries(ctx context.Context, key *client.Device, at address) (*retries, error) {
	r := &retries{}
	set, has := pinOption(key)
	if has {
		r.Set = &set
	}
	if set {
		left, err := key.PINRetries(ctx)
		if err != nil {
			return nil, err
		}
		r.PIN, r.PowerCycle = &left.Left, &left.PowerCycle
	}
	if info := key.Info(); info != nil && info.Options[ctap.OptionUV] && info.Options[ctap.OptionPinUvAuthToken] {
		left, err := key.UVRetries(ctx)
		if err != nil {
			return nil, err
		}
		r.UV = &left
	}
	if r.Set == nil && r.UV == nil {
		return nil, lacking(at, "has neither a PIN nor a user verification of its own")
	}
	return r, nil
}

func (r *retries) print(p *program) error {
	w := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	if r.Set != nil && !*r.Set {
		fmt.Fprintln(w, "PIN\tnot set")
	}
	if r.PIN != nil {
		fmt.Fprintf(w, "PIN retries\t%d\n", *r.PIN)
	}
	if r.PowerCycle != nil && *r.PowerCycle {
		fmt.Fprintln(w, "before the next\tplug the key in again")
	}
	if r.UV != nil {
		fmt.Fprintf(w, "user verification retries\t%d\n", *r.UV)
	}
	return w.Flush()
}
