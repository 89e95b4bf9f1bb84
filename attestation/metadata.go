package attestation

import (
	"cmp"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/softkey-project/softkey/certs"
	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctap/cose"
)

// Metadata is what the makers of security keys tell relying parties of a model,
// as far as it is not the same for all soft devices.
type Metadata struct {
	Description  string // in English, 1 to 200 characters
	FriendlyName string // in English, at most 63 characters; empty: Description

	// Info is what the key answers to authenticatorGetInfo once it is reset. For
	// a key that knows U2F alone it is nil, or has an AAGUID of zeros.
	Info *ctap.GetInfoResponse

	// Algorithms and Version are for a key whose Info does not say them: of
	// CTAP 2.0, or of U2F.
	Algorithms []cose.ID
	Version    uint64

	Roots []*x509.Certificate // that statements chain to; none: self attestation
	Leaf  *x509.Certificate   // of U2F registrations and of the format fido-u2f; nil: none

	// Intermediates lie between Leaf and Roots. They are anchors too where a
	// statement carries the leaf alone, as those of U2F and of enterprise
	// attestation do.
	Intermediates []*x509.Certificate

	BackupEligible bool           // credentials may be copied to other devices
	Icon           string         // a data: URL; empty: none
	Status         []StatusReport // oldest first; empty: not certified, from the first
}

// Texts and limits of the FIDO Metadata Statement 3.1.1 §4.
const (
	statementLegalHeader = "Submission of this statement and retrieval and use of this statement indicates " +
		"acceptance of the appropriate agreement located at https://fidoalliance.org/metadata/metadata-legal-terms/."
	maxDescription  = 200 // characters
	maxFriendlyName = 63
)

// Attestation types (FIDO Registry of Predefined Values §3.6.3).
const (
	basicFull      = "basic_full"
	basicSurrogate = "basic_surrogate" // self attestation
	attCA          = "attca"
	anonCA         = "anonca"
)

// metadataStatement is a MetadataStatement dictionary, in the order of the
// specification. Members that no soft device has are left out.
type metadataStatement struct {
	LegalHeader                     string                 `json:"legalHeader"`
	AAGUID                          string                 `json:"aaguid,omitempty"`
	KeyIdentifiers                  []string               `json:"attestationCertificateKeyIdentifiers,omitempty"`
	FriendlyNames                   map[string]string      `json:"friendlyNames"`
	Description                     string                 `json:"description"`
	AuthenticatorVersion            uint64                 `json:"authenticatorVersion"`
	ProtocolFamily                  string                 `json:"protocolFamily"`
	Schema                          int                    `json:"schema"`
	UPV                             []protocolVersion      `json:"upv"`
	AuthenticationAlgorithms        []string               `json:"authenticationAlgorithms"`
	PublicKeyAlgAndEncodings        []string               `json:"publicKeyAlgAndEncodings"`
	AttestationTypes                []string               `json:"attestationTypes"`
	UserVerificationDetails         [][]verificationMethod `json:"userVerificationDetails"`
	KeyProtection                   []string               `json:"keyProtection"`
	IsKeyRestricted                 bool                   `json:"isKeyRestricted"`
	IsFreshUserVerificationRequired bool                   `json:"isFreshUserVerificationRequired"`
	MatcherProtection               []string               `json:"matcherProtection"`
	CryptoStrength                  int                    `json:"cryptoStrength"` // bits
	AttachmentHint                  []string               `json:"attachmentHint"`
	TCDisplay                       []string               `json:"tcDisplay"`
	AttestationRootCertificates     [][]byte               `json:"attestationRootCertificates"` // DER
	Icon                            string                 `json:"icon,omitempty"`
	MultiDeviceCredentialSupport    string                 `json:"multiDeviceCredentialSupport,omitempty"`
	AuthenticatorGetInfo            *metadataInfo          `json:"authenticatorGetInfo,omitempty"`
}

type protocolVersion struct {
	Major int `json:"major"`
	Minor int `json:"minor"`
}

// Statement returns the metadata statement of a FIDO2 key, as JSON. Equal
// metadata give equal bytes.
func (m *Metadata) Statement() ([]byte, error) {
	statement, err := m.fido2()
	if err != nil {
		return nil, fmt.Errorf("metadata: %w", err)
	}
	return json.Marshal(statement)
}

// U2FStatement returns the metadata statement of the same key where it is used
// by U2F, or with the format fido-u2f, and has no AAGUID: as JSON, which Leaf's
// key identifies.
func (m *Metadata) U2FStatement() ([]byte, error) {
	statement, err := m.u2f()
	if err != nil {
		return nil, fmt.Errorf("metadata: U2F: %w", err)
	}
	return json.Marshal(statement)
}

// common returns what the statements of a key have in common.
func (m *Metadata) common() (*metadataStatement, error) {
	name := cmp.Or(m.FriendlyName, m.Description)
	if n := utf8.RuneCountInString(m.Description); n == 0 || n > maxDescription {
		return nil, fmt.Errorf("description of %d characters, want 1 to %d", n, maxDescription)
	}
	if n := utf8.RuneCountInString(name); n > maxFriendlyName {
		return nil, fmt.Errorf("friendly name of %d characters, more than %d", n, maxFriendlyName)
	}
	statement := &metadataStatement{
		LegalHeader:                 statementLegalHeader,
		FriendlyNames:               map[string]string{"en-US": name},
		Description:                 m.Description,
		Schema:                      3,
		KeyProtection:               []string{"software"},
		IsKeyRestricted:             true,
		MatcherProtection:           []string{"software"},
		CryptoStrength:              128,
		TCDisplay:                   []string{},
		AttestationRootCertificates: [][]byte{},
		Icon:                        m.Icon,
	}
	statement.trust(m.Roots)
	return statement, nil
}

func (s *metadataStatement) trust(anchors []*x509.Certificate) {
	for _, anchor := range anchors {
		s.AttestationRootCertificates = append(s.AttestationRootCertificates, anchor.Raw)
	}
}

func (m *Metadata) fido2() (*metadataStatement, error) {
	s, err := m.common()
	if err != nil {
		return nil, err
	}
	info, err := m.info()
	if err != nil {
		return nil, err
	}
	if !info.isFIDO2() {
		return nil, errors.New("no FIDO2 key: authenticatorGetInfo has no AAGUID")
	}
	s.AAGUID = uuid([16]byte(info.AAGUID))
	s.AuthenticatorVersion = cmp.Or(info.FirmwareVersion, m.Version)
	s.ProtocolFamily = "fido2"
	s.UPV = info.upv()
	s.PublicKeyAlgAndEncodings = []string{"cose"}
	s.UserVerificationDetails = info.verificationDetails()
	s.IsFreshUserVerificationRequired = info.isVerificationFresh()
	s.AttachmentHint = info.attachmentHint()
	s.AuthenticatorGetInfo = info
	s.MultiDeviceCredentialSupport = "unsupported"
	if m.BackupEligible {
		s.MultiDeviceCredentialSupport = "implicit"
	}
	algorithms := info.algorithms()
	if len(algorithms) == 0 {
		algorithms = m.Algorithms
	}
	if s.AuthenticationAlgorithms = registryNames(algorithms); len(s.AuthenticationAlgorithms) == 0 {
		return nil, errors.New("none of the algorithms is in the FIDO registry")
	}
	s.AttestationTypes = []string{basicSurrogate}
	if len(m.Roots) > 0 {
		s.AttestationTypes = info.attestationTypes()
	}
	if _, enterprise := info.Options[ctap.OptionEP]; enterprise {
		s.trust(m.Intermediates)
	}
	return s, nil
}

func (m *Metadata) u2f() (*metadataStatement, error) {
	s, err := m.common()
	if err != nil {
		return nil, err
	}
	info, err := m.info()
	if err != nil {
		return nil, err
	}
	if m.Leaf == nil || len(m.Roots) == 0 {
		return nil, errors.New("no leaf or no root")
	}
	keyID, err := certs.KeyIdentifier(m.Leaf.PublicKey)
	if err != nil {
		return nil, err
	}
	s.KeyIdentifiers = []string{hex.EncodeToString(keyID)}
	s.AuthenticatorVersion = cmp.Or(info.FirmwareVersion, m.Version)
	s.ProtocolFamily = "u2f"
	s.UPV = []protocolVersion{{1, 2}}
	s.AuthenticationAlgorithms = []string{cose.RegistryName(cose.ES256)}
	s.PublicKeyAlgAndEncodings = []string{"ecc_x962_raw"}
	s.AttestationTypes = fidoU2F{}.attestationTypes()
	s.UserVerificationDetails = [][]verificationMethod{{{Method: "presence_internal"}}}
	s.IsFreshUserVerificationRequired = true
	s.AttachmentHint = info.attachmentHint()
	s.trust(m.Intermediates)
	return s, nil
}

// hasU2F tells whether the key registers without an AAGUID.
func (m *Metadata) hasU2F() bool {
	return m.Leaf != nil && (m.Info == nil || slices.Contains(m.Info.Versions, ctap.VersionU2FV2) ||
		slices.Contains(m.Info.AttestationFormats, (fidoU2F{}).Name()))
}

// uuid returns a UUID as RFC 9562 writes it.
func uuid(b [16]byte) string {
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
