package fault

import (
	"net"

	"github.com/softkey-project/softkey/ctaphid"
)

// Listener returns ln, whose connections are the device's ends of streams of
// reports as [ctaphid.NewStream] writes them, with the faults of the plan.
func (in *Injector) Listener(ln net.Listener) net.Listener {
	if !in.Has(LayerTransport) {
		return ln
	}
	return listener{ln, in}
}

type listener struct {
	net.Listener
	in *Injector
}

func (l listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &conn{Conn: c, reports: l.in.DeviceEnd(ctaphid.NewStream(c))}, nil
}

// conn is a stream with the faults of its reports.
type conn struct {
	net.Conn
	reports ctaphid.Transport
	unread  []byte // of the last report
	unsent  []byte // a report that is not whole yet
}

func (c *conn) Read(p []byte) (int, error) {
	if len(c.unread) == 0 {
		r, err := c.reports.ReadReport()
		if err != nil {
			return 0, err
		}
		c.unread = r[:]
	}
	n := copy(p, c.unread)
	c.unread = c.unread[n:]
	return n, nil
}

func (c *conn) Write(p []byte) (int, error) {
	c.unsent = append(c.unsent, p...)
	for len(c.unsent) >= len(ctaphid.Report{}) {
		r := ctaphid.Report(c.unsent[:len(ctaphid.Report{})])
		c.unsent = c.unsent[len(r):]
		if err := c.reports.WriteReport(r); err != nil {
			return 0, err
		}
	}
	return len(p), nil
}

func (c *conn) Close() error { return c.reports.Close() }
