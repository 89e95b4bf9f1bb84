//go:build unix

package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/softkey-project/softkey/authenticator"
	"github.com/softkey-project/softkey/ctap"
)

func TestCommand(t *testing.T) {
	tests := []struct {
		name, line string
		want       error
		says       string
	}{
		{"agrees", "true", nil, ""},
		{"refuses", "exit 3", ctap.StatusOperationDenied, ""},
		{"is not there", "/none/there 2>/dev/null", ctap.StatusOperationDenied, ""},
		{"dies", "kill -9 $$", ctap.StatusOperationDenied, ""},
		{"reads the prompt", `test "$(cat)" = '{"operation":"authenticatorReset","rpId":"","rpIdHash":"","user":"","kind":"reset","timeoutMs":5000}'`, nil, ""},
		{"leaves something behind", "sleep 3 & exit 0", nil, ""},
		{"speaks", "echo out; echo err >&2", nil, "out\nerr\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var stderr bytes.Buffer
			p, err := openCommand(presenceEnv{console: newConsole(&stderr), log: slog.New(slog.DiscardHandler)}, tt.line)
			if err != nil {
				t.Fatal(err)
			}
			err = p.Confirm(t.Context(), authenticator.Prompt{
				Operation: "authenticatorReset", Kind: authenticator.KindReset, Timeout: 5 * time.Second,
			})
			if !errors.Is(err, tt.want) || stderr.String() != tt.says {
				t.Errorf("got %v and %q, want %v and %q", err, stderr.String(), tt.want, tt.says)
			}
		})
	}
}

// When the host gives up, the command ends with all that it has started.
func TestCommandWithdrawn(t *testing.T) {
	started := filepath.Join(t.TempDir(), "started")
	if err := syscall.Mkfifo(started, 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := openCommand(quiet(), "sleep 1000 & echo $! > "+started+"; wait")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	answer := make(chan error, 1)
	go func() { answer <- p.Confirm(ctx, register()) }()
	line, err := os.ReadFile(started) // returns when the command has written it
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(line)))
	if err != nil {
		t.Fatal(err)
	}
	cancel(ctap.StatusKeepaliveCancel)
	if err := <-answer; err != ctap.StatusKeepaliveCancel {
		t.Errorf("got %v, want %v", err, ctap.StatusKeepaliveCancel)
	}
	for deadline := time.Now().Add(patience); alive(pid); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("process %d, which the command has started, lives on", pid)
		}
	}
}

// alive tells whether a process runs; one that has ended and that nobody has
// waited for does not.
func alive(pid int) bool {
	stat, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return syscall.Kill(pid, 0) == nil
	}
	_, state, _ := bytes.Cut(stat, []byte(") "))
	return !bytes.HasPrefix(state, []byte("Z"))
}
