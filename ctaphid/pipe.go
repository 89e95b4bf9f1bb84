package ctaphid

import (
	"io"
	"net"
	"sync"
)

// pipeSize is how many unread reports each end of a [Pipe] holds: more than the
// longest message, so that both ends may write at once.
const pipeSize = 256

// Pipe returns the two ends of an in-memory cable. Each holds 256 unread
// reports. When one end is closed, the other reads what is left and then
// [io.EOF], and writes fail with [io.ErrClosedPipe].
func Pipe() (device, host Transport) { return newPipe(pipeSize) }

func newPipe(size int) (device, host *pipeEnd) {
	in, out := make(chan Report, size), make(chan Report, size)
	device = &pipeEnd{in: in, out: out, closed: make(chan struct{})}
	host = &pipeEnd{in: out, out: in, closed: make(chan struct{})}
	device.peer, host.peer = host.closed, device.closed
	return device, host
}

type pipeEnd struct {
	in     <-chan Report
	out    chan<- Report
	closed chan struct{}
	peer   <-chan struct{} // closed when the other end is
	once   sync.Once
}

func (p *pipeEnd) ReadReport() (Report, error) {
	if p.isClosed() {
		return Report{}, net.ErrClosed
	}
	select {
	case r := <-p.in:
		return r, nil
	case <-p.closed:
		return Report{}, net.ErrClosed
	case <-p.peer:
		return p.last()
	}
}

// last returns a report that was written before the other end closed.
func (p *pipeEnd) last() (Report, error) {
	select {
	case r := <-p.in:
		return r, nil
	default:
		return Report{}, io.EOF
	}
}

func (p *pipeEnd) WriteReport(r Report) error {
	if p.isClosed() {
		return net.ErrClosed
	}
	select {
	case <-p.peer:
		return io.ErrClosedPipe
	default:
	}
	select {
	case p.out <- r:
		return nil
	case <-p.closed:
		return net.ErrClosed
	case <-p.peer:
		return io.ErrClosedPipe
	}
}

func (p *pipeEnd) isClosed() bool {
	select {
	case <-p.closed:
		return true
	default:
		return false
	}
}

func (p *pipeEnd) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}
