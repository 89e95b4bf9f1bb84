package fault

import (
	"errors"
	"fmt"
	"math/bits"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/softkey-project/softkey/ctaphid"
	"github.com/softkey-project/softkey/ctaphid/transporttest"
)

// A transport whose rules never strike is as any other.
func TestTransportUnharmed(t *testing.T) {
	transporttest.Run(t, func(t *testing.T) (a, b ctaphid.Transport) {
		device, host := ctaphid.Pipe()
		in := inject(t, "drop:at=1000000", "drop:at=1000000,from=host")
		return in.DeviceEnd(device), in.HostEnd(host)
	})
}

// conversation is what a device sends in these tests: a keepalive, and a message
// of three reports on channel 1.
func conversation() []ctaphid.Report {
	reports := ctaphid.Message{Channel: 1, Command: ctaphid.CommandKeepalive, Payload: []byte{1}}.AppendReports(nil)
	return ctaphid.Message{Channel: 1, Command: ctaphid.CommandCBOR, Payload: make([]byte, 150)}.AppendReports(reports)
}

// describe names reports: K for the keepalive, C for the first of the message, 0
// and 1 for the others, ? for another channel.
func describe(reports []ctaphid.Report) string {
	var b strings.Builder
	for _, r := range reports {
		switch {
		case r.Channel() != 1:
			b.WriteByte('?')
		case isKeepalive(r):
			b.WriteByte('K')
		case r.Starts():
			b.WriteByte('C')
		default:
			fmt.Fprint(&b, r.Sequence())
		}
	}
	return b.String()
}

// carry sends reports from one end to the other, and returns what arrives.
func carry(t *testing.T, from, to ctaphid.Transport, reports []ctaphid.Report) (arrived []ctaphid.Report) {
	t.Helper()
	for _, r := range reports {
		if err := from.WriteReport(r); err != nil {
			break
		}
	}
	from.Close()
	for {
		r, err := to.ReadReport()
		if err != nil {
			return arrived
		}
		arrived = append(arrived, r)
	}
}

var frameTests = []struct{ rule, want string }{
	{"drop", "C01"},
	{"drop:at=3", "KC1"},
	{"drop:command=cbor", "K01"},
	{"drop:command=0x10,times=2", "K1"},
	{"drop:from=host", "KC01"},
	{"duplicate:at=4", "KC011"},
	{"reorder:at=3", "KC10"},
	{"reorder:at=2,times=2", "K1C0"},
	{"reorder:at=4", "KC0"},
	{"truncate:at=3", "KC"},
	{"truncate:at=1", "C01"},
	{"wrong-channel:at=2", "K?01"},
	{"no-keepalive", "C01"},
	{"disconnect:at=3", "KC"},
	{"delay:wait=0s,times=0", "KC01"},
}

// A fault is the same at whichever end it is made.
func TestFrames(t *testing.T) {
	for _, tt := range frameTests {
		t.Run(tt.rule, func(t *testing.T) {
			device, host := ctaphid.Pipe()
			defer host.Close()
			if got := describe(carry(t, inject(t, tt.rule).DeviceEnd(device), host, conversation())); got != tt.want {
				t.Errorf("at the device's end: got %s, want %s", got, tt.want)
			}
			device, host = ctaphid.Pipe()
			defer host.Close()
			if got := describe(carry(t, device, inject(t, tt.rule).HostEnd(host), conversation())); got != tt.want {
				t.Errorf("at the host's end: got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestFromHost(t *testing.T) {
	device, host := ctaphid.Pipe()
	if got := describe(carry(t, inject(t, "drop:from=host").HostEnd(host), device, conversation())); got != "C01" {
		t.Errorf("got %s, want the first lost", got)
	}
	device.Close()
}

func TestDamage(t *testing.T) {
	var report ctaphid.Report
	for range 100 {
		device, host := ctaphid.Pipe()
		arrived := carry(t, inject(t, "damage").DeviceEnd(device), host, []ctaphid.Report{report})
		flipped := 0
		for _, b := range arrived[0] {
			flipped += bits.OnesCount8(b)
		}
		if flipped != 1 {
			t.Errorf("got %d bits flipped, want 1", flipped)
		}
		host.Close()
	}
}

func TestDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		device, host := ctaphid.Pipe()
		defer host.Close()
		slow := inject(t, "delay:at=2,wait=3s").DeviceEnd(device)
		began := time.Now()
		if got := describe(carry(t, slow, host, conversation())); got != "KC01" {
			t.Errorf("got %s, want all", got)
		}
		if took := time.Since(began); took != 3*time.Second {
			t.Errorf("got %v, want 3s", took)
		}
	})
}

// Close ends a delay.
func TestDelayClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		device, host := ctaphid.Pipe()
		defer host.Close()
		slow := inject(t, "delay:wait=1h").DeviceEnd(device)
		stop := time.AfterFunc(time.Second, func() { slow.Close() })
		defer stop.Stop()
		began := time.Now()
		if err := slow.WriteReport(ctaphid.Report{}); !errors.Is(err, net.ErrClosed) {
			t.Errorf("got %v, want net.ErrClosed", err)
		}
		if took := time.Since(began); took != time.Second {
			t.Errorf("got %v, want 1s", took)
		}
	})
}

func TestDisconnect(t *testing.T) {
	device, host := ctaphid.Pipe()
	cut := inject(t, "disconnect").DeviceEnd(device)
	for range 2 {
		if err := cut.WriteReport(ctaphid.Report{}); !errors.Is(err, net.ErrClosed) {
			t.Errorf("WriteReport: got %v, want net.ErrClosed", err)
		}
	}
	if _, err := cut.ReadReport(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("ReadReport: got %v, want net.ErrClosed", err)
	}
	if _, err := host.ReadReport(); err == nil {
		t.Error("the host learns nothing of it")
	}
	host.Close()
}
