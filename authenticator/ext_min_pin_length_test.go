package authenticator

import (
	"testing"

	"github.com/softkey-project/softkey/ctap"
)

// The two extensions that tell sites of the PIN policy tell those that the policy
// lists, and no other.
func TestPINPolicyForListedSites(t *testing.T) {
	length, complexity := inputs{"minPinLength": true}, inputs{"pinComplexityPolicy": true}
	both := inputs{"minPinLength": true, "pinComplexityPolicy": true}
	others := []string{"example.org", "www." + testRPID, "EXAMPLE.COM"}
	tests := []struct {
		name   string
		listed []string
		strict bool // the PIN must be complex
		in     inputs
		output string
		want   any
	}{
		{"none is listed", nil, false, length, "", nil},
		{"row 278: minPinLength, listed", []string{"example.org", testRPID}, false, length, "minPinLength", 7},
		{"row 279: minPinLength, others listed", others, false, length, "", nil},
		{"row 280: pinComplexityPolicy, listed", []string{testRPID}, true, complexity, "pinComplexityPolicy", true},
		{"row 280: pinComplexityPolicy, listed, no policy", []string{testRPID}, false, complexity, "pinComplexityPolicy", false},
		{"row 281: pinComplexityPolicy, others listed", others, true, complexity, "", nil},
		{"rows 279, 281: both, others listed", others, true, both, "", nil},
		{"asked for with false", []string{testRPID}, true, inputs{"minPinLength": false, "pinComplexityPolicy": false}, "", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			k := newExtKey(t, "full-policy", nil)
			err := k.configure(nil, ctap.SetMinPINLength, &ctap.SetMinPINLengthParams{
				NewMinPINLength: ptr[uint64](7), MinPINLengthRPIDs: tt.listed, PINComplexityPolicy: &tt.strict,
			})
			wantStatus(t, "setMinPINLength", err, nil)
			if i := k.info(); i.MinPINLength != 7 || *i.PINComplexityPolicy != tt.strict {
				t.Errorf("getInfo: minPINLength %d, pinComplexityPolicy %v; want 7 and %v", i.MinPINLength, *i.PINComplexityPolicy, tt.strict)
			}
			wantOutput(t, k.create(tt.in.creation("ada")).data, tt.output, tt.want)
			wantOutput(t, k.create(tt.in.creation("ada", discoverable)).data, tt.output, tt.want)
		})
	}
}
