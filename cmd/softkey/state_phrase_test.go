package main

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func TestReadPhrase(t *testing.T) {
	long := strings.Repeat("x", maxPhrase)
	tests := []struct {
		name, text string
		want, rest string
		err        string
	}{
		{"a line", "correct horse\n", "correct horse", "", ""},
		{"no end of line", "correct horse", "correct horse", "", ""},
		{"from another system", "correct horse\r\n", "correct horse", "", ""},
		{"the first line", "correct\nhorse\n", "correct", "horse\n", ""},
		{"spaces are its own", "  correct \n", "  correct ", "", ""},
		{"one form of Unicode", "Ka\u0308se\n", "Käse", "", ""},
		{"as long as can be", long + "\n", long, "", ""},
		{"too long", long + "x\nrest", "", "\nrest", "the passphrase has more than 1024 bytes"},
		{"not UTF-8", "p\xff\n", "", "", "the passphrase is not UTF-8"},
		{"an empty line", "\ncorrect\n", "", "correct\n", "there is no passphrase"},
		{"nothing", "", "", "", "there is no passphrase"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := strings.NewReader(tt.text)
			got, err := readPhrase(in)
			if string(got) != tt.want || (err == nil) != (tt.err == "") || err != nil && err.Error() != tt.err {
				t.Errorf("readPhrase = %q, %v; want %q, %q", got, err, tt.want, tt.err)
			}
			if rest, _ := io.ReadAll(in); string(rest) != tt.rest {
				t.Errorf("behind it: got %q, want %q", rest, tt.rest)
			}
		})
	}
}

func TestReadPhraseFails(t *testing.T) {
	broken := errors.New("broken")
	if got, err := readPhrase(iotest.ErrReader(broken)); got != nil || !errors.Is(err, broken) {
		t.Errorf("readPhrase = %q, %v; want %v", got, err, broken)
	}
}
