package fault

import (
	"encoding/binary"
	"net"
	"time"

	"github.com/softkey-project/softkey/ctaphid"
)

// frameFault is what goes wrong with a report.
type frameFault struct {
	about func(ctaphid.Report) bool // nil: any
	bend  func(*rule, *lane, ctaphid.Report) ([]ctaphid.Report, error)
}

// lane is one direction of a connection. It belongs to the goroutine that reads
// there, or that writes.
type lane struct {
	rules  []*rule
	closed <-chan struct{} // when the connection is

	command  ctaphid.Command  // of the message that is under way
	silenced bool             // the rest of it is lost: no rule sees it
	held     []ctaphid.Report // until another has gone
}

// pass returns what becomes of a report: the reports that arrive in its place.
// An error ends the connection.
func (l *lane) pass(r ctaphid.Report) ([]ctaphid.Report, error) {
	if r.Starts() {
		l.command, l.silenced = r.Command(), false
	}
	if l.silenced {
		return nil, nil
	}
	out := []ctaphid.Report{r}
	if f := first(l.rules, func(f *rule) bool { return f.isAbout(l, r) }); f != nil {
		var err error
		if out, err = f.kind.frame.bend(f, l, r); err != nil {
			return nil, err
		}
	}
	if len(out) > 0 {
		out, l.held = append(out, l.held...), nil
	}
	return out, nil
}

func (r *rule) isAbout(l *lane, report ctaphid.Report) bool {
	about := r.kind.frame.about
	return r.frame.takes(byte(l.command)) && (about == nil || about(report))
}

func isKeepalive(r ctaphid.Report) bool {
	return r.Starts() && r.Command() == ctaphid.CommandKeepalive
}

func drop(*rule, *lane, ctaphid.Report) ([]ctaphid.Report, error) { return nil, nil }

func duplicate(_ *rule, _ *lane, r ctaphid.Report) ([]ctaphid.Report, error) {
	return []ctaphid.Report{r, r}, nil
}

func reorder(_ *rule, l *lane, r ctaphid.Report) ([]ctaphid.Report, error) {
	l.held = append(l.held, r)
	return nil, nil
}

func delay(f *rule, l *lane, r ctaphid.Report) ([]ctaphid.Report, error) {
	timer := time.NewTimer(f.wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return []ctaphid.Report{r}, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func damage(f *rule, _ *lane, r ctaphid.Report) ([]ctaphid.Report, error) {
	for range f.bits {
		bit := f.intN(8 * len(r))
		r[bit/8] ^= 1 << (bit % 8)
	}
	return []ctaphid.Report{r}, nil
}

func truncate(_ *rule, l *lane, _ ctaphid.Report) ([]ctaphid.Report, error) {
	l.silenced = true
	return nil, nil
}

func wrongChannel(f *rule, _ *lane, r ctaphid.Report) ([]ctaphid.Report, error) {
	other := r.Channel() ^ (1 + uint32(f.intN(1<<16-1)))
	binary.BigEndian.PutUint32(r[:], other)
	return []ctaphid.Report{r}, nil
}

// disconnect fails as what has been closed does; the transport closes then.
func disconnect(*rule, *lane, ctaphid.Report) ([]ctaphid.Report, error) { return nil, net.ErrClosed }
