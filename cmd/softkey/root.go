package main

import (
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// program is what a run of softkey has of the world.
type program struct {
	stdin  io.Reader
	stdout io.Writer // results
	stderr *console  // messages
}

// newRoot returns the command tree, or as much of it as args need.
func newRoot(p *program, args ...string) *cobra.Command {
	var asksVersion bool
	root := &cobra.Command{
		Use:   "softkey",
		Short: "A security key made of software",
		Long: `Softkey is a security key made of software: FIDO U2F and FIDO2 (CTAP2).

It plugs virtual keys in, registers and signs in without a browser, and manages
keys. Where programs are tested, it takes the place of a key and of a finger; it
does not protect an account as well as a real key does.`,
		Example: `  softkey run --ephemeral --presence approve
  softkey info`,
		Args:              unknownCommand,
		PersistentPreRunE: refuseEmpty,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if asksVersion {
				return p.printVersion(false)
			}
			return cmd.Help()
		},
		SilenceErrors:     true,
		SilenceUsage:      true,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
	}
	root.Flags().BoolVarP(&asksVersion, "version", "v", false, "print the version")
	root.SetIn(p.stdin)
	root.SetOut(p.stdout)
	root.SetErr(p.stderr)
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return explainFlag(err) })
	for _, makes := range branches(args) {
		root.AddCommand(makes(p))
	}
	root.InitDefaultHelpCmd()
	if help, _, err := root.Find([]string{"help"}); err == nil {
		help.Args = knownCommand
	}
	return root
}

// branches returns the commands that args may be about: a command is a file and a
// line here. Run is made alone, since a test may start it hundreds of times, and
// the flags of the others take longer than its own work.
func branches(args []string) []func(*program) *cobra.Command {
	if len(args) > 0 && args[0] == "run" {
		return []func(*program) *cobra.Command{newRun}
	}
	return []func(*program) *cobra.Command{
		newRun,
		newU2F,
		newWebAuthn,
		newInfo,
		newPIN,
		newCredentials,
		newReset,
		newAttestation,
		newState,
		newDoctor,
		newProfiles,
		newVersion,
		newCompletion,
		newMan,
	}
}

// newGroup returns a command that only has others below it.
func newGroup(use, short, long string, commands ...*cobra.Command) *cobra.Command {
	group := &cobra.Command{
		Use: use, Short: short, Long: long,
		Args: unknownCommand,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return usagef("%s: which one? %s", cmd.Name(), strings.Join(names(commands), ", "))
		},
	}
	group.AddCommand(commands...)
	return group
}

func names(commands []*cobra.Command) []string {
	var list []string
	for _, c := range commands {
		list = append(list, c.Name())
	}
	return list
}

// unknownCommand refuses the arguments of a command that has commands below it.
func unknownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	err := usagef("%s has no command %q", cmd.CommandPath(), args[0])
	cmd.SuggestionsMinimumDistance = 2
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		return hint(err, "did you mean %s %s?", cmd.CommandPath(), near[0])
	}
	return err
}

// knownCommand refuses to help with what is no command.
func knownCommand(help *cobra.Command, args []string) error {
	cmd, rest, err := help.Root().Find(args)
	if err != nil {
		return usageError{err}
	}
	return unknownCommand(cmd, rest)
}

// noArgs refuses arguments that are no flags.
func noArgs(_ *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usagef("argument %q is one too many", args[0])
	}
	return nil
}
