//go:build !unix

package main

import (
	"io/fs"
	"os"
	"os/exec"
)

// stopSignals are those that end softkey in good order.
func stopSignals() []os.Signal { return []os.Signal{os.Interrupt} }

// presenceSignals returns the signals of `--presence signal`: there are none.
func presenceSignals() (touch, refusal os.Signal, ok bool) { return nil, nil, false }

// noFollow is what other systems know: here, symbolic links are followed.
const noFollow = 0

// ownerOf returns the user that a file belongs to. known is false where the
// system does not tell.
func ownerOf(fs.FileInfo) (uid int, known bool) { return 0, false }

// inGroup makes cmd one that is ended together with all that it started, on
// systems that can.
func inGroup(*exec.Cmd) {}
