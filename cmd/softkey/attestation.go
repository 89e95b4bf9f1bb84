package main

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"path"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/softkey-project/softkey/certs"
	"github.com/softkey-project/softkey/keystore"
	"github.com/softkey-project/softkey/keystore/seal"
)

func newAttestation(p *program) *cobra.Command {
	return newGroup("attestation", "Show who vouches for a key",
		`Attestation shows the certificates of a state directory. Each has a root of its
own, and a leaf for each model that a key was plugged in as: a server that is to
trust attestations of this key alone trusts the root.

No key needs to run, and none may run in that directory; private keys are never
printed.`,
		newAttestationShow(p),
		newAttestationExport(p),
	)
}

func newAttestationShow(p *program) *cobra.Command {
	var s stateFlags
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "show",
		Short: "Print the certificates",
		Long: `Show prints the certificates of a state directory.

The key identifier of a leaf is the SHA-1 that metadata statements have as one of
attestationCertificateKeyIdentifiers.`,
		Example: "  softkey attestation show --state ./key --json",
		Args:    noArgs,
		RunE: func(*cobra.Command, []string) error {
			dir, err := s.existing()
			if err != nil {
				return err
			}
			a, err := readAttestation(dir, s.opener.unlocker(p, dir))
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(p.stdout, a)
			}
			return a.print(p)
		},
	}
	s.addDir(cmd)
	s.opener.add(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// attestation is what vouches for the keys of a state directory.
type attestation struct {
	State  string        `json:"state"`
	Root   certificate   `json:"root"`
	Leaves []certificate `json:"leaves"`

	// Enterprise are the leaves that name this very key, of models with
	// enterprise attestation.
	Enterprise []certificate `json:"enterprise,omitempty"`
}

// certificate is what people want to know of a certificate.
type certificate struct {
	Name          string    `json:"commonName"`
	Issuer        string    `json:"issuerCommonName"`
	AAGUID        string    `json:"aaguid,omitempty"` // of a leaf
	Serial        string    `json:"serial"`           // hexadecimal, as the rest
	NotBefore     time.Time `json:"notBefore"`
	NotAfter      time.Time `json:"notAfter"`
	KeyIdentifier string    `json:"keyIdentifier"` // SHA-1 of the public key
	SHA256        string    `json:"sha256"`        // of the certificate
	PEM           string    `json:"pem"`

	certificate *x509.Certificate
}

func newCertificate(c *x509.Certificate, aaguid string) certificate {
	sum := sha256.Sum256(c.Raw)
	return certificate{
		Name: c.Subject.CommonName, Issuer: c.Issuer.CommonName, AAGUID: aaguid,
		Serial:    c.SerialNumber.Text(16),
		NotBefore: c.NotBefore, NotAfter: c.NotAfter,
		KeyIdentifier: hex.EncodeToString(c.SubjectKeyId),
		SHA256:        hex.EncodeToString(sum[:]),
		PEM:           string(certs.EncodePEM(c)),
		certificate:   c,
	}
}

// How package device names certificates in a store.
const (
	attestations    = keystore.Bucket("attestation")
	rootEntry       = "root"
	leafEntry       = "leaf/"       // then the AAGUID
	enterpriseEntry = "enterprise/" // likewise
)

// readAttestation reads the certificates of a state directory, which is there and
// not changed.
func readAttestation(dir string, unlock func([]seal.Slot) (*seal.Key, error)) (*attestation, error) {
	store, _, err := openEither(dir)
	if err != nil {
		return nil, err
	}
	a := &attestation{State: dir}
	unsealed, err := seal.Open(store, unlock)
	if err == nil {
		err = unsealed.View(a.read)
	}
	return a, errors.Join(err, store.Close())
}

func (a *attestation) read(tx keystore.Tx) error {
	for name, stored := range tx.All(attestations, nil) {
		id, err := certs.Parse(stored)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		kind, aaguid := path.Split(string(name))
		switch {
		case kind == leafEntry:
			a.Leaves = append(a.Leaves, newCertificate(id.Certificate, aaguid))
		case kind == enterpriseEntry:
			a.Enterprise = append(a.Enterprise, newCertificate(id.Certificate, aaguid))
		case string(name) == rootEntry:
			a.Root = newCertificate(id.Certificate, "")
		}
	}
	if a.Root.certificate == nil {
		return errors.New("there is no root certificate")
	}
	return nil
}

func (a *attestation) print(p *program) error {
	fmt.Fprintf(p.stdout, "state directory %s\n", a.State)
	if err := a.Root.print(p, "root"); err != nil {
		return err
	}
	for _, c := range a.Leaves {
		if err := c.print(p, "leaf"); err != nil {
			return err
		}
	}
	for _, c := range a.Enterprise {
		if err := c.print(p, "enterprise leaf"); err != nil {
			return err
		}
	}
	return nil
}

func (c *certificate) print(p *program, title string) error {
	fmt.Fprintln(p.stdout)
	w := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "%s\t%s\n", title, printable(c.Name))
	if c.AAGUID != "" {
		fmt.Fprintf(w, "  AAGUID\t%s%s\n", c.AAGUID, model(c.AAGUID))
		fmt.Fprintf(w, "  issuer\t%s\n", printable(c.Issuer))
	}
	fmt.Fprintf(w, "  serial\t%s\n", c.Serial)
	fmt.Fprintf(w, "  valid\t%s to %s\n", c.NotBefore.Format(time.DateOnly), c.NotAfter.Format(time.DateOnly))
	fmt.Fprintf(w, "  key identifier\t%s\n", c.KeyIdentifier)
	fmt.Fprintf(w, "  SHA-256\t%s\n", c.SHA256)
	return w.Flush()
}
