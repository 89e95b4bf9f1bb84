package ctaphid

import (
	"context"
	"log/slog"
	"net"
	"sync/atomic"

	"github.com/softkey-project/softkey/ctap"
)

// maxRoutes is how many channels a packet link knows the hosts of, at least.
const maxRoutes = 1024

// ServePacket answers the reports that come to pc, one a datagram, as [NewPacket]
// sends them. An answer goes to where the last report of its channel came from.
// Datagrams that are not 64 bytes long are dropped and counted.
//
// ServePacket returns nil when ctx is done, and the error of pc when that fails
// first. It closes pc, and returns only after its goroutines have.
func ServePacket(ctx context.Context, pc net.PacketConn, h ctap.Handler, cfg Config) error {
	l := newPacketLink(pc)
	defer l.report(cfg.withDefaults().Log)
	return serve(ctx, l, h, cfg)
}

// packetLink is the link of all hosts that send datagrams to one address.
type packetLink struct {
	net.PacketConn
	dropped atomic.Uint64

	// Where the last report of each channel came from. When recent is full it
	// becomes older, and what older held is forgotten: channels of which nobody
	// has heard while so many others spoke.
	recent, older map[uint32]net.Addr
}

func newPacketLink(pc net.PacketConn) *packetLink {
	return &packetLink{PacketConn: pc, recent: make(map[uint32]net.Addr)}
}

func (l *packetLink) next() (arrival, error) {
	var buf [len(Report{}) + 1]byte // one more, to tell longer datagrams
	for {
		n, addr, err := l.ReadFrom(buf[:])
		if err != nil {
			return arrival{}, err
		}
		if n == len(Report{}) {
			return arrival{report: Report(buf[:n]), addr: addr}, nil
		}
		l.dropped.Add(1)
	}
}

func (l *packetLink) heard(a arrival) {
	if len(l.recent) == maxRoutes {
		l.recent, l.older = make(map[uint32]net.Addr), l.recent
	}
	l.recent[a.report.Channel()] = a.addr
}

// WriteReport sends r to the host of its channel. What does not reach a host is
// lost, as datagrams are: it is no reason to leave the others unanswered.
func (l *packetLink) WriteReport(r Report) error {
	addr, known := l.recent[r.Channel()]
	if !known {
		addr, known = l.older[r.Channel()]
	}
	if known {
		l.WriteTo(r[:], addr)
	}
	return nil
}

func (l *packetLink) Close() error { return closeOnce(l.PacketConn) }

func (l *packetLink) report(log *slog.Logger) {
	if n := l.dropped.Load(); n > 0 {
		log.Warn("datagrams that were not reports", "dropped", n)
	}
}

// NewPacket returns a Transport on conn, a connected packet socket such as
// net.Dial("udp", …) returns: each datagram is one report. Those of other
// lengths are skipped. Close closes conn.
func NewPacket(conn net.Conn) Transport { return packet{conn} }

type packet struct{ conn net.Conn }

func (p packet) ReadReport() (Report, error) {
	var buf [len(Report{}) + 1]byte
	for {
		n, err := p.conn.Read(buf[:])
		if err != nil {
			return Report{}, err
		}
		if n == len(Report{}) {
			return Report(buf[:n]), nil
		}
	}
}

func (p packet) WriteReport(r Report) error {
	_, err := p.conn.Write(r[:])
	return err
}

func (p packet) Close() error { return closeOnce(p.conn) }
