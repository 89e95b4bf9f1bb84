package main

import (
	"bytes"
	"cmp"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/softkey-project/softkey/authenticator"
	"github.com/softkey-project/softkey/certs"
	"github.com/softkey-project/softkey/device"
)

// exportFlags are the flags of `attestation export`.
type exportFlags struct {
	key    keyFlags
	format string
	chain  bool
	output string
}

// exportFormat is one thing that can be exported of a device.
type exportFormat struct {
	name   string
	about  string
	export func(*device.Device) ([]byte, error)
}

// exportFormats is the table: a format is a line here.
var exportFormats = []exportFormat{
	{"pem", "the root certificate", exportRoot},
	{"chain", "the leaf of a model, and its issuers up to the root", exportChain},
	{"metadata", "the metadata statement of the model, known by its AAGUID", exportMetadata},
	{"metadata-u2f", "that of the same key in U2F, known by its leaf", exportU2FMetadata},
	{"blob", "a signed MDS3 BLOB with both", exportBLOB},
	{"blob-root", "the root certificate that the BLOB is verified by", exportBLOBRoot},
}

func newAttestationExport(p *program) *cobra.Command {
	o := &exportFlags{}
	var formats strings.Builder
	for _, f := range exportFormats {
		fmt.Fprintf(&formats, "  %-13s %s\n", f.name, f.about)
	}
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Print what servers need to trust a key",
		Long: `Export prints what a server needs to trust the attestations of a key:

` + formats.String() + `
Certificates are PEM, statements JSON; the BLOB is a JWT, which is good for thirty
days. Give the flags that the key runs with: the metadata is that of such a key.`,
		Example: `  softkey attestation export > softkey-root.pem
  softkey attestation export --format chain --profile fido2.0
  softkey attestation export --format blob -o blob.jwt && softkey attestation export --format blob-root -o blob-root.pem`,
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error { return o.run(p) },
	}
	o.key.add(cmd)
	f := cmd.Flags()
	f.StringVar(&o.format, "format", "", "print it in `FORMAT`: "+strings.Join(exportFormatNames(), ", ")+" (default pem)")
	f.BoolVar(&o.chain, "chain", false, "the same as --format chain")
	f.StringVarP(&o.output, "output", "o", "", "write to `FILE` instead of standard output")
	complete(cmd, "format", exportFormatNames()...)
	return cmd
}

func exportFormatNames() (names []string) {
	for _, f := range exportFormats {
		names = append(names, f.name)
	}
	return names
}

func (o *exportFlags) run(p *program) error {
	if o.chain && o.format != "" {
		return usagef("--chain and --format exclude each other")
	}
	name := cmp.Or(o.format, "pem")
	if o.chain {
		name = "chain"
	}
	i := slices.IndexFunc(exportFormats, func(f exportFormat) bool { return f.name == name })
	if i < 0 {
		return usagef("--format %q is not one of %s", name, strings.Join(exportFormatNames(), ", "))
	}
	out, err := o.export(p, exportFormats[i])
	if err != nil {
		return err
	}
	if o.output != "" {
		return writeFile(o.output, out, modePublic)
	}
	_, err = p.stdout.Write(out)
	return err
}

// export makes the device that the flags describe, and has it exported. Where it
// has a state directory, that must have the certificates: they are not made, or
// made anew, by being asked for.
func (o *exportFlags) export(p *program, format exportFormat) ([]byte, error) {
	cfg, err := o.key.config(p)
	if err != nil {
		return nil, err
	}
	if o.key.verifies() { // that it does is what metadata tell; nobody is verified
		if cfg.Verification, err = openNotRecognise(presenceEnv{}, ""); err != nil {
			return nil, err
		}
	}
	if cfg.Dir != "" {
		o.key.opener.twice = true // here, and by the device
		if err := mustExist(cfg.Dir); err != nil {
			return nil, err
		}
		a, err := readAttestation(cfg.Dir, cfg.Unseal)
		if err != nil {
			return nil, err
		}
		if format.name == "pem" && cfg.CA == nil && !selfAttested(cfg.Profile) {
			return certs.EncodePEM(a.Root.certificate), nil
		}
		if err := a.checkLeaf(cfg); err != nil {
			return nil, err
		}
	}
	d, err := p.openDevice(cfg)
	if err != nil {
		return nil, err
	}
	out, err := format.export(d)
	return out, errors.Join(err, d.Close())
}

func selfAttested(p authenticator.Profile) bool {
	return p.AttestationType == authenticator.AttestationSelf
}

// checkLeaf returns an error unless there is a leaf for the device of cfg, of
// the same issuer, or none is needed.
func (a *attestation) checkLeaf(cfg device.Config) error {
	if selfAttested(cfg.Profile) {
		return nil
	}
	leaf, err := a.leafOf(cfg.Profile)
	if err != nil {
		return err
	}
	issuer := a.Root.certificate
	if cfg.CA != nil {
		issuer = cfg.CA.Chain()[0]
	}
	if leaf.CheckSignatureFrom(issuer) == nil {
		return nil
	}
	return hint(fmt.Errorf("the leaf was not issued by %q, but by %q", issuer.Subject.CommonName, leaf.Issuer.CommonName),
		"give --attestation-ca and --attestation-ca-key as the key ran with them")
}

// leafOf returns the leaf of a profile, in either mode.
func (a *attestation) leafOf(p authenticator.Profile) (*x509.Certificate, error) {
	seeded := authenticator.ProfileAAGUID(p.Name, true)
	var there []string
	for _, leaf := range a.Leaves {
		if leaf.AAGUID == p.AAGUID.String() || leaf.AAGUID == seeded.String() {
			return leaf.certificate, nil
		}
		there = append(there, leaf.AAGUID+model(leaf.AAGUID))
	}
	return nil, hint(fmt.Errorf("no key was plugged in as %s", p.Name), "there are leaves of %s: choose by --profile", strings.Join(there, ", "))
}

func exportRoot(d *device.Device) ([]byte, error) {
	chain, err := chainOf(d)
	if err != nil {
		return nil, err
	}
	return certs.EncodePEM(chain[len(chain)-1]), nil
}

func exportChain(d *device.Device) ([]byte, error) {
	chain, err := chainOf(d)
	if err != nil {
		return nil, err
	}
	return certs.EncodePEM(chain...), nil
}

// chainOf returns the certificates that vouch for a device.
func chainOf(d *device.Device) ([]*x509.Certificate, error) {
	chain, err := d.Chain()
	if err != nil || chain != nil {
		return chain, err
	}
	return nil, hint(fmt.Errorf("the profile %s has self attestation, and no certificate", d.Profile().Name),
		"--format metadata is its statement")
}

func exportMetadata(d *device.Device) ([]byte, error) {
	m, err := d.Metadata()
	if err != nil {
		return nil, err
	}
	if m.Info == nil {
		return nil, hint(errors.New("a key that speaks U2F alone has no statement for an AAGUID"), "--format metadata-u2f is its statement")
	}
	return indented(m.Statement())
}

func exportU2FMetadata(d *device.Device) ([]byte, error) {
	if p := d.Profile(); !p.U2F() && !slices.Contains(p.AttestationFormats, "fido-u2f") {
		return nil, hint(fmt.Errorf("the profile %s has neither U2F nor the format fido-u2f", p.Name), "--format metadata is its statement")
	}
	m, err := d.Metadata()
	if err != nil {
		return nil, err
	}
	return indented(m.U2FStatement())
}

// indented returns JSON as people read it.
func indented(statement []byte, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := json.Indent(&out, statement, "", "  "); err != nil {
		return nil, err
	}
	out.WriteByte('\n')
	return out.Bytes(), nil
}

func exportBLOB(d *device.Device) ([]byte, error) {
	blob, _, err := d.MetadataBLOB(time.Now())
	return blob, err
}

func exportBLOBRoot(d *device.Device) ([]byte, error) {
	_, root, err := d.MetadataBLOB(time.Now())
	if err != nil {
		return nil, err
	}
	return certs.EncodePEM(root), nil
}
