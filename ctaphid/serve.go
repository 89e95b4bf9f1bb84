package ctaphid

import (
	"context"
	"fmt"
	"net"
	"sync"

	"github.com/softkey-project/softkey/ctap"
)

// Serve answers the reports of t with h. It returns nil when ctx is done, and
// the error of t when that fails first. It closes t, and returns only after its
// goroutines and the calls of h have.
func Serve(ctx context.Context, t Transport, h ctap.Handler, cfg Config) error {
	return serve(ctx, cable{t}, h, cfg)
}

// link is the device's end of what joins it to its hosts: one Transport, or
// many connections.
//
// One goroutine calls next and another the other methods, except that Close may
// come from any and more than once. It returns after the link's own goroutines
// have.
type link interface {
	next() (arrival, error)
	heard(arrival) // it is about to be handled, and those before it have been
	WriteReport(Report) error
	Close() error
}

// arrival is what a link has to tell: a report came, or a connection closed.
type arrival struct {
	report Report
	from   uint64   // the connection, of links that count them
	addr   net.Addr // the sender, of a datagram
	gone   bool     // the connection closed; there is no report
}

// cable is the link to a single host.
type cable struct{ Transport }

func (c cable) next() (arrival, error) {
	r, err := c.ReadReport()
	return arrival{report: r}, err
}

func (cable) heard(arrival) {}

// serve runs a machine on l until ctx is done or l fails. The end of ctx closes
// the link, which ends reads and writes, and with them everything else.
func serve(ctx context.Context, l link, h ctap.Handler, cfg Config) error {
	s := newLoop(l, newCrew(ctx, h, cfg), cfg)
	closed := make(chan struct{})
	stop := context.AfterFunc(ctx, func() { s.close(); close(closed) })

	var reader sync.WaitGroup
	var readErr error
	reader.Go(func() { readErr = s.read() })
	s.run()
	s.close()
	close(s.quit)
	reader.Wait()
	close(s.work)
	s.crew.dismiss()

	switch {
	case !stop():
		<-closed
		return nil
	case s.writeErr != nil:
		return fmt.Errorf("ctaphid: write: %w", s.writeErr)
	}
	return fmt.Errorf("ctaphid: read: %w", readErr)
}

// read passes on what arrives until the link fails, or the loop has.
func (s *loop) read() error {
	defer close(s.arrivals)
	for {
		a, err := s.link.next()
		if err != nil {
			return err
		}
		select {
		case s.arrivals <- a:
		case <-s.quit:
			return nil
		}
	}
}

func (s *loop) close() {
	if err := s.link.Close(); err != nil {
		s.log.Warn("closing the transport", "err", err)
	}
}
