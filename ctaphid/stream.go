package ctaphid

import (
	"bufio"
	"errors"
	"io"
	"net"
)

// streamBuffer is how many bytes of a stream are read at once.
const streamBuffer = 32 * 64

// NewStream returns a Transport on a stream: each side writes whole 64-byte
// reports and nothing else. ReadReport returns [io.EOF] where the stream ends,
// and [io.ErrUnexpectedEOF] where it ends inside a report. Close closes conn.
func NewStream(conn net.Conn) Transport {
	return &stream{conn: conn, in: bufio.NewReaderSize(conn, streamBuffer)}
}

type stream struct {
	conn net.Conn
	in   *bufio.Reader
	out  []byte // reports on their way, reused
}

func (s *stream) ReadReport() (r Report, err error) {
	_, err = io.ReadFull(s.in, r[:])
	return r, err
}

func (s *stream) WriteReport(r Report) error { return s.WriteReports([]Report{r}) }

func (s *stream) WriteReports(reports []Report) error {
	s.out = s.out[:0]
	for _, r := range reports {
		s.out = append(s.out, r[:]...)
	}
	_, err := s.conn.Write(s.out)
	return err
}

func (s *stream) Close() error { return closeOnce(s.conn) }

// closeOnce closes c, which may have been closed before.
func closeOnce(c io.Closer) error {
	if err := c.Close(); !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}
