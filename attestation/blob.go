package attestation

import (
	"cmp"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/softkey-project/softkey/certs"
)

// A BLOB is what a metadata service publishes: the metadata of many models,
// signed (FIDO Metadata Service 3.1.1 §3.1). Each model has an entry by its
// AAGUID and, if it does U2F, one by the key identifier of its leaf.
type BLOB struct {
	LegalHeader string    // empty: one that disclaims the FIDO Alliance
	Number      int       // of the edition; 0 means 1
	NextUpdate  time.Time // its date counts; zero: the last day of the signer's certificate
	Models      []Metadata
}

// A StatusReport says what befell a model.
type StatusReport struct {
	Status    string    // an AuthenticatorStatus, such as "REVOKED" (§3.1.4)
	Effective time.Time // its date counts
}

const blobLegalHeader = "This BLOB describes software security keys for tests. " +
	"It does not come from the FIDO Alliance and says nothing about any product."

// blobPayload is a MetadataBLOBPayload dictionary.
type blobPayload struct {
	LegalHeader string      `json:"legalHeader"`
	Number      int         `json:"no"`
	NextUpdate  string      `json:"nextUpdate"`
	Entries     []blobEntry `json:"entries"`
}

// blobEntry is a MetadataBLOBPayloadEntry dictionary.
type blobEntry struct {
	AAGUID                 string             `json:"aaguid,omitempty"`
	KeyIdentifiers         []string           `json:"attestationCertificateKeyIdentifiers,omitempty"`
	MetadataStatement      *metadataStatement `json:"metadataStatement"`
	StatusReports          []blobStatus       `json:"statusReports"`
	TimeOfLastStatusChange string             `json:"timeOfLastStatusChange"`
}

type blobStatus struct {
	Status        string `json:"status"`
	EffectiveDate string `json:"effectiveDate"`
}

// Sign returns the BLOB as a JSON Web Token with RS256, in the compact form
// (RFC 7515 §7.1). Its header holds the signer's certificates but for the root,
// which relying parties must have by other means.
func (b *BLOB) Sign(signer *certs.MetadataSigner) ([]byte, error) {
	payload, err := b.payload(signer)
	if err != nil {
		return nil, fmt.Errorf("metadata BLOB: %w", err)
	}
	token, err := signJWT(signer, payload)
	if err != nil {
		return nil, fmt.Errorf("metadata BLOB: %w", err)
	}
	return token, nil
}

func (b *BLOB) payload(signer *certs.MetadataSigner) (*blobPayload, error) {
	next := b.NextUpdate
	if next.IsZero() {
		next = signer.X5C[0].NotAfter
	}
	payload := &blobPayload{
		LegalHeader: cmp.Or(b.LegalHeader, blobLegalHeader),
		Number:      cmp.Or(b.Number, 1),
		NextUpdate:  date(next),
		Entries:     []blobEntry{},
	}
	for i := range b.Models {
		entries, err := b.Models[i].entries()
		if err != nil {
			return nil, fmt.Errorf("model %q: %w", b.Models[i].Description, err)
		}
		payload.Entries = append(payload.Entries, entries...)
	}
	return payload, nil
}

// entries returns the one or two entries of a model.
func (m *Metadata) entries() ([]blobEntry, error) {
	info, err := m.info()
	if err != nil {
		return nil, err
	}
	var entries []blobEntry
	for _, kind := range []struct {
		has       bool
		statement func() (*metadataStatement, error)
	}{
		{info.isFIDO2(), m.fido2},
		{m.hasU2F(), m.u2f},
	} {
		if !kind.has {
			continue
		}
		statement, err := kind.statement()
		if err != nil {
			return nil, err
		}
		entries = append(entries, m.entry(statement))
	}
	if len(entries) == 0 {
		return nil, errors.New("neither FIDO2 nor U2F")
	}
	return entries, nil
}

func (m *Metadata) entry(statement *metadataStatement) blobEntry {
	reports := m.Status
	if len(reports) == 0 {
		first := time.Date(2020, time.January, 1, 0, 0, 0, 0, time.UTC) // of the certificates
		reports = []StatusReport{{"NOT_FIDO_CERTIFIED", first}}
	}
	entry := blobEntry{
		AAGUID: statement.AAGUID, KeyIdentifiers: statement.KeyIdentifiers, MetadataStatement: statement,
		TimeOfLastStatusChange: date(reports[len(reports)-1].Effective),
	}
	for _, r := range reports {
		entry.StatusReports = append(entry.StatusReports, blobStatus{r.Status, date(r.Effective)})
	}
	return entry
}

func date(t time.Time) string { return t.UTC().Format(time.DateOnly) }

// signJWT returns BASE64URL(header) . BASE64URL(payload) . BASE64URL(signature).
func signJWT(signer *certs.MetadataSigner, payload any) ([]byte, error) {
	header := struct {
		Algorithm string   `json:"alg"`
		Type      string   `json:"typ"`
		X5C       [][]byte `json:"x5c"`
	}{Algorithm: "RS256", Type: "JWT"}
	for _, c := range signer.X5C {
		header.X5C = append(header.X5C, c.Raw)
	}
	token, err := appendPart(nil, header)
	if err != nil {
		return nil, err
	}
	if token, err = appendPart(append(token, '.'), payload); err != nil {
		return nil, err
	}
	digest := sha256.Sum256(token)
	sig, err := rsa.SignPKCS1v15(nil, signer.Key, crypto.SHA256, digest[:])
	if err != nil {
		return nil, err
	}
	return base64.RawURLEncoding.AppendEncode(append(token, '.'), sig), nil
}

func appendPart(b []byte, value any) ([]byte, error) {
	part, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	return base64.RawURLEncoding.AppendEncode(b, part), nil
}
