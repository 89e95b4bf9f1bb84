package ctap

import (
	"errors"
	"fmt"
	"testing"
)

func TestStatusOf(t *testing.T) {
	tests := []struct {
		name string
		err  error
		want Status
	}{
		{"nil", nil, StatusOK},
		{"status", StatusNoCredentials, StatusNoCredentials},
		{"wrapped", fmt.Errorf("detail: %w", StatusInvalidCBOR), StatusInvalidCBOR},
		{"no status", errors.New("disk on fire"), StatusOther},
		{"OK is no error", StatusOK, StatusOther},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := StatusOf(tt.err); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestStatusNames(t *testing.T) {
	if got, want := StatusNoCredentials.Error(), "CTAP2_ERR_NO_CREDENTIALS (0x2E)"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := Status(0xEE).Error(), "CTAP2_ERR_UNKNOWN (0xEE)"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := SWWrongData.Error(), "SW_WRONG_DATA (0x6A80)"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
