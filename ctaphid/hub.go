package ctaphid

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/softkey-project/softkey/ctap"
)

const (
	maxConnections = 256             // of one listener
	maxUnread      = 1024            // reports that wait for a connection to take them
	maxSpare       = 128             // those that there is room for when none wait
	lingerTimeout  = 2 * time.Second // for them to go out after the other side has finished
	acceptPause    = 50 * time.Millisecond
)

// ServeStream answers the reports that come by the connections of ln, as
// [NewStream] writes them. The connections share one device, as the programs of
// one computer do: every report goes to all of them. A connection that leaves
// more than 1024 unread is closed, and so is one beyond 256. When the one that
// began a transaction closes, the transaction is aborted. While the system has no
// room for more connections, those that there are go on.
//
// ServeStream returns nil when ctx is done, and the error of ln when that fails
// first. It closes ln, and returns only after its goroutines have.
func ServeStream(ctx context.Context, ln net.Listener, h ctap.Handler, cfg Config) error {
	return serve(ctx, newHub(ln, cfg.withDefaults().Log), h, cfg)
}

// hub is the link of all connections of a listener.
type hub struct {
	ln       net.Listener
	log      *slog.Logger
	arrivals chan arrival  // from the connections
	failed   chan error    // from the listener; has room for it
	done     chan struct{} // closed by Close
	workers  sync.WaitGroup

	mu     sync.Mutex
	conns  map[uint64]*connection // until they are closed
	last   uint64                 // the number of the connection accepted last
	closed bool
}

// connection is one of a hub.
type connection struct {
	net.Conn
	number uint64
	more   chan struct{} // holds a token while some are unread; its writer ends when this is closed

	// Guarded by the hub's lock:
	unread []Report // for its writer
	taken  int      // reports that its writer has and has not sent
	ended  bool     // no more will come
}

// newHub starts to accept connections; Close ends that.
func newHub(ln net.Listener, log *slog.Logger) *hub {
	h := &hub{
		ln:       ln,
		log:      log,
		arrivals: make(chan arrival),
		failed:   make(chan error, 1),
		done:     make(chan struct{}),
		conns:    make(map[uint64]*connection),
	}
	h.workers.Go(h.accept)
	return h
}

func (h *hub) next() (arrival, error) {
	select {
	case a := <-h.arrivals:
		return a, nil
	case err := <-h.failed:
		return arrival{}, err
	}
}

// heard lets a connection go from which no more will come: all that it asked is
// answered. What waits for it may still go out, for it may read on.
func (h *hub) heard(a arrival) {
	if !a.gone {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if c := h.conns[a.from]; c != nil {
		c.end()
	}
}

// WriteReport hands r to all connections and waits for none.
func (h *hub) WriteReport(r Report) error {
	for _, c := range h.deliver(r) {
		h.log.Warn("connection closed: it does not read", "connection", c.number, "unread", maxUnread)
		c.Close()
	}
	return nil
}

// deliver queues r for all connections. It gives up those that have no room for
// it and returns them.
func (h *hub) deliver(r Report) (full []*connection) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, c := range h.conns {
		if c.ended {
			continue
		}
		if len(c.unread)+c.taken >= maxUnread {
			full = append(full, c)
			c.end()
			continue
		}
		c.unread = append(c.unread, r)
		select {
		case c.more <- struct{}{}:
		default: // its writer knows already
		}
	}
	return full
}

// end stops the delivery to c. The caller holds the hub's lock.
func (c *connection) end() {
	if !c.ended {
		c.ended = true
		close(c.more)
	}
}

// accept adds connections until the listener fails or is closed.
func (h *hub) accept() {
	for {
		conn, err := h.ln.Accept()
		switch {
		case isShortage(err) && h.pause():
			continue
		case err != nil:
			h.failed <- err
			return
		}
		if !h.add(conn) {
			conn.Close()
		}
	}
}

// isShortage tells the errors of accept that pass: all that is used up may be
// given back, and a host may go before it was let in.
func isShortage(err error) bool {
	for _, passing := range []error{
		syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.ECONNABORTED,
	} {
		if errors.Is(err, passing) {
			return true
		}
	}
	return false
}

// pause waits a little; false means that the hub is closed.
func (h *hub) pause() bool {
	select {
	case <-time.After(acceptPause):
		return true
	case <-h.done:
		return false
	}
}

// add makes conn one of the hub's, and starts its reader and its writer.
func (h *hub) add(conn net.Conn) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed || len(h.conns) >= maxConnections {
		return false
	}
	h.last++
	c := &connection{Conn: conn, number: h.last, more: make(chan struct{}, 1)}
	h.conns[c.number] = c
	h.workers.Go(func() { h.read(c) })
	h.workers.Go(func() { h.write(c) })
	return true
}

// read passes on the reports of c until it ends, and then that it did.
func (h *hub) read(c *connection) {
	stream := NewStream(c)
	for {
		r, err := stream.ReadReport()
		if err != nil {
			if errors.Is(err, io.ErrUnexpectedEOF) {
				h.log.Warn("connection ended inside a report", "connection", c.number)
			}
			break
		}
		if !h.pass(arrival{report: r, from: c.number}) {
			return
		}
	}
	if err := c.SetWriteDeadline(time.Now().Add(lingerTimeout)); err != nil {
		c.Close() // it was closed before, or would never let its writer go
	}
	h.pass(arrival{from: c.number, gone: true})
}

// pass hands a to the reader of the hub; false means that the hub is closed.
func (h *hub) pass(a arrival) bool {
	select {
	case h.arrivals <- a:
		return true
	case <-h.done:
		return false
	}
}

// write sends the reports of c, several at once where they have piled up, and
// closes it when there will be no more.
func (h *hub) write(c *connection) {
	out := bufio.NewWriterSize(c, streamBuffer)
	var batch []Report
	for range c.more {
		batch = h.collect(c, batch)
		if h.send(c, out, batch) != nil {
			break
		}
	}
	c.Close()
	h.mu.Lock()
	defer h.mu.Unlock()
	c.end()
	delete(h.conns, c.number)
}

// collect returns the unread reports of c. The next ones take the place of spare,
// unless that has become large.
func (h *hub) collect(c *connection, spare []Report) []Report {
	if cap(spare) > maxSpare {
		spare = nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	batch := c.unread
	c.unread, c.taken = spare[:0], len(batch)
	return batch
}

// send writes a batch of c's by out, a buffer of streamBuffer bytes at a time.
func (h *hub) send(c *connection, out *bufio.Writer, batch []Report) error {
	for part := range slices.Chunk(batch, streamBuffer/len(Report{})) {
		for _, r := range part {
			out.Write(r[:]) // its error comes back from Flush
		}
		if err := out.Flush(); err != nil {
			return err
		}
		h.sent(c, len(part))
	}
	return nil
}

// sent notes that so many reports of c's have gone out.
func (h *hub) sent(c *connection, reports int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	c.taken -= reports
}

// Close closes the listener and all connections.
func (h *hub) Close() error {
	err := closeOnce(h.ln)
	for _, c := range h.shut() {
		c.Close()
	}
	h.workers.Wait()
	return err
}

// shut lets no connection in any more and returns those that there are.
func (h *hub) shut() []*connection {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.closed {
		h.closed = true
		close(h.done)
	}
	conns := slices.Collect(maps.Values(h.conns))
	for _, c := range conns {
		c.end()
	}
	return conns
}
