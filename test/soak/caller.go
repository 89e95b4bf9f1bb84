package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/softkey-project/softkey/client"
	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctaphid"
)

// caller is one client: it does one thing after the other. Its user touches the
// key when it says that it waits.
type caller struct {
	soak      *soak
	rand      *rand.Rand
	transport transport
	last      uint32 // value of the counter that it saw

	device *client.Device // while it is connected
	finger string         // what the user answers next: "touch", "refuse", or "" for nothing
	touch  error          // of the control interface
}

// operation is something to be done with the key. Run returns nil where the key
// answered as it should, which may be by a refusal.
type operation struct {
	name   string
	weight int
	alone  bool // no other client may interfere: it takes several steps
	run    func(ctx context.Context, c *caller) error
}

// patience is how long an operation may take, with all that keeps the key busy.
const patience = time.Minute

// session is a connection on which one or several operations are done. What is
// begun is finished, whatever the hour.
func (c *caller) session() {
	defer c.hangUp()
	op := choose(c.rand, operations)
	if op.alone {
		c.soak.alone.Lock()
		defer c.soak.alone.Unlock()
		c.do(op)
		return
	}
	c.soak.alone.RLock()
	defer c.soak.alone.RUnlock()
	for range 1 + c.rand.IntN(8) {
		c.do(op)
		op = choose(c.rand, together)
	}
}

// do does one operation, and enters how it went.
func (c *caller) do(op *operation) {
	ctx, cancel := context.WithTimeoutCause(context.Background(), patience, errNoAnswer)
	defer cancel()
	for {
		began := time.Now()
		err := c.once(ctx, op)
		if isBusy(err) && ctx.Err() == nil {
			c.soak.figures.busy(op.name)
			continue
		}
		c.soak.figures.done(op.name, time.Since(began), err)
		if err != nil {
			c.hangUp()
		}
		return
	}
}

func (c *caller) once(ctx context.Context, op *operation) error {
	if c.device == nil {
		if err := c.dial(ctx); err != nil {
			return fmt.Errorf("%s: opening the key: %w", c.transport.name, err)
		}
	}
	c.finger, c.touch = "touch", nil
	err := op.run(ctx, c)
	if err = errors.Join(err, c.touch); err != nil {
		return fmt.Errorf("%s: %w", c.transport.name, err)
	}
	return nil
}

func (c *caller) dial(ctx context.Context) error {
	t, err := c.transport.dial(ctx)
	if err != nil {
		return err
	}
	c.device, err = client.Open(ctx, t)
	if err == nil {
		c.device.Notify = c.notified
	}
	return err
}

// hangUp ends the connection, if there is one.
func (c *caller) hangUp() {
	if c.device != nil {
		c.device.Close()
		c.device = nil
	}
}

// notified is called when the key says that it waits for the user.
func (c *caller) notified(status ctap.KeepaliveStatus) {
	if status != ctap.KeepaliveUPNeeded || c.finger == "" {
		return
	}
	time.Sleep(c.within(3 * time.Millisecond)) // a quick finger
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c.touch = c.soak.user.post(ctx, c.finger+"?wait=5s")
}

// within returns a time from 0 to d.
func (c *caller) within(d time.Duration) time.Duration { return time.Duration(c.rand.Int64N(int64(d))) }

// isBusy tells whether another client has the key: the operation is to be tried
// again.
func isBusy(err error) bool {
	return errors.Is(err, ctap.StatusChannelBusy) || errors.Is(err, ctaphid.ErrChannelBusy)
}

// signed checks the counter of a signature: greater than that of the last one of
// this client, and like no other's.
func (c *caller) signed(count uint32) error {
	if count <= c.last {
		return fmt.Errorf("counter %d after %d", count, c.last)
	}
	c.last = count
	return c.soak.ledger.count(count)
}

// wants returns an error unless err is the refusal that was provoked.
func wants(err, refusal error) error {
	if errors.Is(err, refusal) {
		return nil
	}
	if isBusy(err) {
		return err
	}
	return fmt.Errorf("got %v, want %w", err, refusal)
}
