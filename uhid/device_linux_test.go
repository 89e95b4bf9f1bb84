package uhid

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"slices"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	kernel "github.com/psanford/uhid"

	"github.com/softkey-project/softkey/ctaphid"
	"github.com/softkey-project/softkey/ctaphid/transporttest"
)

// fakeKernel is the port of a Device, and at the same time the program at its
// hidraw node.
type fakeKernel struct {
	events  chan kernel.Event // to the device
	reports chan ctaphid.Report
	replies chan any
	closed  chan struct{}
	once    sync.Once
}

// plug returns a Device on a kernel of its own.
func plug() (*Device, *fakeKernel) {
	k := &fakeKernel{
		events:  make(chan kernel.Event, 2*queueSize),
		reports: make(chan ctaphid.Report, 256),
		replies: make(chan any, 16),
		closed:  make(chan struct{}),
	}
	return newDevice(k, k.events), k
}

func (k *fakeKernel) WriteEvent(event any) error {
	if in, ok := event.(input); ok {
		k.reports <- in.Data
		return nil
	}
	k.replies <- event
	return nil
}

// Close is called by both ends. As the library does, it ends with an event.
func (k *fakeKernel) Close() error {
	k.once.Do(func() {
		k.events <- kernel.Event{Err: os.ErrClosed}
		close(k.closed)
	})
	return nil
}

func (k *fakeKernel) ReadReport() (ctaphid.Report, error) {
	select {
	case r := <-k.reports:
		return r, nil
	case <-k.closed:
		return ctaphid.Report{}, net.ErrClosed
	}
}

func (k *fakeKernel) WriteReport(r ctaphid.Report) error {
	k.events <- output(outputReport, append([]byte{0}, r[:]...))
	return nil
}

// output returns an event of linux/uhid.h's uhid_output_req.
func output(kind byte, report []byte) kernel.Event {
	data := make([]byte, 4376)
	copy(data, report)
	binary.LittleEndian.PutUint16(data[4096:], uint16(len(report)))
	data[4098] = kind
	return kernel.Event{Type: kernel.Output, Data: data}
}

func TestTransport(t *testing.T) {
	transporttest.Run(t, func(*testing.T) (a, b ctaphid.Transport) { return plug() })
}

func TestOutputEvents(t *testing.T) {
	report := make([]byte, 65)
	for i := range report {
		report[i] = byte(i)
	}
	tests := []struct {
		name  string
		event kernel.Event
		want  []byte
	}{
		{"with its number", output(outputReport, report), report[1:]},
		{"without", output(outputReport, report[1:]), report[1:]},
		{"of another number", output(outputReport, append([]byte{1}, report[1:]...)), nil},
		{"short", output(outputReport, report[:10]), nil},
		{"long", output(outputReport, make([]byte, 100)), nil},
		{"a feature report", output(0, report), nil},
		{"cut off", kernel.Event{Type: kernel.Output, Data: report}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, ok := outputOf(tt.event.Data)
			if ok != (tt.want != nil) || ok && string(got[:]) != string(tt.want) {
				t.Errorf("got %x, %v; want %x", got, ok, tt.want)
			}
		})
	}
}

// TestInputEvent checks the bytes that the kernel gets.
func TestInputEvent(t *testing.T) {
	event := newInput(ctaphid.Report{1, 2, 63: 3})
	got, err := binary.Append(nil, binary.LittleEndian, event)
	if err != nil {
		t.Fatal(err)
	}
	want := append([]byte{12, 0, 0, 0, 64, 0, 1, 2}, make([]byte, 62)...)
	want[len(want)-1] = 3
	if string(got) != string(want) {
		t.Errorf("got %x, want %x", got, want)
	}
}

// TestControlRequests checks that each is answered, with an error.
func TestControlRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, k := plug()
		defer d.Close()
		request := kernel.Event{Data: []byte{0x44, 0x33, 0x22, 0x11, 0, 0}}
		tests := []struct {
			event kernel.EventType
			want  any
		}{
			{kernel.GetReport, getReportReply{10, 0x11223344, uint16(syscall.EIO), 0}},
			{kernel.SetReport, setReportReply{14, 0x11223344, uint16(syscall.EIO)}},
		}
		for _, tt := range tests {
			request.Type = tt.event
			k.events <- request
			if got := <-k.replies; got != tt.want {
				t.Errorf("%v: got %+v, want %+v", tt.event, got, tt.want)
			}
		}
		for _, event := range []kernel.Event{
			{Type: kernel.Open}, {Type: kernel.Close}, {Type: kernel.Start}, {Type: kernel.GetReport}, {Type: 99},
		} {
			k.events <- event
		}
		synctest.Wait()
		if len(k.replies) > 0 {
			t.Errorf("unexpected reply %+v", <-k.replies)
		}
	})
}

// TestLastProgramCloses checks that a command is cancelled for which nobody waits
// any more, and nothing else.
func TestLastProgramCloses(t *testing.T) {
	const channel, other = 5, 6
	report := func(channel uint32, cmd ctaphid.Command) ctaphid.Report {
		return ctaphid.Message{Channel: channel, Command: cmd, Payload: []byte{2}}.AppendReports(nil)[0]
	}
	keepalive := report(channel, ctaphid.CommandKeepalive)
	cancel := ctaphid.Message{Channel: channel, Command: ctaphid.CommandCancel}.AppendReports(nil)[0]
	tests := []struct {
		name  string
		wrote []ctaphid.Report
		want  []ctaphid.Report
	}{
		{"nothing was asked", nil, nil},
		{"the user is asked", []ctaphid.Report{keepalive, keepalive}, []ctaphid.Report{cancel}},
		{"and another channel answered", []ctaphid.Report{keepalive, report(other, ctaphid.CommandError)}, []ctaphid.Report{cancel}},
		{"it was answered", []ctaphid.Report{keepalive, report(channel, ctaphid.CommandCBOR)}, nil},
		{"a long answer goes on", []ctaphid.Report{report(other, ctaphid.CommandCBOR), {3: channel, 4: 0x3B}}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d, k := plug()
				defer d.Close()
				for _, r := range tt.wrote {
					if err := d.WriteReport(r); err != nil {
						t.Fatal(err)
					}
				}
				k.events <- kernel.Event{Type: kernel.Close}
				k.events <- kernel.Event{Type: kernel.Close} // of a program that asked nothing
				synctest.Wait()
				var got []ctaphid.Report
				for len(d.queue) > 0 {
					got = append(got, <-d.queue)
				}
				if !slices.Equal(got, tt.want) {
					t.Errorf("got %x, want %x", got, tt.want)
				}
			})
		})
	}
}

// TestQueueIsBounded checks that programs cannot fill the memory, nor stop the
// pump, and that what came first is kept.
func TestQueueIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, k := plug()
		for n := range queueSize + 500 {
			k.WriteReport(ctaphid.Report{byte(n), byte(n >> 8)})
		}
		synctest.Wait()
		if len(k.events) > 0 || len(d.queue) != queueSize {
			t.Errorf("%d events left, %d reports queued; want 0 and %d", len(k.events), len(d.queue), queueSize)
		}
		for n := range queueSize {
			if r, err := d.ReadReport(); err != nil || r != (ctaphid.Report{byte(n), byte(n >> 8)}) {
				t.Fatalf("report %d: got %x, %v", n, r[:2], err)
			}
		}
		d.Close()
	})
}

// TestPace checks that a long message takes its time, and that Close does not
// wait for it.
func TestPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, _ := plug()
		start := time.Now()
		for range 129 {
			if err := d.WriteReport(ctaphid.Report{}); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(start); took != (129-burst)*interval {
			t.Errorf("129 reports took %v, want %v", took, (129-burst)*interval)
		}
		d.pacer.due = time.Now().Add(time.Hour)
		result := make(chan error)
		go func() { result <- d.WriteReport(ctaphid.Report{}) }()
		synctest.Wait()
		start = time.Now()
		d.Close()
		if err := <-result; err != net.ErrClosed || time.Since(start) != 0 {
			t.Errorf("WriteReport = %v after %v, want net.ErrClosed at once", err, time.Since(start))
		}
	})
}

// TestClosedWithReportsUnread checks that they stay unread.
func TestClosedWithReportsUnread(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, k := plug()
		for range 20 {
			k.WriteReport(ctaphid.Report{})
		}
		synctest.Wait()
		d.Close()
		for range 20 {
			if _, err := d.ReadReport(); err != net.ErrClosed {
				t.Fatalf("ReadReport = %v, want net.ErrClosed", err)
			}
		}
	})
}

// reluctant is a kernel that takes its time to end.
type reluctant struct{ *fakeKernel }

func (k reluctant) Close() error {
	time.AfterFunc(time.Second, func() { k.fakeKernel.Close() })
	return nil
}

// TestCloseWaitsForThePump checks that no goroutine outlives the device.
func TestCloseWaitsForThePump(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, k := plug()
		d.port = reluctant{k}
		d.Close()
		select {
		case <-d.queue: // the pump closes it at its end
		default:
			t.Error("the pump still runs")
		}
	})
}

// TestKernelFails checks that a reader learns of it, after what came before.
func TestKernelFails(t *testing.T) {
	d, k := plug()
	defer d.Close()
	k.WriteReport(ctaphid.Report{1})
	k.events <- kernel.Event{Err: io.ErrUnexpectedEOF}
	if r, err := d.ReadReport(); err != nil || r[0] != 1 {
		t.Errorf("ReadReport = %x, %v; want what came before", r[:1], err)
	}
	if _, err := d.ReadReport(); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("ReadReport = %v, want the kernel's error", err)
	}
}
