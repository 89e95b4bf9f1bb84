package authenticator

import (
	"fmt"
	"testing"

	"github.com/softkey-project/softkey/attestation"
	"github.com/softkey-project/softkey/ctap"
)

// packedStatement is what a test reads of a packed attestation statement.
type packedStatement struct {
	Algorithm int64    `cbor:"alg"`
	Signature []byte   `cbor:"sig"`
	X5C       [][]byte `cbor:"x5c"`
}

func (m made) packed(t *testing.T) packedStatement {
	t.Helper()
	var s packedStatement
	if err := ctap.Unmarshal(ctap.MustMarshal(m.response.AttStmt), &s); err != nil {
		t.Fatal(err)
	}
	return s
}

func wantingEA(value uint64) func(*ctap.MakeCredentialRequest) {
	return func(r *ctap.MakeCredentialRequest) { r.EnterpriseAttestation = &value }
}

// The rows of section L of the conformance checklist.
func TestEnterpriseAttestation(t *testing.T) {
	const listed = "enterprisetest.certinfra.fidoalliance.org"
	profile, _ := ProfileByName("enterprise")
	batch, single := newAttester(t, profile.AAGUID), newAttester(t, profile.AAGUID)
	newEnterpriseKey := func(t *testing.T, enabled bool) key {
		k := newKey(t, Approve{}, func(c *Config) {
			c.Profile, c.Attester, c.Enterprise = profile, always(batch), single
		})
		if enabled {
			wantStatus(t, "enableEnterpriseAttestation", k.configure(nil, ctap.EnableEnterpriseAttestation, nil), nil)
		}
		return k
	}
	tests := []struct {
		name    string
		enabled bool
		rpID    string
		value   uint64
		prefers []string
		want    ctap.Status
		by      *attestation.Attester
	}{
		{"row 216: vendor-facilitated, listed", true, listed, 1, nil, 0, single},
		{"row 217: platform-managed", true, testRPID, 2, nil, 0, single},
		{"platform-managed, listed", true, listed, 2, nil, 0, single},
		{"row 222: value 3", true, listed, 3, nil, ctap.StatusInvalidOption, nil},
		{"value 0", true, listed, 0, nil, ctap.StatusInvalidOption, nil},
		{"row 223: vendor-facilitated, not listed", true, testRPID, 1, nil, 0, batch},
		{"vendor-facilitated, a part of the listed name", true, "certinfra.fidoalliance.org", 1, nil, 0, batch},
		{"row 224: not enabled", false, listed, 1, nil, ctap.StatusInvalidParameter, nil},
		{"not enabled, value 3", false, listed, 3, nil, ctap.StatusInvalidParameter, nil},
		{"granted goes before a preference of none", true, listed, 1, []string{"none"}, 0, single},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			k := newEnterpriseKey(t, tt.enabled)
			r := creation("ada", also(wantingEA(tt.value), at(tt.rpID), func(r *ctap.MakeCredentialRequest) {
				r.AttestationFormatsPreference = tt.prefers
			}))
			if tt.want != 0 {
				wantStatus(t, "makeCredential", k.command(ctap.CommandMakeCredential, r, nil), tt.want)
				return
			}
			m := k.create(r)
			statement := m.packed(t)
			if m.response.Format != "packed" || len(statement.X5C) != 1 || string(statement.X5C[0]) != string(tt.by.Certificate()) {
				t.Errorf("format %s with %d certificates, want packed with the one of the attester", m.response.Format, len(statement.X5C))
			}
			if granted := tt.by == single; m.response.EnterpriseAttestation != granted {
				t.Errorf("epAtt %v, want %v", m.response.EnterpriseAttestation, granted)
			}
		})
	}
	t.Run("row 215: option ep", func(t *testing.T) {
		if got := newEnterpriseKey(t, false).option(ctap.OptionEP); got != "false" {
			t.Errorf("ep %s, want false", got)
		}
		k := newEnterpriseKey(t, true)
		if got := k.option(ctap.OptionEP); got != "true" {
			t.Errorf("ep %s, want true", got)
		}
		wantStatus(t, "reset", k.command(ctap.CommandReset, nil, nil), nil)
		if got := k.option(ctap.OptionEP); got != "false" {
			t.Errorf("ep %s after a reset, want false", got)
		}
	})
	t.Run("row 221: a value of another type", func(t *testing.T) {
		k := newEnterpriseKey(t, true)
		for _, value := range []any{"1", true, []byte{1}, -1} {
			message := withoutMember(t, creation("ada", nil), 10)
			message[10] = value
			wantStatus(t, fmt.Sprintf("%T", value), k.command(ctap.CommandMakeCredential, message, nil), ctap.StatusCBORUnexpectedType)
		}
	})
	t.Run("rows 218, 219, 220: a key for consumers", func(t *testing.T) {
		k := newKey(t, Approve{}, nil)
		if got := k.option(ctap.OptionEP); got != "absent" {
			t.Errorf("ep %s, want none", got)
		}
		for _, value := range []uint64{1, 2} {
			err := k.command(ctap.CommandMakeCredential, creation("ada", also(wantingEA(value), at(listed))), nil)
			wantStatus(t, fmt.Sprintf("value %d", value), err, ctap.StatusInvalidParameter)
		}
	})
	t.Run("no attester of its own", func(t *testing.T) {
		if _, err := New(Config{Profile: profile, Attester: always(batch)}); err == nil {
			t.Error("New: got no error")
		}
	})
}
