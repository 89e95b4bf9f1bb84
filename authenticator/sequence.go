package authenticator

import (
	"time"

	"github.com/softkey-project/softkey/ctap"
)

// origin is the host of a message: a channel of a link.
type origin struct {
	source  uint64
	channel uint32
}

// sequenceTimeout is how long the host may take from one answer of a sequence
// to its next request (§6.3).
const sequenceTimeout = 30 * time.Second

// sequence is what getNextAssertion goes on with. It ends with its last item,
// by time, and with any command that does not belong to it.
type sequence struct {
	owner    origin
	deadline time.Time
	items    []*credential // still to come
	request  *ctap.GetAssertionRequest
	rpIDHash [32]byte
	flags    ctap.Flags
}

// next takes the next item for a host, or nil where there is none for it.
func (s *sequence) next(from origin) *credential {
	if s == nil || s.owner != from || len(s.items) == 0 || time.Now().After(s.deadline) {
		return nil
	}
	item := s.items[0]
	s.items = s.items[1:]
	s.deadline = time.Now().Add(sequenceTimeout)
	return item
}
