package trace

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// The marks of entries.
const (
	markRequest   = ">"
	markKeepalive = "="
	markLog       = "!"
	markAnswer    = "<"
)

// Recorder writes a trace. Its methods may be called from any goroutine.
type Recorder struct {
	messages atomic.Uint64 // how many there were: the number of the last one

	mu  sync.Mutex
	out io.Writer
	err error
}

// New returns a Recorder that writes to out, one Write for an entry and one at
// a time. A message waits for the writes of its entries.
func New(out io.Writer) *Recorder { return &Recorder{out: out} }

// Err returns the error that ended the trace, nil if none did. After an error
// nothing more is written; the key works on.
func (r *Recorder) Err() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err
}

// timeFormat is RFC 3339 with a fixed number of digits, so that entries line up
// and sort.
const timeFormat = "2006-01-02T15:04:05.000000Z"

// entry writes an entry about the message of that number, 0 for none. The text
// is its first line, then what the message says.
func (r *Recorder) entry(message uint64, mark, text string) {
	text = strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n    ")
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err != nil {
		return
	}
	now := time.Now().UTC().Format(timeFormat) // under the lock: entries are in order
	_, r.err = fmt.Fprintf(r.out, "%s #%d %s %s\n", now, message, mark, text)
}
