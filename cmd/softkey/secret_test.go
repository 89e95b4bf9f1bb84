package main

import (
	"context"
	"errors"
	"io"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/softkey-project/softkey/ctap"
)

// answerSecret asks a question at a terminal where keys are pressed.
func answerSecret(ctx context.Context, keys ...string) (terminal *fakeTerminal, answer string, err error) {
	terminal = newFakeTerminal()
	var user sync.WaitGroup
	user.Go(func() {
		for _, k := range keys {
			io.WriteString(terminal.keys, k)
		}
	})
	answer, err = askSecret(ctx, terminal, "PIN: ")
	terminal.Close()
	user.Wait()
	terminal.keys.Close()
	return terminal, answer, err
}

func TestAskSecret(t *testing.T) {
	tests := []struct {
		name string
		keys []string
		want string
		err  error
	}{
		{"a line", []string{"73614\r"}, "73614", nil},
		{"key by key", []string{"7", "3", "6", "1", "\n"}, "7361", nil},
		{"backspace takes a character", []string{"aé\x7f\x08b\r"}, "b", nil},
		{"backspace at the start", []string{"\x7f\x7f12\r"}, "12", nil},
		{"Ctrl-U takes all", []string{"wrong\x15right\r"}, "right", nil},
		{"Ctrl-D ends", []string{"12\x04"}, "12", nil},
		{"Ctrl-C", []string{"12\x03"}, "", errInterrupted},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			terminal, got, err := answerSecret(t.Context(), tt.keys...)
			if got != tt.want || !errors.Is(err, tt.err) {
				t.Errorf("got %q, %v; want %q, %v", got, err, tt.want, tt.err)
			}
			if got, want := terminal.shows(), "PIN: \n"; got != want || terminal.restored != 1 {
				t.Errorf("the screen is %q, restored %d times; want %q, once", got, terminal.restored, want)
			}
		})
	}
}

func TestAskSecretWithdrawn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, ctap.StatusUserActionTimeout)
		defer cancel()
		terminal, got, err := answerSecret(ctx, "123")
		if got != "" || err != ctap.StatusUserActionTimeout || terminal.restored != 1 {
			t.Errorf("got %q, %v, restored %d times; want %v", got, err, terminal.restored, ctap.StatusUserActionTimeout)
		}
	})
}

func TestCleanPIN(t *testing.T) {
	tests := []struct {
		typed, want string
		fails       bool
	}{
		{"1234", "1234", false},
		{"caf\u0065\u0301", "caf\u00e9", false}, // normal form C
		{" 12 ", " 12 ", false},
		{"", "", true},
		{"\xff\xfe", "", true},
	}
	for _, tt := range tests {
		if got, err := cleanPIN(tt.typed); got != tt.want || (err != nil) != tt.fails {
			t.Errorf("%q: got %q, %v; want %q", tt.typed, got, err, tt.want)
		}
	}
}
