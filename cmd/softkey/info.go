package main

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/softkey-project/softkey/authenticator"
	"github.com/softkey-project/softkey/client"
	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctap/cose"
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

// ctapInfo is the answer to authenticatorGetInfo, under the names of §6.4.
type ctapInfo struct {
	infoMembers
	AAGUID     string          `json:"aaguid"`
	Algorithms []infoAlgorithm `json:"algorithms,omitempty"`
}

// infoMembers has the fields of [ctap.GetInfoResponse], of which it is made by
// conversion.
type infoMembers struct {
	Versions                   []string                    `json:"versions"`
	Extensions                 []string                    `json:"extensions,omitempty"`
	AAGUID                     []byte                      `json:"-"`
	Options                    map[string]bool             `json:"options,omitempty"`
	MaxMsgSize                 uint64                      `json:"maxMsgSize,omitempty"`
	PinUvAuthProtocols         []uint64                    `json:"pinUvAuthProtocols,omitempty"`
	MaxCredentialCountInList   uint64                      `json:"maxCredentialCountInList,omitempty"`
	MaxCredentialIDLength      uint64                      `json:"maxCredentialIdLength,omitempty"`
	Transports                 []string                    `json:"transports,omitempty"`
	Algorithms                 []ctap.CredentialParameters `json:"-"`
	MaxSerializedLargeBlob     uint64                      `json:"maxSerializedLargeBlobArray,omitempty"`
	ForcePINChange             *bool                       `json:"forcePINChange,omitempty"`
	MinPINLength               uint64                      `json:"minPINLength,omitempty"`
	FirmwareVersion            uint64                      `json:"firmwareVersion,omitempty"`
	MaxCredBlobLength          uint64                      `json:"maxCredBlobLength,omitempty"`
	RemainingDiscoverableCreds *uint64                     `json:"remainingDiscoverableCredentials,omitempty"`
	AttestationFormats         []string                    `json:"attestationFormats,omitempty"`
}

type infoAlgorithm struct {
	Type string `json:"type"`
	Alg  int64  `json:"alg"`
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

func newCTAPInfo(r *ctap.GetInfoResponse) *ctapInfo {
	if r == nil {
		return nil
	}
	i := &ctapInfo{infoMembers: infoMembers(*r), AAGUID: uuid(r.AAGUID)}
	for _, a := range r.Algorithms {
		i.Algorithms = append(i.Algorithms, infoAlgorithm{a.Type, a.Algorithm})
	}
	return i
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

func (i *ctapInfo) print(line func(title, value string)) {
	line("CTAP versions", strings.Join(i.Versions, " "))
	line("extensions", strings.Join(i.Extensions, " "))
	line("AAGUID", i.AAGUID+model(i.AAGUID))
	line("options", options(i.Options))
	line("algorithms", list(i.Algorithms, func(a infoAlgorithm) string { return algorithmName(cose.ID(a.Alg)) }))
	line("attestation formats", strings.Join(i.AttestationFormats, " "))
	line("transports", strings.Join(i.Transports, " "))
	line("PIN protocols", list(i.PinUvAuthProtocols, func(n uint64) string { return number(n) }))
	line("least PIN length", number(i.MinPINLength))
	line("longest message", number(i.MaxMsgSize))
	line("longest credential list", number(i.MaxCredentialCountInList))
	line("longest credential ID", number(i.MaxCredentialIDLength))
	line("largest large-blob array", number(i.MaxSerializedLargeBlob))
	line("longest credBlob", number(i.MaxCredBlobLength))
	line("firmware", number(i.FirmwareVersion))
	if n := i.RemainingDiscoverableCreds; n != nil {
		line("room for credentials", strconv.FormatUint(*n, 10))
	}
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

// options returns the options of a key in order, those that are off as well.
func options(m map[string]bool) string {
	return list(slices.Sorted(maps.Keys(m)), func(name string) string {
		if m[name] {
			return name
		}
		return "no-" + name
	})
}

// number returns n in decimal, "" for the 0 that means absent.
func number(n uint64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatUint(n, 10)
}
