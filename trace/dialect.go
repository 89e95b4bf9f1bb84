package trace

import (
	"fmt"

	"github.com/softkey-project/softkey/ctap"
)

// dialect reads one message and its answer, in one of the two protocols.
type dialect interface {
	// name returns the name of the command, such as "authenticatorGetInfo".
	name() string
	// request returns what the request says, in lines; empty: nothing.
	request() string
	// answer splits the answer into its status and what it says. It looks at
	// none of the request's memory, which the Handler may have overwritten.
	answer(resp []byte) (status, body string)
}

func dialectOf(req *ctap.Request) dialect {
	if req.Protocol == ctap.CTAP1 {
		return newU2F(req.Data)
	}
	return newCTAP2(req.Data)
}

// raw is how bytes are shown that cannot be read, and why not.
func raw(b []byte, reason error) string {
	return fmt.Sprintf("h'%x'\n%v", b, reason)
}
