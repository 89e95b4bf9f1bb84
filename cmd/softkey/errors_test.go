package main

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/softkey-project/softkey/client/u2fjson"
	"github.com/softkey-project/softkey/client/webauthn"
	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctaphid"
)

func TestReport(t *testing.T) {
	plain := errors.New("it broke")
	tests := []struct {
		name string
		err  error
		code int
		says string
	}{
		{"nothing", nil, 0, ""},
		{"failure", plain, 1, "softkey: it broke\n"},
		{"hint", hint(plain, "mend %s", "it"), 1, "softkey: it broke\nsoftkey: hint: mend it\n"},
		{"hint inside", fmt.Errorf("there: %w", hint(plain, "mend it")), 1, "softkey: there: it broke\nsoftkey: hint: mend it\n"},
		{"several", errors.Join(plain, errors.New("and again")), 1, "softkey: it broke; and again\n"},
		{"usage", usagef("no"), 2, "softkey: no\nsoftkey: hint: see softkey --help\n"},
		{"usage with a hint", hint(usagef("no"), "yes"), 2, "softkey: no\nsoftkey: hint: yes\n"},
		{"status", fmt.Errorf("authenticatorReset: %w", ctap.StatusNotAllowed), 3, "softkey: authenticatorReset: CTAP2_ERR_NOT_ALLOWED (0x30)\n"},
		{"status word", fmt.Errorf("U2F: %w", ctap.SWWrongData), 3, "softkey: U2F: SW_WRONG_DATA (0x6A80)\n"},
		{"status in a ceremony", &webauthn.Error{Name: "NotAllowedError", Message: "no", Err: ctap.StatusNoCredentials}, 3,
			"softkey: NotAllowedError: no: CTAP2_ERR_NO_CREDENTIALS (0x2E)\n"},
		{"U2F key of another", &u2fjson.Error{Code: u2fjson.DeviceIneligible, Err: plain}, 3, "softkey: DEVICE_INELIGIBLE (4): it broke\n"},
		{"U2F timeout", &u2fjson.Error{Code: u2fjson.Timeout, Err: plain}, 1, "softkey: TIMEOUT (5): it broke\n"},
		{"CTAPHID", ctaphid.ErrChannelBusy, 1, "softkey: ERR_CHANNEL_BUSY (0x06)\n"},
		{"other words", exitError{&u2fjson.HostError{Code: u2fjson.HostAuthenticator, Err: ctap.SWWrongData}}, 1, "error (-6): authenticator error\n"},
		{"control characters", errors.New("\x1b[2Jgone\r\x07"), 1, `softkey: \x1b[2Jgone\r\a` + "\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var stderr strings.Builder
			p := &program{stderr: newConsole(&stderr)}
			code := p.report(&cobra.Command{Use: "softkey"}, tt.err)
			if code != tt.code || stderr.String() != tt.says {
				t.Errorf("exit code %d, stderr %q; want %d, %q", code, stderr.String(), tt.code, tt.says)
			}
		})
	}
}

// Hosts choose names that are shown: they must not reach the terminal as they
// are.
func TestPrintable(t *testing.T) {
	tests := []struct{ text, want string }{
		{"example.com", "example.com"},
		{"Zoë 日本語 ✓", "Zoë 日本語 ✓"},
		{"\x1b]0;title\x07", `\x1b]0;title\a`},
		{"a\nb\tc\rd\be", `a\nb\tc\rd\be`},
		{"\u009b31m", `\u009b31m`},
		{"moc.\u202eelpmaxe", `moc.\u202eelpmaxe`},
		{"\u2066\u200d\ufeff", `\u2066\u200d\ufeff`},
		{"\xff\xfe", `\xff\xfe`},
		{"\ufffd", "\ufffd"},
		{"'quoted'", "'quoted'"},
		{"\x7f\u00a0", `\x7f\u00a0`},
	}
	for _, tt := range tests {
		if got := printable(tt.text); got != tt.want {
			t.Errorf("printable(%q) = %s, want %s", tt.text, got, tt.want)
		}
	}
}

func FuzzPrintable(f *testing.F) {
	f.Add("a\x1b[0m\u202e\xff")
	f.Fuzz(func(t *testing.T, text string) {
		got := printable(text)
		if again := printable(got); again != got {
			t.Errorf("printable(%q) = %q, which is not printable: %q", text, got, again)
		}
	})
}
