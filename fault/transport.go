package fault

import (
	"slices"
	"sync"

	"github.com/softkey-project/softkey/ctaphid"
)

// DeviceEnd returns the device's end of a connection with the faults of the
// plan: what it writes is from the device, what it reads from the host.
func (in *Injector) DeviceEnd(t ctaphid.Transport) ctaphid.Transport {
	return in.transport(t, false)
}

// HostEnd returns the host's end of a connection with the faults of the plan:
// what it writes is from the host, what it reads from the device.
func (in *Injector) HostEnd(t ctaphid.Transport) ctaphid.Transport {
	return in.transport(t, true)
}

func (in *Injector) transport(t ctaphid.Transport, isHost bool) ctaphid.Transport {
	if !in.Has(LayerTransport) {
		return t
	}
	closed := make(chan struct{})
	return &transport{
		Transport: t,
		in:        in.lane(!isHost, closed),
		out:       in.lane(isHost, closed),
		close:     sync.OnceValue(func() error { close(closed); return t.Close() }),
	}
}

// lane returns the lane of what the host sends, or of what the device does.
func (in *Injector) lane(fromHost bool, closed <-chan struct{}) *lane {
	rules := slices.DeleteFunc(in.layer(LayerTransport), func(r *rule) bool { return r.fromHost != fromHost })
	return &lane{rules: rules, closed: closed}
}

// transport is a ctaphid.Transport with faults.
type transport struct {
	ctaphid.Transport
	in, out *lane
	unread  []ctaphid.Report // that arrived with one before
	close   func() error
}

func (t *transport) ReadReport() (ctaphid.Report, error) {
	for len(t.unread) == 0 {
		r, err := t.Transport.ReadReport()
		if err != nil {
			return r, err
		}
		if t.unread, err = t.in.pass(r); err != nil {
			return ctaphid.Report{}, t.fail(err)
		}
	}
	r := t.unread[0]
	t.unread = t.unread[1:]
	return r, nil
}

func (t *transport) WriteReport(r ctaphid.Report) error {
	reports, err := t.out.pass(r)
	if err != nil {
		return t.fail(err)
	}
	for _, r := range reports {
		if err := t.Transport.WriteReport(r); err != nil {
			return err
		}
	}
	return nil
}

// fail closes the connection, which a fault has ended, and returns err.
func (t *transport) fail(err error) error {
	_ = t.Close()
	return err
}

func (t *transport) Close() error { return t.close() }
