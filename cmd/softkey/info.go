package main

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/softkey-project/softkey/authenticator"
	"github.com/softkey-project/softkey/client"
	"github.com/softkey-project/softkey/ctaphid"
)

func newInfo(p *program) *cobra.Command {
	c := &clientFlags{}
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "info",
		Short: "Print what a key says of itself",
		Long: `Info asks a key what it is and can do, and prints that. The key asks for no
touch.`,
		Example: `  softkey info
  softkey info --device hidraw:/dev/hidraw0 --json`,
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			if err := c.check(); err != nil {
				return err
			}
			return c.use(p, func(ctx context.Context, key *client.Device, at address) error {
				i, err := readInfo(ctx, key, at)
				if err != nil {
					return err
				}
				if asJSON {
					return printJSON(p.stdout, i)
				}
				return i.print(p.stdout)
			})
		},
	}
	c.add(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// info is what a key says of itself.
type info struct {
	Device       string    `json:"device"` // its address
	Version      string    `json:"version"`
	Capabilities []string  `json:"capabilities"`
	U2F          string    `json:"u2f,omitempty"`  // the version, of a key that speaks U2F
	Info         *ctapInfo `json:"info,omitempty"` // of a key that speaks CTAP2
}

func readInfo(ctx context.Context, key *client.Device, at address) (*info, error) {
	v := key.Version()
	i := &info{
		Device:       at.String(),
		Version:      fmt.Sprintf("%d.%d.%d", v[0], v[1], v[2]),
		Capabilities: capabilities(key.Capabilities()),
		Info:         newCTAPInfo(key.Info()),
	}
	if key.Capabilities().Has(ctaphid.CapNoMsg) {
		return i, nil
	}
	var err error
	i.U2F, err = key.U2FVersion(ctx)
	return i, err
}

// capabilities returns what a key says it knows (§11.2.9.1.3).
func capabilities(c ctaphid.Capabilities) []string {
	list := []string{}
	if c.Has(ctaphid.CapWink) {
		list = append(list, "wink")
	}
	if c.Has(ctaphid.CapCBOR) {
		list = append(list, "cbor")
	}
	if !c.Has(ctaphid.CapNoMsg) {
		list = append(list, "msg")
	}
	return list
}

// uuid returns an AAGUID as text, hexadecimal if it is none.
func uuid(b []byte) string {
	if len(b) != len(authenticator.AAGUID{}) {
		return hex.EncodeToString(b)
	}
	return authenticator.AAGUID(b).String()
}

// print writes a page for people. Lines that a key has nothing to say to are
// left out.
func (i *info) print(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	line := func(title, value string) {
		if value != "" {
			fmt.Fprintf(w, "%s\t%s\n", title, printable(value))
		}
	}
	line("device", i.Device)
	line("version", i.Version)
	line("capabilities", strings.Join(i.Capabilities, " "))
	line("U2F", i.U2F)
	if i.Info != nil {
		i.Info.print(line)
	}
	return w.Flush()
}

// model names the profile of an AAGUID that is one of ours.
func model(aaguid string) string {
	for _, p := range authenticator.Profiles() {
		switch aaguid {
		case p.AAGUID.String():
			return " (softkey " + p.Name + ")"
		case authenticator.ProfileAAGUID(p.Name, true).String():
			return " (softkey " + p.Name + " with a seed)"
		}
	}
	return ""
}
