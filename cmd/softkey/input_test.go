package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Files of the user's are read up to a bound, and what has more is not cut there.
func TestFilesAreBounded(t *testing.T) {
	file := func(size int) string {
		path := filepath.Join(t.TempDir(), "profile.json")
		profile := append([]byte(`{"name": "mine"}`), bytes.Repeat([]byte(" "), size)...)
		if err := os.WriteFile(path, profile[:size], 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	longest, longer := file(maxInput), file(maxInput+1)
	if _, err := loadProfile(longest); err != nil {
		t.Errorf("a profile of %d bytes: got %v, want no error", maxInput, err)
	}
	_, profile := loadProfile(longer)
	_, certificates := loadCA(longer, longest)
	_, privateKey := loadCA(longest, longer)
	for _, tt := range []struct {
		name string
		got  error
		code int
	}{
		{"profile", profile, exitUsage},
		{"CA", certificates, exitFailed},
		{"key of the CA", privateKey, exitFailed},
	} {
		if want := longer + " has more than 1048576 bytes"; exitCode(tt.got) != tt.code || !strings.Contains(tt.got.Error(), want) {
			t.Errorf("%s: got %v, exit code %d; want %q, %d", tt.name, tt.got, exitCode(tt.got), want, tt.code)
		}
	}
}
