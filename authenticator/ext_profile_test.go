package authenticator

import (
	"slices"
	"strings"
	"testing"

	"github.com/softkey-project/softkey/ctap"
)

// A profile must not claim extensions that softkey does not have, nor
// combinations that the specification forbids.
func TestProfileExtensions(t *testing.T) {
	drop := func(name string) func(*Profile) {
		return func(p *Profile) { p.Extensions = without(p.Extensions, name) }
	}
	add := func(name string) func(*Profile) {
		return func(p *Profile) { p.Extensions = append(slices.Clone(p.Extensions), name) }
	}
	option := func(name string) func(*Profile) {
		return func(p *Profile) { *p = p.with(nil); delete(p.Options, name) }
	}
	both := func(changes ...func(*Profile)) func(*Profile) {
		return func(p *Profile) {
			for _, change := range changes {
				change(p)
			}
		}
	}
	tests := []struct {
		name    string
		profile string
		change  func(*Profile)
		want    string // of the error; empty: none
	}{
		{"unknown", DefaultProfile, add("hmac-secret-v3"), `"hmac-secret-v3" is not implemented`},
		{"client's", DefaultProfile, add("prf"), `"prf" is not implemented`},
		{"FIDO_2_3 without hmac-secret", DefaultProfile, both(drop("hmac-secret"), drop("hmac-secret-mc")), "hmac-secret"},
		{"FIDO_2_3 without credProtect", DefaultProfile, both(drop("credProtect"), drop("credBlob")), "credProtect"},
		{"credBlob without credProtect", "fido2.1", drop("credProtect"), "credBlob"},
		{"credBlob of 31 bytes", DefaultProfile, func(p *Profile) { p.MaxCredBlobLength = 31 }, "maxCredBlobLength"},
		{"no credBlob", DefaultProfile, both(drop("credBlob"), func(p *Profile) { p.MaxCredBlobLength = 0 }), ""},
		{"hmac-secret-mc alone", "fido2.1", both(drop("hmac-secret"), add("hmac-secret-mc")), "hmac-secret-mc"},
		{"largeBlobKey without largeBlobs", DefaultProfile, option(ctap.OptionLargeBlobs), "largeBlobKey"},
		{"largeBlobs without largeBlobKey", DefaultProfile, drop("largeBlobKey"), "largeBlobKey"},
		{"neither", DefaultProfile, both(drop("largeBlobKey"), option(ctap.OptionLargeBlobs), func(p *Profile) {
			p.Commands = without(p.Commands, ctap.CommandLargeBlobs)
		}), ""},
		{"largeBlob with largeBlobKey", DefaultProfile, add("largeBlob"), "largeBlob excludes"},
		{"largeBlob with largeBlobs", "large-blob-extension", func(p *Profile) { *p = p.with(map[string]bool{ctap.OptionLargeBlobs: true}) }, "largeBlobKey"},
		{"minPinLength without setMinPINLength", DefaultProfile, option(ctap.OptionSetMinPINLength), "minPinLength"},
		{"setMinPINLength without minPinLength", DefaultProfile, drop("minPinLength"), "minPinLength"},
		{"pinComplexityPolicy without the policy", DefaultProfile, add("pinComplexityPolicy"), "pinComplexityPolicy"},
		{"pinComplexityPolicy without setMinPINLength", "full-policy", both(drop("minPinLength"), option(ctap.OptionSetMinPINLength)), "pinComplexityPolicy"},
		{"everything", "full-policy", func(*Profile) {}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, _ := ProfileByName(tt.profile)
			tt.change(&p)
			err := p.Validate()
			if tt.want == "" && err != nil {
				t.Errorf("got %v, want no error", err)
			}
			if tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("got %v, want an error about %s", err, tt.want)
			}
		})
	}
}
