package ctaphid

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"
)

// TestPacket checks, on real sockets, that datagrams of other lengths are
// dropped and counted, and that answers go to where the channel's last report
// came from.
func TestPacket(t *testing.T) {
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error)
	go func() {
		served <- ServePacket(ctx, pc, token{}, Config{Log: slog.New(slog.NewTextHandler(&log, nil))})
	}()
	dial := func() net.Conn {
		conn, err := net.Dial("udp", pc.LocalAddr().String())
		if err != nil {
			t.Fatal(err)
		}
		conn.SetDeadline(time.Now().Add(10 * time.Second))
		return conn
	}

	a, b := dial(), dial()
	for _, size := range []int{0, 63, 65, 1024} {
		a.Write(make([]byte, size))
	}
	hostA, hostB := openHost(t, NewPacket(a)), openHost(t, NewPacket(b))
	for _, host := range []*Host{hostA, hostB, hostA} {
		if err := host.Ping(ctx, make([]byte, MaxPayload)); err != nil {
			t.Errorf("Ping = %v", err)
		}
	}

	// The same channel from another address: its answers follow it.
	c := dial()
	defer c.Close()
	p := NewPacket(c)
	if err := p.WriteReport(frames(hostA.Channel(), CommandPing, []byte{7})[0]); err != nil {
		t.Fatal(err)
	}
	if r, err := p.ReadReport(); err != nil || r.Channel() != hostA.Channel() || r[7] != 7 {
		t.Errorf("got %x, %v; want the echo", r[:8], err)
	}

	cancel()
	if err := <-served; err != nil {
		t.Errorf("ServePacket = %v, want nil", err)
	}
	if !strings.Contains(log.String(), "dropped=4") {
		t.Errorf("log %s, want dropped=4", &log)
	}
}

// silentConn is a PacketConn that remembers where it wrote to.
type silentConn struct {
	net.PacketConn
	to []net.Addr
}

func (c *silentConn) WriteTo(p []byte, to net.Addr) (int, error) {
	c.to = append(c.to, to)
	return len(p), nil
}

// TestRoutesAreBounded checks that a flood of channels takes no memory without
// end, and does not drive out the channels that are in use.
func TestRoutesAreBounded(t *testing.T) {
	conn := &silentConn{}
	l := newPacketLink(conn)
	mine, flood := &net.UDPAddr{Port: 1}, &net.UDPAddr{Port: 2}
	for n := range uint32(10 * maxRoutes) {
		if n%(maxRoutes/2) == 0 {
			l.heard(arrival{report: frames(owner, CommandPing, nil)[0], addr: mine})
		}
		l.heard(arrival{report: frames(1+n, CommandPing, nil)[0], addr: flood})
	}
	if n := len(l.recent) + len(l.older); n > 2*maxRoutes {
		t.Errorf("%d routes, want %d at most", n, 2*maxRoutes)
	}
	for _, channel := range []uint32{owner, 1, 10 * maxRoutes} {
		l.WriteReport(frames(channel, CommandPing, nil)[0])
	}
	if len(conn.to) != 2 || conn.to[0] != mine || conn.to[1] != flood {
		t.Errorf("answers went to %v, want %v and %v: channel 1 is forgotten", conn.to, mine, flood)
	}
}
