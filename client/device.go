package client

import (
	"context"
	"io"
	"sync/atomic"

	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctaphid"
)

// Device is a security key, open on a channel of its own.
//
// Its methods may be called from any goroutine: commands take turns. When the
// ctx of one ends, it is cancelled, and the method returns the cause of ctx
// within about a second.
type Device struct {
	// Notify is called, if not nil, when a command begins to wait for the user,
	// and when it goes on: once for each change. A U2F key that has not been
	// touched counts as [ctap.KeepaliveUPNeeded]. It is called from the
	// goroutine that runs the command, and must be set before the first.
	Notify func(ctap.KeepaliveStatus)

	// Rand gives the bytes of key agreement keys, initialization vectors and
	// nonces; nil means crypto/rand. It must be set before the first command.
	Rand io.Reader

	host *ctaphid.Host
	info atomic.Pointer[ctap.GetInfoResponse]
}

// Open opens the key at the other end of t: CTAPHID_INIT, and where the key
// speaks CTAP2, authenticatorGetInfo. Close, or an Open that fails, closes t.
func Open(ctx context.Context, t ctaphid.Transport) (*Device, error) {
	host, err := ctaphid.Open(ctx, t)
	if err != nil {
		return nil, err
	}
	d := &Device{host: host}
	if !d.Capabilities().Has(ctaphid.CapCBOR) {
		return d, nil
	}
	if _, err := d.GetInfo(ctx); err != nil {
		host.Close()
		return nil, err
	}
	return d, nil
}

// Close closes the transport. A command that runs ends with [net.ErrClosed].
func (d *Device) Close() error { return d.host.Close() }

// Info returns what the key last answered to authenticatorGetInfo, nil for one
// that only speaks U2F. After a change of its PIN, its fingers or its
// configuration, ask again by [Device.GetInfo]. The answer is not to be changed.
func (d *Device) Info() *ctap.GetInfoResponse { return d.info.Load() }

// Capabilities returns the key's answer to CTAPHID_INIT: what it speaks.
func (d *Device) Capabilities() ctaphid.Capabilities { return d.host.Capabilities() }

// Version returns the key's version from CTAPHID_INIT: major, minor, build.
func (d *Device) Version() [3]byte { return d.host.Version() }

// Ping sends data to the key and checks that the same comes back.
func (d *Device) Ping(ctx context.Context, data []byte) error { return d.host.Ping(ctx, data) }

// Wink asks the key to show the user which one it is.
func (d *Device) Wink(ctx context.Context) error { return d.host.Wink(ctx) }

// notifier returns a function that calls Notify for each change of status
// during one command.
func (d *Device) notifier() func(ctap.KeepaliveStatus) {
	if d.Notify == nil {
		return nil
	}
	var last ctap.KeepaliveStatus
	return func(status ctap.KeepaliveStatus) {
		if status != last {
			last = status
			d.Notify(status)
		}
	}
}
