package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/softkey-project/softkey/client"
	"github.com/softkey-project/softkey/ctap"
)

// resetFlags are the flags of `reset`.
type resetFlags struct {
	client clientFlags
	yes    bool
}

func newReset(p *program) *cobra.Command {
	o := &resetFlags{}
	cmd := &cobra.Command{
		Use:   "reset",
		Short: "Erase all credentials of a key",
		Long: `Reset erases every credential of a key, for all sites and for good; sites that
knew the key do not know it any more. Attestation keys and the signature counter
stay.

It asks before, unless --yes is given, and the key asks for a touch. Most keys
take a reset only in the first ten seconds after they were plugged in.

Without --device only the key that runs at the usual socket is taken, never one
that happens to be plugged in.`,
		Example: `  softkey reset
  softkey reset --device hidraw:/dev/hidraw0
  softkey reset --device loopback --state ./key --yes`,
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error { return o.run(p) },
	}
	o.client.add(cmd)
	cmd.Flags().BoolVarP(&o.yes, "yes", "y", false, "do not ask before")
	return cmd
}

func (o *resetFlags) run(p *program) error {
	if err := o.client.check(); err != nil {
		return err
	}
	if !o.yes && !isTerminal(p.stdin) {
		return hint(usagef("reset asks before it erases a key, and standard input is not a terminal"), "--yes erases it without a question")
	}
	if err := o.client.choose(); err != nil {
		return err
	}
	if !o.yes && !p.confirm(fmt.Sprintf("This erases every credential of the key at %s. Type yes to go on: ", o.client.at)) {
		return errors.New("nothing is erased")
	}
	return o.client.use(p, func(ctx context.Context, key *client.Device, at address) error {
		if key.Info() == nil {
			return fmt.Errorf("the key at %s speaks U2F alone, which has no reset", at)
		}
		if err := key.Reset(ctx); err != nil {
			return hintReset(err)
		}
		fmt.Fprintf(p.stderr, "softkey: the key at %s is erased\n", at)
		return nil
	})
}

func hintReset(err error) error {
	if errors.Is(err, ctap.StatusNotAllowed) {
		return hint(err, "a key is reset in the first ten seconds: plug it in again, or start softkey run again, and be quick")
	}
	return err
}

// confirm asks a question on the terminal, to which only yes is yes.
func (p *program) confirm(question string) bool {
	fmt.Fprint(p.stderr, question)
	answer, _ := bufio.NewReader(p.stdin).ReadString('\n')
	return strings.TrimSpace(answer) == "yes"
}
