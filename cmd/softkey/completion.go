package main

import (
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/softkey-project/softkey/authenticator"
)

// completions are the scripts that can be made, by shell.
var completions = []struct {
	shell string
	write func(root *cobra.Command, out io.Writer) error
}{
	{"bash", func(root *cobra.Command, out io.Writer) error { return root.GenBashCompletionV2(out, true) }},
	{"zsh", func(root *cobra.Command, out io.Writer) error { return root.GenZshCompletion(out) }},
	{"fish", func(root *cobra.Command, out io.Writer) error { return root.GenFishCompletion(out, true) }},
	{"powershell", func(root *cobra.Command, out io.Writer) error { return root.GenPowerShellCompletionWithDesc(out) }},
}

func newCompletion(p *program) *cobra.Command {
	var shells []string
	for _, c := range completions {
		shells = append(shells, c.shell)
	}
	return &cobra.Command{
		Use:   "completion SHELL",
		Short: "Print a script that completes commands in a shell",
		Long: "Completion prints a script for " + strings.Join(shells, ", ") + `.

It changes nothing: load the script, or put it where the shell looks for such. That
for bash needs the functions of the package bash-completion, loaded before it.`,
		Example: `  source <(softkey completion bash)
  softkey completion zsh > "${fpath[1]}/_softkey"`,
		ValidArgs: shells,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 || !slices.Contains(shells, args[0]) {
				return usagef("completion: which shell? %s", strings.Join(shells, ", "))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return completions[slices.Index(shells, args[0])].write(cmd.Root(), p.stdout)
		},
	}
}

// complete lets a shell complete the values of a flag.
func complete(cmd *cobra.Command, flag string, values ...string) {
	completeLater(cmd, flag, func() []string { return values })
}

// completeLater is complete for values that cost something: they are asked for
// when a shell wants them, and not at each start of softkey.
func completeLater(cmd *cobra.Command, flag string, values func() []string) {
	err := cmd.RegisterFlagCompletionFunc(flag, func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return values(), cobra.ShellCompDirectiveNoSpace
	})
	if err != nil {
		panic(err) // cmd has no such flag
	}
}

func profileNames() []string {
	var list []string
	for _, p := range authenticator.Profiles() {
		list = append(list, p.Name)
	}
	return list
}
