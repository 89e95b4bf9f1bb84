//go:build unix

package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// The first signal ends softkey while it reads a pipe that nobody writes to.
func TestSignalEndsReading(t *testing.T) {
	sealed := sealedStore(t)
	tests := []struct {
		name string
		args string // PIPE and SEALED stand for paths
	}{
		{"run, profile", "run --ephemeral --presence approve --transport tcp:127.0.0.1:0 --profile PIPE"},
		{"run, PIN", "run --ephemeral --presence approve --transport tcp:127.0.0.1:0 --pin-file PIPE"},
		{"run, CA", "run --ephemeral --presence approve --transport tcp:127.0.0.1:0 --attestation-ca PIPE --attestation-ca-key none"},
		{"run, passphrase", "run --state SEALED --presence approve --transport tcp:127.0.0.1:0 --passphrase-file PIPE"},
		{"client, profile", "info --device loopback --ephemeral --profile PIPE"},
		{"client, PIN", "credentials list --device loopback --ephemeral --pin-file PIPE"},
		{"client, passphrase", "info --device loopback --state SEALED --passphrase-file PIPE"},
		{"client, new PIN", "pin set --device loopback --ephemeral --new-pin-file PIPE"},
		{"serve, PIN", "u2f serve --allow-origin http://localhost --device loopback --ephemeral --pin-file PIPE"},
		{"state, passphrase", "state unseal --state SEALED --plain --passphrase-file PIPE"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			pipe := filepath.Join(t.TempDir(), "pipe")
			if err := syscall.Mkfifo(pipe, 0o600); err != nil {
				t.Fatal(err)
			}
			p := startSoftkey(t, strings.Fields(strings.NewReplacer("PIPE", pipe, "SEALED", sealed).Replace(tt.args))...)
			defer p.stop()
			defer awaitReader(t, p, pipe).Close()
			if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
			p.finish()
			if status := p.cmd.ProcessState.Sys().(syscall.WaitStatus); status.Signal() != syscall.SIGTERM {
				t.Errorf("got %v, want the end by SIGTERM; stderr: %s", p.cmd.ProcessState, p.stderr)
			}
		})
	}
}

// sealedStore returns the folder of a store that a passphrase opens.
func sealedStore(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	phrase := filepath.Join(dir, "phrase")
	if err := os.WriteFile(phrase, []byte("open sesame\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := startSoftkey(t, "state", "seal", "--state", dir, "--passphrase-cost", "1,8,1", "--new-passphrase-file", phrase)
	defer p.stop()
	if got := p.finish(); got != exitDone {
		t.Fatalf("softkey state seal: exit code %d, want %d; stderr: %s", got, exitDone, p.stderr)
	}
	return dir
}

// awaitReader opens a pipe for writing, which waits until p reads it.
func awaitReader(t *testing.T, p *process, pipe string) *os.File {
	t.Helper()
	var end *os.File
	var err error
	opened := make(chan struct{})
	go func() {
		end, err = os.OpenFile(pipe, os.O_WRONLY, 0)
		close(opened)
	}()
	select {
	case <-opened:
	case <-p.ended:
		release, _ := os.OpenFile(pipe, os.O_RDONLY|syscall.O_NONBLOCK, 0)
		<-opened
		release.Close()
		t.Fatalf("it ended before it read the pipe: %s", p.stderr)
	}
	if err != nil {
		t.Fatal(err)
	}
	return end
}
