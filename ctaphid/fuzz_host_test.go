package ctaphid

import (
	"bytes"
	"context"
	"io"
	"net"
	"testing"

	"github.com/softkey-project/softkey/ctap"
)

// oracle is a device that says what it was prepared to say, whatever it is
// asked, and then hangs up. It answers the first INIT, so that hosts can open it.
type oracle struct {
	said    []byte // whole reports
	reports []Report
	closed  bool
}

func (o *oracle) WriteReport(r Report) error {
	if r.Command() == CommandInit && r.Channel() == Broadcast {
		payload := make([]byte, 17)
		copy(payload, r[7:15])
		payload[11] = byte(oracleChannel)
		o.reports = Message{Broadcast, CommandInit, payload}.AppendReports(o.reports)
	}
	return nil
}

func (o *oracle) ReadReport() (r Report, err error) {
	switch {
	case o.closed:
		return r, net.ErrClosed
	case len(o.reports) > 0:
		r, o.reports = o.reports[0], o.reports[1:]
		return r, nil
	case len(o.said) == 0:
		return r, io.EOF
	}
	r, o.said = Report(o.said), o.said[len(r):]
	return r, nil
}

func (o *oracle) Close() error { o.closed = true; return nil }

const oracleChannel uint32 = 7

// FuzzHost states that a device which says anything makes no host panic or wait
// for more than it says, and that an answer is what a device said on the host's
// channel, in one message of the command that was asked.
func FuzzHost(f *testing.F) {
	say := func(messages ...Message) (said []byte) {
		for _, m := range messages {
			for _, r := range m.AppendReports(nil) {
				said = append(said, r[:]...)
			}
		}
		return said
	}
	f.Add(say(Message{oracleChannel, CommandKeepalive, []byte{1}}, Message{oracleChannel, CommandCBOR, make([]byte, 200)}))
	f.Add(say(Message{oracleChannel, CommandError, []byte{byte(ErrInvalidSeq)}}))
	f.Add(say(Message{9, CommandCBOR, make([]byte, 100)}, Message{oracleChannel, CommandCBOR, nil}))
	f.Add(say(Message{oracleChannel, CommandCBOR, make([]byte, MaxPayload)})[64:])
	f.Add(append(say(Message{oracleChannel, CommandCBOR, make([]byte, 100)})[:64], say(Message{oracleChannel, CommandCBOR, []byte{1}})...))
	f.Fuzz(func(t *testing.T, said []byte) {
		said = said[:len(said)/64*64]
		h, err := Open(context.Background(), &oracle{said: said})
		if err != nil {
			t.Fatalf("Open = %v", err)
		}
		defer h.Close()
		notified := 0
		answer, err := h.Transact(context.Background(), CommandCBOR, []byte{4}, func(ctap.KeepaliveStatus) { notified++ })
		if err != nil {
			if answer != nil {
				t.Errorf("answer %x beside %v", answer, err)
			}
			return
		}
		if len(answer) > MaxPayload || notified > len(said)/64+1 {
			t.Errorf("%d bytes after %d keepalives", len(answer), notified)
		}
		reports := Message{oracleChannel, CommandCBOR, answer}.AppendReports(nil)
		for _, r := range reports {
			size := min(len(r), 5+len(answer)) // of a last frame the end is padding, which devices may fill
			if r.Starts() {
				size = min(len(r), 7+len(answer))
			}
			if len(reports) == 1 && !bytes.Contains(said, r[:size]) {
				t.Errorf("the device did not say %x", r[:size])
			}
			if !bytes.Contains(said, r[:5]) {
				t.Errorf("the device did not say a frame that begins %x", r[:5])
			}
		}
	})
}
