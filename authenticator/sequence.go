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

// sequence is what a stateful command (§6) goes on with: getNextAssertion, the
// enumerations of credentialManagement, the fragments of largeBlobs. It ends by
// time, with any command that does not belong to it, and with the
// pinUvAuthToken that allowed it.
type sequence struct {
	owner    origin
	deadline time.Time
	command  ctap.Command // that may go on
	token    *token       // nil: it needed none
	state    any          // of that command
}

// begin keeps the state of a sequence for its host's next request.
func (a *Authenticator) begin(c *call, command ctap.Command, t *token, state any) {
	a.sequence = &sequence{
		owner: c.from(), deadline: time.Now().Add(sequenceTimeout), command: command, token: t, state: state,
	}
}

// resume returns the state of the sequence that a command of a host may go on
// with, or nil, and gives the host time for its next request.
func (a *Authenticator) resume(c *call, command ctap.Command) any {
	s := a.sequence
	if s == nil || s.owner != c.from() || s.command != command || time.Now().After(s.deadline) {
		return nil
	}
	if s.token != nil && s.token != a.pinAuth.current() {
		return nil
	}
	s.deadline = time.Now().Add(sequenceTimeout)
	return s.state
}
