package authenticator

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctap/cose"
)

// getInfo tells the truth: what it claims works, what it does not claim is
// refused. These are the claims, each with what is done to see.

// rig is a key of a profile that is set up for everything the profile has: with
// testPIN, and with a finger that is always recognised.
type rig struct {
	platform
	info *ctap.GetInfoResponse
}

func newRig(t *testing.T, p Profile) rig {
	t.Helper()
	r := newBareRig(t, p)
	if p.has(ctap.OptionClientPIN) {
		r.mustSetPIN(testPIN)
	}
	if p.has(ctap.OptionBioEnroll) {
		r.enroll(r.tokenFor(be))
	}
	if p.has(ctap.OptionUserVerificationMgmtPreview) {
		wantStatus(t, "enrolment", enrollByPreview(r), nil)
	}
	r.info = r.key.info()
	return r
}

// newBareRig is a rig of a key that is new.
func newBareRig(t *testing.T, p Profile) rig {
	t.Helper()
	k := newProfileKey(t, p, Approve{})
	return rig{k.speaking(p.PinUvAuthProtocols[0]), k.info()}
}

// tokenFor returns a token with permissions, as the key gives them; nil if it
// gives none.
func (r rig) tokenFor(permissions ctap.Permissions) *hostToken {
	r.t.Helper()
	var token *hostToken
	var err error
	rpID := ""
	if permissions&forOneSite != 0 {
		rpID = testRPID
	}
	switch {
	case r.option(ctap.OptionPinUvAuthToken) == "true":
		token, err = r.token(ctap.GetTokenUsingPINWithPermission, testPIN, permissions, rpID)
	case r.option(ctap.OptionClientPIN) == "true":
		token, err = r.getPINToken(testPIN)
	}
	if err != nil {
		return nil
	}
	return token
}

func enrollByPreview(r rig) error {
	token := r.tokenFor(be)
	resp, err := r.bioBy(ctap.CommandBioEnrollmentPreview, token, ctap.EnrollBegin, nil)
	for id := resp.TemplateID; err == nil && *resp.RemainingSamples > 0; {
		resp, err = r.bioBy(ctap.CommandBioEnrollmentPreview, token, ctap.EnrollCaptureNextSample, template(id))
	}
	return err
}

// registers makes a credential by a token for it.
func (r rig) registers(changes ...func(*ctap.MakeCredentialRequest)) (made, error) {
	var resp ctap.MakeCredentialResponse
	req := creation("ada", also(append(changes, by(r.tokenFor(mc)))...))
	if err := r.command(ctap.CommandMakeCredential, req, &resp); err != nil {
		return made{}, err
	}
	data, err := ctap.ParseAuthenticatorData(resp.AuthData)
	if err != nil {
		return made{}, err
	}
	return made{response: &resp, data: data, id: data.Credential.ID}, nil
}

// errUntrue says that a claim does not hold though no command failed.
var errUntrue = errors.New("not so")

// claim is something that getInfo says or does not say.
type claim struct {
	name    string
	claimed func(i *ctap.GetInfoResponse) bool
	try     func(r rig) error // nil: it works
	refused []error           // what try may come to where it is not claimed
}

func optionTrue(name string) func(*ctap.GetInfoResponse) bool {
	return func(i *ctap.GetInfoResponse) bool { return i.Options[name] }
}

func optionThere(name string) func(*ctap.GetInfoResponse) bool {
	return func(i *ctap.GetInfoResponse) bool { _, ok := i.Options[name]; return ok }
}

func either(a, b func(*ctap.GetInfoResponse) bool) func(*ctap.GetInfoResponse) bool {
	return func(i *ctap.GetInfoResponse) bool { return a(i) || b(i) }
}

func listsVersion(name string) func(*ctap.GetInfoResponse) bool {
	return func(i *ctap.GetInfoResponse) bool { return slices.Contains(i.Versions, name) }
}

var (
	noCommand    = []error{ctap.StatusInvalidCommand}
	noSubcommand = []error{ctap.StatusInvalidCommand, ctap.StatusInvalidSubcommand}
	noConfig     = []error{ctap.StatusInvalidCommand, ctap.StatusInvalidParameter}
	noPermission = []error{ctap.StatusInvalidCommand, ctap.StatusInvalidSubcommand, ctap.StatusUnauthorizedPermission}
)

// optionClaims are versions and options.
var optionClaims = []claim{
	{"version U2F_V2", listsVersion(ctap.VersionU2FV2), func(r rig) error {
		_, err := r.apdu(registerAPDU)
		return err
	}, []error{ctap.SWInsNotSupported}},
	{"version FIDO_2_0", listsVersion(ctap.VersionFIDO20), func(r rig) error { _, err := r.registers(); return err }, nil},
	{"version FIDO_2_1_PRE", listsVersion(ctap.VersionFIDO21Pre), func(r rig) error {
		if _, known := r.info.Options[ctap.OptionUserVerificationMgmtPreview]; !known || !r.info.Options[ctap.OptionCredentialMgmtPreview] {
			return errUntrue
		}
		return nil
	}, []error{errUntrue}},
	{"version FIDO_2_1", listsVersion(ctap.VersionFIDO21), func(r rig) error {
		return r.command(ctap.CommandSelection, nil, nil)
	}, noCommand},
	{"version FIDO_2_3", listsVersion(ctap.VersionFIDO23), func(r rig) error {
		if len(r.info.AuthenticatorConfigCommands) == 0 {
			return errUntrue
		}
		return nil
	}, []error{errUntrue}},

	{"rk", optionTrue(ctap.OptionRK), func(r rig) error { _, err := r.registers(discoverable); return err }, []error{ctap.StatusUnsupportedOption}},
	{"up", optionTrue(ctap.OptionUP), func(r rig) error {
		m, err := r.registers()
		if err == nil && m.data.Flags&ctap.FlagUP == 0 {
			err = errUntrue
		}
		return err
	}, nil},
	{"uv", optionTrue(ctap.OptionUV), func(r rig) error {
		req := creation("ada", withUV)
		return r.command(ctap.CommandMakeCredential, req, nil)
	}, []error{ctap.StatusInvalidOption}},
	{"clientPin", optionThere(ctap.OptionClientPIN), func(r rig) error {
		return r.changePIN(testPIN, "another")
	}, noSubcommand},
	{"pinUvAuthToken", optionTrue(ctap.OptionPinUvAuthToken), func(r rig) error {
		_, err := r.token(ctap.GetTokenUsingPINWithPermission, testPIN, mc, testRPID)
		return err
	}, noSubcommand},
	{"credMgmt", optionTrue(ctap.OptionCredMgmt), func(r rig) error {
		_, err := r.manage(r.tokenFor(cm), ctap.GetCredsMetadata, nil)
		return err
	}, noCommand},
	{"perCredMgmtRO", optionTrue(ctap.OptionPerCredMgmtRO), func(r rig) error {
		token, err := r.token(ctap.GetTokenUsingPINWithPermission, testPIN, pcmr, "")
		if err == nil {
			_, err = r.manage(token, ctap.GetCredsMetadata, nil)
		}
		return err
	}, noPermission},
	{"credentialMgmtPreview, or credMgmt", either(optionTrue(ctap.OptionCredentialMgmtPreview), optionTrue(ctap.OptionCredMgmt)), func(r rig) error {
		_, err := r.manageBy(ctap.CommandCredentialManagementPreview, r.tokenFor(cm), ctap.GetCredsMetadata, nil)
		return err
	}, noCommand},
	{"userVerificationMgmtPreview, or bioEnroll", either(optionTrue(ctap.OptionUserVerificationMgmtPreview), optionTrue(ctap.OptionBioEnroll)), func(r rig) error {
		_, err := r.bioBy(ctap.CommandBioEnrollmentPreview, r.tokenFor(be), ctap.EnumerateEnrollments, nil)
		return err
	}, noCommand},
	{"bioEnroll", optionTrue(ctap.OptionBioEnroll), func(r rig) error {
		_, err := r.bio(r.tokenFor(be), ctap.EnumerateEnrollments, nil)
		return err
	}, noCommand},
	{"largeBlobs", optionTrue(ctap.OptionLargeBlobs), func(r rig) error { _, err := r.readBlobs(17, 0); return err }, noCommand},
	{"authnrCfg", optionTrue(ctap.OptionAuthnrCfg), func(r rig) error {
		return r.configure(r.tokenFor(acfg), ctap.SetMinPINLength, nil)
	}, noConfig},
	{"setMinPINLength", optionTrue(ctap.OptionSetMinPINLength), func(r rig) error {
		length := r.info.MinPINLength + 1
		err := r.configure(r.tokenFor(acfg), ctap.SetMinPINLength, &ctap.SetMinPINLengthParams{NewMinPINLength: &length})
		if err == nil && r.key.info().MinPINLength != length {
			err = errUntrue
		}
		return err
	}, noConfig},
	{"alwaysUv", optionThere(ctap.OptionAlwaysUv), func(r rig) error {
		if err := r.configure(r.tokenFor(acfg), ctap.ToggleAlwaysUv, nil); err != nil {
			return err
		}
		err := r.command(ctap.CommandMakeCredential, creation("ada", nil), nil)
		if r.option("alwaysUv") != "true" || r.option("uv") != "true" && !errors.Is(err, ctap.StatusPUATRequired) {
			return fmt.Errorf("%w: makeCredential %v", errUntrue, err)
		}
		return nil
	}, noConfig},
	{"makeCredUvNotRqd", optionTrue(ctap.OptionMakeCredUvNotRqd), func(r rig) error {
		return r.command(ctap.CommandMakeCredential, creation("ada", nil), nil)
	}, []error{ctap.StatusPUATRequired}},
	{"ep", optionThere(ctap.OptionEP), func(r rig) error {
		if err := r.configure(r.tokenFor(acfg), ctap.EnableEnterpriseAttestation, nil); err != nil {
			return err
		}
		m, err := r.registers(wantingEA(2))
		if err == nil && (!m.response.EnterpriseAttestation || r.option("ep") != "true") {
			err = errUntrue
		}
		return err
	}, noConfig},
	{"ep, of a key that is new", optionTrue(ctap.OptionEP), func(r rig) error {
		_, err := r.registers(wantingEA(2))
		return err
	}, []error{ctap.StatusInvalidParameter}},
	{"longTouchForReset", func(i *ctap.GetInfoResponse) bool { return i.LongTouchForReset != nil }, func(r rig) error {
		return r.configure(r.tokenFor(acfg), ctap.EnableLongTouchForReset, nil)
	}, noConfig},
	{"vendorPrototypeConfigCommands", func(i *ctap.GetInfoResponse) bool { return len(i.VendorPrototypeConfigCommands) > 0 }, func(r rig) error {
		id := uint64(1)
		if len(r.info.VendorPrototypeConfigCommands) > 0 {
			id = r.info.VendorPrototypeConfigCommands[0]
		}
		return r.configure(r.tokenFor(acfg), ctap.VendorPrototype, &ctap.VendorPrototypeParams{VendorCommandID: id})
	}, noConfig},
	{"pinComplexityPolicy", func(i *ctap.GetInfoResponse) bool { return i.PINComplexityPolicy != nil }, func(r rig) error {
		err := r.configure(r.tokenFor(acfg), ctap.SetMinPINLength, &ctap.SetMinPINLengthParams{PINComplexityPolicy: yes()})
		if err == nil && !errors.Is(r.changePIN(testPIN, "123456789"), ctap.StatusPINPolicyViolation) {
			err = errUntrue
		}
		return err
	}, append([]error{errUntrue}, noConfig...)},
	{"uvCountSinceLastPinEntry", func(i *ctap.GetInfoResponse) bool { return i.UVCountSinceLastPINEntry != nil }, func(r rig) error {
		if err := r.command(ctap.CommandMakeCredential, creation("ada", withUV), nil); err != nil {
			return err
		}
		if i := r.key.info(); i.UVCountSinceLastPINEntry == nil || *i.UVCountSinceLastPINEntry != *r.info.UVCountSinceLastPINEntry+1 {
			return errUntrue
		}
		return nil
	}, []error{ctap.StatusInvalidOption, errUntrue}},
	{"retries of uv", optionThere(ctap.OptionUV), func(r rig) error {
		_, err := r.pin(&ctap.ClientPINRequest{Subcommand: ctap.GetUVRetries})
		return err
	}, noSubcommand},
	{"encIdentifier", func(i *ctap.GetInfoResponse) bool { return i.EncIdentifier != nil }, func(r rig) error {
		return r.decrypts("encIdentifier", r.info.EncIdentifier, r.policy.DeviceIdentifier)
	}, append([]error{errUntrue}, noPermission...)},
	{"encCredStoreState", func(i *ctap.GetInfoResponse) bool { return i.EncCredStoreState != nil }, func(r rig) error {
		return r.decrypts("encCredStoreState", r.info.EncCredStoreState, r.policy.CredStoreState)
	}, append([]error{errUntrue}, noPermission...)},
}

// decrypts wants a member of getInfo to hold something for whoever has the
// persistent token.
func (r rig) decrypts(name string, member, want []byte) error {
	token, err := r.token(ctap.GetTokenUsingPINWithPermission, testPIN, pcmr, "")
	if err != nil {
		return err
	}
	got, err := token.decryptMember(name, member)
	if err == nil && !bytes.Equal(got, want) {
		err = fmt.Errorf("%x, want %x: %w", got, want, errUntrue)
	}
	return err
}

// decryptMember returns what a member of getInfo holds for whoever has the
// persistent token (§6.4, encIdentifier).
//
//	member = IV (16) ‖ AES-128-CBC(HKDF-SHA-256(token, name), content (16))
func (t *hostToken) decryptMember(name string, member []byte) ([]byte, error) {
	key, err := hkdf.Key(sha256.New, t.value, make([]byte, 32), name, 16)
	if err != nil || len(member) != 32 {
		return nil, fmt.Errorf("%d bytes, %v: %w", len(member), err, errUntrue)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	content := make([]byte, 16)
	cipher.NewCBCDecrypter(block, member[:16]).CryptBlocks(content, member[16:])
	return content, nil
}

// algorithmClaims are about each algorithm that softkey has. CTAP 2.0 does not
// list them.
func algorithmClaims(p Profile) (claims []claim) {
	for code := range 256 {
		alg := cose.ByCode(byte(code))
		if alg == nil {
			continue
		}
		id := int64(alg.ID())
		claims = append(claims, claim{
			"algorithm " + cose.Name(alg.ID()),
			func(i *ctap.GetInfoResponse) bool {
				if i.Algorithms == nil {
					return slices.Contains(p.Algorithms, alg.ID())
				}
				return slices.Contains(i.Algorithms, ctap.CredentialParameters{Algorithm: id, Type: ctap.PublicKey})
			},
			func(r rig) error {
				_, err := r.registers(func(r *ctap.MakeCredentialRequest) { r.PubKeyCredParams[0].Algorithm = id })
				return err
			},
			[]error{ctap.StatusUnsupportedAlgorithm},
		})
	}
	return claims
}

// formatClaims are about attestation statement formats. "none" is never listed,
// and always there.
func formatClaims() (claims []claim) {
	for _, format := range []string{"packed", "none", "fido-u2f", "tpm", "android-key", "apple", "compound"} {
		claims = append(claims, claim{
			"attestation format " + format,
			func(i *ctap.GetInfoResponse) bool {
				return format == "none" || i.AttestationFormats == nil && format == "packed" || slices.Contains(i.AttestationFormats, format)
			},
			func(r rig) error {
				m, err := r.registers(func(r *ctap.MakeCredentialRequest) { r.AttestationFormatsPreference = []string{format} })
				if err == nil && m.response.Format != format {
					err = errUntrue
				}
				return err
			},
			[]error{errUntrue},
		})
	}
	return claims
}

// configClaims are about the subcommands of authenticatorConfig. Before CTAP 2.3
// options alone say which there are.
func configClaims() (claims []claim) {
	for _, sub := range []ctap.ConfigSubcommand{0, 1, 2, 3, 4, 5, 0x7f, 0xfe, 0xff} {
		claims = append(claims, claim{
			fmt.Sprintf("config subcommand %02X", uint64(sub)),
			func(i *ctap.GetInfoResponse) bool {
				if i.AuthenticatorConfigCommands != nil {
					return slices.Contains(i.AuthenticatorConfigCommands, uint64(sub))
				}
				return i.Options[ctap.OptionAuthnrCfg] && (sub == ctap.ToggleAlwaysUv || sub == ctap.SetMinPINLength)
			},
			func(r rig) error {
				var p any
				if sub == ctap.VendorPrototype && len(r.info.VendorPrototypeConfigCommands) > 0 {
					p = &ctap.VendorPrototypeParams{VendorCommandID: r.info.VendorPrototypeConfigCommands[0]}
				}
				return r.configure(r.tokenFor(acfg), sub, p)
			},
			noConfig,
		})
	}
	return claims
}

// protocolClaims are about pinUvAuthProtocols.
func protocolClaims() (claims []claim) {
	for n := range uint64(4) {
		claims = append(claims, claim{
			fmt.Sprintf("pinUvAuthProtocol %d", n),
			func(i *ctap.GetInfoResponse) bool { return slices.Contains(i.PinUvAuthProtocols, n) },
			func(r rig) error {
				_, err := r.pin(&ctap.ClientPINRequest{Subcommand: ctap.GetKeyAgreement, PinUvAuthProtocol: &n})
				return err
			},
			[]error{ctap.StatusInvalidParameter},
		})
	}
	return claims
}

// permissionClaims are about the permissions of tokens, which options give.
func permissionClaims() (claims []claim) {
	for permission, options := range map[ctap.Permissions][2]string{
		mc: {"", ""}, ga: {"", ""}, cm: {"credMgmt", "credMgmt"}, be: {"bioEnroll", "uvBioEnroll"},
		lbw: {"largeBlobs", "largeBlobs"}, acfg: {"authnrCfg", "uvAcfg"}, pcmr: {"perCredMgmtRO", "perCredMgmtRO"},
	} {
		for by, sub := range []ctap.ClientPINSubcommand{ctap.GetTokenUsingPINWithPermission, ctap.GetTokenUsingUVWithPermission} {
			claims = append(claims, claim{
				fmt.Sprintf("permission %02X by subcommand %02X", uint64(permission), uint64(sub)),
				func(i *ctap.GetInfoResponse) bool {
					way := []string{ctap.OptionClientPIN, ctap.OptionUV}[by]
					return i.Options["pinUvAuthToken"] && i.Options[way] && (options[by] == "" || i.Options[options[by]])
				},
				func(r rig) error {
					_, err := r.token(sub, []string{testPIN, ""}[by], permission, testRPID)
					return err
				},
				noPermission,
			})
		}
	}
	return claims
}

func TestClaims(t *testing.T) {
	for _, p := range Profiles() {
		if !p.CTAP2() {
			continue
		}
		for _, c := range slices.Concat(optionClaims, extensionClaims(), algorithmClaims(p), formatClaims(), configClaims(), protocolClaims(), permissionClaims()) {
			t.Run(p.Name+"/"+c.name, func(t *testing.T) {
				r := newRig(t, p)
				err := c.try(r)
				if c.claimed(r.info) {
					wantStatus(t, "claimed", err, nil)
					return
				}
				if !slices.ContainsFunc(c.refused, func(want error) bool { return errors.Is(err, want) }) {
					t.Errorf("not claimed: got %v, want one of %v", err, c.refused)
				}
			})
		}
	}
}

// limits are the members of getInfo that are numbers, or that say what is so:
// each with what is done to see whether it is. Where the member is absent, what
// its absence means is tried.
var limits = []struct {
	name  string
	check func(r rig) error
}{
	{"commands", func(r rig) error {
		for id := range 256 {
			err := r.command(ctap.Command(id), []byte{0xff}, nil) // bad parameters, where there are to be some
			if answered := !errors.Is(err, ctap.StatusInvalidCommand); answered != r.profile.answers(ctap.Command(id)) {
				return fmt.Errorf("%v: %v: %w", ctap.Command(id), err, errUntrue)
			}
		}
		return nil
	}},
	{"aaguid", func(r rig) error {
		m, err := r.registers()
		if err == nil && !bytes.Equal(m.data.Credential.AAGUID[:], r.info.AAGUID) {
			err = errUntrue
		}
		return err
	}},
	{"maxMsgSize", func(r rig) error {
		fits := make([]byte, r.info.MaxMsgSize-1) // and the command byte
		if err := r.command(ctap.CommandMakeCredential, fits, nil); !errors.Is(err, ctap.StatusInvalidCBOR) {
			return fmt.Errorf("what fits: %w", err)
		}
		return wants(r.command(ctap.CommandMakeCredential, append(fits, 0), nil), ctap.StatusRequestTooLarge)
	}},
	{"maxCredentialCountInList", func(r rig) error {
		list := func(n uint64) func(*ctap.MakeCredentialRequest) {
			return func(r *ctap.MakeCredentialRequest) {
				r.ExcludeList = slices.Repeat([]ctap.CredentialDescriptor{{ID: []byte{1}, Type: ctap.PublicKey}}, int(n))
			}
		}
		limit := r.info.MaxCredentialCountInList
		if limit == 0 {
			_, err := r.registers(list(100))
			return err
		}
		if _, err := r.registers(list(limit)); err != nil {
			return err
		}
		_, err := r.registers(list(limit + 1))
		return wants(err, ctap.StatusLimitExceeded)
	}},
	{"maxCredentialIdLength", func(r rig) error {
		longest := 0
		for _, id := range r.profile.Algorithms {
			m, err := r.registers(func(r *ctap.MakeCredentialRequest) { r.PubKeyCredParams[0].Algorithm = int64(id) })
			if err != nil {
				return err
			}
			longest = max(longest, len(m.id))
		}
		if limit := r.info.MaxCredentialIDLength; limit > 0 && uint64(longest) != limit {
			return fmt.Errorf("an ID of %d bytes, limit %d: %w", longest, limit, errUntrue)
		}
		return nil
	}},
	{"maxSerializedLargeBlobArray", func(r rig) error {
		limit := r.info.MaxSerializedLargeBlobArray
		if limit == 0 {
			return wants(r.command(ctap.CommandLargeBlobs, nil, nil), ctap.StatusInvalidCommand)
		}
		if err := r.writeBlobs(r.tokenFor(lbw), blobs(int(limit)), 0, limit); err != nil {
			return err
		}
		return wants(r.writeBlobs(r.tokenFor(lbw), blobs(int(limit)), 0, limit+1), ctap.StatusLargeBlobStorageFull)
	}},
	{"maxCredBlobLength", func(r rig) error {
		limit := int(r.info.MaxCredBlobLength)
		if limit == 0 {
			return nil // that there is no such extension is a claim of its own
		}
		for size, want := range map[int]bool{limit: true, limit + 1: false} {
			m, err := r.makes(inputs{"credBlob": make([]byte, size)}, discoverable)
			if err != nil || r.told(m.data, "credBlob", true) != want {
				return fmt.Errorf("%d bytes: %v: %w", size, err, errUntrue)
			}
		}
		return nil
	}},
	{"forcePINChange", func(r rig) error {
		if r.info.ForcePINChange == nil {
			return nil
		}
		if r.tokenFor(acfg) == nil || *r.info.ForcePINChange {
			return errUntrue
		}
		if err := r.configure(r.tokenFor(acfg), ctap.SetMinPINLength, &ctap.SetMinPINLengthParams{ForceChangePIN: true}); err != nil {
			return err
		}
		if r.tokenFor(acfg) != nil || !*r.key.info().ForcePINChange {
			return errUntrue
		}
		return nil
	}},
	{"minPINLength", func(r rig) error {
		least := max(int(r.info.MinPINLength), 4) // what CTAP 2.0 does not say
		if err := r.changePIN(testPIN, strings.Repeat("ä", least-1)); !errors.Is(err, ctap.StatusPINPolicyViolation) {
			return fmt.Errorf("one less: %v: %w", err, errUntrue)
		}
		return r.changePIN(testPIN, strings.Repeat("ä", least))
	}},
	{"maxPINLength", func(r rig) error {
		most := 63
		if r.info.MaxPINLength > 0 {
			most = int(r.info.MaxPINLength)
		}
		if err := r.changePIN(testPIN, strings.Repeat("x", most+1)); !errors.Is(err, ctap.StatusPINPolicyViolation) {
			return fmt.Errorf("one more: %v: %w", err, errUntrue)
		}
		return r.changePIN(testPIN, strings.Repeat("x", most))
	}},
	{"maxRPIDsForSetMinPINLength", func(r rig) error {
		if r.info.MaxRPIDsForSetMinPINLength == nil {
			return nil
		}
		most := int(*r.info.MaxRPIDsForSetMinPINLength)
		set := &ctap.SetMinPINLengthParams{MinPINLengthRPIDs: rpIDs(most)}
		if err := r.configure(r.tokenFor(acfg), ctap.SetMinPINLength, set); err != nil {
			return err
		}
		set.MinPINLengthRPIDs = rpIDs(most + 1)
		return wants(r.configure(r.tokenFor(acfg), ctap.SetMinPINLength, set), ctap.StatusKeyStoreFull)
	}},
	{"remainingDiscoverableCredentials", func(r rig) error {
		if r.info.RemainingDiscoverableCredentials == nil {
			return nil
		}
		if _, err := r.registers(discoverable); err != nil {
			return err
		}
		if now := *r.key.info().RemainingDiscoverableCredentials; now != *r.info.RemainingDiscoverableCredentials-1 {
			return fmt.Errorf("%d after %d: %w", now, *r.info.RemainingDiscoverableCredentials, errUntrue)
		}
		return nil
	}},
	{"uvModality", func(r rig) error {
		if (r.info.UVModality != 0) != optionThere(ctap.OptionUV)(r.info) && r.profile.MaxInfoMember >= 0x12 {
			return errUntrue
		}
		return nil
	}},
	{"transportsForReset", func(r rig) error {
		by := func(transport string) ctap.Status {
			answer := r.Handle(context.Background(), &ctap.Request{
				Protocol: ctap.CTAP2, Transport: transport, Data: []byte{7}, Notify: func(ctap.KeepaliveStatus) {},
			})
			return ctap.Status(answer[0])
		}
		all := []string{"usb", "nfc", "ble", "internal"}
		for _, transport := range all {
			listed := r.info.TransportsForReset == nil || slices.Contains(r.info.TransportsForReset, transport)
			if got := by(transport); listed != (got == ctap.StatusOK) || !listed && got != ctap.StatusOperationDenied {
				return fmt.Errorf("%s: %v: %w", transport, got, errUntrue)
			}
		}
		return nil
	}},
	{"firmwareVersion", func(r rig) error {
		if r.profile.MaxInfoMember >= 0x0E && r.info.FirmwareVersion != FirmwareVersion {
			return errUntrue
		}
		return nil
	}},
	{"members of later editions", func(r rig) error {
		var members map[int64]any
		answer := r.on(context.Background(), 1, ctap.CTAP2, []byte{4})
		if err := ctap.Unmarshal(answer[1:], &members); err != nil {
			return err
		}
		for member := range members {
			if uint64(member) > r.profile.MaxInfoMember {
				return fmt.Errorf("member %02X: %w", member, errUntrue)
			}
		}
		return nil
	}},
}

func wants(got, want error) error {
	if !errors.Is(got, want) {
		return fmt.Errorf("got %v, want %v: %w", got, want, errUntrue)
	}
	return nil
}

func TestLimits(t *testing.T) {
	for _, p := range Profiles() {
		if !p.CTAP2() {
			continue
		}
		for _, limit := range limits {
			t.Run(p.Name+"/"+limit.name, func(t *testing.T) {
				if err := limit.check(newRig(t, p)); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// A key of profile u2f answers no CTAP2 command at all.
func TestU2FProfile(t *testing.T) {
	p, _ := ProfileByName("u2f")
	k := newProfileKey(t, p, Approve{})
	k.register()
	for id := range 256 {
		err := k.command(ctap.Command(id), nil, nil)
		wantStatus(t, fmt.Sprintf("command %02X", id), err, ctap.StatusInvalidCommand)
	}
}
