package main

import (
	"fmt"
	"net"
	"strconv"
	"strings"
	"unicode"
)

// address says where a key is served, or where a client finds one. Its text is
// the name of a transport, and what that transport needs to know:
//
//	uhid | loopback | auto | unix:PATH | tcp:HOST:PORT | udp:HOST:PORT | hidraw:PATH
type address struct {
	transport string
	place     string // PATH or HOST:PORT; empty for the others
}

func (a address) String() string {
	if a.place == "" {
		return a.transport
	}
	return a.transport + ":" + a.place
}

// isOne tells whether an address is the same place each time: with port 0 it is not.
func (a address) isOne() bool { return a.place != "" && !strings.HasSuffix(a.place, ":0") }

// explain returns err with the address that it is about.
func (a address) explain(err error) error {
	if a.place == "" {
		return err // which says itself what it is about
	}
	return fmt.Errorf("%s: %w", a, err)
}

// parseAddress reads an address. What String makes of it is the same address. Where
// it is of no transport, the error lists those that are taken.
func parseAddress(text string, takes func(transport) bool) (address, error) {
	name, place, hasPlace := strings.Cut(text, ":")
	t := transportByName(name)
	switch {
	case t == nil:
		return address{}, usagef("address %q: there is no transport %q: they are %s", text, name, forms(takes))
	case t.place == nil && hasPlace:
		return address{}, usagef("address %q: it is just %q", text, name)
	case t.place == nil:
		return address{transport: name}, nil
	}
	place, err := t.place(place)
	if err != nil {
		return address{}, usagef("address %q is not %s: %w", text, t.form, err)
	}
	return address{name, place}, nil
}

// forms lists how the addresses look that are taken.
func forms(takes func(transport) bool) string {
	var list []string
	for _, t := range transports {
		if takes(t) {
			list = append(list, t.form)
		}
	}
	return strings.Join(list, ", ")
}

// placePath reads the PATH of an address.
func placePath(path string) (string, error) {
	if path == "" {
		return "", fmt.Errorf("there is no path")
	}
	if strings.IndexFunc(path, unicode.IsControl) >= 0 {
		return "", fmt.Errorf("a control character in the path")
	}
	return path, nil
}

// maxSocketPath is the longest path that a Unix socket may have everywhere.
const maxSocketPath = 103

// placeSocket reads the PATH of a Unix socket. One that begins with @ would be
// a Linux socket that is no file, and so belongs to nobody.
func placeSocket(path string) (string, error) {
	switch {
	case strings.HasPrefix(path, "@"):
		return "", fmt.Errorf("write ./@ for a file with such a name")
	case len(path) > maxSocketPath:
		return "", fmt.Errorf("the path has %d bytes, a socket's may have %d", len(path), maxSocketPath)
	}
	return placePath(path)
}

// placePort reads HOST:PORT.
func placePort(place string) (string, error) {
	host, port, err := net.SplitHostPort(place)
	if err != nil {
		return "", fmt.Errorf("it has no HOST:PORT")
	}
	if _, err := placePath(host); err != nil || strings.ContainsAny(host, "[]") {
		return "", fmt.Errorf("there is no host")
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return "", fmt.Errorf("the port is no number up to 65535")
	}
	return net.JoinHostPort(host, strconv.FormatUint(number, 10)), nil
}
