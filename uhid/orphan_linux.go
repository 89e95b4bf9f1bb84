package uhid

import (
	"sync/atomic"

	"github.com/softkey-project/softkey/ctaphid"
)

// orphan finds the command that goes on though nobody waits for its answer. A
// program that is killed while the user is asked does not send CANCEL: the key
// would be busy for all others until the touch is overdue. But the kernel says
// when the last program has closed the node.
//
// Its methods may be called from any goroutine.
type orphan struct {
	busy atomic.Uint32 // the channel of the last KEEPALIVE, until its answer; 0: none
}

// wrote takes note of a report to the programs.
func (o *orphan) wrote(r ctaphid.Report) {
	switch {
	case !r.Starts():
	case r.Command() == ctaphid.CommandKeepalive:
		o.busy.Store(r.Channel())
	default:
		o.busy.CompareAndSwap(r.Channel(), 0)
	}
}

// closed returns the CANCEL that the last program to close the node ought to have
// sent, if any. Where it did, there is no harm: a second CANCEL is ignored
// (§11.2.9.1.5), and so is one that comes after the answer.
func (o *orphan) closed() (cancel ctaphid.Report, ok bool) {
	channel := o.busy.Swap(0)
	if channel == 0 {
		return cancel, false
	}
	return ctaphid.Message{Channel: channel, Command: ctaphid.CommandCancel}.AppendReports(nil)[0], true
}
