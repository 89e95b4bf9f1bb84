//go:build unix

package main

import (
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
)

// stopSignals are those that end softkey in good order. A hangup is one, unless
// somebody asked for it to be ignored, as nohup does.
func stopSignals() []os.Signal {
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		signals = append(signals, syscall.SIGHUP)
	}
	return signals
}

// presenceSignals returns the signals of `--presence signal`.
func presenceSignals() (touch, refusal os.Signal, ok bool) {
	return syscall.SIGUSR1, syscall.SIGUSR2, true
}

// noFollow has the opening of a symbolic link fail with ELOOP.
const noFollow = syscall.O_NOFOLLOW

// ownerOf returns the user that a file belongs to. known is false where the
// system does not tell.
func ownerOf(info fs.FileInfo) (uid int, known bool) {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, false
	}
	return int(stat.Uid), true
}

// inGroup makes cmd one that is ended together with all that it started.
func inGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
