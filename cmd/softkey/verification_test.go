package main

import (
	"errors"
	"testing"

	"github.com/softkey-project/softkey/authenticator"
	"github.com/softkey-project/softkey/ctap"
)

// What a refusal means: a wrong finger is tried again, who declines is not asked
// again.
func TestVerifier(t *testing.T) {
	tests := []struct {
		mode string
		want bool
		err  error
	}{
		{"approve", true, nil},
		{"deny", false, nil},
		{"command:true", true, nil},
		{"command:false", false, nil},
	}
	for _, tt := range tests {
		v, err := openVerification(quiet(), tt.mode)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := v.Verify(t.Context(), register()); got != tt.want || !errors.Is(err, tt.err) {
			t.Errorf("%s: got %v, %v; want %v, %v", tt.mode, got, err, tt.want, tt.err)
		}
	}
	declines := verifier{authenticator.Deny{}, false}
	if ok, err := declines.Verify(t.Context(), register()); ok || err != ctap.StatusOperationDenied {
		t.Errorf("declined: got %v, %v; want %v", ok, err, ctap.StatusOperationDenied)
	}
}

// The word for how an attempt ended.
func TestVerificationOutcome(t *testing.T) {
	tests := []struct {
		ok   bool
		err  error
		want string
	}{
		{true, nil, "recognised"},
		{false, nil, "not recognised"},
		{false, ctap.StatusOperationDenied, "refused"},
		{false, ctap.StatusUserActionTimeout, "not answered"},
		{false, ctap.StatusKeepaliveCancel, "given up"},
	}
	for _, tt := range tests {
		if got := verificationOutcome(tt.ok, tt.err); got != tt.want {
			t.Errorf("%v, %v: got %q, want %q", tt.ok, tt.err, got, tt.want)
		}
	}
}
