package client_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/softkey-project/softkey/ctap"
)

// managementInfo is the getInfo of a key with option credMgmt.
const managementInfo = "00 a3 01 81 68 4649444f5f325f31 03 50 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa 04 a1 68 637265644d676d74 f5"

// TestMalformedRPs has keys that make no sense of their relying parties. No
// memory is taken for what they only claim.
func TestMalformedRPs(t *testing.T) {
	hash := "04 5820" + strings.Repeat("11", 32)
	tests := []struct {
		name    string
		answers []string
	}{
		{"no relying party", []string{"00 a2" + hash + "05 01"}},
		{"no hash", []string{"00 a2 03 a0 05 01"}},
		{"a short hash", []string{"00 a3 03 a0 04 41 00 05 01"}},
		{"2^64-1 of them", []string{"00 a3 03 a0" + hash + "05 1bffffffffffffffff"}},
		{"two, of which the second is none", []string{"00 a3 03 a0" + hash + "05 02", "00 a0"}},
		{"two, of which the second is missing", []string{"00 a3 03 a0" + hash + "05 02", "30"}},
		{"no map", []string{"00 05"}},
		{"nothing", []string{""}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := openAnswersAll(t, append([]string{managementInfo}, tt.answers...)...)
			if rps, err := d.RPs(t.Context(), nil); err == nil || rps != nil {
				t.Errorf("got %v, %v; want an error", rps, err)
			}
		})
	}
}

// TestNoRPs has the two ways to say that there are none.
func TestNoRPs(t *testing.T) {
	for _, answer := range []string{"2e", "00 a1 05 00", "00 a0"} {
		if rps, err := openAnswers(t, managementInfo, answer).RPs(t.Context(), nil); err != nil || len(rps) != 0 {
			t.Errorf("%s: got %v, %v; want none", answer, rps, err)
		}
	}
}

func TestMalformedCredentials(t *testing.T) {
	for _, answer := range []string{
		"00 a1 09 01",
		"00 a2 06 a0 09 01",
		"00 a3 06 a0 07 a0 09 01",
		"00 a3 06 a0 07 a1 62 6964 41 01 09 1bffffffffffffffff",
	} {
		d := openAnswersAll(t, managementInfo, answer)
		if credentials, err := d.Credentials(t.Context(), nil, [32]byte{}); err == nil || credentials != nil {
			t.Errorf("%s: got %v, %v; want an error", answer, credentials, err)
		}
	}
	d := openAnswers(t, managementInfo, "00 a1 01 05")
	if metadata, err := d.CredentialsMetadata(t.Context(), nil); err == nil {
		t.Errorf("metadata with one count: got %v, want an error", metadata)
	}
}

// TestCutNames has a key that cuts names inside a letter.
func TestCutNames(t *testing.T) {
	hash := "04 5820" + strings.Repeat("11", 32)
	d := openAnswers(t, managementInfo,
		"00 a3 03 a2 62 6964 64 622e63c3 64 6e616d65 62 42e2"+hash+"05 01",
		"00 a3 06 a3 62 6964 41 01 64 6e616d65 63 61e282 6b 646973706c61794e616d65 62 41c3 07 a2 62 6964 41 09 64 74797065 6a 7075626c69632d6b6579 09 01",
	)
	rps, err := d.RPs(t.Context(), nil)
	if err != nil || len(rps) != 1 || rps[0].ID != "b.c\uFFFD" || rps[0].Name != "B\uFFFD" {
		t.Errorf("got %+v, %v; want the names with U+FFFD at their ends", rps, err)
	}
	credentials, err := d.Credentials(t.Context(), nil, [32]byte{})
	if err != nil || len(credentials) != 1 || credentials[0].User.Name != "a\uFFFD" || credentials[0].User.DisplayName != "A\uFFFD" {
		t.Errorf("got %+v, %v; want the names with U+FFFD at their ends", credentials, err)
	}
}

// TestCutNameOfAssertion is the same for what a sign-in tells.
func TestCutNameOfAssertion(t *testing.T) {
	user := "04 a2 62 6964 41 01 64 6e616d65 63 61e282"
	d := openAnswers(t, getInfo.respond, "00 a4 02 41 01 03 41 0a"+user+"05 02", "00 a3 02 41 01 03 41 0a"+user)
	all, err := d.Assertions(t.Context(), &ctap.GetAssertionRequest{RPID: "b.c", ClientDataHash: hash32})
	if err != nil || len(all) != 2 {
		t.Fatalf("got %v, %v; want two assertions", all, err)
	}
	for _, a := range all {
		if a.User.Name != "a\uFFFD" {
			t.Errorf("got %q, want the name with U+FFFD at its end", a.User.Name)
		}
	}
}

// TestManagementRefused passes on what the key says.
func TestManagementRefused(t *testing.T) {
	d := openAnswers(t, managementInfo, "36", "36", "36", "36", "36")
	_, metadata := d.CredentialsMetadata(t.Context(), nil)
	_, rps := d.RPs(t.Context(), nil)
	_, credentials := d.Credentials(t.Context(), nil, [32]byte{})
	for i, err := range []error{
		metadata, rps, credentials, d.DeleteCredential(t.Context(), nil, []byte{1}), d.UpdateUser(t.Context(), nil, []byte{1}, ctap.User{ID: []byte{1}}),
	} {
		if !errors.Is(err, ctap.StatusPUATRequired) {
			t.Errorf("%d: got %v, want %v", i, err, ctap.StatusPUATRequired)
		}
	}
}

// TestAssertionsClaimed has a key that claims more assertions than there can be.
func TestAssertionsClaimed(t *testing.T) {
	d := openAnswersAll(t, getInfo.respond, "00 a3 02 41 01 03 41 0a 05 1bffffffffffffffff")
	all, err := d.Assertions(t.Context(), &ctap.GetAssertionRequest{RPID: "b.c", ClientDataHash: hash32})
	if err == nil || all != nil {
		t.Errorf("got %v, %v; want an error", all, err)
	}
}
