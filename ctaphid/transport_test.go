package ctaphid_test

import (
	"io"
	"net"
	"path/filepath"
	"testing"

	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctaphid"
	"github.com/softkey-project/softkey/ctaphid/transporttest"
	"github.com/softkey-project/softkey/test/socketdir"
)

func TestTransports(t *testing.T) {
	ways := []struct {
		name string
		open func(t *testing.T) (a, b ctaphid.Transport)
	}{
		{"Pipe", func(*testing.T) (a, b ctaphid.Transport) { return ctaphid.Pipe() }},
		{"Unix", func(t *testing.T) (a, b ctaphid.Transport) {
			return streams(t, "unix", filepath.Join(socketdir.New(t), "s"))
		}},
		{"TCP", func(t *testing.T) (a, b ctaphid.Transport) { return streams(t, "tcp", "127.0.0.1:0") }},
		{"UDP", datagrams},
	}
	for _, way := range ways {
		t.Run(way.name, func(t *testing.T) { transporttest.Run(t, way.open) })
	}
	t.Run("Loopback", func(t *testing.T) {
		transporttest.RunClose(t, func(*testing.T) ctaphid.Transport {
			var none ctap.Handler // no command comes
			return ctaphid.Loopback(none, ctaphid.Config{})
		})
	})
}

func streams(t *testing.T, network, address string) (a, b ctaphid.Transport) {
	ln, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	near, err := net.Dial(network, ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	far, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	return ctaphid.NewStream(near), ctaphid.NewStream(far)
}

func datagrams(t *testing.T) (a, b ctaphid.Transport) {
	local := net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)}
	first, err := net.ListenUDP("udp", &local)
	if err != nil {
		t.Fatal(err)
	}
	far, err := net.DialUDP("udp", &local, first.LocalAddr().(*net.UDPAddr))
	if err != nil {
		t.Fatal(err)
	}
	first.Close() // its port is to be had again, now by a connected socket
	near, err := net.DialUDP("udp", first.LocalAddr().(*net.UDPAddr), far.LocalAddr().(*net.UDPAddr))
	if err != nil {
		t.Fatal(err)
	}
	return ctaphid.NewPacket(near), ctaphid.NewPacket(far)
}

// TestStreamEnds checks that the end of a stream can be told from one in the
// middle of a report.
func TestStreamEnds(t *testing.T) {
	for _, tt := range []struct {
		name  string
		bytes int
		want  error
	}{
		{"between reports", 64, io.EOF},
		{"inside a report", 100, io.ErrUnexpectedEOF},
	} {
		t.Run(tt.name, func(t *testing.T) {
			near, far := net.Pipe()
			go func() {
				far.Write(make([]byte, tt.bytes))
				far.Close()
			}()
			s := ctaphid.NewStream(near)
			defer s.Close()
			if _, err := s.ReadReport(); err != nil {
				t.Errorf("ReadReport = %v", err)
			}
			if _, err := s.ReadReport(); err != tt.want {
				t.Errorf("ReadReport = %v, want %v", err, tt.want)
			}
		})
	}
}

// TestPacketSizes checks that only datagrams of 64 bytes are reports.
func TestPacketSizes(t *testing.T) {
	near, far := net.Pipe() // keeps the bounds of writes, if they are read whole
	p := ctaphid.NewPacket(near)
	defer p.Close()
	go func() {
		for _, size := range []int{1, 63, 65, 64} {
			far.Write(make([]byte, size))
		}
		far.Close()
	}()
	if _, err := p.ReadReport(); err != nil {
		t.Errorf("ReadReport = %v", err)
	}
	if _, err := p.ReadReport(); err != io.EOF {
		t.Errorf("ReadReport = %v, want EOF: one report came", err)
	}
}

// TestPipeHoldsTheLongestMessage checks that both ends can write one before
// either reads.
func TestPipeHoldsTheLongestMessage(t *testing.T) {
	device, host := ctaphid.Pipe()
	defer device.Close()
	defer host.Close()
	message := ctaphid.Message{Channel: 1, Command: ctaphid.CommandPing, Payload: make([]byte, ctaphid.MaxPayload)}
	for _, r := range message.AppendReports(nil) {
		for _, end := range []ctaphid.Transport{device, host} {
			if err := end.WriteReport(r); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestPipePeerCloses checks that what was written before the other end closed
// can still be read.
func TestPipePeerCloses(t *testing.T) {
	device, host := ctaphid.Pipe()
	defer host.Close()
	if err := device.WriteReport(ctaphid.Report{1}); err != nil {
		t.Fatal(err)
	}
	device.Close()
	if r, err := host.ReadReport(); err != nil || r != (ctaphid.Report{1}) {
		t.Errorf("ReadReport = %x, %v; want what was written", r, err)
	}
	if _, err := host.ReadReport(); err != io.EOF {
		t.Errorf("ReadReport = %v, want EOF", err)
	}
	if err := host.WriteReport(ctaphid.Report{}); err != io.ErrClosedPipe {
		t.Errorf("WriteReport = %v, want ErrClosedPipe", err)
	}
}

func TestDescriptorDefaults(t *testing.T) {
	tests := []struct{ in, want ctaphid.Descriptor }{
		{ctaphid.Descriptor{}, ctaphid.Descriptor{Vendor: 0xF1D0, Product: 0x5F01, Name: "softkey"}},
		{ctaphid.Descriptor{Vendor: 1, Product: 2, Name: "a", Uniq: "b"}, ctaphid.Descriptor{Vendor: 1, Product: 2, Name: "a", Uniq: "b"}},
	}
	for _, tt := range tests {
		if got := tt.in.WithDefaults(); got != tt.want {
			t.Errorf("%+v.WithDefaults() = %+v, want %+v", tt.in, got, tt.want)
		}
	}
}
