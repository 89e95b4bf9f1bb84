package main

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net"
	"slices"
)

// reportListener is a listener for reports at a port, which web pages reach as
// well: in browsers of this machine a page may post to any port of it whatever
// it likes, behind the head of an HTTP request. A connection that begins with
// such a head is closed, before what follows is taken for reports.
type reportListener struct {
	net.Listener
	log *slog.Logger
}

// Accept waits for the next connection. What it begins with is looked at when it
// is read.
func (l reportListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &reportConn{Conn: conn, log: l.log}, nil
}

// errPage ends the reading of a connection of a web page.
var errPage = errors.New("it is an HTTP request")

// reportConn is a connection that is no web page's. One goroutine reads it.
type reportConn struct {
	net.Conn
	log *slog.Logger
	in  io.Reader // nil: nothing was read
}

// Read reads from the connection, or fails with errPage.
func (c *reportConn) Read(p []byte) (int, error) {
	if c.in == nil {
		if err := c.begin(); err != nil {
			return 0, err
		}
	}
	return c.in.Read(p)
}

// pageMethods are how the requests begin that a page may send to another site
// without being asked: it posts a form, it asks whether it may send what a form
// cannot, it opens a WebSocket.
var pageMethods = []string{"GET ", "HEAD", "POST", "OPTI"}

// begin looks at the first four bytes: the channel, of a report.
func (c *reportConn) begin() error {
	var head [4]byte
	n, err := io.ReadFull(c.Conn, head[:])
	if slices.Contains(pageMethods, string(head[:])) {
		c.log.Warn("connection refused", "reason", errPage)
		return errPage
	}
	c.in = io.MultiReader(bytes.NewReader(head[:n]), c.Conn)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return nil // the next read finds the end
	}
	return err
}
