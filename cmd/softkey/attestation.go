package main

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/softkey-project/softkey/authenticator"
	"github.com/softkey-project/softkey/certs"
	"github.com/softkey-project/softkey/keystore"
)

func newAttestation(p *program) *cobra.Command {
	var state string
	group := newGroup("attestation", "Show who vouches for a key",
		`Attestation shows the certificates of a state directory. Each has a root of its
own, and a leaf for each model that a key was plugged in as: a server that is to
trust attestations of this key alone trusts the root.

It only reads, and no key needs to run; private keys are never printed.`,
		newAttestationShow(p, &state),
		newAttestationExport(p, &state),
	)
	group.PersistentFlags().StringVar(&state, "state", "", "read the folder `DIR` (default "+shortDefaultState+")")
	return group
}

func newAttestationShow(p *program, state *string) *cobra.Command {
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
			a, err := readAttestation(*state)
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(p.stdout, a)
			}
			return a.print(p)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func newAttestationExport(p *program, state *string) *cobra.Command {
	var chain bool
	var profile string
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Print the root certificate in PEM",
		Long:  "Export prints the root certificate in PEM, for servers that are to trust it, or the\nchain of a leaf and the root.",
		Example: `  softkey attestation export > softkey-root.pem
  softkey attestation export --chain --profile fido2.0`,
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			a, err := readAttestation(*state)
			if err != nil {
				return err
			}
			certificates := []*x509.Certificate{a.Root.certificate}
			if chain {
				leaf, err := a.leafOf(profile)
				if err != nil {
					return err
				}
				certificates = []*x509.Certificate{leaf, a.Root.certificate}
			}
			_, err = p.stdout.Write(certs.EncodePEM(certificates...))
			return err
		},
	}
	cmd.Flags().BoolVar(&chain, "chain", false, "print a leaf, then the root")
	cmd.Flags().StringVar(&profile, "profile", authenticator.DefaultProfile, "with --chain: the leaf of the profile `NAME`, or of a JSON file")
	complete(cmd, "profile", profileNames()...)
	return cmd
}

// attestation is what vouches for the keys of a state directory.
type attestation struct {
	State  string        `json:"state"`
	Root   certificate   `json:"root"`
	Leaves []certificate `json:"leaves"`
}

// certificate is what people want to know of a certificate.
type certificate struct {
	Name          string    `json:"commonName"`
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
		Name: c.Subject.CommonName, AAGUID: aaguid,
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
	storeFile    = "softkey.db"
	attestations = keystore.Bucket("attestation")
	rootEntry    = "root"
	leafEntry    = "leaf/" // then the AAGUID
)

// readAttestation reads the certificates of a state directory, which is not
// changed, and not made where there is none.
func readAttestation(dir string) (*attestation, error) {
	keys := keyFlags{state: dir}
	dir, err := keys.stateDir()
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(filepath.Join(dir, storeFile)); errors.Is(err, fs.ErrNotExist) {
		return nil, hint(fmt.Errorf("there is no key in %s", dir), "softkey run makes one; --state DIR names another folder")
	}
	store, err := openEither(dir)
	if err != nil {
		return nil, explainStore(dir, err)
	}
	a := &attestation{State: dir}
	err = store.View(a.read)
	return a, errors.Join(err, store.Close())
}

// openEither opens a store of whichever mode.
func openEither(dir string) (*keystore.Bolt, error) {
	store, err := keystore.Open(dir, keystore.Options{})
	if errors.Is(err, keystore.ErrMode) {
		return keystore.Open(dir, keystore.Options{Seeded: true})
	}
	return store, err
}

func (a *attestation) read(tx keystore.Tx) error {
	for name, stored := range tx.All(attestations, nil) {
		id, err := certs.Parse(stored)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		aaguid, isLeaf := strings.CutPrefix(string(name), leafEntry)
		switch {
		case isLeaf:
			a.Leaves = append(a.Leaves, newCertificate(id.Certificate, aaguid))
		case string(name) == rootEntry:
			a.Root = newCertificate(id.Certificate, "")
		}
	}
	if a.Root.certificate == nil {
		return errors.New("there is no root certificate")
	}
	return nil
}

// leafOf returns the leaf of a profile, in either mode.
func (a *attestation) leafOf(name string) (*x509.Certificate, error) {
	p, err := loadProfile(name)
	if err != nil {
		return nil, err
	}
	seeded := authenticator.ProfileAAGUID(p.Name, true)
	var there []string
	for _, leaf := range a.Leaves {
		if leaf.AAGUID == p.AAGUID.String() || leaf.AAGUID == seeded.String() {
			return leaf.certificate, nil
		}
		there = append(there, leaf.AAGUID+model(leaf.AAGUID))
	}
	return nil, hint(fmt.Errorf("no key was plugged in as %s", name), "there are leaves of %s: choose by --profile", strings.Join(there, ", "))
}

func (a *attestation) print(p *program) error {
	fmt.Fprintf(p.stdout, "state directory %s\n", a.State)
	for _, c := range append([]certificate{a.Root}, a.Leaves...) {
		title := "root"
		if c.AAGUID != "" {
			title = "leaf"
		}
		fmt.Fprintln(p.stdout)
		w := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
		fmt.Fprintf(w, "%s\t%s\n", title, c.Name)
		if c.AAGUID != "" {
			fmt.Fprintf(w, "  AAGUID\t%s%s\n", c.AAGUID, model(c.AAGUID))
		}
		fmt.Fprintf(w, "  serial\t%s\n", c.Serial)
		fmt.Fprintf(w, "  valid\t%s to %s\n", c.NotBefore.Format(time.DateOnly), c.NotAfter.Format(time.DateOnly))
		fmt.Fprintf(w, "  key identifier\t%s\n", c.KeyIdentifier)
		fmt.Fprintf(w, "  SHA-256\t%s\n", c.SHA256)
		if err := w.Flush(); err != nil {
			return err
		}
	}
	return nil
}
