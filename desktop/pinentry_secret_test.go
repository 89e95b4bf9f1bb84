package desktop

import (
	"errors"
	"os"
	"slices"
	"testing"

	"github.com/softkey-project/softkey/ctap"
)

var sealed = Question{Title: "The store is sealed.", Body: "/home/ada/key"}

func TestPinentrySecret(t *testing.T) {
	tests := []struct {
		name    string
		conduct string
		want    string
		err     error
	}{
		{"typed", "GETPIN=D correct horse\nOK", "correct horse", nil},
		{"escaped", "GETPIN=D 100%25%0A\nOK", "100%\n", nil},
		{"in two lines", "GETPIN=D correct\nD  horse\nOK", "correct horse", nil},
		{"empty", "GETPIN=OK", "", nil},
		{"an old one", "SETTITLE=" + replyUnknown + ";GETPIN=D x\nOK", "x", nil},
		{"closed", "GETPIN=" + replyCanceled, "", ErrDismissed},
		{"given up", "GETPIN=" + replyTimeout, "", ErrDismissed},
		{"nowhere to be", "GETPIN=" + replyNoTerminal, "", ErrUnavailable},
		{"cannot repeat", "SETREPEAT=" + replyUnknown, "", ErrUnavailable},
		{"ends in the middle", "GETPIN=die", "", ErrUnavailable},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, _ := fake(t, tt.conduct)
			got, err := p.Secret(t.Context(), sealed, "Passphrase:", "Again:")
			if !errors.Is(err, tt.err) || got != tt.want {
				t.Errorf("Secret = %q, %v; want %q, %v", got, err, tt.want, tt.err)
			}
		})
	}
}

// What cannot be read may be a secret in part: the error does not tell it.
func TestPinentrySecretIsNotTold(t *testing.T) {
	p, _ := fake(t, "GETPIN=D secret%zz\nOK")
	got, err := p.Secret(t.Context(), sealed, "Passphrase:", "")
	if want := "desktop: an answer that is none"; got != "" || err == nil || err.Error() != want {
		t.Errorf("Secret = %q, %v; want the error %q", got, err, want)
	}
}

func TestPinentrySecretCommands(t *testing.T) {
	tests := []struct {
		again string
		want  []string
	}{
		{"", []string{"SETTITLE softkey", "SETDESC The store is sealed.%0A/home/ada/key", "SETPROMPT Passphrase:", "GETPIN"}},
		{"Again:", []string{"SETTITLE softkey", "SETDESC The store is sealed.%0A/home/ada/key", "SETPROMPT Passphrase:", "SETREPEAT Again:", "GETPIN"}},
	}
	for _, tt := range tests {
		p, commands := fake(t, "x=y")
		if _, err := p.Secret(t.Context(), sealed, "Passphrase:", tt.again); err != nil {
			t.Fatal(err)
		}
		var got []string
		for range tt.want {
			if !commands.Scan() {
				break
			}
			got = append(got, commands.Text())
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
}

func TestPinentrySecretWithdrawn(t *testing.T) {
	p, commands := fake(t, "GETPIN=hang")
	ctx, cancel := cancelled(t)
	done := make(chan error)
	go func() {
		_, err := p.Secret(ctx, sealed, "Passphrase:", "")
		done <- err
	}()
	for commands.Scan() && commands.Text() != "GETPIN" {
	}
	cancel()
	if err := <-done; err != ctap.StatusKeepaliveCancel {
		t.Errorf("Secret = %v, want %v", err, ctap.StatusKeepaliveCancel)
	}
}

func TestPinentrySecretMissing(t *testing.T) {
	p := Pinentry{Program: t.TempDir() + "/pinentry"}
	if _, err := p.Secret(t.Context(), sealed, "Passphrase:", ""); !errors.Is(err, ErrUnavailable) || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Secret = %v, want %v and %v", err, ErrUnavailable, os.ErrNotExist)
	}
}
