package main

import (
	"errors"
	"net"
	"syscall"
)

// closeToOthers makes a socket one that only its owner can connect to, from its
// first moment: on Linux a socket's mode is the mode of the file that bind makes.
func closeToOthers(_, _ string, conn syscall.RawConn) error {
	var chmod error
	err := conn.Control(func(fd uintptr) { chmod = syscall.Fchmod(int(fd), 0o600) })
	return errors.Join(err, chmod)
}

// peerOf returns the user at the other end of a Unix socket. known is false
// where the system does not tell.
func peerOf(conn net.Conn) (uid int, known bool, err error) {
	raw, err := conn.(syscall.Conn).SyscallConn()
	if err != nil {
		return 0, true, err
	}
	var peer *syscall.Ucred
	var get error
	err = raw.Control(func(fd uintptr) {
		peer, get = syscall.GetsockoptUcred(int(fd), syscall.SOL_SOCKET, syscall.SO_PEERCRED)
	})
	if err := errors.Join(err, get); err != nil {
		return 0, true, err
	}
	return int(peer.Uid), true, nil
}
