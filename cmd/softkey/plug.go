package main

import (
	"context"
	"log/slog"
	"sync"

	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/device"
)

// plug is a key and the places where it can be plugged in. It implements
// control.Key: its methods may be called from any goroutine.
type plug struct {
	device  *device.Device
	handler ctap.Handler // of the device, perhaps traced
	opts    socketOptions
	log     *slog.Logger

	failed  chan struct{}  // holds a token when a socket failed while the key was plugged in
	serving sync.WaitGroup // for what Plug starts and Unplug ends

	mu        sync.Mutex
	addresses []address          // where the key is plugged in, or will be next time
	sockets   []*socket          // of the last time
	pull      context.CancelFunc // ends the service; nil: the key is unplugged
	pulled    chan error         // takes how the service ended
}

func newPlug(d *device.Device, h ctap.Handler, addresses []address, opts socketOptions, log *slog.Logger) *plug {
	return &plug{device: d, handler: h, addresses: addresses, opts: opts, log: log, failed: make(chan struct{}, 1)}
}

// Plug powers the key up at its addresses, all or none. A port that the system
// chose the first time is the same from then on.
func (k *plug) Plug(ctx context.Context) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.pull != nil {
		return nil
	}
	sockets, err := openSockets(ctx, k.addresses, k.opts)
	if err != nil {
		return err
	}
	if k.sockets != nil {
		k.log.Info("plugged in again")
	}
	k.sockets = sockets
	for i, s := range sockets {
		k.addresses[i] = s.at
	}
	k.device.Plug()
	k.serve()
	return nil
}

// serve begins to answer at the sockets.
func (k *plug) serve() {
	ctx, cancel := context.WithCancel(context.Background())
	sockets, pulled := k.sockets, make(chan error, 1)
	k.pull, k.pulled = cancel, pulled
	k.serving.Go(func() {
		pulled <- serveSockets(ctx, sockets, k.device, k.handler, k.log)
		if ctx.Err() != nil {
			return
		}
		select {
		case k.failed <- struct{}{}:
		default: // one is enough
		}
	})
}

// Unplug takes the key from its addresses: connections end, and nobody answers
// there any more.
func (k *plug) Unplug(context.Context) error {
	if !k.Plugged() {
		return nil
	}
	k.log.Info("unplugged")
	return k.out()
}

func (k *plug) out() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.pull == nil {
		return nil
	}
	k.pull()
	k.pull = nil
	k.serving.Wait()
	return <-k.pulled
}

// Plugged tells whether the key is plugged in.
func (k *plug) Plugged() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.pull != nil
}

// Addresses returns where clients find the key, or found it.
func (k *plug) Addresses() []string {
	var list []string
	for _, e := range k.events() {
		list = append(list, e.Address)
	}
	return list
}

// events returns what is told of the places where the key is plugged in.
func (k *plug) events() (list []ready) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, s := range k.sockets {
		list = append(list, s.event)
	}
	return list
}

// wait waits for the end of ctx, or for a socket that fails; then it unplugs the
// key, and returns the error of the socket.
func (k *plug) wait(ctx context.Context) error {
	select {
	case <-k.failed:
	case <-ctx.Done():
	}
	return k.out()
}
