package leak_test

import (
	"net"
	"sync"
	"time"

	"github.com/softkey-project/softkey/ctaphid"
)

// streams is a net.Listener whose connections are net.Pipes, which a synctest
// bubble understands.
type streams struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newStreams() *streams {
	return &streams{conns: make(chan net.Conn), closed: make(chan struct{})}
}

func (l *streams) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *streams) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *streams) Addr() net.Addr { return nil }

// dial returns the host's end of a new connection.
func (l *streams) dial() (net.Conn, error) {
	device, host := net.Pipe()
	select {
	case l.conns <- device:
		return host, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// datagrams is a net.PacketConn in memory. Like a socket it drops what finds no
// room.
type datagrams struct {
	net.PacketConn // nil: for the methods that nobody calls
	in             chan datagram
	closed         chan struct{}
	once           sync.Once

	mu    sync.Mutex
	hosts map[hostAddr]*datagramHost
}

type datagram struct {
	report ctaphid.Report
	from   net.Addr
}

// hostAddr is the number of a host.
type hostAddr int

func (hostAddr) Network() string { return "memory" }
func (hostAddr) String() string  { return "host" }

// datagramBuffer is how many datagrams wait at either end.
const datagramBuffer = 512

func newDatagrams() *datagrams {
	return &datagrams{
		in: make(chan datagram, datagramBuffer), closed: make(chan struct{}), hosts: map[hostAddr]*datagramHost{},
	}
}

func (d *datagrams) ReadFrom(buf []byte) (int, net.Addr, error) {
	select {
	case g := <-d.in:
		return copy(buf, g.report[:]), g.from, nil
	case <-d.closed:
		return 0, nil, net.ErrClosed
	}
}

func (d *datagrams) WriteTo(b []byte, to net.Addr) (int, error) {
	d.mu.Lock()
	host := d.hosts[to.(hostAddr)]
	d.mu.Unlock()
	if host != nil {
		host.take(ctaphid.Report(b))
	}
	return len(b), nil
}

func (d *datagrams) Close() error {
	d.once.Do(func() { close(d.closed) })
	return nil
}

func (d *datagrams) SetDeadline(time.Time) error { return nil }

// dial returns the end of a new host.
func (d *datagrams) dial() *datagramHost {
	d.mu.Lock()
	defer d.mu.Unlock()
	h := &datagramHost{key: d, addr: hostAddr(len(d.hosts) + 1), in: make(chan ctaphid.Report, datagramBuffer), closed: make(chan struct{})}
	d.hosts[h.addr] = h
	return h
}

// datagramHost is a Transport to a key that is reached by datagrams.
type datagramHost struct {
	key    *datagrams
	addr   hostAddr
	in     chan ctaphid.Report
	closed chan struct{}
	once   sync.Once
}

func (h *datagramHost) take(r ctaphid.Report) {
	select {
	case h.in <- r:
	default:
	}
}

func (h *datagramHost) ReadReport() (ctaphid.Report, error) {
	select {
	case r := <-h.in:
		return r, nil
	case <-h.closed:
		return ctaphid.Report{}, net.ErrClosed
	}
}

func (h *datagramHost) WriteReport(r ctaphid.Report) error {
	select {
	case <-h.closed:
		return net.ErrClosed
	case h.key.in <- datagram{r, h.addr}:
	default:
	}
	return nil
}

func (h *datagramHost) Close() error {
	h.once.Do(func() { close(h.closed) })
	return nil
}
