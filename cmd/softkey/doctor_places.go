package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
)

// checkSocket looks at the socket where a key is that is not plugged in.
func checkSocket(ctx context.Context, m *machine) []finding {
	if err := checkPlace(filepath.Dir(m.socket)); err != nil {
		return []finding{bad("no socket can be at "+m.socket+": "+err.Error(), adviceOr(err, "set XDG_RUNTIME_DIR to a folder of your own"))}
	}
	conn, err := new(net.Dialer).DialContext(ctx, "unix", m.socket)
	switch {
	case err == nil:
		conn.Close()
		return []finding{fine("a key runs at unix:%s", m.socket)}
	case isAbsent(err):
		return []finding{fine("a key can be at unix:%s", m.socket)}
	}
	return []finding{bad(fmt.Sprintf("unix:%s: %v", m.socket, cause(err)), "remove what is there")}
}

// checkState looks at the folder of the key.
func checkState(_ context.Context, m *machine) []finding {
	if m.state == "" {
		return []finding{bad("no key can be kept: your home folder is not known", "set HOME; or choose a folder: softkey run --state DIR")}
	}
	if err := checkPlace(m.state); err != nil {
		return []finding{bad("no key can be kept in "+m.state+": "+err.Error(), "make it your own: chmod go-w "+m.state+"; or choose another: --state DIR")}
	}
	return []finding{fine("a key can be kept in %s", m.state)}
}

// adviceOr returns the hint of err, or another.
func adviceOr(err error, other string) string {
	var hinted hintedError
	if errors.As(err, &hinted) {
		return hinted.hint
	}
	return other
}
