package main

import (
	"fmt"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/softkey-project/softkey/authenticator"
)

func newProfiles(p *program) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "profiles",
		Short: "List what a key can claim to be",
		Long: `Profiles lists the models that a virtual key can be, side by side.

The JSON form has all that can be set in a file for --profile: such a file names
a profile as its "base" and gives what differs.`,
		Example: `  softkey profiles
  softkey run --profile u2f
  echo '{"base": "fido2.0", "name": "tiny", "discoverableCredentials": 2}' > tiny.json
  softkey run --profile tiny.json`,
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			if asJSON {
				return printJSON(p.stdout, authenticator.Profiles())
			}
			return printProfiles(p, authenticator.Profiles())
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// profileRows are the lines of the table of profiles.
var profileRows = []struct {
	title string
	cell  func(*authenticator.Profile) string
}{
	{"", func(p *authenticator.Profile) string { return defaultMark(p) }},
	{"versions", func(p *authenticator.Profile) string { return strings.Join(p.Versions, " ") }},
	{"AAGUID", func(p *authenticator.Profile) string { return p.AAGUID.String() }},
	{"USB device", func(p *authenticator.Profile) string {
		return fmt.Sprintf("%04x:%04x %s", p.VendorID, p.ProductID, p.ProductName)
	}},
	{"algorithms", func(p *authenticator.Profile) string { return list(p.Algorithms, algorithmName) }},
	{"attestation", func(p *authenticator.Profile) string { return attestationFormats(p) }},
	{"discoverable credentials", func(p *authenticator.Profile) string { return strconv.Itoa(p.DiscoverableCredentials) }},
	{"signatures", func(p *authenticator.Profile) string { return p.Signatures }},
}

func defaultMark(p *authenticator.Profile) string {
	if p.Name == authenticator.DefaultProfile {
		return p.Name + " (default)"
	}
	return p.Name
}

// attestationFormats returns the formats of a profile; U2F has but one.
func attestationFormats(p *authenticator.Profile) string {
	formats := p.AttestationFormats
	if p.U2F() {
		formats = append([]string{"fido-u2f"}, formats...)
	}
	return strings.Join(formats, " ")
}

func printProfiles(p *program, profiles []authenticator.Profile) error {
	w := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	for _, row := range profileRows {
		cells := []string{row.title}
		for i := range profiles {
			cell := row.cell(&profiles[i])
			if cell == "" {
				cell = "-"
			}
			cells = append(cells, cell)
		}
		fmt.Fprintln(w, strings.Join(cells, "\t"))
	}
	return w.Flush()
}
