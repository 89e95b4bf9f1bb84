package main

import (
	"bytes"
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// newMan returns the command by which packages are built.
func newMan(*program) *cobra.Command {
	return &cobra.Command{
		Use:     "man DIR",
		Short:   "Write the manual pages",
		Long:    "Man writes a manual page for each command into a folder: softkey.1, softkey-run.1, …",
		Example: "  softkey man ./man && man ./man/softkey-run.1",
		Hidden:  true,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef("man: into which folder?")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := os.MkdirAll(args[0], 0o755); err != nil { // #nosec G301 -- manual pages are for all
				return err
			}
			return writePages(cmd.Root(), args[0])
		},
	}
}

// writePages writes the pages of cmd and of the commands below it.
func writePages(cmd *cobra.Command, dir string) error {
	if err := writeFile(filepath.Join(dir, pageName(cmd)+".1"), newManPage(cmd), modePublic); err != nil {
		return err
	}
	for _, c := range cmd.Commands() {
		if !c.IsAvailableCommand() {
			continue
		}
		if err := writePages(c, dir); err != nil {
			return err
		}
	}
	return nil
}

// pageName returns the name of a command's page: "softkey-pin-set".
func pageName(cmd *cobra.Command) string { return strings.ReplaceAll(cmd.CommandPath(), " ", "-") }

// manPage is a manual page in the language of man(7). It has no date, so that the same
// softkey makes the same pages.
type manPage struct{ bytes.Buffer }

func newManPage(cmd *cobra.Command) []byte {
	p := &manPage{}
	p.request("TH", strings.ToUpper(pageName(cmd)), "1", "", "softkey "+thisVersion(nil, false).Version, "User Commands")
	p.request("SH", "NAME")
	p.text(pageName(cmd) + " - " + lowerFirst(cmd.Short))
	p.request("SH", "SYNOPSIS")
	p.text(synopsis(cmd))
	p.request("SH", "DESCRIPTION")
	p.paragraphs(cmp.Or(cmd.Long, cmd.Short+"."))
	p.commands(cmd)
	p.options(cmd)
	if cmd.Example != "" {
		p.request("SH", "EXAMPLES")
		p.literal(cmd.Example)
	}
	p.request("SH", "EXIT STATUS")
	p.text("0: done. 1: failed. 2: wrong usage. 3: the key refused.")
	if cmd.HasParent() {
		p.request("SH", "SEE ALSO")
		p.text(pageName(cmd.Parent()) + "(1)")
	}
	return p.Bytes()
}

// lowerFirst makes the beginning of a sentence that of a phrase, which the index
// of pages wants.
func lowerFirst(s string) string { return strings.ToLower(s[:1]) + s[1:] }

func synopsis(cmd *cobra.Command) string {
	if cmd.HasAvailableSubCommands() {
		return cmd.CommandPath() + " COMMAND"
	}
	return cmd.UseLine()
}

// commands lists the commands below cmd.
func (p *manPage) commands(cmd *cobra.Command) {
	if !cmd.HasAvailableSubCommands() {
		return
	}
	p.request("SH", "COMMANDS")
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() {
			p.request("TP")
			p.request("B", pageName(c)+"(1)")
			p.text(c.Short + ".")
		}
	}
}

// options lists the flags of cmd, and those that it has from the commands above it.
func (p *manPage) options(cmd *cobra.Command) {
	if !cmd.HasAvailableFlags() {
		return
	}
	p.request("SH", "OPTIONS")
	for _, flags := range []*pflag.FlagSet{cmd.LocalFlags(), cmd.InheritedFlags()} {
		flags.VisitAll(func(f *pflag.Flag) {
			if !f.Hidden {
				p.option(f)
			}
		})
	}
}

func (p *manPage) option(f *pflag.Flag) {
	placeholder, usage := pflag.UnquoteUsage(f)
	name := "--" + f.Name
	if f.Shorthand != "" {
		name = "-" + f.Shorthand + ", " + name
	}
	p.request("TP")
	p.request("BI", name+" ", placeholder)
	p.text(usage + ".")
	switch f.DefValue {
	case "", "false", "0", "[]": // nothing that the words above do not say
	default:
		p.text("The default is " + f.DefValue + ".")
	}
}

// paragraphs writes text that has empty lines between its paragraphs.
func (p *manPage) paragraphs(text string) {
	for i, paragraph := range strings.Split(text, "\n\n") {
		if i > 0 {
			p.request("PP")
		}
		p.text(paragraph)
	}
}

// literal writes lines that are kept as they are.
func (p *manPage) literal(text string) {
	p.request("nf")
	p.text(text)
	p.request("fi")
}

// request writes a request of man(7).
func (p *manPage) request(name string, args ...string) {
	p.WriteString("." + name)
	for _, arg := range args {
		fmt.Fprintf(p, ` "%s"`, strings.ReplaceAll(escapeRoff(arg), `"`, `\(dq`))
	}
	p.WriteByte('\n')
}

// text writes lines that are no requests, whatever they begin with.
func (p *manPage) text(text string) {
	for line := range strings.Lines(text) {
		p.WriteString(`\&` + escapeRoff(strings.TrimRight(line, "\n")) + "\n")
	}
}

// escapeRoff writes text for roff: a hyphen would be one for breaking words, a
// backslash begins an escape.
func escapeRoff(text string) string {
	return strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(text)
}
