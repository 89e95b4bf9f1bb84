// Package archive writes a store as text, and reads it back: a line of JSON that
// says what it is, one for each entry of the store, and a last one with their
// number.
//
//	{"softkey":"state","version":1,"seeded":false}
//	{"bucket":"device","key":"dW5pcQ==","value":"MDEyMzQ1Njc="}
//	{"entries":1}
//
// What is sealed stays so. What is not is readable: archives are kept encrypted,
// which is not the business of this package.
package archive

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"

	"github.com/softkey-project/softkey/keystore"
)

// Header says what an archive is of.
type Header struct {
	Softkey string `json:"softkey"` // always "state"
	Version int    `json:"version"`
	Seeded  bool   `json:"seeded"` // of deterministic mode
}

// Version is the version of the archives that [Write] writes.
const Version = 1

// The bounds of an archive, so that reading one takes no more memory than a
// store needs.
const (
	maxLine   = 16 << 20
	maxBucket = 64
)

// ErrFormat is returned by [Open] and by what it returns, for anything that is no
// archive, or no whole one.
var ErrFormat = errors.New("archive: that is no archive of a softkey, or not a whole one")

// VersionError is returned by [Open] for an archive of a newer softkey.
type VersionError struct{ Version int }

func (e *VersionError) Error() string {
	return fmt.Sprintf("archive: version %d, this softkey knows versions up to %d", e.Version, Version)
}

// line is any line but the first.
type line struct {
	Bucket  keystore.Bucket `json:"bucket,omitempty"`
	Key     []byte          `json:"key,omitempty"`
	Value   []byte          `json:"value,omitempty"`
	Entries *int            `json:"entries,omitempty"` // of the last one
}

// Write writes an archive of the entries, and returns their number.
func Write(w io.Writer, seeded bool, entries iter.Seq2[keystore.Entry, error]) (n int, err error) {
	out := json.NewEncoder(w)
	if err := out.Encode(Header{"state", Version, seeded}); err != nil {
		return 0, err
	}
	for e, err := range entries {
		if err != nil {
			return n, err
		}
		if err := out.Encode(line{Bucket: e.Bucket, Key: e.Key, Value: e.Value}); err != nil {
			return n, err
		}
		n++
	}
	return n, out.Encode(line{Entries: &n})
}

// Open reads the first line of an archive. The entries are read from r as they
// are asked for, once; the last of them may be an error.
func Open(r io.Reader) (Header, iter.Seq2[keystore.Entry, error], error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine)
	var h Header
	if !lines.Scan() {
		return h, nil, failure(lines)
	}
	if json.Unmarshal(lines.Bytes(), &h) != nil || h.Softkey != "state" || h.Version < 1 {
		return h, nil, fmt.Errorf("%w: line 1", ErrFormat)
	}
	if h.Version > Version {
		return h, nil, &VersionError{h.Version}
	}
	return h, func(yield func(keystore.Entry, error) bool) { read(lines, yield) }, nil
}

// read yields entries up to the last line, or an error.
func read(lines *bufio.Scanner, yield func(keystore.Entry, error) bool) {
	for n := 0; lines.Scan(); n++ {
		e, end, err := parse(lines.Bytes())
		switch {
		case lines.Err() != nil: // which has cut the line
			yield(e, failure(lines))
			return
		case err != nil:
			yield(e, fmt.Errorf("%w: line %d: %w", ErrFormat, n+2, err))
			return
		case end != nil:
			if *end != n || lines.Scan() {
				yield(e, fmt.Errorf("%w: line %d does not end it", ErrFormat, n+2))
			}
			return
		case !yield(e, nil):
			return
		}
	}
	yield(keystore.Entry{}, failure(lines))
}

// parse reads a line: an entry, or the number of the last one.
func parse(text []byte) (e keystore.Entry, end *int, err error) {
	var l line
	if err := json.Unmarshal(text, &l); err != nil {
		return e, nil, errors.New("not JSON of an entry") // the decoder's words may have a secret in them
	}
	if l.Entries != nil {
		return e, l.Entries, nil
	}
	if l.Bucket == "" || len(l.Bucket) > maxBucket || strings.Contains(string(l.Bucket), "\x00") || len(l.Key) == 0 {
		return e, nil, errors.New("no bucket, or no key")
	}
	return keystore.Entry{Bucket: l.Bucket, Key: l.Key, Value: l.Value}, nil, nil
}

// failure says why there is no next line.
func failure(lines *bufio.Scanner) error {
	if err := lines.Err(); err != nil && !errors.Is(err, bufio.ErrTooLong) {
		return err
	}
	return fmt.Errorf("%w: it ends too early", ErrFormat)
}
