package main

import (
	"context"
	"encoding/binary"

	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctaphid"
)

// raw does something to a connection of its own that is no client's.
func (c *caller) raw(ctx context.Context, do func(t ctaphid.Transport) error) error {
	t, err := c.transport.dial(ctx)
	if err != nil {
		return err
	}
	defer t.Close()
	return do(t)
}

// lock keeps the others of the transport out for a moment.
func lock(ctx context.Context, c *caller) error {
	return c.raw(ctx, func(t ctaphid.Transport) error {
		h, err := ctaphid.Open(ctx, t)
		if err != nil {
			return err
		}
		defer h.Close()
		if err := h.Lock(ctx, 10); err != nil {
			return err
		}
		return h.Lock(ctx, 0)
	})
}

// leave sends some of the reports of a registration, and is gone: in the middle
// of the message, or while the user is asked. A datagram's sender is not seen to
// go, so that it must not leave the user asked.
func leave(ctx context.Context, c *caller) error {
	message := append([]byte{byte(ctap.CommandMakeCredential)}, ctap.MustMarshal(c.creation(c.site()))...)
	reports := ctaphid.Message{Channel: c.channel(), Command: ctaphid.CommandCBOR, Payload: message}.AppendReports(nil)
	sent := 1 + c.rand.IntN(len(reports))
	if c.transport.name == "udp" {
		sent = min(sent, len(reports)-1)
	}
	return c.raw(ctx, func(t ctaphid.Transport) error {
		if err := write(t, reports[:sent]); err != nil || sent < len(reports) {
			return err
		}
		return hear(t, reports[0].Channel()) // or the key might begin when another client is to be alone
	})
}

// hear waits for a report of a channel.
func hear(t ctaphid.Transport, channel uint32) error {
	for {
		r, err := t.ReadReport()
		if err != nil || r.Channel() == channel {
			return err
		}
	}
}

// garbage sends reports that are nonsense, each in its own way, and goes when the
// key is through with them.
func garbage(ctx context.Context, c *caller) error {
	return c.raw(ctx, func(t ctaphid.Transport) error {
		for range 1 + c.rand.IntN(5) {
			if err := t.WriteReport(c.nonsense()); err != nil {
				return err
			}
		}
		h, err := ctaphid.Open(ctx, t)
		if err != nil {
			return err
		}
		defer h.Close()
		return h.Ping(ctx, []byte("still there?"))
	})
}

func (c *caller) channel() uint32 { return 1 + c.rand.Uint32N(1<<31) }

// nonsense returns a report of random bytes. Most are made to look like the
// beginning of a message; of CTAP2's, of none that asks the user.
func (c *caller) nonsense() (r ctaphid.Report) {
	for i := range r {
		r[i] = byte(c.rand.Uint32())
	}
	binary.BigEndian.PutUint32(r[:], c.channel())
	switch c.rand.IntN(4) {
	case 0: // a continuation of nothing
		r[4] &= 0x7F
	case 1: // longer than any message
		r[4], r[5] = byte(ctaphid.CommandPing)|0x80, 0xFF
	case 2: // parameters that are no CBOR
		r[4], r[5], r[6], r[7], r[8] = byte(ctaphid.CommandCBOR)|0x80, 0, 57, byte(parametric[c.rand.IntN(len(parametric))]), 0xFF
	case 3: // an APDU of any class
		r[4], r[5], r[6], r[7] = byte(ctaphid.CommandMsg)|0x80, 0, 57, r[7]|1
	}
	return r
}

// parametric are the commands that look at their parameters before anything else.
var parametric = []ctap.Command{
	ctap.CommandMakeCredential, ctap.CommandGetAssertion, ctap.CommandClientPIN, ctap.CommandCredentialManagement,
	ctap.CommandLargeBlobs, ctap.CommandConfig, ctap.CommandBioEnrollment,
}

func write(t ctaphid.Transport, reports []ctaphid.Report) error {
	for _, r := range reports {
		if err := t.WriteReport(r); err != nil {
			return err
		}
	}
	return nil
}
