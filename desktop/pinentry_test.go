package desktop

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/softkey-project/softkey/ctap"
)

// bePinentry is the environment variable that makes the test binary a pinentry,
// which behaves as its value says.
const bePinentry = "SOFTKEY_TEST_PINENTRY"

// What pinentry 1.2.1 says.
const (
	replyCanceled     = "ERR 83886179 Operation cancelled <Pinentry>"
	replyNotConfirmed = "ERR 83886194 Not confirmed <Pinentry>"
	replyTimeout      = "ERR 83886142 Timeout <Pinentry>"
	replyNoTerminal   = "S ERROR curses.open_tty_for_read 83918929\nERR 83918929 No such file or directory <Pinentry>"
	replyUnknown      = "ERR 83886254 Unknown option <Pinentry>"
)

// fakePinentry is a pinentry that answers each command with OK, but for those of
// conduct, such as "CONFIRM=ERR 99 no;SETTITLE=…". At "hang" it answers no more,
// at "die" it ends. File 3 is told each command.
func fakePinentry(conduct string) {
	replies := map[string]string{"hello": "OK Pleased to meet you", "GETINFO": "# a comment\nD gtk2\nOK"}
	for rule := range strings.SplitSeq(conduct, ";") {
		command, reply, _ := strings.Cut(rule, "=")
		replies[command] = reply
	}
	report := os.NewFile(3, "report")
	in := bufio.NewScanner(os.Stdin)
	for command := "hello"; ; {
		reply, ok := replies[command]
		switch {
		case reply == "die":
			return
		case reply == "hang":
			io.Copy(io.Discard, os.Stdin)
			return
		case !ok:
			reply = "OK"
		}
		fmt.Println(reply)
		if !in.Scan() {
			return
		}
		fmt.Fprintln(report, in.Text())
		command, _, _ = strings.Cut(in.Text(), " ")
	}
}

// fake is a Pinentry that behaves as conduct says, and the commands that it gets.
func fake(t *testing.T, conduct string) (Pinentry, *bufio.Scanner) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ours, its, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { its.Close(); ours.Close() })
	return Pinentry{Program: self, Words: words, Prepare: func(cmd *exec.Cmd) {
		cmd.Env = append(os.Environ(), bePinentry+"="+conduct)
		cmd.ExtraFiles = []*os.File{its}
	}}, bufio.NewScanner(ours)
}

func TestPinentryAnswers(t *testing.T) {
	tests := []struct {
		name    string
		conduct string
		want    error
	}{
		{"approved", "x=y", nil},
		{"denied", "CONFIRM=" + replyCanceled, ctap.StatusOperationDenied},
		{"not confirmed", "CONFIRM=" + replyNotConfirmed, ctap.StatusOperationDenied},
		{"an old one", "OPTION=" + replyUnknown + ";SETTITLE=" + replyUnknown + ";SETTIMEOUT=" + replyUnknown, nil},
		{"nowhere to be", "CONFIRM=" + replyNoTerminal, ErrUnavailable},
		{"no greeting", "hello=ERR 1 no", ErrUnavailable},
		{"ends at once", "hello=die", ErrUnavailable},
		{"ends in the middle", "CONFIRM=die", ErrUnavailable},
		{"no question", "SETDESC=" + replyCanceled, ErrUnavailable},
		{"an error without a number", "CONFIRM=ERR what", ErrUnavailable},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, _ := fake(t, tt.conduct)
			if err := p.Confirm(t.Context(), prompt); !errors.Is(err, tt.want) {
				t.Errorf("Confirm = %v, want %v", err, tt.want)
			}
		})
	}
}

func TestPinentryCommands(t *testing.T) {
	p, commands := fake(t, "x=y")
	if err := p.Confirm(t.Context(), prompt); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"OPTION no-grab", "SETTITLE softkey", "SETTIMEOUT 61",
		"SETDESC Sign in?%0Asite example.com%0Aaccount <b>ada & co</b>", "SETOK Approve", "SETCANCEL Deny", "CONFIRM",
	}
	var got []string
	for range want {
		if !commands.Scan() {
			break
		}
		got = append(got, commands.Text())
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// A question that is withdrawn takes its dialog along.
func TestPinentryWithdrawn(t *testing.T) {
	p, commands := fake(t, "CONFIRM=hang")
	ctx, cancel := cancelled(t)
	done := make(chan error)
	go func() { done <- p.Confirm(ctx, prompt) }()
	for commands.Scan() && commands.Text() != "CONFIRM" {
	}
	cancel()
	if err := <-done; err != ctap.StatusKeepaliveCancel {
		t.Errorf("Confirm = %v, want %v", err, ctap.StatusKeepaliveCancel)
	}
}

// A dialog that gives up leaves a question that nobody answers.
func TestPinentryTimeout(t *testing.T) {
	p, _ := fake(t, "CONFIRM="+replyTimeout)
	ctx, cancel := context.WithTimeoutCause(t.Context(), 20*time.Millisecond, ctap.StatusUserActionTimeout)
	defer cancel()
	if err := p.Confirm(ctx, prompt); err != ctap.StatusUserActionTimeout {
		t.Errorf("Confirm = %v, want %v", err, ctap.StatusUserActionTimeout)
	}
}

func TestPinentryCheck(t *testing.T) {
	const onTerminal = "pinentry: it has a dialog for terminals only"
	tests := []struct{ name, conduct, want string }{
		{"a window", "x=y", ""},
		{"with a terminal to fall back on", "GETINFO=D gtk2:curses\nOK", onTerminal},
		{"curses", "GETINFO=D curses\nOK", onTerminal},
		{"lines", "GETINFO=D tty\nOK", onTerminal},
		{"too old to tell", "GETINFO=" + replyUnknown, "pinentry: Unknown option <Pinentry>"},
		{"broken", "GETINFO=die", "pinentry: unexpected EOF"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, _ := fake(t, tt.conduct)
			err := p.Check(t.Context())
			if tt.want == "" && err == nil {
				return
			}
			if !errors.Is(err, ErrUnavailable) || err.Error() != tt.want {
				t.Errorf("Check = %v, want %q", err, tt.want)
			}
		})
	}
}

func TestPinentryMissing(t *testing.T) {
	p := Pinentry{Program: t.TempDir() + "/pinentry", Words: words}
	for call, err := range map[string]error{"Check": p.Check(t.Context()), "Confirm": p.Confirm(t.Context(), prompt)} {
		if !errors.Is(err, ErrUnavailable) || !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s = %v, want %v and %v", call, err, ErrUnavailable, os.ErrNotExist)
		}
	}
}

func TestEscapeAssuan(t *testing.T) {
	tests := []struct {
		text string
		max  int
		want string
	}{
		{"100 %\r\nok\n", 100, "100 %25%0D%0Aok%0A"},
		{"ÄÖÜ", 100, "ÄÖÜ"},
		{"abcdef", 8, "abcde…"},
		{"abcd%f", 8, "abcd…"}, // an escape is not cut
		{"ÄÖÜ", 8, "ÄÖ…"},
		{"", 8, ""},
	}
	for _, tt := range tests {
		if got := escapeAssuan(tt.text, tt.max); got != tt.want || len(got) > tt.max {
			t.Errorf("escapeAssuan(%q, %d) = %q, want %q", tt.text, tt.max, got, tt.want)
		}
	}
}

// FuzzEscapeAssuan states that no text makes two commands of one, or a line that
// is too long.
func FuzzEscapeAssuan(f *testing.F) {
	f.Add("example.com\nBYE\r\n%0a")
	f.Add(strings.Repeat("%", 2000))
	f.Fuzz(func(t *testing.T, text string) {
		got := escapeAssuan(text, maxText)
		if len(got) > maxText || strings.ContainsAny(got, "\r\n") {
			t.Errorf("%q became %q", text, got)
		}
	})
}
